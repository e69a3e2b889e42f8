/** A keeper over HTTP on loopback. */
import type * as AuthService from "@effect-auth/core/AuthService"
import type * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as SessionServer from "@effect-auth/remote/SessionServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import * as world from "./world.ts"

/** Serves sessions; yields the URL. */
export const served = (
  sessions: AuthSessions.AuthSessions<AuthService.AuthService<world.Credentials>>,
  options: { readonly credentials?: typeof world.credentials } = {}
) =>
  Effect.gen(function*() {
    const kept = yield* SessionServer.fromSessions(sessions, options)
    const server = yield* SessionServer.make([kept], { callers: [world.goodCaller] })
    const context = yield* Layer.build(
      NodeHttpServer.layerServer(Http.createServer, { port: 0, host: "127.0.0.1" })
    )
    return yield* Effect.gen(function*() {
      yield* HttpServer.serveEffect(yield* server.httpApp)
      yield* Effect.addFinalizer(() => server.drain)
      return yield* HttpServer.addressFormattedWith((address) => Effect.succeed(`${address}/`))
    }).pipe(Effect.provide(context))
  })
