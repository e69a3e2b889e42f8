/** Reads and makes requests of the client of `effect/http`. */
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpMethod from "effect/http/HttpMethod"
import * as Url from "effect/http/Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

type Request = HttpClientRequest.HttpClientRequest

/** The whole URL, with the query and the fragment; `undefined` if it is not valid. */
export const urlOf = (request: Request): URL | undefined => {
  const url = Url.make(request.url, request.urlParams, Option.getOrUndefined(request.hash))
  return url._tag === "Success" ? url.success : undefined
}

/** The parameters that are not in the text of the URL yet. */
export const parametersOf = (request: Request): ReadonlyArray<readonly [name: string, value: string]> =>
  Array.from(request.urlParams, ([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])

/** A request of the same method to another place. */
export const sameMethod = (request: Request, url: string, options?: HttpClientRequest.Options.NoUrl): Request =>
  // Whoever made the request gave it a method; its type has become a text.
  HttpClientRequest.make(request.method as HttpMethod.HttpMethod)(url, options)
