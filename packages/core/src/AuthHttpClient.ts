/**
 * The middleware: an `HttpClient` that puts the token of a session on each request, and a fresh one when the server
 * says that it is dead.
 *
 * ```ts
 * const client = httpClient.pipe(
 *   AuthHttpClient.withAuth(auth),
 *   HttpClient.mapRequest(HttpClientRequest.prependUrl("https://api.example.com"))
 * )
 * ```
 *
 * **Where the token goes.** Only to the origins that the provider declares, over https (loopback excepted). A request to
 * any other place fails with `AuthMisconfigured` before it is sent, and so does one that has an `Authorization` header.
 *
 * **When a request is sent twice.** Only after a rejection, once, and only if its body can be sent again: empty, bytes,
 * text, form. A status that means a dead token (460, 401) proves that the request was not carried out, so by default any
 * method is sent again after it. A rejection that hides in the body of a success proves nothing, so by default only
 * reads are: `GET`, `HEAD`, `OPTIONS` and what `isRead` or {@link withReplay} marks. Nothing is repeated after a lost
 * answer or a timeout. The session is renewed in every case, so that the next request finds a token that works.
 *
 * **What comes back.** Every status that is not a rejection is an ordinary response. Responses and errors hold your own
 * request, without the token and without what a client inside added, and print neither headers, nor a query, nor bodies. The
 * cause of an error, and a defect, is left out where it holds a secret of the request. An error of another type than the
 * platform's passes as it is: one that is made inside must not hold the request.
 *
 * **Order.** In a `pipe`, what stands before `withAuth` is inside: it sees the token and runs once for each send. What
 * stands after it is outside: it never sees the token and runs once for each call.
 *
 * - *Base URL, headers*: after (outside). The middleware must see where the request goes: a URL without an origin is
 *   refused with reason `url`. A header that is mapped outside is the same on a replay (a request id, an idempotency
 *   key); one that is mapped inside is made anew.
 * - *Retry*: outside, each try asks for the current token and may be replayed once; the retry sees `AuthError`s,
 *   and `retryTransient` does not repeat them. Inside, all tries carry one token, and a rejection ends them at once.
 * - *Rate limit*: inside, a replay counts as a call of its own. Outside, a call and its replay count as one.
 * - *Tracing*: a span around the client outside covers the renewal and the replay; each send has its own span inside. The
 *   platform's spans show the query, and response headers: put `TokenEndpoint.hardened` outside to hide the headers.
 * - *`filterStatusOk`*: either. Inside, a rejection arrives as an error and is recognised all the same.
 * - *`followRedirects`*: outside. Each hop passes through the middleware, and one to another origin fails with reason
 *   `origin`. Inside it would send the token wherever it is told to: use the option `redirects` instead.
 * - *`withScope`*: inside.
 *
 * The result is deliberately not provided under the `HttpClient` tag: the token endpoint would call itself, and any
 * library in scope would send your token.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { type AccessTokenRejected, type AuthError, isAuthError } from "./AuthError.ts"
import type { AccessTokenError, AuthService } from "./AuthService.ts"
import { bare } from "./internal/handedResponse.ts"
import * as httpErrors from "./internal/httpErrors.ts"
import * as middleware from "./internal/middleware.ts"
import * as origins from "./internal/origins.ts"

/**
 * What the middleware adds to the errors of the client it wraps.
 *
 * @since 0.1.0
 * @category errors
 */
export type AuthHttpClientError = AccessTokenError | AccessTokenRejected

/**
 * Which requests are sent once more after a rejection: `safe`: reads only · `always`: any whose body can be sent
 * again · `never`.
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
  /** Default: `always` after a rejection by status, `safe` after one that hides in the body of a success. */
  readonly replay?: ReplayPolicy | undefined
  /** Marks further requests as reads: a search by POST. Default: only `GET`, `HEAD` and `OPTIONS`. */
  readonly isRead?: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
  /**
   * What the caller gets when no replay is possible or the replay is rejected too: `fail` with `AccessTokenRejected`
   * (default), or the `response` itself. Up to 1 MiB of a rejected body is kept in memory for the latter.
   */
  readonly onRejected?: "fail" | "response" | undefined
  /**
   * What becomes of a request that has an `Authorization` header of its own: `error` (default), `keep` sends it as it
   * is and does nothing else, `replace` puts the token in its place.
   */
  readonly authorization?: "error" | "keep" | "replace" | undefined
  /** Lets the token travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
  /**
   * How many redirects to follow. The token goes along to declared origins; a redirect to any other place is handed
   * back. Default: 0, all are handed back. A client that follows redirects by itself (`fetch`) is not affected.
   */
  readonly redirects?: number | undefined
  /**
   * A request whose body can't be sent twice is not sent with a token that has less than this left: the session is
   * refreshed first, and the old token is used only if that fails. Default: zero.
   */
  readonly refreshFirst?: Duration.DurationInput | undefined
}

/**
 * Puts the token of a session on each request of a client; on a rejection renews the session and replays once. See
 * "Order" above for what to put before and after it.
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
    auth: AuthService<never>,
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
    auth: AuthService<never>,
    options?: Options
  ): HttpClient.HttpClient.With<E | AuthHttpClientError, R>
} = dual(
  (args) => Predicate.hasProperty(args[0], HttpClient.TypeId),
  <E, R>(
    self: HttpClient.HttpClient.With<E, R>,
    auth: AuthService<never>,
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
 * The replay policy of the requests that are made under it, in place of the client's. Set it with {@link withReplay}.
 *
 * @since 0.1.0
 * @category tags
 */
export class CurrentReplay
  extends Context.Reference<CurrentReplay>()("@effect-auth/core/AuthHttpClient/CurrentReplay", {
    defaultValue: (): ReplayPolicy | undefined => undefined
  })
{}

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
 * The same client for code that wants a plain `HttpClient`, such as a generated one. An `AuthError` becomes the `cause`
 * of a `RequestError` that tells nothing about the request but its method and place. Its reason is `Transport` where
 * waiting can help (`ProviderUnavailable`, `TokenStoreError`), so that `retryTransient` repeats it, and `Encode` elsewhere.
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
