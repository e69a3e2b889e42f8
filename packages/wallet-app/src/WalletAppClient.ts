/**
 * An `HttpClient` for the Wallet App API: the base URL, `Accept: application/json`, the key.
 *
 * ```ts
 * const brands = yield* (yield* WalletAppClient).get("/brands")
 * ```
 *
 * A path is taken below the host; an absolute URL is taken as it is and must be on the same host. A rejection renews the
 * session, which takes `credentials`, and sends the request once more; every other status is an ordinary response.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as BaseUrl from "@effect-auth/core/BaseUrl"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as settings from "./internal/settings.ts"
import { type Data, WalletAppAuth } from "./WalletAppAuth.ts"

/**
 * A client whose requests carry the key. Not provided as `HttpClient`: any library in scope would send it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends HttpClient.HttpClient.With<HttpClientError | AuthHttpClient.AuthHttpClientError> {}

/**
 * The client of one user.
 *
 * @since 0.1.0
 * @category tags
 */
export class WalletAppClient
  extends Context.Tag("@effect-auth/wallet-app/WalletAppClient")<WalletAppClient, Service>()
{}

/**
 * How the client behaves: the options of the middleware.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends Omit<AuthHttpClient.Options, "allowInsecure"> {}

/**
 * The client of a session that is at hand as a value.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromAuthService = Effect.fnUntraced(function*(
  auth: AuthService<never>,
  data: Data,
  behaviour?: Behaviour
): Effect.fn.Return<Service, AuthMisconfigured, HttpClient.HttpClient> {
  const { allowInsecure, baseUrl } = yield* settings.resolve(data, auth.account)
  return (yield* HttpClient.HttpClient).pipe(
    AuthHttpClient.withAuth(auth, { ...behaviour, allowInsecure }),
    BaseUrl.prepend(baseUrl),
    HttpClient.mapRequest((request) =>
      request.headers["accept"] === undefined ? HttpClientRequest.acceptJson(request) : request
    ),
    TokenEndpoint.hardened
  )
})

/**
 * The client of the session in the environment.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  data: Data,
  behaviour?: Behaviour
): Effect.Effect<Service, AuthMisconfigured, WalletAppAuth | HttpClient.HttpClient> =>
  Effect.flatMap(WalletAppAuth, (auth) => fromAuthService(auth, data, behaviour))

/**
 * The client as a layer. Fails with `AuthMisconfigured` when the options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  data: Data,
  behaviour?: Behaviour
): Layer.Layer<WalletAppClient, AuthMisconfigured, WalletAppAuth | HttpClient.HttpClient> =>
  Layer.effect(WalletAppClient, make(data, behaviour))

/**
 * The same from a configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<WalletAppClient, AuthMisconfigured | ConfigError, WalletAppAuth | HttpClient.HttpClient> =>
  Layer.effect(WalletAppClient, Effect.flatMap(Config.unwrap(data), (data) => make(data, behaviour)))
