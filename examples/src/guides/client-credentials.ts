/* eslint-disable no-restricted-imports -- quoted by docs/oauth2/client-credentials.md, where one import a package reads better */
/**
 * A machine that acts for itself, at the sandbox of an OAuth 2 server.
 */
// #region program
import { AuthHttpClient, TokenStore } from "@effect-auth/core"
import { ClientAuthentication, ClientCredentials, OAuth2Server } from "@effect-auth/oauth2"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import { Console, Effect, Layer, Redacted } from "effect"

const { issuer } = OAuth2Sandbox.defaults

const inventory = Effect.gen(function*() {
  const auth = yield* ClientCredentials.make({
    server: yield* OAuth2Server.discovered(issuer),
    clientId: "service",
    authentication: ClientAuthentication.basic(Redacted.make("sandbox-client-secret")),
    origins: [issuer],
    api: { baseUrl: `${issuer}/api` }
  })
  return yield* AuthHttpClient.fromSession(auth)
})

export const program = Effect.gen(function*() {
  const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
  const client = yield* inventory
  yield* Console.log((yield* client.get("/items")).status)

  // The server forgets the token. The next call gets 401, the session signs in again, and the call is sent once more:
  yield* sandbox.expireAccessTokens
  yield* Console.log((yield* client.get("/items")).status)
  for (const entry of yield* sandbox.log) yield* Console.log(entry.method, entry.path, entry.sent)
})

export const Outside = Layer.merge(OAuth2Sandbox.layerHttpClient, TokenStore.layerMemory).pipe(
  Layer.provideMerge(OAuth2Sandbox.layer())
)
// #endregion
