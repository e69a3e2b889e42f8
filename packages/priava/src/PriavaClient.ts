/**
 * An `HttpClient` for the Priava API: base URL, region and the integration's token.
 *
 * ```ts
 * const response = yield* (yield* PriavaClient).post("/v2/contact/get", { body: HttpBody.unsafeJson({ Lastname }) })
 * ```
 *
 * A path is taken below `/api/rest`; an absolute URL is taken as it is and must be on the same host. A 401 renews the
 * session and sends the request once more; every other status is an ordinary response, 429 too: see {@link retryAfter}.
 * The paths of the contract begin with `/api/rest` themselves, and the client that is derived from it runs on this one:
 *
 * ```ts
 * const searches = yield* HttpApiClient.group(PriavaApi, { group: "searches", httpClient: yield* PriavaClient })
 * const { result } = yield* searches.contacts({ headers: {}, payload: { Lastname } })
 * ```
 *
 * **Reads are POSTs.** No method tells whether a call can be repeated, so the contract does: the searches are reads, and
 * `isRead` names further ones. It matters for a rejection that hides in a success (`rejectedBody`) and for
 * `replay: "safe"`; after a 401 the request was not carried out, and any is sent again.
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
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { waitOf } from "./internal/retryDate.ts"
import * as settings from "./internal/settings.ts"
import { basePath, reads } from "./PriavaApi.ts"
import { type Data, PriavaAuth } from "./PriavaAuth.ts"

/**
 * A client whose requests carry the integration's token. Not provided as `HttpClient`: any library in scope would send
 * it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends HttpClient.HttpClient.With<HttpClientError | AuthHttpClient.AuthHttpClientError> {}

/**
 * The client of one integration.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaClient extends Context.Tag("@effect-auth/priava/PriavaClient")<PriavaClient, Service>() {}

/**
 * How the client behaves: the options of the middleware, and whether calls name the region.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends Omit<AuthHttpClient.Options, "allowInsecure"> {
  /**
   * Whether `TenantRegion` is sent on API calls. Default: true. The token page asks for it on token requests only, the
   * webhook page on every call.
   */
  readonly sendRegion?: boolean | undefined
}

/**
 * Whether a request is one of the contract's reads, wherever the API stands.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRead = (request: HttpClientRequest.HttpClientRequest): boolean => {
  const path = request.url.split(/[?#]/)[0] ?? ""
  const start = path.lastIndexOf(`${basePath}/`)
  return request.method === "POST" && start >= 0 && reads.includes(path.slice(start))
}

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
  const resolved = yield* settings.resolve(data, auth.account)
  const base = resolved.baseUrl + basePath
  return (yield* HttpClient.HttpClient).pipe(
    AuthHttpClient.withAuth(auth, {
      ...behaviour,
      isRead: (request) => isRead(request) || behaviour?.isRead?.(request) === true,
      allowInsecure: resolved.allowInsecure
    }),
    HttpClient.mapRequest((request) =>
      BaseUrl.below(request, request.url.startsWith(`${basePath}/`) ? resolved.baseUrl : base)
    ),
    behaviour?.sendRegion === false
      ? (client) => client
      : HttpClient.mapRequest(HttpClientRequest.setHeader("tenantregion", resolved.region)),
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
): Effect.Effect<Service, AuthMisconfigured, PriavaAuth | HttpClient.HttpClient> =>
  Effect.flatMap(PriavaAuth, (auth) => fromAuthService(auth, data, behaviour))

/**
 * The client as a layer. Fails with `AuthMisconfigured` when the options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  data: Data,
  behaviour?: Behaviour
): Layer.Layer<PriavaClient, AuthMisconfigured, PriavaAuth | HttpClient.HttpClient> =>
  Layer.effect(PriavaClient, make(data, behaviour))

/**
 * The same from a configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PriavaClient, AuthMisconfigured | ConfigError, PriavaAuth | HttpClient.HttpClient> =>
  Layer.effect(PriavaClient, Effect.flatMap(Config.unwrap(data), (data) => make(data, behaviour)))

/**
 * How long a 429 asks to wait: its `Retry-After` header, or else the `retry-after` of its body, a date without a zone.
 * A date that can't be read asks for 300 seconds, the documented window of the limit; `undefined`: nothing was asked.
 *
 * @see https://priavasupportcenter.ungerboeck.com article 11053931540759 (Rate Limiting)
 * @since 0.1.0
 * @category getters
 */
export const retryAfter = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse
): Effect.fn.Return<Duration.Duration | undefined> {
  if (response.status !== 429) return undefined
  const header = yield* TokenEndpoint.retryAfter(response.headers["retry-after"])
  if (header !== undefined) return header
  const body = yield* Effect.orElseSucceed(response.json, () => undefined)
  return Predicate.isRecord(body) ? waitOf(body["retry-after"], yield* Clock.currentTimeMillis) : undefined
})
