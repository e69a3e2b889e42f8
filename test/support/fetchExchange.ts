/** One call to the token endpoint of a test's server, by `fetch` alone: it runs in browsers and on Workers, too. */
import type { TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export const fetchExchange = (url: string, refreshToken: string): Effect.Effect<TokenResponse, ExchangeFailure> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { method: "POST", body: refreshToken, signal })
      return { status: response.status, body: await response.json() }
    },
    catch: () => new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "transport" })
  }).pipe(Effect.flatMap(({ body, status }) =>
    status === 200
      ? Effect.succeed({
        accessToken: Redacted.make(body.access_token),
        refreshToken: Redacted.make(body.refresh_token),
        tokenType: "bearer",
        expiresIn: body.expires_in
      })
      : Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown", status }))
  ))
