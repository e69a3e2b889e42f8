/** The interface of a session, and its options. `AuthService` exports them. */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { AccessToken } from "../../AccessToken.ts"
import type { AccessTokenError, SignInError, TokenRequestRejected, TokenStoreError } from "../../AuthError.ts"
import type { RefreshOptions } from "../../RefreshOptions.ts"
import type { Revocation } from "../../Revocation.ts"
import type { SessionEvent } from "../../SessionEvent.ts"
import type { SessionState } from "../../SessionState.ts"
import type { Api, Rejection, TokenResponse } from "./api.ts"

/**
 * Tokens that were obtained elsewhere. Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface AdoptedTokens extends TokenResponse {
  /** When the token request was sent. Default: now. A time in the future counts as now. */
  readonly obtainedAt?: number | undefined
  /**
   * When the access token expires; it has priority over `expiresIn`. An expired token is accepted, and the first use
   * refreshes it.
   */
  readonly expiresAt?: number | undefined
}

/**
 * One account's session. Every member can be called from any number of fibers, and interrupting a caller never harms
 * the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthService<in Credentials> {
  readonly provider: string
  readonly realm: string
  readonly account: string
  /** The origins that the token may be sent to. */
  readonly origins: ReadonlyArray<string>
  /** Which answers of the API mean that the access token is rejected. */
  readonly rejection: Rejection
  /** The base URL of the provider's API and the preparation of requests; `undefined` if the provider has none. */
  readonly api: Api | undefined
  /** Starts a new session. It replaces an existing one. */
  readonly signIn: (credentials: Credentials) => Effect.Effect<AccessToken, SignInError>
  /** Starts a session from tokens that were obtained elsewhere. */
  readonly adopt: (tokens: AdoptedTokens) => Effect.Effect<AccessToken, TokenRequestRejected | TokenStoreError>
  /**
   * A working access token. While the current one is fresh or stale, it is returned at once; otherwise the session is
   * refreshed first.
   */
  readonly accessToken: Effect.Effect<AccessToken, AccessTokenError>
  /**
   * Takes an access token that the API rejected, and returns one to try instead. If the session already has a newer
   * token, that one is returned; otherwise the session is refreshed. A token of less than a second may still be unknown
   * to the API: then the same token is returned after a short wait. Fails with `AccessTokenRejected`: `rejected-again`
   * if the rejected token came from another rejection a moment ago, `session-changed` if another principal's session
   * has begun. `wasAccepted`: the API has accepted this token before, so there is no short wait.
   */
  readonly renew: (
    rejected: AccessToken,
    options?: { readonly wasAccepted?: boolean | undefined }
  ) => Effect.Effect<AccessToken, AccessTokenError>
  /**
   * Refreshes now, whatever the token's age is. It ignores the backoff after a failure, but obeys the cooldown and the
   * Retry-After of a rate limit. Another Retry-After, as of a maintenance page, is obeyed for a minute at most.
   */
  readonly refresh: Effect.Effect<AccessToken, AccessTokenError>
  /** Removes the session from memory, then from the store, then revokes its tokens at the server. */
  readonly signOut: Effect.Effect<Revocation, TokenStoreError>
  /** The state of the session. */
  readonly state: Effect.Effect<SessionState, TokenStoreError>
  /** The events from now on. A slow reader misses the oldest events. */
  readonly events: Stream.Stream<SessionEvent>
  /** The current token if it is fresh. It never suspends: for the fast path of middleware. */
  readonly unsafePeek: (clock: Clock.Clock) => AccessToken | undefined
}

/**
 * A session with any type of credentials, for middleware.
 *
 * @since 0.1.0
 * @category models
 */
export interface Any extends AuthService<never> {}

/**
 * The options of a further API. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface ResourceOptions {
  /** The origins that its token may be sent to. Default: the origin of the resource, if it is a URL. */
  readonly origins?: ReadonlyArray<string> | undefined
  /** The base URL of the API, for `AuthHttpClient.fromSession`. Default: requests need full URLs. */
  readonly api?: Api | undefined
  /** Which answers mean that its token is rejected. Default: those of the provider's own API. */
  readonly rejection?: Rejection | undefined
}

/**
 * The session with its access token for a further API, named by an absolute URI (RFC 8707): `accessToken`, `renew`,
 * `refresh` and `unsafePeek` use that token; they fail with `AuthMisconfigured` (`options`) if the name is not such a
 * URI. All other members are those of the session: a sign-out ends the whole session.
 *
 * @see RFC 8707 section 2.2: https://www.rfc-editor.org/rfc/rfc8707#section-2.2
 * @since 0.1.0
 * @category models
 */
export interface ForResource {
  (resource: string, options?: ResourceOptions): Any
}

/**
 * A session whose refresh token also gets access tokens for further APIs.
 *
 * @since 0.1.0
 * @category models
 */
export interface WithResources<in Credentials> extends AuthService<Credentials> {
  /**
   * The call itself sends nothing. The token is requested on first use, and stored with the session for all processes.
   */
  readonly forResource: ForResource
}

/**
 * How one session behaves. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Credentials> {
  /** The application's own opaque id of the account. Default: `"default"`. Set it when one store holds several. */
  readonly account?: string | undefined
  /**
   * Credentials for service accounts: the service signs in with them by itself on first use, and once for each session
   * that ended and can't be refreshed. Default: none; without a session a call fails with `SignInRequired`.
   */
  readonly credentials?: Effect.Effect<Credentials, unknown> | undefined
  readonly refresh?: RefreshOptions | undefined
}
