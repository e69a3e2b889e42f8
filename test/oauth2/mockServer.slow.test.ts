/** oauth2-mock-server: a server we did not write, which signs its access tokens and takes everything. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as IdToken from "@effect-auth/oauth2/IdToken"
import * as Loopback from "@effect-auth/oauth2/Loopback"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Http from "node:http"
import { OAuth2Server as MockServer } from "oauth2-mock-server"
import { visit } from "./person.ts"

const world = Layer.mergeAll(
  FetchHttpClient.layer,
  TokenStore.layerMemory,
  NodeHttpServer.layer(() => Http.createServer(), { port: 0, host: "127.0.0.1" })
)

const startServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = new MockServer()
    await server.issuer.keys.generate("RS256")
    await server.start(0, "127.0.0.1")
    server.issuer.url = `http://127.0.0.1:${server.address().port}`
    return server
  }),
  (server) => Effect.promise(() => server.stop())
)

describe("oauth2-mock-server", () => {
  it.scopedLive(
    "a person signs in with an ID token whose signature is checked; a refresh; a machine",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* startServer
        const url = issuer.url ?? ""
        const client = yield* OAuth2Client.make({
          server: yield* OAuth2Server.discovered(url),
          clientId: "app",
          authentication: ClientAuthentication.post(Redacted.make("any")),
          scopes: ["openid"],
          origins: [url]
        })
        const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
        const token = yield* Loopback.signIn(auth, client, {
          idToken: { signature: IdToken.signature },
          open: (url) => Effect.forkDaemon(Effect.promise(() => visit(url, {})))
        })
        assert.strictEqual(Redacted.value(token.value).split(".").length, 3)
        yield* auth.refresh
        const issued = yield* ClientCredentials.provider(client).signIn()
        assert.strictEqual(issued.expiresIn, 3600)
      }).pipe(Effect.provide(world)),
    60_000
  )
})
