/**
 * The middleware: an `HttpClient` that puts the session's access token on each request. When the API rejects the token,
 * it renews the session and sends the request once more.
 *
 * ```ts
 * const client = httpClient.pipe(
 *   AuthHttpClient.withAuth(auth),
 *   HttpClient.mapRequest(HttpClientRequest.prependUrl("https://api.example.com"))
 * )
 * ```
 *
 * **Where the token goes.** Only to the origins that the provider declares, over https (except loopback). A request to
 * any other place fails with `AuthMisconfigured` before it is sent. A request that already has an `Authorization`
 * header fails in the same way.
 *
 * **When a request is sent twice.** Only after a rejection, once, and only if its body can be sent again: empty, bytes,
 * text, form. A status that rejects the token (460, 401) proves that the API did not carry out the request, so by
 * default any method is sent again after it. A rejection in the body of a success status does not prove that. By
 * default only reads are sent again after it: `GET`, `HEAD`, `OPTIONS` and requests that `isRead` or {@link withReplay}
 * marks. After a lost answer or a timeout the request is not repeated. Every rejection renews the session, so that the
 * next request has a token that works.
 *
 * **What comes back.** Every status that is not a rejection is an ordinary response. Responses and errors hold your own
 * request, without the token and without the headers that an inner client added. Their printed form has no headers, no
 * query and no bodies. If the cause of an error, or a defect, holds a secret of the request, it is left out. An error
 * that is not one of the platform's types passes unchanged, so an inner client must not put the request into its own
 * errors.
 *
 * **Order.** In a `pipe`, a step before `withAuth` is inside: it sees the token and runs once for each send. A step
 * after `withAuth` is outside: it never sees the token and runs once for each call.
 *
 * - *Base URL, headers*: after (outside). The middleware must see where the request goes: a URL without an origin is
 *   refused with reason `url`. A header that is added outside is the same on a replay (a request id, an idempotency
 *   key). A header that is added inside is computed again.
 * - *Retry*: outside, each try asks for the current token and may be replayed once; the retry sees `AuthError`s,
 *   and `retryTransient` does not repeat them. Inside, all tries carry one token, and a rejection ends them at once.
 * - *Rate limit*: inside, a replay counts as a call of its own. Outside, a call and its replay count as one.
 * - *Tracing*: a span around the client outside covers the renewal and the replay; each send has its own span inside.
 *   The platform's spans show the query, and response headers: put `TokenEndpoint.hardened` outside to hide the
 *   headers.
 * - *`filterStatusOk`*: inside or outside. Inside, a rejection arrives as an error, and the middleware recognises it
 *   too.
 * - *`followRedirects`*: outside. Each hop passes through the middleware, and a hop to an undeclared origin fails with
 *   reason `origin`. Inside, it would send the token to any address that a server names. Better: the option
 *   `redirects`.
 * - *`withScope`*: inside.
 *
 * Don't provide the result under the `HttpClient` tag: the token endpoint would then call itself, and every library in
 * scope would send your token.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import { type AccessTokenError, type AccessTokenRejected, type AuthError, isAuthError } from "./AuthError.ts"
import type * as AuthService from "./AuthService.ts"
import type { AuthSessions } from "./AuthSessions.ts"
import { bare } from "./internal/http/handedResponse.ts"
import { hardened } from "./internal/http/hardened.ts"
import * as httpErrors from "./internal/http/httpErrors.ts"
import * as middleware from "./internal/http/middleware.ts"
import * as origins from "./internal/http/origins.ts"
import * as sessionClient from "./internal/http/sessionClient.ts"

/**
 * The errors that the middleware adds to those of the client it wraps.
 *
 * @since 0.1.0
 * @category errors
 */
export type AuthHttpClientError = AccessTokenError | AccessTokenRejected

/**
 * Which requests are sent once more after a rejection. `safe`: reads only · `always`: every request whose body can be
 * sent again · `never`: none.
 *
 * @since 0.1.0
 * @category models
 */
export type ReplayPolicy = "safe" | "always" | "never"

