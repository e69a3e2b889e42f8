/**
 * The session of one user at the Wallet App API: request a key with the needed permissions, keep it, delete it.
 *
 * A key has no known expiry and can't be refreshed. After a rejection only the password helps. With the option
 * `credentials` the service signs in again by itself:
 *
 * ```ts
 * WalletApp.layerConfig({
 *   email: Config.string("WALLET_EMAIL"),
 *   permissions: Config.succeed(["brands.get", "members.get"])
 * }, {
 *   credentials: Effect.map(Config.redacted("WALLET_PASSWORD"), (password) => ({ password }))
 * })
 * ```
 *
 * **Keys are deleted**, because they don't expire: by `signOut`, by a sign-in that replaces the session, at the end of
 * a scope ({@link scopedToken}), and before the permissions change (`formerPermissions`, {@link retire}). The call that
 * deletes a key uses the key itself as the bearer token; a rejected key can't do that and counts as deleted. If the
 * answer of a sign-in is lost, a key may remain that can't be deleted.
 *
 * One layer is one user with one list of permissions. Both are settings and part of the realm, so two lists never share
 * a key. The credentials are only the password.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError, SignInError } from "@effect-auth/core/AuthError"
import * as AuthError from "@effect-auth/core/AuthError"
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import type { Revocation } from "@effect-auth/core/Revocation"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenSet from "@effect-auth/core/TokenSet"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as calls from "./internal/calls.ts"
import { hosts } from "./WalletAppApi.ts"
import type { Permission } from "./WalletAppPermission.ts"

/**
 * The credentials of a user, without the e-mail, which is a setting.
 *
 * @see https://api-docs.walletapp.co/oauth (Request a token)
 * @since 0.1.0
 * @category models
 */
export interface WalletAppCredentials {
  readonly password: Redacted.Redacted<string>
}

/**
 * The settings of one user.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends ProviderSettings.ProviderSettings {
  readonly email: string
  /** The requested permissions of the key. The server may grant fewer, see `missingPermissions`. */
  readonly permissions: ReadonlyArray<Permission>
}

/**
 * The options of the session of one user and its client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends ProviderSettings.Options<WalletAppCredentials> {
  /**
   * Lists of permissions that this account had before. When the session is made, their keys are deleted if the store
   * still has them. If a key can't be deleted, a warning is logged.
   */
  readonly formerPermissions?: ReadonlyArray<ReadonlyArray<Permission>> | undefined
}

/**
 * The server's information about the current key, without the key.
 *
 * @see https://api-docs.walletapp.co/oauth (Token information)
 * @since 0.1.0
 * @category models
 */
export type TokenInfo =
  | { readonly active: false }
  | {
    readonly active: true
    /** `APITOKEN_` and a UUID. */
    readonly name: string | undefined
    readonly userId: string | undefined
    /** The server's value; its format is not documented. */
    readonly lastUsedAt: unknown
    readonly permissions: ReadonlyArray<string> | undefined
  }

/**
 * The session of one user, with the additional members of Wallet App.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<WalletAppCredentials> {
  /**
   * Asks the server about the current key. An invalid key is a value; an answer without this information is an error.
   */
  readonly tokenInfo: Effect.Effect<TokenInfo, AccessTokenError>
  /** The requested permissions that were not granted; empty if the answer had no permissions. */
  readonly missingPermissions: Effect.Effect<ReadonlyArray<Permission>, AccessTokenError>
  /**
   * A separate session with a key for one piece of work. The key is deleted when the scope closes, and is never stored.
   * The password is the argument, or else that of the option `credentials`.
   */
  readonly scoped: (
    permissions: ReadonlyArray<Permission>,
    credentials?: WalletAppCredentials
  ) => Effect.Effect<Service, SignInError, Scope.Scope>
}

/**
 * The session of one user.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppAuth extends Context.Tag("@effect-auth/wallet-app/WalletAppAuth")<WalletAppAuth, Service>() {}

/** Removes duplicates and keeps the order. */
const listed = (permissions: unknown): ReadonlyArray<Permission> =>
  Array.isArray(permissions) ? [...new Set(permissions)] : []

