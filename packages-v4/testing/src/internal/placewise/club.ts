/**
 * The members of the club, and the codes that were sent to them.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Member, Message } from "../../PlacewiseSandbox.ts"

export type Identifier = { readonly by: "id" | "email" | "msisdn"; readonly value: string | number }

interface Code {
  readonly member: number
  readonly kind: Message["kind"]
  readonly text: string
  readonly ends: number
  used: boolean
}

const digitsOnly = (msisdn: string): string => msisdn.replace(/\D/g, "").replace(/^00/, "")

const matches = (member: Member, { by, value }: Identifier): boolean => {
  switch (by) {
    case "id":
      return String(member.id) === String(value)
    case "email":
      return member.email !== undefined && member.email.toLowerCase() === String(value).toLowerCase()
    case "msisdn":
      return member.msisdn !== undefined && digitsOnly(member.msisdn) === digitsOnly(String(value))
  }
}

const sixDigits = (): string => {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return String(number % 1_000_000).padStart(6, "0")
}

export interface Club {
  readonly members: Effect.Effect<ReadonlyArray<Member>>
  readonly messages: Effect.Effect<ReadonlyArray<Message>>
  readonly put: (member: Member) => Effect.Effect<void>
  readonly remove: (id: number) => Effect.Effect<void>
  readonly find: (identifier: Identifier) => Member | undefined
  readonly findByExternalToken: (type: "google" | "apple", token: string) => Member | undefined
  /** Whether the text is the member's password or an unused code. This uses up the code. */
  readonly accepts: (member: Member, password: string) => Effect.Effect<boolean>
  readonly send: (message: Omit<Message, "at" | "code" | "link">, loginUrl?: string) => Effect.Effect<void>
}

export const make = (initial: ReadonlyArray<Member>, codeLifetime: Duration.Input): Club => {
  let members = initial
  const messages: Array<Message> = []
  const codes: Array<Code> = []
  return {
    members: Effect.sync(() => members),
    messages: Effect.sync(() => [...messages]),
    put: (member) =>
      Effect.sync(() => {
        members = [...members.filter((one) => one.id !== member.id), member]
      }),
    remove: (id) =>
      Effect.sync(() => {
        members = members.filter((one) => one.id !== id)
      }),
    find: (identifier) => members.find((member) => matches(member, identifier)),
    findByExternalToken: (type, token) => members.find((member) => member[type] === token),
    accepts: (member, password) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (member.password === password) return true
        const code = codes.find((one) =>
          one.member === member.id && one.text === password && !one.used && now < one.ends
        )
        if (code !== undefined) code.used = true
        return code !== undefined
      }),
    send: (message, loginUrl) =>
      Effect.map(Clock.currentTimeMillis, (at) => {
        const code = sixDigits()
        codes.push({
          member: message.member,
          kind: message.kind,
          text: code,
          ends: at + Duration.toMillis(codeLifetime),
          used: false
        })
        messages.push({ ...message, at, code, link: loginUrl === undefined ? undefined : `${loginUrl}?otp=${code}` })
      })
  }
}
