/**
 * The session of one user at the Wallet App API: request a key with the permissions that are needed, keep it, delete it.
 *
 * A key has no known end and nothing refreshes it: when it is rejected, only the password helps. Give `credentials`, and
 * the session signs in again by itself:
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
 * **Keys are deleted**, because nothing else ends them: by `signOut`, by a sign-in that replaces them, at the end of a
 * scope ({@link scopedToken}), and before the permissions change (`formerPermissions`, {@link retire}). A key deletes
 * itself with itself as the bearer; one that was rejected can't, and counts as gone. A sign-in whose answer was lost may
 * leave a key behind that nobody knows.
 *
 * One layer is one user with one list of permissions: both are options and part of the realm, so that two lists never
 * share a key; what is left of the credentials is the password.
 *
 * @see https://api-docs.walletapp.co/oauth (Tokens)
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as AuthError from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as TokenStore from "@effect-auth/core/TokenStore"
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
import type { Permission } from "./WalletAppPermission.ts"

/**
 * What a user signs in with, beside the e-mail of the options.
 *
 * @see https://api-docs.walletapp.co/oauth (Request a token)
 * @since 0.1.0
 * @category models
 */
export interface WalletAppCredentials {
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
  readonly email: string
  /** What the key shall be allowed to do; what was granted may be less, see `missingPermissions`. */
  readonly permissions: ReadonlyArray<Permission>
  /** Lets secrets travel over plain http. Default: no, except to loopback addresses. */
  readonly allowInsecure?: boolean | undefined
}

/**
 * What is behaviour in the options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends AuthService.Options<WalletAppCredentials> {
  /** Statuses that mean that the key is dead. Not documented; default: 401. */
  readonly rejectedStatuses?: ReadonlyArray<number> | undefined
  /**
   * Lists of permissions that this account had before: their keys, where the store still holds them, are deleted when
   * the session is made. One that could not be deleted is told in the log.
   */
  readonly formerPermissions?: ReadonlyArray<ReadonlyArray<Permission>> | undefined
}

/**
 * Everything that makes the session of one user.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Data, Behaviour {}

/**
 * What the current key tells about itself; not the key.
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
    /** As the server told it: its format is not documented. */
    readonly lastUsedAt: unknown
    readonly permissions: ReadonlyArray<string> | undefined
  }

/**
 * The session of one user, and what is special at Wallet App.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends AuthService.AuthService<WalletAppCredentials> {
  /** The options that are data, as they were given. */
  readonly data: Data
  /** Asks the server about the current key. A dead one is a value; an answer that tells nothing is an error. */
  readonly tokenInfo: Effect.Effect<TokenInfo, AuthService.AccessTokenError>
  /** What was asked for and not granted; empty when the server did not say what it granted. */
  readonly missingPermissions: Effect.Effect<ReadonlyArray<Permission>, AuthService.AccessTokenError>
  /**
   * A session of its own with a key for one piece of work, deleted when the scope closes. It is in no store. The password
   * is the one given, else that of the option `credentials`.
   */
  readonly scoped: (
    permissions: ReadonlyArray<Permission>,
    credentials?: WalletAppCredentials
  ) => Effect.Effect<Service, AuthService.SignInError, Scope.Scope>
}

/**
 * The session of one user.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppAuth extends Context.Tag("@effect-auth/wallet-app/WalletAppAuth")<WalletAppAuth, Service>() {}

type ProviderOptions = Data & Pick<Behaviour, "account" | "rejectedStatuses">

/**
 * Wallet App as a provider, for whoever builds services of it: `AuthService.make`, or sessions of many users.
 *
 * @since 0.1.0
 * @category constructors
 */
export const provider = Effect.fnUntraced(function*(
  options: ProviderOptions
): Effect.fn.Return<AuthProvider<WalletAppCredentials>, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const { api, resolved, statuses } = yield* prepare(options)
  return providerOf(resolved, api, statuses)
})

const prepare = Effect.fnUntraced(function*(options: ProviderOptions) {
  const resolved = yield* settings.resolve(options, options.account)
  const statuses = options.rejectedStatuses ?? [401]
  return { resolved, statuses, api: yield* calls.make(resolved, yield* HttpClient.HttpClient, statuses) }
})

const providerOf = (
  resolved: settings.Settings,
  api: calls.Calls,
  statuses: ReadonlyArray<number>
): AuthProvider<WalletAppCredentials> => ({
  name: calls.providerName,
  realm: resolved.realm,
  origins: [resolved.origin],
  rotation: "none",
  rejection: { statuses },
  signIn: api.signIn,
  revoke: api.revoke,
  // A new key does not end the old one.
  revokeReplaced: true,
  fingerprint: ({ password }) => Redacted.value(password)
})

