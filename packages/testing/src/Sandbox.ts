/**
 * The base of every sandbox: a provider's server that runs in memory or on a socket, behaves as the provider's
 * documentation says, fails on demand, and logs its requests.
 *
 * A provider's sandbox supplies an `HttpApp` (derived from its contract) and the operation of each request. {@link
 * make} adds faults, the log, counters, a client without a socket and a server with one.
 *
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Faults from "./Faults.ts"
import * as client from "./internal/client.ts"
import * as Queue from "./internal/faultQueue.ts"
import * as Log from "./internal/log.ts"
import { MemoryServerRequest } from "./internal/memoryHttp.ts"
import { addressOf } from "./internal/seams/address.ts"
import * as apiServer from "./internal/seams/apiServer.ts"
import * as server from "./internal/server.ts"
import type { Server } from "./internal/socket.ts"
import { CurrentEntry, note as noteEntry, type Open } from "./internal/trace.ts"
import type { TokenAuthority } from "./TokenAuthority.ts"

/**
 * The purpose of a request. `message`: sends a code to a person · `info`: asks about a token · `api`: a protected call.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "sign-in" | "refresh" | "revoke" | "info" | "message" | "api" | "other"

/**
 * The requests that a fault applies to: one operation, both operations that issue tokens (`token`), or the next request
 * (`any`).
 *
 * @since 0.1.0
 * @category models
 */
export type At = Operation | "token" | "any"

/**
 * A request that a sandbox receives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Received {
  readonly method: HttpServerRequest.HttpServerRequest["method"]
  /** Path and query. */
  readonly url: string
  readonly headers: Headers.Headers
  readonly body: string
}

/**
 * One request in the log. Tokens are shown by their number (`access 3`), never by their text.
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
  /** Without the query. A part that is a token, or that is very long, is not shown. */
  readonly path: string
  /** The grant of a token call, in the provider's words. */
  readonly grant?: string | undefined
  /** The access token of the request: `access 3`, `unknown` or `none`. */
  readonly access?: string | undefined
  /** The refresh token of the request. */
  readonly refresh?: string | undefined
  /** Whether that refresh token had been exchanged before: a double spend. */
  readonly spent?: boolean | undefined
  /** The token that it revoked. */
  readonly revoked?: string | undefined
  /** The number of the issued pair of tokens. */
  readonly issued?: number | undefined
  /** Why a token was not accepted. */
  readonly refused?: string | undefined
  /** The status that the sandbox chose; absent until then, or if a fault prevented it. */
  readonly status?: number | undefined
  /** The fault of this request. */
  readonly fault?: string | undefined
  /** The status that was sent; absent until then, or if the answer was lost. */
  readonly sent?: number | undefined
}

/**
 * The results of the token calls of one grant. `unhandled`: a fault answered instead of the sandbox, or the call is not
 * answered yet.
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
 * The counts of a sandbox so far.
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
  /** How often a refresh token was sent that had been exchanged before. */
  readonly spent: number
  /** How many revocations were carried out. */
  readonly revocations: number
}

/**
 * The faults that are waiting for a request, in order. Each request takes the first fault that applies to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface FaultQueue {
  /** Applies a fault to the next `times` requests of an operation (default: 1; `Infinity`: until `clear`). */
  readonly next: (at: At, fault: Faults.Fault, times?: number) => Effect.Effect<void>
  readonly clear: Effect.Effect<void>
  /** How many faults are waiting. */
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
  /** The app, for any server of the platform; {@link serve} runs it. */
  readonly app: HttpApp.Default
  /** A client that runs the sandbox in the caller's fiber, without a socket and with the caller's Clock. */
  readonly httpClient: HttpClient.HttpClient
  readonly authority: TokenAuthority
  readonly faults: FaultQueue
  /** The newest requests, oldest first. */
  readonly log: Effect.Effect<ReadonlyArray<Entry>>
  /** The requests as they end, from now on. A slow reader misses the oldest ones. */
  readonly ended: Stream.Stream<Entry>
  readonly counters: Effect.Effect<Counters>
  /** Expires all access tokens now. Returns how many were valid. */
  readonly expireAccessTokens: Effect.Effect<number>
  /** Revokes all tokens now. Returns how many were valid. */
  readonly revokeAll: Effect.Effect<number>
}

