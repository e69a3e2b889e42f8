/**
 * The session of a service account at pointservices: sign in with a password, stay signed in, sign out.
 *
 * 400 and 403 with the documented body are a refusal: a sign-in fails with `TokenRequestRejected`, and a refresh ends
 * the session. The same refresh token works until the first midnight in New York at or after 24 hours from the sign-in.
 * After that only the password helps. With the option `credentials` the service signs in again by itself, once for each
 * session that ended; the state then has `signedInByItself`:
 *
 * ```ts
 * Pitchpoint.layerConfig({ username: Config.string("PITCHPOINT_USER") }, {
 *   credentials: Effect.map(Config.redacted("PITCHPOINT_PASSWORD"), (password) => ({ password }))
 * })
 * ```
 *
 * One layer is one service account. Its user name and alias are settings and part of the realm, so two accounts never
 * share a session. The credentials are only the password. The server has no revocation, so `signOut` returns
 * `unsupported` and the tokens stay valid at the server until they expire.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @since 0.1.0
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { classify, type Operation } from "./internal/errors.ts"
import { refreshDeadline } from "./internal/refreshDeadline.ts"
import * as PitchpointApi from "./PitchpointApi.ts"

/**
 * The credentials of a service account, without the user name and alias, which are settings.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 * @since 0.1.0
 * @category models
 */
export interface PitchpointCredentials {
  readonly password: Redacted.Redacted<string>
}

/**
 * The settings of one service account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends ProviderSettings.ProviderSettings {
  readonly username: string
  /**
   * The person of the same organisation that the actions of a shared login are attributed to (`useralias`), if the
   * account manager allowed that. It is part of the realm.
   */
  readonly alias?: string | undefined
}

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
 * When the refresh token of a sign-in expires (epoch milliseconds): the first midnight in New York at or after 24 hours
 * from the sign-in.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 * @since 0.1.0
 * @category getters
 */
export const refreshExpiresAt: (signedInAt: number) => number = refreshDeadline

const rules = ({ alias, username }: Settings): ReadonlyArray<ProviderSettings.Rule> => [
  [ProviderSettings.isName(username), "username is empty or not a text"],
  [alias === undefined || ProviderSettings.isName(alias), "alias is empty or not a text"]
]

/** Query Orders is a search by POST; the base URL does not matter. */
const isRead = (request: HttpClientRequest.HttpClientRequest): boolean =>
  request.method === "POST" && (request.url.split(/[?#]/)[0] ?? "").endsWith(PitchpointApi.paths.queryOrders)

/**
 * Pitchpoint as a provider, for `AuthService.make` and `AuthSessions.make`. Fails with `AuthMisconfigured` (`options`,
 * `url`, `insecure`) when the settings are invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  settings: Settings,
  options?: ProviderSettings.ProviderOptions
): Effect.fn.Return<
  AuthProvider.Extended<PitchpointCredentials, Service>,
  AuthError.AuthMisconfigured,
  HttpClient.HttpClient
> {
  const { hosts } = PitchpointApi
  const about = { provider: "pitchpoint", account: options?.account, hosts, rules }
  const { allowInsecure, base, origins, realm } = yield* ProviderSettings.resolve(settings, about)
  const { alias, username } = settings
  const http = yield* HttpClient.HttpClient
  const tokensFor = (operation: Operation) =>
    HttpApiClient.group(PitchpointApi.PitchpointApi, {
      group: "authentication",
      httpClient: TokenEndpoint.client(http, { classify: classify(operation), allowInsecure }),
      baseUrl: base.href
    })
  const { signInWithPassword } = yield* tokensFor("signIn")
  const { refreshIdToken } = yield* tokensFor("refresh")
  return {
    name: about.provider,
    realm: alias === undefined ? realm(username) : realm(username, alias),
    origins,
    api: { baseUrl: base.href, isRead, allowInsecure },
    // "The refresh token should be reused": an exchange may always be repeated.
    rotation: "static",
    rejection: { statuses: [401], ...options?.rejection },
    defaultLifetime: "1 hour",
    signIn: Effect.fnUntraced(function*({ password }) {
      // Counted from the send, so the server's midnight is the same one or a later one.
      const refreshExpiresAt = refreshDeadline(yield* Clock.currentTimeMillis)
      const payload = { username, password, ...(alias === undefined ? {} : { useralias: alias }) }
      return { ...(yield* TokenEndpoint.issued(signInWithPassword({ payload }))), refreshExpiresAt }
    }),
    // The answer has a refresh token too, and the newest one is kept. The deadline still counts from the sign-in.
    refresh: (refresh_token, { refreshExpiresAt }) =>
      Effect.map(
        TokenEndpoint.issued(refreshIdToken({ payload: { refresh_token } })),
        (tokens) => ({ ...tokens, refreshExpiresAt })
      ),
    fingerprint: ({ password }) => Redacted.value(password),
    extend: (auth) => ({ ...auth, username, alias })
  }
})
