/**
 * The parts of authentication that differ between providers. `AuthService.make` does everything else (single flight,
 * stores, schedules, errors, spans) and turns an `AuthProvider` into a service.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ExchangeFailure } from "./ExchangeFailure.ts"
import type { Api, Rejection, TokenResponse } from "./internal/shapes/api.ts"
import type { AuthService, ForResource } from "./internal/shapes/session.ts"
import type { TokenSet } from "./TokenSet.ts"

export type { Api, Rejection, TokenResponse } from "./internal/shapes/api.ts"

/**
 * What a refresh does to the refresh token. This decides what the session may do after an answer was lost ("in doubt").
 *
 * - `static`: the refresh token stays the same. An exchange may always be repeated.
 * - `rotating`: the refresh token is replaced, and the old one may be invalid at once. In doubt, the live access token
 *   is served until it expires; only then is the old refresh token sent again.
 * - `{ rotating: { repeatable } }`: the refresh token is replaced, and the old one still works for this time, or until
 *   the new one is used (`"untilUsed"`). In doubt, the exchange is repeated at once while the old one works.
 * - `none`: the provider issues no refresh token. The session is renewed by a new sign-in.
 *
 * @see RFC 9700 section 4.14: https://www.rfc-editor.org/rfc/rfc9700#section-4.14
 * @since 0.1.0
 * @category models
 */
export type Rotation = "static" | "none" | "rotating" | {
  readonly rotating: { readonly repeatable: Duration.Input | "untilUsed" }
}

/**
 * Whether a refresh replaces the refresh token.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRotating = (rotation: Rotation): boolean => rotation === "rotating" || typeof rotation === "object"

/**
 * One API that issues tokens, configured for one realm; `@effect-auth/testing/AuthProviderLaws` checks it.
 *
 * `signIn` and `refresh` send exactly one request; `revoke` sends at most one for each token. They fail with an
 * `ExchangeFailure` that says whether the request was carried out; `TokenEndpoint` makes these failures. They require no
 * services: the layer that makes a provider gives it an `HttpClient`.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthProvider<in Credentials> {
  /** A short name, the first part of every record key: `placewise`. */
  readonly name: string
  /** Separates two sessions of the same account and provider: host, client id, club, … Never a secret. */
  readonly realm: string
  /** The origins that the token may be sent to, each with scheme, host and port: `https://api.example.com`. */
  readonly origins: ReadonlyArray<string>
  /**
   * The base URL, fixed headers and replay rules of the API. Absent: requests need full URLs and get no other header
   * than the token.
   */
  readonly api?: Api | undefined
  readonly rotation: Rotation
  readonly rejection: Rejection
  /**
   * The lifetime of a token when the answer has no `expires_in`. Absent: the token is used until the server rejects it.
   */
  readonly defaultLifetime?: Duration.Input | undefined
  readonly signIn: (credentials: Credentials) => Effect.Effect<TokenResponse, ExchangeFailure>
  /**
   * Absent when `rotation` is `none`. `resource`: the further API that the access token is requested for (RFC 8707).
   * It is passed only to a provider whose sessions have `forResource`.
   */
  readonly refresh?:
    | ((
      refreshToken: Redacted.Redacted<string>,
      previous: TokenSet,
      resource?: string
    ) => Effect.Effect<TokenResponse, ExchangeFailure>)
    | undefined
  /** Revokes the tokens at the server (RFC 7009). Absent when the provider has no revocation. */
  readonly revoke?: ((tokens: TokenSet) => Effect.Effect<void, ExchangeFailure>) | undefined
  /**
   * Whether a sign-in that replaces a session revokes the tokens of the old session. Default: no. If the service renewed a
   * token ahead of its expiry, the old token is not revoked: running requests may carry it, and it expires soon.
   */
  readonly revokeReplaced?: boolean | undefined
  /**
   * A text that identifies the credentials, so that refused ones are recognised later. Only its keyed digest is stored.
   */
  readonly fingerprint?: ((credentials: Credentials) => string) | undefined
  /**
   * Whether credentials work only once (an authorization code). Used credentials are refused before anything is sent.
   */
  readonly singleUse?: boolean | undefined
}

/**
 * A provider whose sessions have additional members, such as `tokenInfo`. `AuthService.make` and `AuthSessions.make`
 * add them to each session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Extended<in out Credentials, out Service> extends AuthProvider<Credentials> {
  /** `forResource`: for a provider whose `refresh` takes a resource, to be given as a member. */
  readonly extend: (auth: AuthService<Credentials>, forResource: ForResource) => Service
}

/**
 * The origins that the token of a further API may be sent to, unless the options name others. A resource that is no URL
 * (`urn:…`) has none.
 *
 * @since 0.1.0
 * @category getters
 */
export const originsOf = (resource: string): ReadonlyArray<string> => {
  const origin = URL.canParse(resource) ? new URL(resource).origin : "null"
  return origin === "null" ? [] : [origin]
}
