/** A record of an account, with tokens that must show nowhere. */
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"

export const key = { provider: "placewise", realm: "club", account: "member-42" }

export const record = (version: number): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  state: { _tag: "active" },
  tokens: {
    accessToken: Redacted.make("access-secret"),
    refreshToken: Redacted.make("refresh-secret"),
    obtainedAt: 0
  }
})

/** Whether an error shows one of the tokens, to whoever prints or encodes it. */
export const showsSecret = (error: unknown): boolean =>
  /-secret/.test(inspect(error, { showHidden: true, depth: 12 }) + JSON.stringify(error))
