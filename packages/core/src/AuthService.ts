/**
 * What a program holds for one account at one provider: sign in, have a token that works, sign out.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { AccessToken } from "./AccessToken.ts"
import type {
  AccessTokenRejected,
  AuthMisconfigured,
  ProviderUnavailable,
  RefreshOutcomeUnknown,
  RefreshTokenRejected,
  SignInRequired,
  TokenRequestRejected,
  TokenStoreError
} from "./AuthError.ts"
import type { AuthProvider, Rejection, TokenResponse } from "./AuthProvider.ts"
import type { ExchangeFailure } from "./ExchangeFailure.ts"
import * as service from "./internal/service.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import type { SessionState } from "./SessionState.ts"
import type { TokenSet } from "./TokenSet.ts"
import type { TokenStore } from "./TokenStore.ts"

/**
 * The ways in which an access token can't be had.
 *
 * @since 0.1.0
 * @category errors
 */
export type AccessTokenError =
  | SignInRequired
  | RefreshTokenRejected
  | RefreshOutcomeUnknown
  | TokenRequestRejected
  | AuthMisconfigured
  | ProviderUnavailable
  | TokenStoreError

/**
 * The ways in which a sign-in can fail.
 *
 * @since 0.1.0
 * @category errors
 */
export type SignInError = TokenRequestRejected | AuthMisconfigured | ProviderUnavailable | TokenStoreError

/**
 * What became of the tokens on the server when the session was signed out here. `failed`: the server could not be told
 * and is told again in the background for a while · `unsupported`: the provider can't be told · `nothing-to-revoke`: no
 * tokens were held.
 *
 * @since 0.1.0
 * @category models
 */
export type Revocation = "revoked" | "failed" | "unsupported" | "nothing-to-revoke"

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
  /** Where the token may be sent. */
  readonly origins: ReadonlyArray<string>
  /** Which answers mean that the token is dead. */
  readonly rejection: Rejection
  /** Starts a new session, in place of any there was. */
  readonly signIn: (credentials: Credentials) => Effect.Effect<AccessToken, SignInError>
  /** Starts a session from tokens that were obtained elsewhere. */
  readonly adopt: (tokens: TokenResponse) => Effect.Effect<AccessToken, TokenRequestRejected | TokenStoreError>
  /**
   * A token that works, as far as can be known: the current one at once while it is fresh or stale, else the one that
   * a refresh brings.
   */
  readonly accessToken: Effect.Effect<AccessToken, AccessTokenError>
  /**
   * A token that may be tried in place of one that the server rejected. If the session has moved on, that is the
   * current one; only otherwise is there a refresh. Fails with `AccessTokenRejected` when the rejected token was itself
   * born a moment ago from a rejection.
   */
  readonly renew: (rejected: AccessToken) => Effect.Effect<AccessToken, AccessTokenError | AccessTokenRejected>
  /** Refreshes now, whatever the token's age. Skips the backoff after a failure, but never Retry-After. */
  readonly refresh: Effect.Effect<AccessToken, AccessTokenError>
  /** Forgets the session here, then in the store, then tells the server. */
  readonly signOut: Effect.Effect<Revocation, TokenStoreError>
  /** Where the session stands. */
  readonly state: Effect.Effect<SessionState, TokenStoreError>
  /** What happens from now on. A slow reader misses the oldest events. */
  readonly events: Stream.Stream<SessionEvent>
  /** The current token if it is fresh, without suspending: for middleware on its fast path. */
  readonly unsafePeek: (clock: Clock.Clock) => AccessToken | undefined
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
   * Yields credentials with which the service signs in by itself: on first use, and once for each session that ended,
   * when a refresh can't help. For service accounts. Default: none, and `SignInRequired` instead.
   */
  readonly credentials?: Effect.Effect<Credentials, unknown> | undefined
  readonly refresh?: RefreshOptions | undefined
}

/**
 * When and how long.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshOptions {
  /** `scheduled`: refresh ahead of expiry without being asked (default). `onDemand`: only when asked, for serverless. */
  readonly mode?: "scheduled" | "onDemand" | undefined
  /** When to refresh ahead. Default: `RefreshSchedule.ahead()`. */
  readonly ahead?: Schedule.Schedule<Duration.Duration, TokenSet> | undefined
  /** How long to wait after the nth failure in a row. Default: `RefreshSchedule.retry()`. */
  readonly retry?: Schedule.Schedule<Duration.Duration, ExchangeFailure> | undefined
  /** What even forced refreshes obey after failures. Default: `RefreshSchedule.cooldown()`, 12 calls a minute. */
  readonly cooldown?: Schedule.Schedule<Duration.Duration, ExchangeFailure> | undefined
  /** The longest one exchange may take: connect, send and read. Default: 15 seconds. */
  readonly deadline?: Duration.DurationInput | undefined
  /** How long a commit is retried while the store fails, before the new tokens are served from memory. Default: 3 seconds. */
  readonly commitPatience?: Duration.DurationInput | undefined
  /** How long a caller that needs a token waits out a failure for one more attempt. Default: 2 seconds. */
  readonly retryPatience?: Duration.DurationInput | undefined
  /** How long closing the layer waits for an exchange that was sent. Default: the deadline. */
  readonly closePatience?: Duration.DurationInput | undefined
  /** After how long another owner's claim is a leftover. Default: deadline + commit patience + 2 seconds. */
  readonly claimTtl?: Duration.DurationInput | undefined
}

/**
 * Makes the service of one account from a provider. Closing the scope stops its schedule and lets an exchange that was
 * sent reach its saved end. Call it once for each account and share the result; two over one store coordinate like two
 * processes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Credentials>(
  provider: AuthProvider<Credentials>,
  options?: Options<Credentials>
): Effect.Effect<AuthService<Credentials>, never, TokenStore | Scope.Scope> => service.makeOne(provider, options ?? {})