const rules = ({ email, permissions }: Settings): ReadonlyArray<ProviderSettings.Rule> => [
  [ProviderSettings.isName(email), "email is empty or not a text"],
  [listed(permissions).length > 0, "permissions must be a list with at least one entry"],
  [listed(permissions).every(TokenSet.isTokenText), "a permission is not a word"]
]

/**
 * Wallet App as a provider, for `AuthService.make` and `AuthSessions.make`. Fails with `AuthMisconfigured` (`options`,
 * `url`, `insecure`) when the settings are invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  settings: Settings,
  options?: Options | ProviderSettings.SessionsOptions<WalletAppCredentials>
): Effect.fn.Return<
  AuthProvider.Extended<WalletAppCredentials, Service>,
  AuthError.AuthMisconfigured,
  HttpClient.HttpClient
> {
  const account = options !== undefined && "account" in options ? options.account : undefined
  const about = { provider: "wallet-app", account, hosts, rules }
  const { allowInsecure, base, origins, realm } = yield* ProviderSettings.resolve(settings, about)
  const permissions = listed(settings.permissions)
  const httpClient = yield* HttpClient.HttpClient
  const rejection = { statuses: [401], ...options?.rejection }
  const call = yield* calls.make(httpClient, {
    baseUrl: base.href,
    allowInsecure,
    email: settings.email,
    permissions,
    rejected: rejection.statuses
  })
  return {
    name: about.provider,
    realm: realm(settings.email, [...permissions].sort()),
    origins,
    api: { baseUrl: base.href, prepare: acceptJson, allowInsecure },
    rotation: "none",
    rejection,
    signIn: ({ password }) => call.createToken(password),
    revoke: call.deleteToken,
    // The old key stays valid after a new one is issued, so it must be deleted.
    revokeReplaced: true,
    fingerprint: ({ password }) => Redacted.value(password),
    extend: (auth) => extend(auth, call, (narrow) => openScoped(auth, httpClient, { settings, options, ...narrow }))
  }
})

/**
 * Makes the session of one user. Closing the scope stops its background work; it does not delete the key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  settings: Settings,
  options?: Options
): Effect.Effect<Service, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope> =>
  Effect.zipLeft(provider(settings, options), retireFormer(settings, options)).pipe(
    Effect.flatMap((provider) => AuthService.make(provider, options))
  )

/** The documentation shows this header on every call. A request with its own `accept` keeps it. */
const acceptJson = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  request.headers["accept"] === undefined ? HttpClientRequest.acceptJson(request) : request

const extend = (
  auth: AuthService.AuthService<WalletAppCredentials>,
  call: calls.Calls,
  open: (
    narrow: {
      readonly permissions: ReadonlyArray<Permission>
      readonly credentials: WalletAppCredentials | undefined
    }
  ) => Effect.Effect<Service, SignInError, Scope.Scope>
): Service => ({
  ...auth,
  tokenInfo: Effect.flatMap(
    auth.accessToken,
    (token) =>
      TokenEndpoint.call(call.tokenInfo(token.value), {
        provider: auth.provider,
        account: auth.account,
        operation: "tokenInfo"
      }).pipe(
        Effect.map((info): TokenInfo => info === undefined ? { active: false } : { active: true, ...info }),
        Effect.withSpan("wallet-app.tokenInfo", { captureStackTrace: false })
      )
  ),
  missingPermissions: Effect.map(
    auth.accessToken,
    ({ scopes }) => scopes === undefined ? [] : call.permissions.filter((asked) => !scopes.includes(asked))
  ),
  scoped: (permissions, credentials) => open({ permissions, credentials })
})