/**
 * How the middleware behaves. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `always` after a rejection by status, `safe` after a rejection in the body of a success status. */
  readonly replay?: ReplayPolicy | undefined
  /** Marks more requests as reads, such as a search by POST. Default: only `GET`, `HEAD` and `OPTIONS`. */
  readonly isRead?: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
  /**
   * The result when no replay is possible, or the replay is rejected too. `fail` (default): the request fails with
   * `AccessTokenRejected`. `response`: the caller gets the rejected response; up to 1 MiB of its body is kept in
   * memory.
   */
  readonly onRejected?: "fail" | "response" | undefined
  /**
   * How to handle a request that already has an `Authorization` header. `error` (default): it fails. `keep`: it is sent
   * unchanged, without any of the middleware's work. `replace`: the session's token replaces the header.
   */
  readonly authorization?: "error" | "keep" | "replace" | undefined
  /** Allows sending the token over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
  /**
   * How many redirects to follow. Only redirects to declared origins are followed, with the token; any other redirect
   * is returned to the caller. Default: 0, so every redirect is returned. A client that follows redirects by itself
   * (`fetch`) is not affected.
   */
  readonly redirects?: number | undefined
  /**
   * For requests whose body can't be sent twice: if the token has less than this left, the session is refreshed first.
   * The old token is used only if that refresh fails. Default: zero.
   */
  readonly refreshFirst?: Duration.Input | undefined
}

/**
 * Puts the token of a session on each request of a client; on a rejection renews the session and replays once. "Order"
 * above lists the steps to put before and after it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAuth: {
  /**
   * Puts the token of a session on each request of a client; on a rejection renews the session and replays once.
   *
   * @since 0.1.0
   * @category combinators
   */
  (
    auth: AuthService.Any,
    options?: Options
  ): <E, R>(self: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E | AuthHttpClientError, R>
  /**
   * Puts the token of a session on each request of a client; on a rejection renews the session and replays once.
   *
   * @since 0.1.0
   * @category combinators
   */
  <E, R>(
    self: HttpClient.HttpClient.With<E, R>,
    auth: AuthService.Any,
    options?: Options
  ): HttpClient.HttpClient.With<E | AuthHttpClientError, R>
} = dual(
  (args) => HttpClient.isHttpClient(args[0]),
  <E, R>(
    self: HttpClient.HttpClient.With<E, R>,
    auth: AuthService.Any,
    options: Options = {}
  ): HttpClient.HttpClient.With<E | AuthHttpClientError, R> =>
    middleware.make(self, auth, {
      origins: origins.make(auth.origins, options.allowInsecure ?? false),
      replay: Effect.map(CurrentReplay, (policy) => policy ?? options.replay),
      isRead: options.isRead,
      handsOver: options.onRejected === "response",
      authorization: options.authorization ?? "error",
      redirects: options.redirects ?? 0,
      refreshFirst: Duration.toMillis(options.refreshFirst ?? 0)
    })
)

