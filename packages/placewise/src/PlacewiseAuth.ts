/**
 * A member's session at a Placewise loyalty club: sign in with a password (the member's own, a one-time or a
 * registration password) or with the token of a social provider, stay signed in, sign out.
 *
 * 460 means that the member's access token is dead, 462 that the refresh token is. 401, 402, 403, 470 and 471 are about
 * the application's own client token and headers: they are `AuthMisconfigured`, and no refresh is tried.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @since 0.1.0
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
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
import type * as PlacewiseApi from "./PlacewiseApi.ts"

/**
 * Who a member is, in one of the three ways that Create Token takes. An `msisdn` is digits; a leading `+` is sent as it
 * is.
 *
 * @since 0.1.0
 * @category models
 */
export type Identifier =
  | { readonly id: number | string }
  | { readonly email: string }
  | { readonly msisdn: string }

/**
 * What a member signs in with. `password` may be the member's own, a one-time password or a registration password; which
 * of them is accepted is up to the club.
 *
 * @see https://docs.mpc.placewise.com/api-3510810 (Create Token)
 * @since 0.1.0
 * @category models
 */
export type PlacewiseCredentials =
  | { readonly _tag: "Password"; readonly identifier: Identifier; readonly password: Redacted.Redacted<string> }
  | {
    readonly _tag: "ExternalToken"
    readonly provider: "google" | "apple"
    readonly token: Redacted.Redacted<string>
  }

/**
 * What is data in the options: all of it can come from a configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Data {
  /** `production` (default), `apac`, `dev`, or a URL of your own. */
  readonly host?: string | undefined
  /** The slug of the loyalty club. */
  readonly club: string
  /** The client token of your integration, issued by Placewise; it stands in `X-Client-Authorization`. */
  readonly clientToken: Redacted.Redacted<string>
  /** Names your client: product and version. */
  readonly userAgent: string
  /** The product name that Placewise assigned. */
  readonly productName: string
  /** An IETF language tag. Default: the club's language. */
  readonly locale?: string | undefined
  /** Lets secrets travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * What is behaviour in the options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends AuthService.Options<PlacewiseCredentials> {
  /** Statuses that mean that the access token is dead. Default: 460. */
  readonly rejectedStatuses?: ReadonlyArray<number> | undefined
}

/**
 * Everything that makes one member session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Data, Behaviour {}

/**
 * Whether the current access token lives, as the server sees it.
 *
 * @see https://docs.mpc.placewise.com/api-3510812 (Show Token Info)
 * @since 0.1.0
 * @category models
 */
export type TokenInfo =
  | { readonly active: false }
  | { readonly active: true; readonly info: typeof PlacewiseApi.TokenInfo.Type }

/**
 * Where to send a one-time password. `via` may differ from how the member is named: an SMS to who has this e-mail.
 *
 * @since 0.1.0
 * @category models
 */
export interface OneTimePasswordRequest {
  readonly to: { readonly email: string } | { readonly msisdn: string }
  readonly via: "sms" | "email"
  /** The page that a link in the message opens, with `?otp=` behind it. Default: a form of Placewise. */
  readonly loginUrl?: string | undefined
}

/**
 * Where to send a registration password: by SMS to an `msisdn`, by e-mail to an `email`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RegistrationPasswordRequest {
  readonly to: { readonly email: string } | { readonly msisdn: string }
  /** Default: the club's language. */
  readonly language?: string | undefined
  /** The page that a link in the message opens. Sent as `login_url`, one of the two names that the page gives it. */
  readonly url?: string | undefined
}

/**
 * How a message can fail to be sent. `TokenRequestRejected` with reason `request`: there is no such member, or the
 * address is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export type SendError = AuthError.TokenRequestRejected | AuthError.AuthMisconfigured | AuthError.ProviderUnavailable

/**
 * A member's session, and what is special at Placewise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<PlacewiseCredentials> {
  /** Asks the server about the current access token. A dead one is a value; an answer that tells nothing is an error. */
  readonly tokenInfo: Effect.Effect<TokenInfo, AuthService.AccessTokenError>
  /** Sends a one-time password, to be used as the password of `signIn`. Tells who asks whether there is such a member. */
  readonly sendOneTimePassword: (request: OneTimePasswordRequest) => Effect.Effect<void, SendError>
  /** Sends a registration password, for Create Member and, where the club allows it, for the first `signIn`. */
  readonly sendRegistrationPassword: (request: RegistrationPasswordRequest) => Effect.Effect<void, SendError>
}