/**
 * The parts that a provider supplies.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly name: string
  readonly authority: TokenAuthority
  /** The provider's server, without faults and log. Its failures are answered like on the platform's servers. */
  readonly app: HttpApp.Default<unknown>
  /** Returns the purpose of a request, and the grant of a token call. The body may be anything. */
  readonly describe: (request: Received) => { readonly operation: Operation; readonly grant?: string | undefined }
  /** How many entries the log keeps. The counters count all requests. Default: 10,000. */
  readonly logSize?: number | undefined
}

/**
 * Adds fields to the log entry of the request that the current fiber handles. It is for a provider's handlers. Outside
 * a request it does nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const note = (change: Partial<Pick<Entry, "grant" | "refused">>): Effect.Effect<void> => noteEntry(change)

/**
 * The results of the token calls of one grant; zeros if there were none.
 *
 * @since 0.1.0
 * @category getters
 */
export const exchanges = (counters: Counters, grant: string): Outcomes => Log.outcomes(counters, grant)

/** A longer part of a path, or name of a grant, may be a secret that somebody put there. */
const longestShown = 64

/** How many ended requests wait for a slow reader. */
const mostUnread = 1_024

/** A failure or a defect of the app becomes a status, as on the platform's own servers: 404 where there is no route. */
const toAnswer = (
  app: HttpApp.Default<unknown>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  // A router needs a Scope that is not in its type; servers provide it.
  Effect.matchCauseEffect(Effect.scoped(app), {
    onFailure: (cause) => Effect.map(HttpServerError.causeResponse(cause), ([response]) => response),
    onSuccess: Effect.succeed
  })

/**
 * Makes a sandbox from a provider's server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Sandbox> =>
  Effect.map(PubSub.sliding<Entry>(mostUnread), (ended) => {
    const log = Log.make(options.logSize ?? 10_000)
    const faults = Queue.make()
    const app = toAnswer(options.app)
    const shown = (part: string) =>
      part.length > longestShown || options.authority.describe(part) !== "unknown" ? "…" : part
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
          operation: described.operation,
          ...(described.grant === undefined ? {} : { grant: shown(described.grant) }),
          method: received.method,
          host: received.headers["host"] ?? "",
          path: (received.url.split("?")[0] ?? "").split("/").map(shown).join("/"),
          ...(fault === undefined ? {} : { fault: fault.name })
        })
        const handled = handle(received, entry)
        return (fault === undefined ? handled : fault.apply(handled)).pipe(
          Effect.tap((response) =>
            Effect.sync(() => {
              entry.sent = response.status
            })
          ),
          Effect.ensuring(Effect.suspend(() => PubSub.publish(ended, { ...entry }))),
          Effect.provideService(CurrentEntry, entry),
          // The sandbox must not add spans to those of the program under test.
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
      ended: Stream.fromPubSub(ended),
      counters: log.counters,
      expireAccessTokens: options.authority.expireAccessTokens,
      revokeAll: options.authority.revokeAll
    }
  })

/**
 * The server of an `HttpApi` whose groups and middlewares are provided. `onDecodeError` answers a request that does not
 * match the contract, because the platform's own answer would show values.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromApi = (
  api: apiServer.Api,
  onDecodeError: (error: apiServer.DecodeError) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpApp.Default<unknown>> => apiServer.make(api, onDecodeError)

/**
 * The `HttpClient` for a program under test: it sends requests to the sandbox instead of the network.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = (sandbox: Pick<Sandbox, "httpClient">): Layer.Layer<HttpClient.HttpClient> =>
  Layer.succeed(HttpClient.HttpClient, sandbox.httpClient)

/**
 * Serves a sandbox on the platform's `HttpServer` and returns its base URL. When the scope closes, the server and its
 * open connections are closed. Listen on port 0 of a loopback address, because sandboxes are for tests.
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
    const address = addressOf(yield* HttpServer.HttpServer)
    const servers = new Set<Server>()
    const app = server.remembering(sandbox.app, servers)
    yield* HttpMiddleware.withTracerDisabledWhenEffect(HttpServer.serveEffect(app), () => true)
    yield* Effect.addFinalizer(() => Effect.sync(() => servers.forEach(server.close)))
    return "path" in address ? `unix:${address.path}` : server.baseUrl(address.hostname, address.port)
  })
