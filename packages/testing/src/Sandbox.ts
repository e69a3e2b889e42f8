/**
 * What every sandbox is: a provider's server that runs in memory or on a socket, does what the provider's page says,
 * goes wrong on demand, and tells what it saw.
 *
 * A provider's sandbox brings an `HttpApp` (derived from its contract) and a name for each operation; {@link make} adds
 * faults, the log, the counters, the client that needs no socket and the server that does.
 *
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpMethod } from "@effect/platform/HttpMethod"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type * as Faults from "./Faults.ts"
import * as client from "./internal/client.ts"
import * as Queue from "./internal/faultQueue.ts"
import * as Log from "./internal/log.ts"
import { MemoryServerRequest } from "./internal/memoryHttp.ts"
import * as server from "./internal/server.ts"
import type { Server } from "./internal/socket.ts"
import { CurrentEntry, note as noteEntry, type Open } from "./internal/trace.ts"
import type { TokenAuthority } from "./TokenAuthority.ts"

/**
 * What a request is for. `message`: asks for a code to be sent · `info`: asks about a token · `api`: a protected call.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "sign-in" | "refresh" | "revoke" | "info" | "message" | "api" | "other"

/**
 * Where a fault strikes: at one operation, at both that issue tokens (`token`), or at whatever comes next (`any`).
 *
 * @since 0.1.0
 * @category models
 */
export type At = Operation | "token" | "any"

/**
 * A request as a sandbox receives it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly method: HttpMethod
  /** Path and query. */
  readonly url: string
  readonly headers: Headers.Headers
  readonly body: string
}

/**
 * One request in the log. Tokens are named by their number (`access 3`), never told.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  /** When it arrived (epoch milliseconds). */
  readonly at: number
  readonly operation: Operation
  readonly method: string
  readonly host: string
  /** Without the query. */
  readonly path: string
  /** The grant of a token call, in the provider's words. */
  readonly grant?: string | undefined
  /** The access token that it carried: `access 3`, `unknown` or `none`. */
  readonly access?: string | undefined
  /** The refresh token that it presented. */
  readonly refresh?: string | undefined
  /** Whether that refresh token had been exchanged before: a double spend. */
  readonly spent?: boolean | undefined
  /** The token that it revoked. */
  readonly revoked?: string | undefined
  /** The number of the pair that was issued. */
  readonly issued?: number | undefined
  /** Why a token was not accepted. */
  readonly refused?: string | undefined
  /** What the sandbox itself decided; absent while it has not, or when a fault kept it from deciding. */
  readonly status?: number | undefined
  /** The fault that struck. */
  readonly fault?: string | undefined
  /** The status that was sent; absent while there is no answer, or when it was lost. */
  readonly sent?: number | undefined
}

/**
 * How the token calls of one grant went. `unhandled`: a fault answered in the sandbox's place, or it is still waiting.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcomes {
  readonly granted: number
  readonly refused: number
  readonly unhandled: number
}

/**
 * What a sandbox saw so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counters {
  readonly requests: number
  /** Token calls by grant: `exchanges["refresh_token"]`. Ask with {@link exchanges}. */
  readonly exchanges: Readonly<Record<string, Outcomes>>
  /** Protected calls by the status that was sent; `0`: no answer. */
  readonly calls: Readonly<Record<number, number>>
  /** How often a refresh token was presented that had been exchanged before. */
  readonly spent: number
  /** Revocations that were carried out. */
  readonly revocations: number
}

/**
 * The faults that wait for their request, in order. Each request takes the first that fits it.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultQueue {
  /** Lets a fault strike the next `times` requests at an operation (default: 1; `Infinity`: until `clear`). */
  readonly next: (at: At, fault: Faults.Fault, times?: number) => Effect.Effect<void>
  readonly clear: Effect.Effect<void>
  /** How many strikes wait. */
  readonly pending: Effect.Effect<number>
}

/**
 * A provider's server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sandbox {
  readonly name: string
  /** For any server of the platform; {@link serve} does that. */
  readonly app: HttpApp.Default
  /** A client that runs the sandbox in the caller's fiber: no socket, and time is the caller's Clock. */
  readonly httpClient: HttpClient.HttpClient
  readonly authority: TokenAuthority
  readonly faults: FaultQueue
  /** The newest requests, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<Entry>>
  readonly counters: Effect.Effect<Counters>
  /** Ends the life of every access token now; how many lived. */
  readonly expireAccessTokens: Effect.Effect<number>
  /** Kills every token now; how many lived. */
  readonly revokeAll: Effect.Effect<number>
}

/**
 * What a provider brings.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly name: string
  readonly authority: TokenAuthority
  /** The provider's server, without faults and log. What it fails with is answered as the platform does. */
  readonly app: HttpApp.Default<unknown>
  /** What a request is for, and the grant of a token call. The body may be anything. */
  readonly describe: (request: Received) => { readonly operation: Operation; readonly grant?: string | undefined }
  /** How many entries the log keeps; the counters forget nothing. Default: 10,000. */
  readonly logSize?: number | undefined
}