/**
 * A client whose requests carry the token of a session. Don't provide it as `HttpClient`: every library in scope would
 * send the token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client extends HttpClient.HttpClient.With<HttpClientError.HttpClientError | AuthHttpClientError> {}

/**
 * The options of a client that is made from a session. The session says whether plain http is allowed.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions extends Omit<Options, "allowInsecure"> {}

/**
 * The client of a session: {@link withAuth}, with the provider's base URL, fixed headers and replay rules.
 *
 * A path is relative to the API's base URL. A full URL is used unchanged, and its origin must be declared. With this
 * client `fetch` follows no redirect, because it would forward every header except `Authorization`.
 *
 * ```ts
 * const client = yield* AuthHttpClient.fromSession(yield* PlacewiseAuth)
 * const status = yield* client.get("/members/me/rewards-program/status")
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSession = (
  auth: AuthService.Any,
  options?: ClientOptions
): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (httpClient) => ofSession(httpClient, auth, options))

/**
 * One of many accounts: its session, and the client that carries its token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account<out Service> {
  readonly auth: Service
  readonly client: Client
}

/**
 * The sessions of many accounts and their clients: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accounts<out Service> extends AuthSessions<Account<Service>> {}

/**
 * Makes a client for each of many sessions: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromSessions = <Service extends AuthService.Any>(
  sessions: AuthSessions<Service>,
  options?: ClientOptions
): Effect.Effect<Accounts<Service>, never, HttpClient.HttpClient> =>
  Effect.map(HttpClient.HttpClient, (httpClient) => ({
    get: (account) =>
      Effect.map(sessions.get(account), (auth) => ({ auth, client: ofSession(httpClient, auth, options) })),
    size: sessions.size,
    overview: sessions.overview
  }))

/**
 * Like {@link fromSession}, for libraries that take a function over their client, such as the option `transformClient`
 * of `HttpApiClient.make`. It fails like {@link asHttpClient}.
 *
 * ```ts
 * const api = yield* HttpApiClient.make(MyApi, { transformClient: AuthHttpClient.transform(yield* PlacewiseAuth) })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const transform =
  (auth: AuthService.Any, options?: ClientOptions) => (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    asHttpClient(ofSession(client, auth, options))

/**
 * Provides the client of the session behind a tag as an `HttpClient`, for one layer that needs it, such as a protocol
 * of `effect/rpc`. Provide it to that layer only. It fails like {@link asHttpClient}.
 *
 * ```ts
 * RpcClient.layerProtocolHttp({ url: "/rpc" }).pipe(Layer.provide(AuthHttpClient.layerHttpClient(PlacewiseAuth)))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = <Id, Service extends AuthService.Any>(
  session: Context.Service<Id, Service>,
  options?: ClientOptions
): Layer.Layer<HttpClient.HttpClient, never, Id | HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.zipWith(HttpClient.HttpClient, session, (client, auth) => transform(auth, options)(client))
  )

const ofSession = (httpClient: HttpClient.HttpClient, auth: AuthService.Any, options: ClientOptions = {}): Client =>
  withAuth(sessionClient.prepared(httpClient, auth), auth, sessionClient.optionsOf(auth.api, options)).pipe(
    (client) => sessionClient.placed(client, auth.api),
    hardened
  )

/**
 * The replay policy of the requests in its scope; it overrides the client's own. Set it with {@link withReplay}.
 *
 * @since 0.1.0
 * @category tags
 */
export const CurrentReplay: Context.Reference<ReplayPolicy | undefined> = Context.Reference<ReplayPolicy | undefined>(
  "@effect-auth/core/AuthHttpClient/CurrentReplay",
  {
    defaultValue: () => undefined
  }
)

/**
 * Sets the replay policy of the requests that an effect makes: `withReplay("always")` marks a POST as safe to repeat.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withReplay: {
  /**
   * Sets the replay policy of the requests that an effect makes.
   *
   * @since 0.1.0
   * @category combinators
   */
  (policy: ReplayPolicy): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /**
   * Sets the replay policy of the requests that an effect makes.
   *
   * @since 0.1.0
   * @category combinators
   */
  <A, E, R>(self: Effect.Effect<A, E, R>, policy: ReplayPolicy): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, policy: ReplayPolicy): Effect.Effect<A, E, R> =>
    Effect.provideService(self, CurrentReplay, policy)
)

/**
 * The same client for code that needs a plain `HttpClient`, such as generated code. An `AuthError` becomes the `cause`
 * of a `RequestError` that shows only the method, host and path of the request. The reason of that error is `Transport`
 * when waiting can help (`ProviderUnavailable`, `TokenStoreError`), so that `retryTransient` repeats it; otherwise it
 * is `Encode`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const asHttpClient = <R>(
  self: HttpClient.HttpClient.With<HttpClientError.HttpClientError | AuthError, R>
): HttpClient.HttpClient.With<HttpClientError.HttpClientError, R> =>
  HttpClient.makeWith<never, never, HttpClientError.HttpClientError, R>(
    Effect.flatMap((request) =>
      Effect.mapError(
        self.execute(request),
        (error) => isAuthError(error) ? httpErrors.carrying(error, bare(request)) : error
      )
    ),
    Effect.succeed
  )
