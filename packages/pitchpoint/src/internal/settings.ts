/** What the options come to: checked once, when a layer is made. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as Effect from "effect/Effect"
import { hosts } from "../PitchpointApi.ts"
import type { Data } from "../PitchpointAuth.ts"

export interface Settings {
  /** Scheme, host and port. */
  readonly origin: string
  /** The origin and the path of a custom host, without a slash at the end. */
  readonly baseUrl: string
  readonly realm: string
  readonly username: string
  readonly alias: string | undefined
  readonly allowInsecure: boolean
}

export const resolve = Effect.fnUntraced(function*(
  data: Data,
  account: string | undefined
): Effect.fn.Return<Settings, AuthError.AuthMisconfigured> {
  const { alias, allowInsecure, username } = data
  const host = data.host ?? "production"
  const base = yield* BaseUrl.resolve({ provider: "pitchpoint", account, host, known: hosts, allowInsecure })
  const refuse = (errorDescription: string) =>
    new AuthError.AuthMisconfigured({
      provider: "pitchpoint",
      account: account ?? "default",
      operation: "configure",
      reason: "options",
      errorDescription
    })
  if (!isName(username)) return yield* refuse("username is empty or not a text")
  if (alias !== undefined && !isName(alias)) return yield* refuse("alias is empty or not a text")
  const who = alias === undefined ? [username] : [username, alias]
  return {
    origin: base.origin,
    baseUrl: base.href,
    // Encoded, so that no name holds the slash that separates the parts.
    realm: [`${base.host}${base.path}`, ...who.map(encodeURIComponent)].join("/"),
    username,
    alias,
    allowInsecure: allowInsecure ?? false
  }
})

/** Something visible, and nothing that `encodeURIComponent` throws at. */
const isName = (text: string): boolean => text.trim() !== "" && !/\p{Surrogate}/u.test(text)
