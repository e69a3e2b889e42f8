/**
 * The one-liners: a user's session and the client that carries its key, from options written once.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { SignInError } from "@effect-auth/core/AuthService"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as WalletAppAuth from "./WalletAppAuth.ts"
import * as WalletAppClient from "./WalletAppClient.ts"
import type { Permission } from "./WalletAppPermission.ts"

/**
 * What is behaviour: of the session, and of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends WalletAppAuth.Behaviour {
  readonly client?: WalletAppClient.Behaviour | undefined
}

/**
 * Data and behaviour.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends WalletAppAuth.Data, Behaviour {}

/**
 * `WalletAppAuth` and `WalletAppClient` for one user.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  WalletAppAuth.WalletAppAuth | WalletAppClient.WalletAppClient,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore
> => Layer.provideMerge(WalletAppClient.layer(options, options.client), WalletAppAuth.layer(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<WalletAppAuth.Data>,
  behaviour?: Behaviour
): Layer.Layer<
  WalletAppAuth.WalletAppAuth | WalletAppClient.WalletAppClient,
  AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore
> => Layer.unwrapEffect(Effect.map(Config.unwrap(data), (data) => layer({ ...behaviour, ...data })))

/**
 * A session with a key for one piece of work, and a client that carries it. The key is deleted when the scope closes.
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
    readonly client?: WalletAppClient.Behaviour | undefined
  }
): Effect.fn.Return<
  { readonly auth: WalletAppAuth.Service; readonly client: WalletAppClient.Service },
  SignInError,
  WalletAppAuth.WalletAppAuth | HttpClient.HttpClient | Scope.Scope
> {
  const auth = yield* (yield* WalletAppAuth.WalletAppAuth).scoped(permissions, options?.credentials)
  return { auth, client: yield* WalletAppClient.fromAuthService(auth, auth.data, options?.client) }
})
