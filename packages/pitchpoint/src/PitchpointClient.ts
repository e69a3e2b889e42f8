/**
 * An `HttpClient` for the APIs of pointservices: the base URL and the access token.
 *
 * ```ts
 * const page = yield* (yield* PitchpointClient).post("/riskinsight-services-ws/resources/v1/orders/query")
 * ```
 *
 * A path is taken below the host; an absolute URL, such as the `Ref` of an order, is taken as it is and must be on the
 * same host. A rejection renews the session and sends the request once more; every other status is an ordinary response.
 * Query Orders is a search by POST and counts as a read; `isRead` names further ones.
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
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as settings from "./internal/settings.ts"
import { paths } from "./PitchpointApi.ts"
import { type Data, PitchpointAuth } from "./PitchpointAuth.ts"

/**
 * A client whose requests carry the access token. Not provided as `HttpClient`: any library in scope would send it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends HttpClient.HttpClient.With<HttpClientError | AuthHttpClient.AuthHttpClientError> {}

/**
 * The client of one service account.
 *
 * @since 0.1.0
 * @category tags
 */
export class PitchpointClient
  extends Context.Tag("@effect-auth/pitchpoint/PitchpointClient")<PitchpointClient, Service>()
{}

/**
 * How the client behaves: the options of the middleware.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends Omit<AuthHttpClient.Options, "allowInsecure"> {}

/**
 * Whether a request by POST only reads: Query Orders is a search.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRead = (request: HttpClientRequest.HttpClientRequest): boolean =>
  request.method === "POST" && (request.url.split(/[?#]/)[0] ?? "").endsWith(paths.queryOrders)

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
    AuthHttpClient.withAuth(auth, {
      ...behaviour,
      isRead: (request) => isRead(request) || behaviour?.isRead?.(request) === true,
      allowInsecure
    }),
    BaseUrl.prepend(baseUrl),
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
): Effect.Effect<Service, AuthMisconfigured, PitchpointAuth | HttpClient.HttpClient> =>
  Effect.flatMap(PitchpointAuth, (auth) => fromAuthService(auth, data, behaviour))

/**
 * The client as a layer. Fails with `AuthMisconfigured` when the options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  data: Data,
  behaviour?: Behaviour
): Layer.Layer<PitchpointClient, AuthMisconfigured, PitchpointAuth | HttpClient.HttpClient> =>
  Layer.effect(PitchpointClient, make(data, behaviour))

/**
 * The same from a configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PitchpointClient, AuthMisconfigured | ConfigError, PitchpointAuth | HttpClient.HttpClient> =>
  Layer.effect(PitchpointClient, Effect.flatMap(Config.unwrap(data), (data) => make(data, behaviour)))