/**
 * Adds something to the log entry of the request that the current fiber handles. For a provider's handlers; outside a
 * request it does nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const note = (change: Partial<Pick<Entry, "grant" | "refused">>): Effect.Effect<void> => noteEntry(change)

/**
 * How the token calls of one grant went; zeros if there were none.
 *
 * @since 0.1.0
 * @category getters
 */
export const exchanges = (counters: Counters, grant: string): Outcomes => Log.outcomes(counters, grant)

/** A failure or a defect of the app becomes a status, as on the platform's own servers: 404 where there is no route. */
const toAnswer = (
  app: HttpApp.Default<unknown>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  // A router uses a Scope that its type does not name; servers provide it.
  Effect.matchCauseEffect(Effect.scoped(app), {
    onFailure: (cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response),
    onSuccess: Effect.succeed
  })

/**
 * Adds to a provider's server what all sandboxes share.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Sandbox> =>
  Effect.sync(() => {
    const log = Log.make(options.logSize ?? 10_000)
    const faults = Queue.make()
    const app = toAnswer(options.app)
    const handle = (received: Received, entry: Open): Faults.Handle =>
      Effect.tap(
        Effect.provideService(
          app,
          HttpServerRequest.HttpServerRequest,
          new MemoryServerRequest(received)
        ),
        (response) =>
          Effect.sync(() => {
            entry.status = response.status
          })
      )
    const answer = (received: Received): Faults.Handle =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const described = options.describe(received)
        const fault = faults.take(described.operation)
        const entry = log.open({
          at,
          ...described,
          method: received.method,
          host: received.headers["host"] ?? "",
          path: received.url.split("?")[0] ?? "",
          ...(fault === undefined ? {} : { fault: fault.name })
        })
        const handled = handle(received, entry)
        return (fault === undefined ? handled : fault.apply(handled)).pipe(
          Effect.tap((response) =>
            Effect.sync(() => {
              entry.sent = response.status
            })
          ),
          Effect.provideService(CurrentEntry, entry),
          // The spans of a program under test are its own.
          Effect.withTracerEnabled(false)
        )
      })
    return {
      name: options.name,
      app: server.make(answer),
      httpClient: client.make(answer),
      authority: options.authority,
      faults: faults.queue,
      log: log.read,
      counters: log.counters,
      expireAccessTokens: options.authority.expireAccessTokens,
      revokeAll: options.authority.revokeAll
    }
  })

const isDecodeError = (u: unknown): u is HttpApiDecodeError => Predicate.isTagged(u, "HttpApiDecodeError")

/**
 * The server of an `HttpApi` whose groups and middlewares are provided. A request that does not fit the contract is
 * answered by `onDecodeError`; the platform's own answer would tell the values.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromApi = (
  api: Layer.Layer<HttpApi.Api>,
  onDecodeError: (error: HttpApiDecodeError) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpApp.Default<unknown>> => {
  // The type says that it can't fail, because what it fails with is encoded after this.
  const tolerant = HttpApiBuilder.middleware((app: HttpApp.Default) =>
    Effect.catchAll(app, (error) => isDecodeError(error) ? Effect.succeed(onDecodeError(error)) : Effect.fail(error))
  )
  return Effect.gen(function*() {
    const app = yield* HttpApiBuilder.httpApp
    const services = yield* Effect.context<HttpRouter.HttpRouter.DefaultServices>()
    return Effect.provide(app, services)
  }).pipe(Effect.provide(
    Layer.mergeAll(
      api,
      tolerant,
      HttpApiBuilder.Router.Live,
      HttpApiBuilder.Middleware.layer,
      HttpServer.layerContext
    )
  ))
}

/**
 * The `HttpClient` of a program under test: the sandbox in place of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = (sandbox: Pick<Sandbox, "httpClient">): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(HttpClient.HttpClient, sandbox.httpClient)

/**
 * Serves a sandbox on the platform's `HttpServer` and tells its base URL. When the scope closes, so does the server,
 * open connections and all. Listen on port 0 of a loopback address: sandboxes are for tests.
 *
 * ```ts
 * import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
 * import * as Http from "node:http"
 *
 * const Server = NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const serve = (
  sandbox: Pick<Sandbox, "app">
): Effect.Effect<string, never, HttpServer.HttpServer | Scope.Scope> =>
  Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const servers = new Set<Server>()
    const app = server.remembering(sandbox.app, servers)
    yield* HttpMiddleware.withTracerDisabledWhenEffect(HttpServer.serveEffect(app), () => true)
    yield* Effect.addFinalizer(() => Effect.sync(() => servers.forEach(server.close)))
    return address._tag === "TcpAddress" ? server.baseUrl(address.hostname, address.port) : `unix:${address.path}`
  })
