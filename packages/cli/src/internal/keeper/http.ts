/** The keeper over HTTP: its clients, its health, its metrics, and the console, which is read-only here. */
import * as Console from "@effect-auth/console/Console"
import * as ConsoleSource from "@effect-auth/console/ConsoleSource"
import { isLoopback } from "@effect-auth/core/BaseUrl"
import type { Kept, SessionServer } from "@effect-auth/remote/SessionServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { readFileSync } from "node:fs"
import * as Http from "node:http"
import * as Https from "node:https"
import { UsageError } from "../failures.ts"
import type { Settings } from "./config.ts"
import * as connections from "./connections.ts"
import * as metrics from "./metrics.ts"

type Where = NonNullable<Settings["http"]>

const consolePath = "/console"

const health = ({ isClosing, underWay }: SessionServer) =>
  Effect.zipWith(
    isClosing,
    underWay,
    (closing, underWay) =>
      HttpServerResponse.unsafeJson({ status: closing ? "closing" : "ok", underWay }, { status: closing ? 503 : 200 })
  )

const appOf = (
  server: SessionServer,
  calls: HttpApp.Default<never, Scope.Scope>,
  console: HttpApp.Default
): HttpApp.Default<never, Scope.Scope> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request): HttpApp.Default<never, Scope.Scope> => {
    const [path = ""] = request.url.split("?")
    if (path === consolePath || path.startsWith(`${consolePath}/`)) {
      const below = request.modify({ url: request.url.slice(consolePath.length) || "/" })
      return Effect.provideService(console, HttpServerRequest.HttpServerRequest, below)
    }
    if (request.method === "POST" && path === "/") return calls
    if (request.method === "GET" && path === "/health") return health(server)
    if (request.method === "GET" && path === "/metrics") {
      return Effect.map(
        metrics.text,
        (text) => HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
      )
    }
    return Effect.succeed(HttpServerResponse.empty({ status: 404 }))
  })

/** Bearers and tokens travel: on other interfaces than loopback only over TLS. */
const makeServer = ({ cert, clientCa, host, key }: Where): Effect.Effect<() => Http.Server, UsageError> =>
  Effect.gen(function*() {
    if (cert === undefined || key === undefined) {
      if (isLoopback(new URL(`http://${host.includes(":") ? `[${host}]` : host}`))) {
        return () => Http.createServer(connections.limits)
      }
      return yield* new UsageError({ message: "on other hosts than this one, HTTP needs `cert` and `key`" })
    }
    return yield* Effect.try({
      try: () => {
        const tls = { cert: readFileSync(cert), key: readFileSync(key) }
        const ca = clientCa === undefined
          ? {}
          : { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }
        return () => Https.createServer({ ...connections.limits, ...tls, ...ca })
      },
      catch: () => new UsageError({ message: "the files of `cert`, `key` or `clientCa` can't be read" })
    })
  })

/** Serves until the scope closes; yields the address. While it drains it answers: calls with "closing", `/health` with 503. */
export const serve = Effect.fnUntraced(function*(server: SessionServer, kept: ReadonlyArray<Kept>, where: Where) {
  const { host, port } = where
  const node = (yield* makeServer(where))()
  const context = yield* Layer.build(NodeHttpServer.layerServer(() => node, { host, port })).pipe(
    Effect.catchTag("ServeError", () => new UsageError({ message: `port ${port} of ${host} can't be used` }))
  )
  yield* connections.bounded(node)
  const sources = yield* Effect.forEach(kept, ConsoleSource.fromSessions)
  const app = appOf(server, yield* server.httpApp, yield* Console.make(sources))
  return yield* Effect.gen(function*() {
    yield* HttpServer.serveEffect(app)
    yield* Effect.addFinalizer(() => server.drain)
    const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
    return where.cert === undefined ? address : address.replace(/^http:/, "https:")
  }).pipe(Effect.provide(context))
})
