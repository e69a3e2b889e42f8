import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError, AuthService } from "@effect-auth/core/AuthService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Output from "../output.ts"
import { withProgress } from "../progress.ts"
import * as session from "../session.ts"

/**
 * A token that was refreshed if it was due, because a command can't do so later. If that fails, the one that still lives.
 */
const freshToken = (auth: AuthService<never>): Effect.Effect<AccessToken, AccessTokenError> =>
  Effect.gen(function*() {
    const state = yield* auth.state
    if (state._tag !== "Active" || state.freshness !== "stale") return yield* auth.accessToken
    return yield* Effect.catchAll(auth.refresh, (error) =>
      Effect.zipRight(
        Output.say(`not refreshed, the token of before is used: ${error.message}`),
        auth.accessToken
      ))
  })

/** Told in seconds, as token endpoints do; `null`: no end is known. */
export const described = (token: AccessToken) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    expiresAt: Number.isFinite(token.expiresAt) ? token.expiresAt : null,
    expiresIn: Number.isFinite(token.expiresAt) ? Math.floor((token.expiresAt - now) / 1000) : null
  }))

export const run = (which: session.Which) =>
  session.use(which, "token", ({ account, auth }) =>
    freshToken(auth).pipe(
      withProgress(`${account.provider}: getting a token`),
      Effect.bindTo("token"),
      Effect.bind("life", ({ token }) => described(token)),
      Effect.map(({ life, token }): Output.Result => {
        const accessToken = Redacted.value(token.value)
        return {
          text: accessToken,
          json: { provider: account.provider, account: account.account, accessToken, ...life }
        }
      })
    ))
