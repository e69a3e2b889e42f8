/**
 * A member's session at a Placewise loyalty club: sign in with a password (the member's own, a one-time or a
 * registration password) or with the token of a social provider, stay signed in, sign out.
 *
 * 460 means that the member's access token is invalid, 462 that the refresh token is invalid. 401, 402, 403, 470 and
 * 471 are about the application's own client token and headers: they become `AuthMisconfigured`, without a refresh.
 *
 * @see https://docs.mpc.placewise.com/doc-341646 (OAuth Flow)
 * @since 0.1.0
 */
import type { AccessTokenError } from "@effect-auth/core/AuthError"
import type * as AuthError from "@effect-auth/core/AuthError"
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenSet from "@effect-auth/core/TokenSet"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as calls from "./internal/calls.ts"
import * as PlacewiseApi from "./PlacewiseApi.ts"

/**
 * The identifier of a member, in one of the three forms of Create Token. An `msisdn` is digits; a leading `+` is sent
 * unchanged.
 *
 * @since 0.1.0
 * @category models
 */
export type Identifier =
  | { readonly id: number | string }
  | { readonly email: string }
  | { readonly msisdn: string }

/**
 * The credentials of a member. `password` may be the member's own, a one-time password or a registration password; the
 * club decides which of them it accepts.
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
 * The settings of one club's integration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends ProviderSettings.ProviderSettings {
  /** The slug of the loyalty club. */
  readonly club: string
  /** The client token of your integration, issued by Placewise; it is sent in `X-Client-Authorization`. */
  readonly clientToken: Redacted.Redacted<string>
  /** The name of your client: product and version. */
  readonly userAgent: string
  /** The product name that Placewise assigned. */
  readonly productName: string
  /** An IETF language tag. Default: the club's language. */
  readonly locale?: string | undefined
}

/**
 * The server's information about the current access token.
 *
 * @see https://docs.mpc.placewise.com/api-3510812 (Show Token Info)
 * @since 0.1.0
 * @category models
 */
export type TokenInfo =
  | { readonly active: false }
  | { readonly active: true; readonly info: typeof PlacewiseApi.TokenInfo.Type }

/**
 * Where to send a one-time password. `via` may differ from the identifier: for example an SMS to the member with this
 * e-mail address.
 *
 * @since 0.1.0
 * @category models
 */
export interface OneTimePasswordRequest {
  readonly to: { readonly email: string } | { readonly msisdn: string }
  readonly via: "sms" | "email"
  /** The page that a link in the message opens, with `?otp=` added. Default: a form of Placewise. */
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
  /** The page that a link in the message opens. It is sent as `login_url`; the documentation has two names for it. */
  readonly url?: string | undefined
}

/**
 * The errors of sending a message. `TokenRequestRejected` with reason `request`: the member does not exist, or the
 * address is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export type SendError = AuthError.TokenRequestRejected | AuthError.AuthMisconfigured | AuthError.ProviderUnavailable

/**
 * A member's session, with the additional members of Placewise.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<PlacewiseCredentials> {
  /**
   * Asks the server about the current access token. An invalid token is a value; an answer without this information is
   * an error.
   */
  readonly tokenInfo: Effect.Effect<TokenInfo, AccessTokenError>
  /**
   * Sends a one-time password, to be used as the password of `signIn`. Its result shows the caller whether the member
   * exists.
   */
  readonly sendOneTimePassword: (request: OneTimePasswordRequest) => Effect.Effect<void, SendError>
  /** Sends a registration password, for Create Member and, if the club allows it, for the first `signIn`. */
  readonly sendRegistrationPassword: (request: RegistrationPasswordRequest) => Effect.Effect<void, SendError>
}

/**
 * The session of one member.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseAuth extends Context.Tag("@effect-auth/placewise/PlacewiseAuth")<PlacewiseAuth, Service>() {}

/** A header value: visible ASCII, with spaces only inside. */
const headerText = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

const rules = (
  { club, clientToken, locale, productName, userAgent }: Settings
): ReadonlyArray<ProviderSettings.Rule> => [
  [ProviderSettings.isText(club, /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*$/), "club is not a slug"],
  [ProviderSettings.isSecret(clientToken, TokenSet.isTokenText), "clientToken is not a token"],
  [ProviderSettings.isText(userAgent, headerText), "userAgent is not a valid header value"],
  [ProviderSettings.isText(productName, headerText), "productName is not a valid header value"],
  [locale === undefined || ProviderSettings.isText(locale, headerText), "locale is not a valid header value"]
]

