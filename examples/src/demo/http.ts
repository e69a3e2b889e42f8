/**
 * Real HTTP for the demo: sandboxes on free ports of the loopback address, and a client with a pool of connections.
 */
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Undici from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"

/** Serves a sandbox for as long as the scope is open, and tells its base URL. */
export const serve = (sandbox: Pick<Sandbox.Sandbox, "app">) =>
  Effect.gen(function*() {
    const server = yield* Layer.build(NodeHttpServer.layerServer(Http.createServer, { port: 0, host: "127.0.0.1" }))
    return yield* Effect.provide(Sandbox.serve(sandbox), server)
  })

const dispatcher = Layer.scoped(
  NodeHttpClient.Dispatcher,
  Effect.acquireRelease(
    Effect.sync(() => new Undici.Agent({ connections: 64 })),
    (agent) => Effect.promise(() => agent.destroy())
  )
)

/** A thousand calls at once wait for one of 64 connections, as they do in a real service. */
export const layerClient = Layer.provide(NodeHttpClient.layerUndiciWithoutDispatcher, dispatcher)
