/**
 * A provider's token responses, rejections and API. `AuthProvider` exports them. A session has them too, so they are in
 * a module of their own.
 */
import type * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Redacted from "effect/Redacted"

/**
 * A successful token response as the server sent it. The session machine checks it and counts the lifetime from the
 * send. Omitted fields keep their previous value.
 *
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category models
 */
export interface TokenResponse {
  readonly accessToken: Redacted.Redacted<string>
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** Upper or lower case. Any type except `bearer` is refused. Absent or empty means `bearer`. */
  readonly tokenType?: string | undefined
  /**
   * Seconds as the server sent them: a number or a numeric text. Anything else counts as the provider's
   * `defaultLifetime`.
   */
  readonly expiresIn?: unknown
  /** When the refresh token expires (epoch milliseconds), if the provider reports it. */
  readonly refreshExpiresAt?: number | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /**
   * The id of the person or service that the tokens were issued to. If a refresh returns another subject, it is
   * refused.
   */
  readonly subject?: string | undefined
}

/**
 * Which answers of the provider's API mean that the access token is rejected.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejection {
  /** Statuses that always mean a rejection (Placewise: 460; most others: 401). */
  readonly statuses: ReadonlyArray<number>
  /**
   * For APIs that reject in the body of a success status. It runs for each answer whose status is not listed, so it
   * must be cheap.
   */
  readonly body?: ((response: HttpClientResponse.HttpClientResponse) => Effect.Effect<boolean>) | undefined
  /**
   * Returns `true` if an answer with a listed status is not a rejection. It takes the `WWW-Authenticate` header,
   * or `undefined` if the answer does not have one. Default: `true` for a single Bearer challenge with `insufficient_scope` (RFC 6750
   * section 3.1), because a new token would not help.
   */
  readonly challenge?: ((header: string | undefined) => boolean) | undefined
}

/**
 * The base URL of the provider's API, and the preparation of its requests. `AuthHttpClient.fromSession` makes a client
 * from it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Api {
  /** Scheme, host, port and path, without a slash at the end: `https://api.example.com/gateway`. */
  readonly baseUrl: string
  /**
   * A prefix of every path: `/v3/my-club`. A path that begins with its first segment (`/v3/…`) is complete and gets
   * only `baseUrl`. Default: none.
   */
  readonly basePath?: string | undefined
  /**
   * Adds the fixed headers. It runs below the middleware, once for each send, and only for declared origins. Its
   * headers may be secrets of the client, so no error and no response has them.
   */
  readonly prepare?: ((request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest) | undefined
  /** Marks more requests as reads, such as a search by POST. Reads may be sent again after any rejection. */
  readonly isRead?: ((request: HttpClientRequest.HttpClientRequest) => boolean) | undefined
  /** Allows sending the token over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}