/**
 * The session of one member.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseAuth extends Context.Tag("@effect-auth/placewise/PlacewiseAuth")<PlacewiseAuth, Service>() {}

/**
 * Placewise as a provider, for whoever builds services of it: `AuthService.make`, or sessions of many members.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  options: Data & Pick<Behaviour, "account" | "rejectedStatuses">
): Effect.fn.Return<AuthProvider<PlacewiseCredentials>, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const resolved = yield* settings.resolve(options, options.account)
  return providerOf(resolved, yield* calls.make(resolved, yield* HttpClient.HttpClient), options.rejectedStatuses)
})

const providerOf = (
  resolved: settings.Settings,
  api: calls.Calls,
  rejectedStatuses: ReadonlyArray<number> | undefined
): AuthProvider<PlacewiseCredentials> => ({
  name: calls.providerName,
  realm: resolved.realm,
  origins: [resolved.origin],
  // Whether the refresh token changes is not documented: "reload your tokens" is read as yes.
  rotation: "rotating",
  rejection: { statuses: rejectedStatuses ?? [460] },
  defaultLifetime: "24 hours",
  signIn: (credentials) => Effect.map(TokenEndpoint.exchange(api.signIn(credentials)), issued),
  refresh: (refreshToken) => Effect.map(TokenEndpoint.exchange(api.refresh(refreshToken)), issued),
  revoke: (tokens) => api.revoke(tokens),
  fingerprint: (credentials) =>
    credentials._tag === "Password"
      ? JSON.stringify([credentials.identifier, Redacted.value(credentials.password)])
      : JSON.stringify([credentials.provider, Redacted.value(credentials.token)])
})

const issued = (body: typeof PlacewiseApi.TokenResponse.Type): TokenResponse => ({
  ...TokenEndpoint.tokenResponse(body),
  subject: body.resource_owner_id == null ? undefined : String(body.resource_owner_id)
})

/**
 * Makes the session of one member. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope> {
  const resolved = yield* settings.resolve(options, options.account)
  const api = yield* calls.make(resolved, yield* HttpClient.HttpClient)
  const auth = yield* AuthService.make(providerOf(resolved, api, options.rejectedStatuses), options)
  return extend(auth, api)
})

/**
 * Gives the function that adds what is special at Placewise to sessions made from {@link provider}. Make it once for
 * many members: it builds the client of the contract.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeExtend = Effect.fnUntraced(function*(
  data: Data
): Effect.fn.Return<
  (auth: AuthService.AuthService<PlacewiseCredentials>) => Service,
  AuthError.AuthMisconfigured,
  HttpClient.HttpClient
> {
  const resolved = yield* settings.resolve(data, undefined)
  const api = yield* calls.make(resolved, yield* HttpClient.HttpClient)
  return (auth) => extend(auth, api)
})

const extend = (auth: AuthService.AuthService<PlacewiseCredentials>, api: calls.Calls): Service => {
  const about = (operation: string) => ({ provider: auth.provider, account: auth.account, operation })
  return {
    ...auth,
    tokenInfo: Effect.flatMap(
      auth.accessToken,
      (token) =>
        TokenEndpoint.call(api.tokenInfo(token.value), about("tokenInfo")).pipe(
          Effect.withSpan("placewise.tokenInfo", { captureStackTrace: false })
        )
    ),
    sendOneTimePassword: (request) =>
      // What the server says beside the status may repeat what it was sent.
      Effect.asVoid(TokenEndpoint.call(api.sendOneTimePassword(request), about("sendOneTimePassword"))),
    sendRegistrationPassword: (request) =>
      Effect.asVoid(TokenEndpoint.call(api.sendRegistrationPassword(request), about("sendRegistrationPassword")))
  }
}

/**
 * The session of one member as a layer. Fails with `AuthMisconfigured` (`options`, `url`, `insecure`) when the options
 * can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<PlacewiseAuth, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(PlacewiseAuth, make(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PlacewiseAuth, AuthError.AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(
    PlacewiseAuth,
    Effect.flatMap(Config.unwrap(data), (data) => make({ ...behaviour, ...data }))
  )
