/**
 * The session of a service account at pointservices: sign in with a password, stay signed in, sign out.
 *
 * 400 and 403 with the documented body mean refused: on a sign-in `TokenRequestRejected`, on a refresh the end of the
 * session. The refresh token is used again and again until the first midnight in New York at or after 24 hours from the
 * sign-in; then only the password helps. Give `credentials`, and the session signs in again by itself, once for each
 * session that ended, and says so in its state (`signedInByItself`):
 *
 * ```ts
 * Pitchpoint.layerConfig({ username: Config.string("PITCHPOINT_USER") }, {
 *   credentials: Effect.map(Config.redacted("PITCHPOINT_PASSWORD"), (password) => ({ password }))
 * })
 * ```
 *
 * One layer is one service account: its user name and alias are options and part of the realm, so that two of them never
 * share a session; what is left of the credentials is the password. The server has nothing to revoke a token with, so
 * `signOut` answers `unsupported` and the tokens live on there to their end.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @since 0.1.0
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import type { AuthProvider, Rejection } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as calls from "./internal/calls.ts"
import * as faults from "./internal/faults.ts"
import { refreshDeadline } from "./internal/refreshDeadline.ts"
import * as settings from "./internal/settings.ts"

/**
 * What a service account signs in with, beside the user name and alias of the options.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 * @since 0.1.0
 * @category models
 */
export interface PitchpointCredentials {
  readonly password: Redacted.Redacted<string>
}

/**
 * What is data in the options: all of it can come from a configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Data {
  /** `production` (default), or a URL of your own. */
  readonly host?: string | undefined
  readonly username: string
  /** Acts as another account of the same organisation, where the account manager allowed that (`useralias`). */
  readonly alias?: string | undefined
  /** Lets secrets travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * What is behaviour in the options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends AuthService.Options<PitchpointCredentials> {
  /** Statuses that mean that the access token is dead. Not documented; default: 401. */
  readonly rejectedStatuses?: ReadonlyArray<number> | undefined
  /** Which successes mean it too: {@link notAuthorized}, or a predicate of your own. Default: none. */
  readonly rejectedBody?: Rejection["body"] | undefined
}

/**
 * Everything that makes the session of one service account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Data, Behaviour {}

/**
 * The session of one service account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<PitchpointCredentials> {
  readonly username: string
  readonly alias: string | undefined
}

/**
 * The session of one service account.
 *
 * @since 0.1.0
 * @category tags
 */
export class PitchpointAuth extends Context.Tag("@effect-auth/pitchpoint/PitchpointAuth")<PitchpointAuth, Service>() {}

/**
 * Reads a message of category `Fault` inside a success as a dead access token; for the option `rejectedBody`. Only JSON
 * of up to 64 KiB under status 200 is looked at.
 *
 * @see https://docs.pitchpointsolutions.com/api/order/enums/messagedef
 * @since 0.1.0
 * @category predicates
 */
export const rejectedByFault: (codes: ReadonlyArray<string>) => NonNullable<Rejection["body"]> = faults.rejectedBy

/**
 * `E006`, "User not authorized", inside a success means a dead access token. A user who lacks a right may get the same
 * code, so declare it only where your calls get it from dead tokens; each such answer costs at most one refresh.
 *
 * @since 0.1.0
 * @category predicates
 */
export const notAuthorized: NonNullable<Rejection["body"]> = rejectedByFault(["E006"])

/**
 * Until when the refresh token of a sign-in can be used (epoch milliseconds): the first midnight in New York at or after
 * 24 hours from it.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @since 0.1.0
 * @category getters
 */
export const refreshExpiresAt: (signedInAt: number) => number = refreshDeadline

/**
 * Pitchpoint as a provider, for whoever builds services of it: `AuthService.make`, or sessions of many accounts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  options: Data & Pick<Behaviour, "account" | "rejectedStatuses" | "rejectedBody">
): Effect.fn.Return<AuthProvider<PitchpointCredentials>, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const resolved = yield* settings.resolve(options, options.account)
  const api = yield* calls.make(resolved, yield* HttpClient.HttpClient)
  return providerOf(resolved, api, { statuses: options.rejectedStatuses ?? [401], body: options.rejectedBody })
})

const providerOf = (
  resolved: settings.Settings,
  api: calls.Calls,
  rejection: Rejection
): AuthProvider<PitchpointCredentials> => ({
  name: calls.providerName,
  realm: resolved.realm,
  origins: [resolved.origin],
  // "The refresh token should be reused": an exchange may always be repeated.
  rotation: "static",
  rejection,
  defaultLifetime: "1 hour",
  signIn: (credentials) =>
    Effect.gen(function*() {
      // Counted from the send: the server's midnight can only be the same one or a later one.
      const signedInAt = yield* Clock.currentTimeMillis
      const body = yield* TokenEndpoint.exchange(api.signIn(credentials))
      return { ...TokenEndpoint.tokenResponse(body), refreshExpiresAt: refreshDeadline(signedInAt) }
    }),
  // A refresh does not move the deadline: what it does not tell is carried forward.
  refresh: (refreshToken) => Effect.map(TokenEndpoint.exchange(api.refresh(refreshToken)), TokenEndpoint.tokenResponse),
  fingerprint: ({ password }) => Redacted.value(password)
})

/**
 * Makes the session of one service account. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope> {
  return yield* fromAuthService(yield* AuthService.make(yield* provider(options), options), options)
})

/**
 * Adds what is special at Pitchpoint to a session that was made from {@link provider}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAuthService = (
  auth: AuthService.AuthService<PitchpointCredentials>,
  data: Data
): Effect.Effect<Service, AuthError.AuthMisconfigured> =>
  Effect.map(settings.resolve(data, auth.account), ({ alias, username }) => ({ ...auth, username, alias }))

/**
 * The session of one service account as a layer. Fails with `AuthMisconfigured` (`options`, `url`, `insecure`) when the
 * options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<PitchpointAuth, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(PitchpointAuth, make(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PitchpointAuth, AuthError.AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(
    PitchpointAuth,
    Effect.flatMap(Config.unwrap(data), (data) => make({ ...behaviour, ...data }))
  )
