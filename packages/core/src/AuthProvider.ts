/**
 * What only a provider can know. Everything else (single flight, stores, schedules, errors, spans) is written once, in
 * `AuthService.make`, which turns an `AuthProvider` into a service.
 *
 * @since 0.1.0
 */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ExchangeFailure } from "./ExchangeFailure.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * A successful token response, as the wire told it. The machine checks it, counts its life from the send, and keeps
 * what it does not say again.
 *
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category models
 */
export interface TokenResponse {
  readonly accessToken: Redacted.Redacted<string>
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  /** Compared without case; anything but `bearer` is refused. Absent, or empty, means `bearer`. */
  readonly tokenType?: string | undefined
  /** Seconds, as the wire told them: a number or a numeric text; anything else is the provider's `defaultLifetime`. */
  readonly expiresIn?: unknown
  /** Until when the refresh token can be used (epoch milliseconds), where the provider knows. */
  readonly refreshExpiresAt?: number | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Whose tokens these are. A refresh that answers another subject is refused. */
  readonly subject?: string | undefined
}

/**
 * What a refresh does to the refresh token, and so what may be done when its answer was lost.
 *
 * - `static`: it stays the same. An exchange may always be repeated.
 * - `rotating`: it is replaced, and the old one may be dead at once. In doubt, the live access token is served to its
 *   end before the old refresh token is tried again.
 * - `none`: there is none. The session is renewed by signing in again.
 *
 * @see RFC 9700 section 4.14: https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @since 0.1.0
 * @category models
 */
export type Rotation = "static" | "rotating" | "none"

/**
 * Which answers of the provider's API mean that the access token is dead.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rejection {
  /** Statuses that mean it by themselves (Placewise: 460; elsewhere 401 is assumed). */
  readonly statuses: ReadonlyArray<number>
  /** For APIs that hide it in a success: asked for each answer whose status is not listed, so keep it cheap. */
  readonly body?: ((response: HttpClientResponse.HttpClientResponse) => Effect.Effect<boolean>) | undefined
}

/**
 * One API that issues tokens, configured for one realm; `@effect-auth/testing/AuthProviderLaws` checks it.
 *
 * `signIn` and `refresh` send exactly one request, `revoke` one for each token at most. They fail with an
 * {@link ExchangeFailure} that says what became of it; `TokenEndpoint` does most of that. They need nothing from the
 * environment: the layer that makes a provider gives it its `HttpClient`.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthProvider<in Credentials> {
  /** A short name, the first part of every record key: `placewise`. */
  readonly name: string
  /** What separates two sessions of one provider beside the account: host, client id, club, … Never a secret. */
  readonly realm: string
  /** Where the token may be sent: `https://api.example.com`, scheme, host and port. */
  readonly origins: ReadonlyArray<string>
  readonly rotation: Rotation
  readonly rejection: Rejection
  /** The life of a token whose answer does not tell one; absent: used until the server rejects it. */
  readonly defaultLifetime?: Duration.DurationInput | undefined
  readonly signIn: (credentials: Credentials) => Effect.Effect<TokenResponse, ExchangeFailure>
  /** Absent where `rotation` is `none`. */
  readonly refresh?:
    | ((refreshToken: Redacted.Redacted<string>, previous: TokenSet) => Effect.Effect<TokenResponse, ExchangeFailure>)
    | undefined
  /** Tells the server that these tokens are no longer wanted; absent where it can't be told. */
  readonly revoke?: ((tokens: TokenSet) => Effect.Effect<void, ExchangeFailure>) | undefined
  /** Whether a sign-in that replaces a session revokes the tokens of the one before. Default: no. */
  readonly revokeReplaced?: boolean | undefined
  /** How refused credentials are recognised when they come again; only a keyed digest of it is stored. */
  readonly fingerprint?: ((credentials: Credentials) => string) | undefined
  /** Whether credentials work only once (an authorization code). Used ones are refused before they are sent. */
  readonly singleUse?: boolean | undefined
}
