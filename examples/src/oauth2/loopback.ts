/**
 * A command line that signs its user in with a browser on the same machine, and remembers the session:
 * `tsx examples/src/oauth2/loopback.ts`. Register the redirect URI `http://127.0.0.1/callback`, with any port.
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as Loopback from "@effect-auth/oauth2/Loopback"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

// #region program
const program = Effect.gen(function*() {
  const api = yield* Config.string("API_URL")
  const client = yield* OAuth2Client.make({
    name: "example",
    server: yield* OAuth2Server.discovered(yield* Config.string("ISSUER")),
    clientId: yield* Config.string("CLIENT_ID"),
    scopes: ["openid", "offline_access"],
    origins: [new URL(api).origin],
    api: { baseUrl: api }
  })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client))
  const http = yield* AuthHttpClient.fromSession(auth)
  const me = Effect.flatMap(http.get("/me"), (response) => response.text)

  const server = createServer()
  const signIn = Loopback.signIn(auth, client, {
    parameters: { prompt: "consent" },
    open: (url) => Console.log(`Open ${url}`)
  }).pipe(
    // A browser opens connections in advance, and the server would wait for their end.
    Effect.ensuring(Effect.sync(() => server.closeAllConnections())),
    Effect.provide(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" }))
  )

  // The second time nobody is asked: the session is in the file.
  yield* Console.log(
    yield* Effect.catchTags(me, {
      SignInRequired: () => Effect.zipRight(signIn, me),
      RefreshTokenRejected: () => Effect.zipRight(signIn, me),
      RefreshOutcomeUnknown: () => Effect.zipRight(signIn, me)
    })
  )
})
// #endregion

// #region layers
/** The file is readable for its owner only. `EncryptedTokenStore.layer` around it seals the records, too. */
const Sessions = Layer.unwrapEffect(
  Effect.map(Config.string("SESSIONS"), (filename) => SqliteTokenStore.layer({ filename }))
)

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide([FetchHttpClient.layer, Sessions])))
// #endregion
