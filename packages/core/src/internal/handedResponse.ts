/** The response and the request as they are handed back to a caller: all there, but without the token, and silent when printed. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Stream from "effect/Stream"
import * as httpErrors from "./httpErrors.ts"
import { secretsOf } from "./redaction.ts"

/** The scheme, host and path: a query may hold secrets. */
const placeOf = (url: string): string => {
  try {
    const { origin, pathname } = new URL(url)
    return origin + pathname
  } catch {
    return url.replace(/[?#].*$/s, "")
  }
}

/** The messages of the platform's errors show the URL: a query and a fragment are moved to where nothing shows them. */
const withPlainUrl = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest => {
  if (!/[?#]/.test(request.url)) return request
  const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  return url._tag === "Right" ? HttpClientRequest.setUrl(request, url.right) : request
}

/** The values of a query that are long enough to be told from other words. */
const queryOf = (request: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> =>
  withPlainUrl(request).urlParams.map(([, value]) => value).filter((value) => value.length >= 8)

/** The caller's own request; what prints it shows no header, no query and no body. */
export const quiet = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  Object.create(withPlainUrl(request), {
    toJSON: {
      value: () => ({
        _id: "@effect/platform/HttpClientRequest",
        method: request.method,
        url: placeOf(request.url)
      })
    }
  })

/** Nothing but where it was sent. */
export const bare = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  quiet(HttpClientRequest.make(request.method)(placeOf(request.url)))

/** An error that a client failed with, about the caller's own request. */
export const cleaned = <E>(
  error: E,
  asked: HttpClientRequest.HttpClientRequest,
  secrets: Iterable<string>,
  handed?: HttpClientResponse.HttpClientResponse
): E =>
  httpErrors.handedBack(
    error,
    quiet(asked),
    (response) => handed ?? new HandedResponse(response, asked),
    (sent) => [...secretsOf(sent), ...queryOf(sent), ...secrets]
  )

const clean =
  (handed: HandedResponse, sent: HttpClientRequest.HttpClientRequest) =>
  (error: httpErrors.ResponseError): httpErrors.ResponseError => cleaned(error, handed.request, secretsOf(sent), handed)

/**
 * Delegates every member. The response below is in a private field because `util.inspect` looks through proxies and
 * prototypes; private methods are avoided because each costs every instance.
 */
export class HandedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly #inner: HttpClientResponse.HttpClientResponse
  readonly #request: HttpClientRequest.HttpClientRequest

  constructor(inner: HttpClientResponse.HttpClientResponse, request: HttpClientRequest.HttpClientRequest) {
    super()
    this.#inner = inner
    this.#request = request
  }

  get [HttpClientResponse.TypeId](): HttpClientResponse.TypeId {
    return HttpClientResponse.TypeId
  }
  get [HttpIncomingMessage.TypeId](): HttpIncomingMessage.TypeId {
    return HttpIncomingMessage.TypeId
  }
  get request() {
    return quiet(this.#request)
  }
  get status() {
    return this.#inner.status
  }
  get headers() {
    return this.#inner.headers
  }
  get cookies() {
    return this.#inner.cookies
  }
  get remoteAddress() {
    return this.#inner.remoteAddress
  }
  get json() {
    return Effect.mapError(this.#inner.json, clean(this, this.#inner.request))
  }
  get text() {
    return Effect.mapError(this.#inner.text, clean(this, this.#inner.request))
  }
  get urlParamsBody() {
    return Effect.mapError(this.#inner.urlParamsBody, clean(this, this.#inner.request))
  }
  get formData() {
    return Effect.mapError(this.#inner.formData, clean(this, this.#inner.request))
  }
  get arrayBuffer() {
    return Effect.mapError(this.#inner.arrayBuffer, clean(this, this.#inner.request))
  }
  get stream() {
    return Stream.mapError(this.#inner.stream, clean(this, this.#inner.request))
  }

  toJSON(): unknown {
    return {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    }
  }
}
