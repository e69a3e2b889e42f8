/**
 * The layers of Wallet App: the session of one user with its client, those of many accounts, or a key for one piece of
 * work.
 *
 * ```ts
 * const brands = yield* (yield* WalletAppClient).get("/brands")
 * ```
 *
 * A path is relative to the host. A full URL is used unchanged, and must have the same host or one of the `origins` in
 * the settings. A rejection renews the session, which needs the option `credentials`, and sends the request once more;
 * every other status is an ordinary response. A client of the contract can use it too:
 *
 * ```ts
 * const api = yield* HttpApiClient.group(WalletAppApi, { group: "api", httpClient: yield* WalletAppClient })
 * ```
 *
 * @since 0.1.0
 */
import type { SignInError } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import * as WalletAppAuth from "./WalletAppAuth.ts"
import type { Permission } from "./WalletAppPermission.ts"

/**
 * The client of one user. Don't provide it as `HttpClient`: every library in scope would send the token.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppClient
  extends Context.Service<WalletAppClient, AuthHttpClient.Client>()("@effect-auth/wallet-app/WalletAppClient")
{}

/**
 * The sessions of many accounts and their clients: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppSessions
  extends Context.Service<WalletAppSessions, AuthHttpClient.Accounts<WalletAppAuth.Service>>()(
    "@effect-auth/wallet-app/WalletAppSessions"
  )
{}

/**
 * The layers. All fail with `AuthMisconfigured` when the settings are invalid. Those with settings from a configuration
 * fail with a `ConfigError` when a setting is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const {
  /** The session of one user and its client. */
  layer,
  /** The session of one user. */
  layerAuth,
  /** The client of the session that is in the context. */
  layerClient,
  /** The session of one user and its client, with settings from the configuration. */
  layerConfig,
  /** The sessions of many accounts and their clients. */
  layerSessions,
  /** The sessions of many accounts and their clients, with settings from the configuration. */
  layerSessionsConfig
} = /* @__PURE__ */ ProviderLayers.make({
  auth: WalletAppAuth.WalletAppAuth,
  client: WalletAppClient,
  sessions: WalletAppSessions,
  provider: WalletAppAuth.provider,
  make: WalletAppAuth.make
})

/**
 * A session with a key for one piece of work, and a client that sends the key. The key is deleted when the scope
 * closes.
 *
 * ```ts
 * const brands = Effect.scoped(Effect.gen(function*() {
 *   const { client } = yield* WalletApp.scoped(["brands.get"])
 *   return yield* (yield* client.get("/brands")).json
 * }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const scoped = Effect.fnUntraced(function*(
  permissions: ReadonlyArray<Permission>,
  options?: {
    /** Default: those of the session's option `credentials`. */
    readonly credentials?: WalletAppAuth.WalletAppCredentials | undefined
    readonly client?: AuthHttpClient.ClientOptions | undefined
  }
): Effect.fn.Return<
  AuthHttpClient.Account<WalletAppAuth.Service>,
  SignInError,
  WalletAppAuth.WalletAppAuth | HttpClient.HttpClient | Scope.Scope
> {
  const auth = yield* (yield* WalletAppAuth.WalletAppAuth).scoped(permissions, options?.credentials)
  return { auth, client: yield* AuthHttpClient.fromSession(auth, options?.client) }
})