/**
 * Makes the session of one user. Closing the scope stops what runs for it; it does not delete the key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<
  Service,
  AuthError.AuthMisconfigured,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
> {
  const { api, resolved, statuses } = yield* prepare(options)
  for (const permissions of options.formerPermissions ?? []) {
    const former = yield* settings.resolve({ ...options, permissions }, options.account)
    if (former.realm !== resolved.realm) yield* retireOrTell({ ...options, permissions })
  }
  const auth = yield* AuthService.make(providerOf(resolved, api, statuses), options)
  return extend(auth, options, api, yield* HttpClient.HttpClient)
})

/** A key that stays behind must not keep the new session from being made. */
const retireOrTell = (options: Options) =>
  Effect.catchTag(retire(options), "TokenStoreError", () => Effect.succeed("failed" as const)).pipe(
    Effect.flatMap((outcome) =>
      outcome === "failed" ? Effect.logWarning(leftBehind("former permissions")) : Effect.void
    )
  )

const leftBehind = (whose: string) => `${calls.providerName}: the key with ${whose} could not be deleted`

/**
 * Signs out the stored session of these options, which deletes its key. Do it before you change the permissions of an
 * account: with other permissions nobody looks for that key again.
 *
 * @since 0.1.0
 * @category combinators
 */
export const retire = (
  options: Data & Pick<Behaviour, "account" | "rejectedStatuses">
): Effect.Effect<
  AuthService.Revocation,
  AuthError.AuthMisconfigured | AuthError.TokenStoreError,
  HttpClient.HttpClient | TokenStore.TokenStore
> =>
  Effect.scoped(
    provider(options).pipe(
      Effect.flatMap((former) => AuthService.make(former, { account: options.account, refresh: { mode: "onDemand" } })),
      Effect.flatMap((auth) => auth.signOut)
    )
  )

/**
 * Adds what is special at Wallet App to a session that was made from {@link provider}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAuthService = Effect.fnUntraced(function*(
  auth: AuthService.AuthService<WalletAppCredentials>,
  data: Data,
  behaviour?: Omit<Behaviour, "account">
): Effect.fn.Return<Service, AuthError.AuthMisconfigured, HttpClient.HttpClient> {
  const options = { ...behaviour, ...data, account: auth.account }
  return extend(auth, options, (yield* prepare(options)).api, yield* HttpClient.HttpClient)
})

const extend = (
  auth: AuthService.AuthService<WalletAppCredentials>,
  options: Options,
  api: calls.Calls,
  httpClient: HttpClient.HttpClient
): Service => {
  const { allowInsecure, email, host, permissions } = options
  return {
    ...auth,
    data: { allowInsecure, email, host, permissions },
    tokenInfo: Effect.flatMap(
      auth.accessToken,
      (token) =>
        TokenEndpoint.call(api.tokenInfo(token.value), {
          provider: auth.provider,
          account: auth.account,
          operation: "tokenInfo"
        }).pipe(Effect.withSpan("wallet-app.tokenInfo", { captureStackTrace: false }))
    ),
    missingPermissions: Effect.map(
      auth.accessToken,
      ({ scopes }) => scopes === undefined ? [] : permissions.filter((asked) => !scopes.includes(asked))
    ),
    scoped: (narrow, credentials) =>
      Effect.provideService(
        openScoped({ ...options, permissions: narrow }, credentials),
        HttpClient.HttpClient,
        httpClient
      )
  }
}

const openScoped = Effect.fnUntraced(function*(
  options: Options,
  credentials: WalletAppCredentials | undefined
): Effect.fn.Return<Service, AuthService.SignInError, HttpClient.HttpClient | Scope.Scope> {
  const given = credentials ?? (yield* credentialsOf(options))
  const auth = yield* Effect.provideServiceEffect(
    make({
      ...options,
      formerPermissions: undefined,
      credentials: Effect.succeed(given),
      refresh: { ...options.refresh, mode: "onDemand" }
    }),
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

const credentialsOf = (options: Options): Effect.Effect<WalletAppCredentials, AuthError.AuthMisconfigured> => {
  const missing = new AuthError.AuthMisconfigured({
    provider: calls.providerName,
    account: options.account ?? "default",
    operation: "signIn",
    reason: "credentials"
  })
  return options.credentials === undefined
    ? Effect.fail(missing)
    : Effect.mapError(options.credentials, () => missing)
}

/**
 * A key for one piece of work, deleted when the scope closes. For a client with such a key see `WalletApp.scoped`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scopedToken = (
  permissions: ReadonlyArray<Permission>,
  credentials?: WalletAppCredentials
): Effect.Effect<AccessToken, AuthService.SignInError | AuthService.AccessTokenError, WalletAppAuth | Scope.Scope> =>
  WalletAppAuth.pipe(
    Effect.flatMap((auth) => auth.scoped(permissions, credentials)),
    Effect.flatMap((narrow) => narrow.accessToken)
  )

/**
 * The session of one user as a layer. Fails with `AuthMisconfigured` (`options`, `url`, `insecure`) when the options
 * can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<WalletAppAuth, AuthError.AuthMisconfigured, HttpClient.HttpClient | TokenStore.TokenStore> =>
  Layer.scoped(WalletAppAuth, make(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<
  WalletAppAuth,
  AuthError.AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore.TokenStore
> =>
  Layer.scoped(
    WalletAppAuth,
    Effect.flatMap(Config.unwrap(data), (data) => make({ ...behaviour, ...data }))
  )
