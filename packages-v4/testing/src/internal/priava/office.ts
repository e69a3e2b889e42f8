/**
 * The data of Priava's admin screen: the API clients and their codes.
 */
import * as Effect from "effect/Effect"
import type { Client } from "../../PriavaSandbox.ts"

interface Code {
  readonly text: string
  readonly client: string
  used: boolean
}

export type Office = ReturnType<typeof make>

const randomCode = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("")

export const make = (given: ReadonlyArray<Client>) => {
  const clients = new Map(given.map((client) => [client.id, client]))
  const codes: Array<Code> = given.flatMap((client) =>
    (client.codes ?? []).map((text) => ({ text, client: client.id, used: false }))
  )
  return {
    find: (id: string): Client | undefined => clients.get(id),
    put: (client: Client) =>
      Effect.sync(() => {
        clients.set(client.id, client)
        for (const text of client.codes ?? []) codes.push({ text, client: client.id, used: false })
      }),
    /** Uses up a code. */
    redeem: (id: string, text: string): "fine" | "unknown" | "spent" => {
      const code = codes.find((one) => one.client === id && one.text === text)
      if (code === undefined) return "unknown"
      if (code.used) return "spent"
      code.used = true
      return "fine"
    },
    makeCode: (id: string): Effect.Effect<string> =>
      Effect.sync(() => {
        const text = randomCode()
        codes.push({ text, client: id, used: false })
        return text
      })
  }
}
