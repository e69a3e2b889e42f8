/**
 * An `HttpClient` for the member API: the club's base URL, the headers that Placewise asks for, the member's token.
 *
 * ```ts
 * const status = yield* (yield* PlacewiseClient).get("/members/me/rewards-program/status")
 * ```
 *
 * A path is taken below `/v3/{club}`; an absolute URL is taken as it is and must be on the same host. A 460 renews the
 * session and sends the request once more; every other status is an ordinary response.
 *
 * The paths of the contract begin with `/v3` themselves, and the client that is derived from it runs on this one; the
 * headers that it asks for are replaced by those of the options.
 *
 * ```ts
 * const members = yield* HttpApiClient.group(PlacewiseApi, { group: "members", httpClient: yield* PlacewiseClient })
 * ```
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
import * as Redacted from "effect/Redacted"
import * as settings from "./internal/settings.ts"
import { type Data, PlacewiseAuth } from "./PlacewiseAuth.ts"

/**
 * A client whose requests carry the member's token. Not provided as `HttpClient`: any library in scope would send it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends HttpClient.HttpClient.With<HttpClientError | AuthHttpClient.AuthHttpClientError> {}

/**
 * The client of one member.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseClient
  extends Context.Tag("@effect-auth/placewise/PlacewiseClient")<PlacewiseClient, Service>()
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
  const resolved = yield* settings.resolve(data, auth.account)
  return attach(resolved, yield* HttpClient.HttpClient, behaviour)(auth)
})

/**
 * Gives the function that makes the client of a session. Make it once for many members: it checks the options.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeAttach = Effect.fnUntraced(function*(
  data: Data,
  behaviour?: Behaviour
): Effect.fn.Return<(auth: AuthService<never>) => Service, AuthMisconfigured, HttpClient.HttpClient> {
  const resolved = yield* settings.resolve(data, undefined)
  return attach(resolved, yield* HttpClient.HttpClient, behaviour)
})

/** How every path of the contract begins. */
const basePath = "/v3"

const attach = (resolved: settings.Settings, httpClient: HttpClient.HttpClient, behaviour: Behaviour | undefined) => {
  const base = `${resolved.baseUrl}${basePath}/${resolved.club}`
  // Inside, so that the client token goes where the member's token may go, and is in no error or response.
  const inner = HttpClient.mapRequest(httpClient, withHeaders(resolved))
  const options = { ...behaviour, allowInsecure: resolved.allowInsecure }
  return (auth: AuthService<never>): Service =>
    AuthHttpClient.withAuth(inner, auth, options).pipe(
      HttpClient.mapRequest((request) =>
        BaseUrl.below(request, request.url.startsWith(`${basePath}/`) ? resolved.baseUrl : base)
      ),
      TokenEndpoint.hardened
    )
}

const withHeaders = (resolved: settings.Settings) => {
  const headers = {
    ...resolved.headers,
    "x-client-authorization": Redacted.value(resolved.headers["x-client-authorization"])
  }
  return (request: HttpClientRequest.HttpClientRequest) =>
    request.url.startsWith(`${resolved.origin}/`) || isAt(resolved.origin, request.url)
      ? HttpClientRequest.setHeaders(request, headers)
      : request
}

/** Under `authorization: "keep"` the middleware looks at no URL, so we do. */
const isAt = (origin: string, url: string): boolean => URL.canParse(url) && new URL(url).origin === origin

/**
 * The client of the session in the environment.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  data: Data,
  behaviour?: Behaviour
): Effect.Effect<Service, AuthMisconfigured, PlacewiseAuth | HttpClient.HttpClient> =>
  Effect.flatMap(PlacewiseAuth, (auth) => fromAuthService(auth, data, behaviour))

/**
 * The client as a layer. Fails with `AuthMisconfigured` when the options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  data: Data,
  behaviour?: Behaviour
): Layer.Layer<PlacewiseClient, AuthMisconfigured, PlacewiseAuth | HttpClient.HttpClient> =>
  Layer.effect(PlacewiseClient, make(data, behaviour))

/**
 * The same from a configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<Data>,
  behaviour?: Behaviour
): Layer.Layer<PlacewiseClient, AuthMisconfigured | ConfigError, PlacewiseAuth | HttpClient.HttpClient> =>
  Layer.effect(PlacewiseClient, Effect.flatMap(Config.unwrap(data), (data) => make(data, behaviour)))
