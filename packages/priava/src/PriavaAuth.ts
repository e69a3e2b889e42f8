/**
 * An integration's session at Priava: a code from the admin screen is exchanged once, and the refresh token keeps the
 * session from then on.
 *
 * **The code works once.** It is used up by a success, by any 400 and by an exchange whose outcome is unknown; only when
 * the request surely never left it can be tried again. What is remembered of it is a keyed digest in the session's
 * record, and a used code is refused before it is sent. So use a durable `TokenStore`: with one in memory a restart
 * forgets the session *and* that the code was used, and a human has to make a new one.
 *
 * A code may stay in the environment after it was used: while the session lives nobody looks at it.
 *
 * ```ts
 * PriavaAuth.layer({
 *   region: "EU",
 *   clientId,
 *   clientSecret,
 *   redirectUri: "https://my.app.com/oauth2callback",
 *   credentials: Effect.map(Config.redacted("PRIAVA_CODE"), (code) => ({ code }))
 * })
 * ```
 *
 * **Errors.** Priava answers 400 to any problem with a token request and lists no codes. Those of RFC 6749 keep their
 * meaning: `invalid_grant` ends the session, `invalid_client` and its like are `AuthMisconfigured`. Any other code ends
 * it only when it comes a second time at least a minute later, and the live access token is served meanwhile: a dead
 * session costs a human a new code. Which status tells a dead access token is not documented either: 401 is assumed.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import type { AuthProvider, Rejection } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as calls from "./internal/calls.ts"
import * as settings from "./internal/settings.ts"
import type * as PriavaApi from "./PriavaApi.ts"

/**
 * The code that Priava's admin screen shows (Admin > API Access > Access Token). It works once.
 *
 * @see https://support.priava.com/hc/en-us/articles/360002978115 (Quickstart)
 * @since 0.1.0
 * @category models
 */
export interface PriavaCredentials {
  readonly code: Redacted.Redacted<string>
}

/**
 * What is data in the options: all of it can come from a configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Data {
  /** `production` (default), `sandbox`, or a URL of your own, to which `/api/rest` is added. */
  readonly host?: string | undefined
  /** Where your tenant's data lives. */
  readonly region: PriavaApi.TenantRegion
  /** From the admin screen, like the next two. */
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** The one that was entered when the client was made; it is only compared, nothing is sent there. */
  readonly redirectUri: string
  /**
   * The URL of the token endpoint. Default: `{host}/api/rest/oauth/token`. The documentation does not say where its
   * `/rest/oauth/token` begins; `{host}/rest/oauth/token` is the other reading.
   */
  readonly tokenUrl?: string | undefined
  /** Lets secrets travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * What is behaviour in the options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends AuthService.Options<PriavaCredentials> {
  /** Statuses that mean that the access token is dead. Default: 401, an assumption. */
  readonly rejectedStatuses?: ReadonlyArray<number> | undefined
  /** Recognises an answer that means it without such a status. Default: none. */
  readonly rejectedBody?: Rejection["body"]
}

/**
 * Everything that makes one session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Data, Behaviour {}

/**
 * An integration's session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<PriavaCredentials> {}

/**
 * The session of one integration.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaAuth extends Context.Tag("@effect-auth/priava/PriavaAuth")<PriavaAuth, Service>() {}

/**
 * Priava as a provider, for whoever builds services of it: `AuthService.make`, or sessions of many tenants.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  options: Data & Pick<Behaviour, "account" | "rejectedStatuses" | "rejectedBody">
): Effect.fn.Return<AuthProvider<PriavaCredentials>, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const resolved = yield* settings.resolve(options, options.account)
  const api = yield* calls.make(resolved, yield* HttpClient.HttpClient)
  return {
    name: calls.providerName,
    realm: resolved.realm,
    origins: [resolved.origin],
    // A refresh answers a refresh token. Whether it is a new one, and whether the old one dies, is not documented.
    rotation: "rotating",
    rejection: { statuses: options.rejectedStatuses ?? [401], body: options.rejectedBody },
    defaultLifetime: "6 hours",
    signIn: (credentials) => Effect.map(TokenEndpoint.exchange(api.signIn(credentials)), TokenEndpoint.tokenResponse),
    refresh: (refreshToken) =>
      Effect.map(TokenEndpoint.exchange(api.refresh(refreshToken)), TokenEndpoint.tokenResponse),
    fingerprint: (credentials) => Redacted.value(credentials.code),
    singleUse: true
  }
})

/**
 * Makes the session of one integration. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope> =>
  Effect.flatMap(provider(options), (provider) => AuthService.make(provider, options))

/**
 * The session of one integration as a layer. Fails with `AuthMisconfigured` (`options`, `url`, `insecure`) when the
 * options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<PriavaAuth, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(PriavaAuth, make(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PriavaAuth, AuthError.AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(
    PriavaAuth,
    Effect.flatMap(Config.unwrap(data), (data) => make({ ...behaviour, ...data }))
  )
