/** The keeper of `remote.ts`: it signs everybody in, and serves a socket and HTTP until it is ended. */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Callers from "@effect-auth/remote/Callers"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Http from "node:http"
import { makeProvider } from "./remoteProvider.ts"

const [, , socket = "", bearer = "", accounts = "0"] = process.argv

const program = Effect.gen(function*() {
  const sessions = yield* AuthSessions.make(makeProvider())
  for (let index = 0; index < Number(accounts); index++) {
    yield* Effect.flatMap(sessions.get(`account-${index}`), (auth) => auth.signIn("password"))
  }
  const digest = yield* Callers.digest(Redacted.make(bearer))
  const server = yield* SessionServer.make([yield* SessionServer.fromSessions(sessions)], {
    callers: [{ name: "bench", bearers: [digest], accounts: "all" }]
  })
  yield* Effect.provide(server.serve, yield* Layer.build(UnixSocket.layerServer(socket)))
  const http = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  const url = yield* Effect.gen(function*() {
    yield* HttpServer.serveEffect(yield* server.httpApp)
    return yield* HttpServer.addressFormattedWith(Effect.succeed)
  }).pipe(Effect.provide(http))
  process.send?.(`${url}/`)
  return yield* Effect.never
})

process.on("disconnect", () => process.exit(0))

Effect.runFork(Effect.provide(Effect.scoped(program), TokenStore.layerMemory))
