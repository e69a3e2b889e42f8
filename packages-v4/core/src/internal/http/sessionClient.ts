/** The client of a session: the provider's base URL, its fixed headers, and the middleware. */
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { Options } from "../../AuthHttpClient.ts"
import type { Api } from "../../AuthProvider.ts"
import type { Any } from "../../AuthService.ts"
import { below } from "./base.ts"
import * as origins from "./origins.ts"

type Request = HttpClientRequest.HttpClientRequest

/** The options of the middleware, completed with the provider's `Api`. */
export const optionsOf = (api: Api | undefined, options: Options): Options => {
  const isRead = options.isRead === undefined || api?.isRead === undefined
    ? options.isRead ?? api?.isRead
    : either(options.isRead, api.isRead)
  return { ...options, isRead, allowInsecure: api?.allowInsecure }
}

const either =
  (one: (request: Request) => boolean, other: (request: Request) => boolean) => (request: Request): boolean =>
    one(request) || other(request)

/** The client below the middleware. The fixed headers may be secrets, so they go only to the token's origins. */
export const prepared = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  auth: Any
): HttpClient.HttpClient.With<E, R> => {
  const prepare = auth.api?.prepare
  if (prepare === undefined) return client
  const allowed = origins.make(auth.origins, auth.api?.allowInsecure ?? false)
  return HttpClient.mapRequest(client, (request) =>
    // The middleware does not check a request that keeps its own Authorization header.
    allowed.isPlain(request.url) || allowed.refusal(request.url) === undefined ? prepare(request) : request)
}

/** The client above the middleware: it prepends the API's base URL to a path. */
export const placed = <E, R>(client: HttpClient.HttpClient.With<E, R>, api: Api | undefined) =>
  api === undefined ? client : HttpClient.mapRequest(client, below(api.baseUrl, api.basePath))
