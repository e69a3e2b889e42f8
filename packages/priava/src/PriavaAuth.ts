/**
 * An integration's session at Priava: a code from the admin screen is exchanged once, and the refresh token keeps the
 * session from then on.
 *
 * **The code works once.** A success, any 400, and an exchange with an unknown outcome use it up. It can be tried again
 * only if the request was surely never sent. The session's record keeps a keyed digest of the code, and a used code is
 * refused before it is sent. So use a durable `TokenStore`: with a store in memory, a restart loses the session *and*
 * the digest, and a person has to make a new code.
 *
 * A used code may stay in the environment: it is not read while the session lives.
 *
 * ```ts
 * const settings = { region: "EU", clientId, clientSecret, redirectUri: "https://my.app.com/oauth2callback" }
 * Priava.layer(settings, { credentials: Effect.map(Config.redacted("PRIAVA_CODE"), (code) => ({ code })) })
 * ```
 *
 * **Errors.** Priava answers 400 to any problem with a token request, and its documentation lists no codes. The codes
 * of RFC 6749 keep their meaning: `invalid_grant` ends the session, `invalid_client` and similar codes become
 * `AuthMisconfigured`. Any other code ends the session only when it is repeated for hours (option
 * `confirmRefusalAfter`), because a person would have to make a new code. Until then the live access token is served.
 * The status for an invalid access token is not documented either; 401 is assumed.
 *
 * @see https://support.priava.com/hc/en-us/articles/360000122415 (Access and Refresh Token API)
 * @since 0.1.0
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenSet from "@effect-auth/core/TokenSet"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { classify, type Operation } from "./internal/errors.ts"
import * as PriavaApi from "./PriavaApi.ts"

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
 * The settings of one integration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends ProviderSettings.ProviderSettings {
  /** Where your tenant's data lives. */
  readonly region: PriavaApi.TenantRegion
  /** From the admin screen; so are the next two. */
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** The URI that was entered when the client was made. Priava only compares it and sends nothing there. */
  readonly redirectUri: string
  /**
   * The URL of the token endpoint. Default: `{host}/api/rest/oauth/token`. The documentation has only
   * `/rest/oauth/token`, without its base; it may also mean `{host}/rest/oauth/token`.
   */
  readonly tokenUrl?: string | undefined
  /**
   * Whether `TenantRegion` is sent on API calls. Default: true. The documentation of tokens requires it on token
   * requests only, the documentation of webhooks on every call.
   */
  readonly sendRegion?: boolean | undefined
}

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

const tokenUrlOf = ({ tokenUrl }: Settings) => tokenUrl === undefined ? undefined : BaseUrl.parse(tokenUrl)

const rules = (settings: Settings): ReadonlyArray<ProviderSettings.Rule> => [
  [
    settings.tokenUrl === undefined || tokenUrlOf(settings) !== undefined,
    "tokenUrl is not a URL without a query",
    "url"
  ],
  [tokenUrlOf(settings)?.isSecure !== false || settings.allowInsecure === true, "tokenUrl is not https", "insecure"],
  [Schema.is(PriavaApi.TenantRegion)(settings.region), "region must be APAC, EU or US"],
  [["boolean", "undefined"].includes(typeof settings.sendRegion), "sendRegion is neither true nor false"],
  [TokenSet.isTokenText(settings.clientId), "clientId is not an id"],
  [ProviderSettings.isSecret(settings.clientSecret, TokenSet.isTokenText), "clientSecret is not a secret"],
  [ProviderSettings.isText(settings.redirectUri, /./) && URL.canParse(settings.redirectUri), "redirectUri is not a URI"]
]

/** The contract lists the calls that only read; the base URL does not matter. */
const isRead = (request: HttpClientRequest.HttpClientRequest): boolean => {
  const path = request.url.split(/[?#]/)[0] ?? ""
  const start = path.lastIndexOf(`${PriavaApi.basePath}/`)
  return request.method === "POST" && start >= 0 && PriavaApi.reads.includes(path.slice(start))
}

/**
 * Priava as a provider, for `AuthService.make` and `AuthSessions.make`. Fails with `AuthMisconfigured` (`options`,
 * `url`, `insecure`) when the settings are invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  settings: Settings,
  options?: ProviderSettings.ProviderOptions
): Effect.fn.Return<AuthProvider.AuthProvider<PriavaCredentials>, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const { basePath, hosts } = PriavaApi
  const about = { provider: "priava", account: options?.account, hosts, rules }
  const { allowInsecure, base, origins, realm } = yield* ProviderSettings.resolve(settings, about)
  const { clientId, region } = settings
  const tokenUrl = tokenUrlOf(settings)
  const http = yield* HttpClient.HttpClient
  const createTokenFor = (operation: Operation) =>
    HttpApiClient.endpoint(PriavaApi.PriavaApi, {
      group: "tokens",
      endpoint: "createToken",
      httpClient: TokenEndpoint.client(http, {
        classify: classify(operation),
        allowInsecure,
        headers: { "content-type": PriavaApi.formContentType, accept: "application/json" }
      }).pipe(HttpClient.mapRequest(HttpClientRequest.setUrl(tokenUrl?.href ?? `${base.href}${basePath}/oauth/token`)))
    })
  const [exchangeCode, exchangeRefreshToken] = yield* Effect.all([createTokenFor("signIn"), createTokenFor("refresh")])
  const headers = { tenantregion: region }
  const client = { client_id: clientId, client_secret: settings.clientSecret, redirect_uri: settings.redirectUri }
  return {
    name: about.provider,
    realm: realm(region, clientId),
    origins,
    api: {
      baseUrl: base.href,
      basePath,
      prepare: settings.sendRegion === false ? undefined : HttpClientRequest.setHeaders(headers),
      isRead,
      allowInsecure
    },
    // A refresh returns a refresh token. It is not documented whether it is new, or whether the old one becomes
    // invalid.
    rotation: "rotating",
    rejection: { statuses: [401], ...options?.rejection },
    defaultLifetime: "6 hours",
    signIn: ({ code }) =>
      TokenEndpoint.issued(exchangeCode({ headers, payload: { grant_type: "authorization_code", code, ...client } })),
    refresh: (refresh_token) =>
      TokenEndpoint.issued(
        exchangeRefreshToken({ headers, payload: { grant_type: "refresh_token", refresh_token, ...client } })
      ),
    fingerprint: ({ code }) => Redacted.value(code),
    singleUse: true
  }
})
