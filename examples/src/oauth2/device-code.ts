/**
 * A command line on a machine without a browser: the user types a short code on another device.
 * `tsx examples/src/oauth2/device-code.ts`
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

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
  const auth = yield* AuthService.make(DeviceCode.provider(client))
  yield* DeviceCode.signIn(auth, client, {
    show: ({ userCode, verificationUri }) => Console.log(`Open ${verificationUri} and type ${userCode}`)
  })
  const http = yield* AuthHttpClient.fromSession(auth)
  const response = yield* http.get("/me")
  yield* Console.log(yield* response.text)
  // This program keeps nothing, so what it got is given back.
  yield* Console.log(yield* auth.signOut)
}).pipe(
  Effect.catchTag(
    "TokenRequestRejected",
    ({ error }) => Console.log(error === "access_denied" ? "You said no." : "That took too long. Please begin again.")
  )
)
// #endregion

NodeRuntime.runMain(Effect.scoped(program).pipe(Effect.provide([FetchHttpClient.layer, TokenStore.layerMemory])))
