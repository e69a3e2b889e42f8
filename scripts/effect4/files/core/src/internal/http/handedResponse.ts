/** The response and the request that callers get: complete, but without the token, and without secrets when printed. */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as Inspectable from "effect/Inspectable"
import { pipeArguments } from "effect/Pipeable"
import * as Stream from "effect/Stream"
import { parametersOf, sameMethod, urlOf } from "../seams/requests.ts"
import * as httpErrors from "./httpErrors.ts"
import { secretsOf } from "./secretTexts.ts"

/** The scheme, host and path: a query may hold secrets. */
const placeOf = (url: string): string => {
  try {
    const { origin, pathname } = new URL(url)
    return origin + pathname
  } catch {
    return url.replace(/[?#].*$/s, "")
  }
}

/**
 * The messages of the platform's errors show the URL, so the query and the fragment are moved to fields that are not
 * printed.
 */
const withPlainUrl = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest => {
  if (!/[?#]/.test(request.url)) return request
  const url = urlOf(request)
  return url === undefined ? request : HttpClientRequest.setUrl(request, url)
}

/** The query values that are long enough to be searched for. */
const queryOf = (request: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> =>
  parametersOf(withPlainUrl(request)).map(([, value]) => value).filter((value) => value.length >= 8)

/** The caller's own request. Its printed form has no header, no query and no body. */
const quiet = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  Object.create(withPlainUrl(request), {
    toJSON: {
      value: () => ({
        _id: "HttpClientRequest",
        method: request.method,
        url: placeOf(request.url)
      })
    }
  })

/** A request with only its method and its place. */
export const bare = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest =>
  quiet(sameMethod(request, placeOf(request.url)))

/** An error of a client, changed to hold the caller's own request. */
export const cleaned = <E>(
  error: E,
  asked: HttpClientRequest.HttpClientRequest,
  secrets: Iterable<string>,
  handed?: HttpClientResponse.HttpClientResponse,
  alsoSent?: HttpClientRequest.HttpClientRequest
): E =>
  httpErrors.handedBack(
    error,
    quiet(asked),
    (response) => handed ?? new HandedResponse(response, asked),
    (sent) => {
      const found = secretsOf(sent).addAll(queryOf(sent)).addAll(secrets)
      return alsoSent === undefined ? found : found.merge(secretsOf(alsoSent))
    }
  )

const clean =
  (handed: HandedResponse, sent: HttpClientRequest.HttpClientRequest) =>
  (error: httpErrors.ResponseError): httpErrors.ResponseError => cleaned(error, handed.request, [], handed, sent)

/**
 * Delegates every member. The inner response is in a private field, because `util.inspect` shows the targets of proxies
 * and prototypes. There are no private methods, because each one makes every instance more expensive.
 */
export class HandedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly #inner: HttpClientResponse.HttpClientResponse
  readonly #request: HttpClientRequest.HttpClientRequest

  constructor(inner: HttpClientResponse.HttpClientResponse, request: HttpClientRequest.HttpClientRequest) {
    super()
    this.#inner = inner
    this.#request = request
  }

  get [HttpClientResponse.TypeId](): typeof HttpClientResponse.TypeId {
    return HttpClientResponse.TypeId
  }
  get [HttpIncomingMessage.TypeId](): typeof HttpIncomingMessage.TypeId {
    return HttpIncomingMessage.TypeId
  }
  get request() {
    return quiet(this.#request)
  }
  get url() {
    return placeOf(this.#inner.url)
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

  get upgrade() {
    return Effect.mapError(this.#inner.upgrade, clean(this, this.#inner.request))
  }

  pipe() {
    return pipeArguments(this, arguments)
  }

  toJSON(): unknown {
    return {
      _id: "HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    }
  }
}