/** A separate session with a separate store. Its key is deleted when the scope closes. */
const openScoped = Effect.fnUntraced(function*(
  wide: AuthService.AuthService<WalletAppCredentials>,
  httpClient: HttpClient.HttpClient,
  { credentials, options, permissions, settings }: {
    readonly settings: Settings
    readonly options: Options | ProviderSettings.SessionsOptions<WalletAppCredentials> | undefined
    readonly permissions: ReadonlyArray<Permission>
    readonly credentials: WalletAppCredentials | undefined
  }
): Effect.fn.Return<Service, SignInError, Scope.Scope> {
  const given = credentials ?? (yield* credentialsOf(wide, options?.credentials))
  const own: Options = { account: wide.account, rejection: options?.rejection, credentials: Effect.succeed(given) }
  const narrow = yield* Effect.provideService(
    provider({ ...settings, permissions }, own),
    HttpClient.HttpClient,
    httpClient
  )
  const auth = yield* Effect.provideServiceEffect(
    AuthService.make(narrow, { ...own, refresh: { ...options?.refresh, mode: "onDemand" } }),
    TokenStore.TokenStore,
    TokenStore.makeMemory
  )
  yield* Effect.acquireRelease(auth.signIn(given), () =>
    Effect.flatMap(
      Effect.either(auth.signOut),
      (outcome) =>
        outcome._tag === "Left" || outcome.right === "failed"
          ? Effect.logWarning(leftBehind("narrow permissions"))
          : Effect.void
    ))
  return auth
})

const credentialsOf = (
  auth: AuthService.Any,
  credentials: Options["credentials"] | ProviderSettings.SessionsOptions<WalletAppCredentials>["credentials"]
): Effect.Effect<WalletAppCredentials, AuthError.AuthMisconfigured> => {
  const { account, provider } = auth
  const missing = new AuthError.AuthMisconfigured({ provider, account, operation: "signIn", reason: "credentials" })
  if (credentials === undefined) return Effect.fail(missing)
  return Effect.mapError(Effect.isEffect(credentials) ? credentials : credentials(account), () => missing)
}

const leftBehind = (whose: string) => `wallet-app: the key with ${whose} could not be deleted`

/**
 * Signs out the stored session of these settings and deletes its key. Do it before you change the permissions of an
 * account: a session with other permissions does not find the old key.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retire = (
  settings: Settings,
  options?: ProviderSettings.ProviderOptions
): Effect.Effect<
  Revocation,
  AuthError.AuthMisconfigured | AuthError.TokenStoreError,
  HttpClient.HttpClient | TokenStore.TokenStore
> =>
  Effect.scoped(
    provider(settings, options).pipe(
      Effect.flatMap((former) =>
        AuthService.make(former, { account: options?.account, refresh: { mode: "onDemand" } })
      ),
      Effect.flatMap((auth) => auth.signOut)
    )
  )

/**
 * Retires the sessions of the option `formerPermissions`. If a key can't be deleted, the new session is made anyway.
 */
const retireFormer = Effect.fnUntraced(function*(
  settings: Settings,
  options: Options | undefined
): Effect.fn.Return<void, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore.TokenStore> {
  const sorted = (permissions: ReadonlyArray<Permission>) => [...listed(permissions)].sort().join(" ")
  for (const permissions of options?.formerPermissions ?? []) {
    if (sorted(permissions) === sorted(settings.permissions)) continue
    const outcome = yield* Effect.catchTag(
      retire({ ...settings, permissions }, { account: options?.account, rejection: options?.rejection }),
      "TokenStoreError",
      () => Effect.succeed("failed" as const)
    )
    if (outcome === "failed") yield* Effect.logWarning(leftBehind("former permissions"))
  }
})

/**
 * A key for one piece of work, deleted when the scope closes. For a client with such a key see `WalletApp.scoped`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scopedToken = (
  permissions: ReadonlyArray<Permission>,
  credentials?: WalletAppCredentials
): Effect.Effect<AccessToken, SignInError | AccessTokenError, WalletAppAuth | Scope.Scope> =>
  WalletAppAuth.pipe(
    Effect.flatMap((auth) => auth.scoped(permissions, credentials)),
    Effect.flatMap((narrow) => narrow.accessToken)
  )