/** The headers of every call; the closure holds the client token. */
const prepare = (settings: Settings): NonNullable<AuthProvider.Api["prepare"]> =>
  HttpClientRequest.setHeaders({
    "x-client-authorization": Redacted.value(settings.clientToken),
    "x-user-agent": settings.userAgent,
    "x-product-name": settings.productName,
    "x-loyalty-club-slug": settings.club,
    ...(settings.locale === undefined ? {} : { "x-locale": settings.locale })
  })

/**
 * Placewise as a provider, for `AuthService.make` and `AuthSessions.make`. Fails with `AuthMisconfigured` (`options`,
 * `url`, `insecure`) when the settings are invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  settings: Settings,
  options?: ProviderSettings.ProviderOptions
): Effect.fn.Return<
  AuthProvider.Extended<PlacewiseCredentials, Service>,
  AuthError.AuthMisconfigured,
  HttpClient.HttpClient
> {
  const { hosts } = PlacewiseApi
  const about = { provider: "placewise", account: options?.account, hosts, rules }
  const { allowInsecure, base, origins, realm } = yield* ProviderSettings.resolve(settings, about)
  const api = {
    baseUrl: base.href,
    basePath: `/v3/${settings.club}`,
    prepare: prepare(settings),
    allowInsecure
  }
  const call = yield* calls.make(yield* HttpClient.HttpClient, { ...api, club: settings.club })
  return {
    name: about.provider,
    realm: realm(settings.club),
    origins,
    api,
    // It is not documented whether the refresh token changes; "reload your tokens" suggests that it does.
    rotation: "rotating",
    rejection: { statuses: [460], ...options?.rejection },
    defaultLifetime: "24 hours",
    signIn: (credentials) => issued(signIn(credentials, call)),
    refresh: (refresh_token) => issued(call.withRefreshToken({ grant_type: "refresh_token", refresh_token })),
    revoke: call.revoke,
    fingerprint: (credentials) =>
      credentials._tag === "Password"
        ? JSON.stringify([credentials.identifier, Redacted.value(credentials.password)])
        : JSON.stringify([credentials.provider, Redacted.value(credentials.token)]),
    extend: (auth) => extend(auth, call)
  }
})

const signIn = (credentials: PlacewiseCredentials, call: calls.Calls) => {
  if (credentials._tag === "ExternalToken") {
    const { provider, token } = credentials
    return call.withExternalToken({
      grant_type: "external_token",
      external_token: token,
      external_token_type: provider
    })
  }
  const { identifier, password } = credentials
  const grant = { grant_type: "password", password } as const
  if ("id" in identifier) return call.withPassword({ ...grant, identifier_type: "id", identifier: identifier.id })
  return "email" in identifier
    ? call.withPassword({ ...grant, identifier_type: "email", identifier: identifier.email })
    : call.withPassword({ ...grant, identifier_type: "msisdn", identifier: identifier.msisdn })
}

const issued = <E>(call: Effect.Effect<typeof PlacewiseApi.TokenResponse.Type, E>) =>
  Effect.map(TokenEndpoint.exchange(call), (body): AuthProvider.TokenResponse => ({
    ...TokenEndpoint.tokenResponse(body),
    subject: body.resource_owner_id == null ? undefined : String(body.resource_owner_id)
  }))

const extend = (auth: AuthService.AuthService<PlacewiseCredentials>, call: calls.Calls): Service => {
  const about = (operation: string) => ({ provider: auth.provider, account: auth.account, operation })
  return {
    ...auth,
    tokenInfo: Effect.flatMap(
      auth.accessToken,
      (token) =>
        TokenEndpoint.call(call.tokenInfo(token.value), about("tokenInfo")).pipe(
          Effect.map((info): TokenInfo => info === undefined ? { active: false } : { active: true, info }),
          Effect.withSpan("placewise.tokenInfo", { captureStackTrace: false })
        )
    ),
    // The texts of the server may repeat the request, so they are dropped.
    sendOneTimePassword: (request) =>
      Effect.asVoid(TokenEndpoint.call(call.sendOneTimePassword(request), about("sendOneTimePassword"))),
    sendRegistrationPassword: (request) =>
      Effect.asVoid(TokenEndpoint.call(call.sendRegistrationPassword(request), about("sendRegistrationPassword")))
  }
}
