/** Reads and makes requests of the platform's client. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as UrlParams from "@effect/platform/UrlParams"

type Request = HttpClientRequest.HttpClientRequest

/** The whole URL, with the query and the fragment; `undefined` if it is not valid. */
export const urlOf = (request: Request): URL | undefined => {
  const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  return url._tag === "Right" ? url.right : undefined
}

/** The parameters that are not in the text of the URL yet. */
export const parametersOf = (request: Request): ReadonlyArray<readonly [name: string, value: string]> =>
  request.urlParams

/** A request of the same method to another place. */
export const sameMethod = (request: Request, url: string, options?: HttpClientRequest.Options.NoUrl): Request =>
  HttpClientRequest.make(request.method)(url, options)
