/**
 * A web page that shows sessions while they live: their state, their time lines, what will need a person. It is an
 * `HttpApp`: mount it in a program's own server, or serve it by itself.
 *
 * ```ts
 * import * as Console from "@effect-auth/console/Console"
 * import * as ConsoleSource from "@effect-auth/console/ConsoleSource"
 * import * as HttpRouter from "@effect/platform/HttpRouter"
 * import * as Effect from "effect/Effect"
 *
 * const withConsole = Effect.gen(function*() {
 *   const console = yield* Console.make([yield* ConsoleSource.fromSessions(yield* PlacewiseSessions)])
 *   return app.pipe(HttpRouter.mountApp("/console", console))
 * })
 * ```
 *
 * No token ever reaches it. It shows account names and who is signed in, so by default it answers only requests of this
 * machine that name a loopback host.
 *
 * @since 0.1.0
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { ConsoleApi } from "./ConsoleApi.ts"
import type { ConsoleSource } from "./ConsoleSource.ts"
import { guarded } from "./internal/guard.ts"
import * as handlers from "./internal/handlers.ts"
import * as live from "./internal/live.ts"
import * as page from "./internal/page.ts"

/**
 * Access to the console. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `local` (default): only requests of this machine. `any`: the program itself decides who reaches the console. */
  readonly from?: "local" | "any" | undefined
  /**
   * More names that the `Host` header may have, without port, beside `localhost`, `127.0.0.1` and `[::1]`. A page of
   * another site whose name leads to this machine is refused by this.
   */
  readonly hosts?: ReadonlyArray<string> | undefined
}

const isDecodeError = (u: unknown): u is HttpApiDecodeError => Predicate.isTagged(u, "HttpApiDecodeError")

/** The platform's own answer would repeat values of the request. */
const quiet = HttpApiBuilder.middleware((app: HttpApp.Default) =>
  Effect.catchAll(app, (error) =>
    isDecodeError(error)
      ? Effect.succeed(HttpServerResponse.text("the request does not fit the contract\n", { status: 400 }))
      : Effect.fail(error))
)

const apiOf = Effect.fnUntraced(function*(sources: ReadonlyArray<ConsoleSource>) {
  const services = Layer.mergeAll(
    handlers.layer({ sources, live: yield* live.make(sources) }),
    quiet,
    HttpApiBuilder.Router.Live,
    HttpApiBuilder.Middleware.layer,
    HttpServer.layerContext
  )
  return yield* Effect.gen(function*() {
    const app = yield* HttpApiBuilder.httpApp
    return Effect.provide(app, yield* Effect.context<HttpRouter.HttpRouter.DefaultServices>())
  }).pipe(Effect.provide(services))
})

const toAnswer = <E>(
  app: HttpApp.Default<E>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.matchCauseEffect(Effect.scoped(app), {
    onFailure: (cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response),
    onSuccess: Effect.succeed
  })

/** Relative addresses of the page need the slash at the end of its own. */
const withSlash = (request: HttpServerRequest.HttpServerRequest): string | undefined => {
  const [path = ""] = request.originalUrl.replace(/^https?:\/\/[^/]*/, "").split("?")
  return path.endsWith("/") ? undefined : `.${path.slice(path.lastIndexOf("/"))}/`
}

const document = HttpServerResponse.unsafeJson(OpenApi.fromApi(ConsoleApi))

/**
 * Makes the console of some sources. Closing the scope ends its streams.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  sources: ReadonlyArray<ConsoleSource>,
  options: Options = {}
): Effect.Effect<HttpApp.Default, never, Scope.Scope> =>
  Effect.map(apiOf(sources), (api) => {
    const app: HttpApp.Default = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
      const [path = "/"] = request.url.split("?")
      if (request.method === "POST") return toAnswer(api)
      if (path === "/" || path === "") {
        const location = withSlash(request)
        if (location !== undefined) return Effect.succeed(HttpServerResponse.redirect(location))
      }
      if (path === "/openapi.json") return Effect.succeed(document)
      return page.answer(path === "" ? "/" : path) ?? toAnswer(api)
    })
    return guarded({
      isRemoteAllowed: options.from === "any",
      hosts: (options.hosts ?? []).map((host) => host.toLowerCase())
    }, app)
  })

/**
 * The console on the program's `HttpLayerRouter`, below a path.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <E, R>(
  sources: Effect.Effect<ReadonlyArray<ConsoleSource>, E, R>,
  options: Options & { readonly path?: `/${string}` | undefined } = {}
): Layer.Layer<never, E, Exclude<R, Scope.Scope> | HttpLayerRouter.HttpRouter> =>
  Layer.scopedDiscard(Effect.gen(function*() {
    const router = yield* HttpLayerRouter.HttpRouter
    const path = options.path ?? "/console"
    const app = yield* make(yield* sources, options)
    const below = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.provideService(
        app,
        HttpServerRequest.HttpServerRequest,
        request.modify({ url: request.url.slice(path.length) || "/" })
      ))
    yield* router.add("*", path, below)
    yield* router.add("*", `${path}/*`, below)
  }))
