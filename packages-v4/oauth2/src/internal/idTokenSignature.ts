/** The signature of an ID token, compared with the server's keys. A file of its own: who does not ask for it does not load it. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Effect from "effect/Effect"
import * as oauth from "oauth4webapi"
import type { OAuth2Client } from "../OAuth2Client.ts"
import * as discovery from "./discovery.ts"
import { invalidIdToken as invalid, refused } from "./failures.ts"

/** The keys come through the program's own HttpClient, as every other document does. */
export const checkSignature = Effect.fnUntraced(function*(
  client: OAuth2Client,
  server: oauth.AuthorizationServer,
  response: Response
): Effect.fn.Return<void, ExchangeFailure> {
  const { jwks_uri: url } = server
  if (url === undefined) return yield* refused("config", "url", "no_keys", "the server names no jwksUri")
  const keys = yield* discovery.fetchJson(client.httpClient, url).pipe(
    // The code was spent already: whether it may be sent again is not the question any more.
    Effect.mapError(({ kind, reason }) => new ExchangeFailure({ kind, reason, sent: "unknown" }))
  )
  yield* Effect.tryPromise({
    try: () =>
      oauth.validateApplicationLevelSignature(server, response, {
        [oauth.allowInsecureRequests]: true,
        [oauth.customFetch]: () => Promise.resolve(Response.json(keys))
      }),
    catch: () => invalid
  })
})
