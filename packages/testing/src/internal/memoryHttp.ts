/**
 * HTTP without sockets and promises: a server request and a client response over values in memory. All work stays in
 * the caller's fiber, so TestClock and interruption work, and the order is the same in every run.
 */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Multipart from "@effect/platform/Multipart"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Received } from "../Sandbox.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const join = (chunks: Iterable<Uint8Array>): Uint8Array => {
  const all = Array.from(chunks)
  const out = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0))
  all.reduce((at, part) => {
    out.set(part, at)
    return at + part.length
  }, 0)
  return out
}

const toArrayBuffer = (bytes: Uint8Array): ArrayBuffer => {
  const out = new ArrayBuffer(bytes.length)
  new Uint8Array(out).set(bytes)
  return out
}

const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes)

/** The received request in the form that a router and an `HttpApi` need. */
export class MemoryServerRequest extends Inspectable.Class implements HttpServerRequest.HttpServerRequest {
  readonly [HttpServerRequest.TypeId]: HttpServerRequest.TypeId = HttpServerRequest.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly source: Received
  readonly url: string
  readonly headers: Headers.Headers
  readonly method: Received["method"]
  readonly remoteAddress = Option.none<string>()

  constructor(received: Received, url = received.url, headers = received.headers) {
    super()
    this.source = received
    this.url = url
    this.headers = headers
    this.method = received.method
  }

  get originalUrl() {
    return this.source.url
  }

  get cookies() {
    return Cookies.parseHeader(this.headers.cookie ?? "")
  }

  get text(): Effect.Effect<string, HttpServerError.RequestError> {
    return Effect.succeed(this.source.body)
  }

  get json(): Effect.Effect<unknown, HttpServerError.RequestError> {
    return Effect.try({
      try: (): unknown => JSON.parse(this.source.body),
      catch: () => this.unreadable("the body is not JSON")
    })
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpServerError.RequestError> {
    return Effect.sync(() => UrlParams.fromInput(new URLSearchParams(this.source.body)))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpServerError.RequestError> {
    return Effect.sync(() => toArrayBuffer(encoder.encode(this.source.body)))
  }

  get stream(): Stream.Stream<Uint8Array, HttpServerError.RequestError> {
    return Stream.suspend(() => Stream.make(encoder.encode(this.source.body)))
  }

  get multipart(): HttpServerRequest.HttpServerRequest["multipart"] {
    return Effect.fail(new Multipart.MultipartError({ reason: "InternalError", cause: "not supported" }))
  }

  get multipartStream(): HttpServerRequest.HttpServerRequest["multipartStream"] {
    return Stream.fail(new Multipart.MultipartError({ reason: "InternalError", cause: "not supported" }))
  }

  get upgrade(): HttpServerRequest.HttpServerRequest["upgrade"] {
    return Effect.fail(this.unreadable("not an upgradeable request"))
  }

  modify(options: { readonly url?: string; readonly headers?: Headers.Headers }) {
    return new MemoryServerRequest(this.source, options.url ?? this.url, options.headers ?? this.headers)
  }

  toJSON(): unknown {
    return { _id: "@effect-auth/testing/Request", method: this.method, url: this.url }
  }

  private unreadable(description: string) {
    return new HttpServerError.RequestError({ request: this, reason: "Decode", description })
  }
}

/** A server's response in the form that a client gets. A stream body is read on demand. */
export class MemoryClientResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [HttpIncomingMessage.TypeId]: HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies: Cookies.Cookies
  readonly remoteAddress = Option.none<string>()
  private readonly body: Stream.Stream<Uint8Array, HttpClientError.ResponseError>

  constructor(request: HttpClientRequest.HttpClientRequest, response: HttpServerResponse.HttpServerResponse) {
    super()
    this.request = request
    this.status = response.status
    const contentType = "contentType" in response.body ? response.body.contentType : undefined
    this.headers = contentType === undefined || response.headers["content-type"] !== undefined
      ? response.headers
      : Headers.set(response.headers, "content-type", contentType)
    this.cookies = response.cookies
    this.body = Stream.mapError(bodyStream(response), (cause) => this.broken(cause))
  }

  get stream() {
    return this.body
  }

  private get bytes(): Effect.Effect<Uint8Array, HttpClientError.ResponseError> {
    return Effect.map(Stream.runCollect(this.body), (chunks) => join(chunks))
  }

  get text() {
    return Effect.map(this.bytes, decodeText)
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: (): unknown => text === "" ? null : JSON.parse(text),
        catch: () => this.broken(new SyntaxError("the body is not JSON"))
      }))
  }

  get urlParamsBody() {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return Effect.flatMap(this.arrayBuffer, (body) =>
      Effect.tryPromise({
        try: () => new Response(body, { headers: this.headers }).formData(),
        catch: (cause) => this.broken(cause)
      }))
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return Effect.map(this.bytes, toArrayBuffer)
  }

  toJSON(): unknown {
    return { _id: "@effect-auth/testing/Response", status: this.status }
  }

  private broken(cause: unknown): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({ request: this.request, response: this, reason: "Decode", cause })
  }
}

const bodyStream = (response: HttpServerResponse.HttpServerResponse): Stream.Stream<Uint8Array, unknown> => {
  const body = response.body
  switch (body._tag) {
    case "Empty":
      return Stream.empty
    case "Uint8Array":
      return Stream.make(body.body)
    case "Stream":
      return body.stream
    case "Raw":
      return typeof body.body === "string"
        ? Stream.make(encoder.encode(body.body))
        : Stream.fail(new Error("a sandbox answers with text, bytes or a stream"))
    case "FormData":
      return Stream.fail(new Error("a sandbox answers with text, bytes or a stream"))
  }
}

/** Converts a client's request to the form that a sandbox receives. */
export const receive = (
  request: HttpClientRequest.HttpClientRequest,
  url: URL
): Effect.Effect<Received, HttpClientError.RequestError> =>
  Effect.map(requestBody(request), (body) => ({
    method: request.method,
    url: url.pathname + url.search,
    headers: Headers.set(request.headers, "host", url.host),
    body
  }))

const requestBody = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<string, HttpClientError.RequestError> => {
  const unreadable = (cause: unknown) => new HttpClientError.RequestError({ request, reason: "Encode", cause })
  const body = request.body
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.sync(() => decodeText(body.body))
    case "Stream":
      return Stream.runCollect(body.stream).pipe(
        Effect.map((chunks) => decodeText(join(chunks))),
        Effect.mapError(unreadable)
      )
    case "Raw":
      return typeof body.body === "string"
        ? Effect.succeed(body.body)
        : Effect.fail(unreadable(new TypeError("a raw body must be a string here")))
    case "FormData":
      return Effect.tryPromise({ try: () => new Response(body.formData).text(), catch: unreadable })
  }
}
