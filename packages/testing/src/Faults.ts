/**
 * Faults between a client and a server, on demand. A fault wraps the handling of one request. It can answer instead of
 * the server, delay the request, break the connection before or after the state changed, or damage the answer.
 *
 * | fault | state changes | the client sees |
 * | --- | --- | --- |
 * | `status(503)` | no | that status |
 * | `delay("1 second")` | yes, after the delay | the answer, late |
 * | `delayAnswer("1 second")` | yes, at once | the answer, late |
 * | `refused` | no | connection refused (over a socket: a reset) |
 * | `reset("before")` | no | a reset |
 * | `reset("after")`, `lost` | yes | a reset |
 * | `hang("before")` | no | nothing |
 * | `hang("after")` | yes | nothing |
 * | `truncated` | yes | the first half of the body, then a broken connection |
 * | `stalled` | yes | the first half of the body, then nothing |
 * | `notJson` | yes | a page of HTML with the answer's status |
 * | `compose(delay("1 second"), lost)` | yes, after the delay | a reset |
 *
 * @since 0.1.0
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * The connection broke before or during the answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{ readonly how: "refused" | "reset" }> {}

/**
 * The handling of one request. Running it changes the sandbox's state.
 *
 * @since 0.1.0
 * @category models
 */
export type Handle = Effect.Effect<HttpServerResponse.HttpServerResponse, ConnectionLost>

/**
 * One fault. `apply` decides whether and when the request is handled, and what the answer is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  /** The name in the log. */
  readonly name: string
  readonly apply: (handle: Handle) => Handle
}

/**
 * Makes your own fault.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, apply: (handle: Handle) => Handle): Fault => ({ name, apply })

/**
 * Two faults on one request: the first one is the outer one.
 *
 * @since 0.1.0
 * @category combinators
 */
export const compose = (outer: Fault, inner: Fault): Fault => ({
  name: `${outer.name}, ${inner.name}`,
  apply: (handle) => outer.apply(inner.apply(handle))
})

/**
 * Answers with this status instead of the sandbox. A text `body` is sent unchanged, with the content type in `headers`
 * (default: plain text). Any other body is sent as JSON. Without a body the answer is empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const status = (
  code: number,
  options?: {
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
): Fault => {
  const body = options?.body
  const head = { status: code, headers: options?.headers ?? {} }
  const answer = body === undefined
    ? HttpServerResponse.empty(head)
    : typeof body === "string"
    ? HttpServerResponse.text(body, { ...head, contentType: options?.headers?.["content-type"] ?? "text/plain" })
    : HttpServerResponse.unsafeJson(body, head)
  return make(`status ${code}`, () => Effect.succeed(answer))
}

/**
 * Waits before the request is handled. If the client disconnects meanwhile, the state does not change.
 *
 * @since 0.1.0
 * @category constructors
 */
export const delay = (time: Duration.DurationInput): Fault =>
  make(`delay ${Duration.format(time)}`, (handle) => Effect.delay(handle, time))

/**
 * Handles the request, then waits before it answers. If the client disconnects meanwhile, the state has already
 * changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const delayAnswer = (time: Duration.DurationInput): Fault =>
  make(`answer delayed ${Duration.format(time)}`, (handle) => Effect.tap(handle, () => Effect.sleep(time)))

/**
 * The connection is refused, so the request was surely not carried out. On a socket the server has already accepted the
 * connection, so there it is a reset.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refused: Fault = make("refused", () => Effect.fail(new ConnectionLost({ how: "refused" })))

/**
 * Breaks the connection instead of answering, before or after the state changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reset = (when: "before" | "after"): Fault =>
  make(
    `reset ${when}`,
    (handle) =>
      Effect.zipRight(when === "after" ? handle : Effect.void, Effect.fail(new ConnectionLost({ how: "reset" })))
  )

/**
 * The worst case of a rotating refresh token: it was spent, and the answer is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lost: Fault = { ...reset("after"), name: "answer lost" }

/**
 * Never answers, before or after the state changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hang = (when: "before" | "after"): Fault =>
  make(`hang ${when}`, (handle) => Effect.zipRight(when === "after" ? handle : Effect.void, Effect.never))

const half = (
  response: HttpServerResponse.HttpServerResponse,
  rest: Stream.Stream<never, ConnectionLost>
): HttpServerResponse.HttpServerResponse => {
  const body = response.body
  const bytes = body._tag === "Uint8Array" ? body.body : new Uint8Array(0)
  return HttpServerResponse.stream(
    Stream.concat(Stream.make(bytes.subarray(0, Math.floor(bytes.length / 2))), rest),
    {
      status: response.status,
      headers: response.headers,
      contentType: ("contentType" in body ? body.contentType : undefined) ?? "application/json",
      contentLength: Math.max(bytes.length, 1)
    }
  )
}

/**
 * Handles the request and sends half of the answer's body, then breaks the connection.
 *
 * @since 0.1.0
 * @category constructors
 */
export const truncated: Fault = make(
  "truncated",
  (handle) => Effect.map(handle, (response) => half(response, Stream.fail(new ConnectionLost({ how: "reset" }))))
)

/**
 * Handles the request and sends half of the answer's body, then nothing, and leaves the connection open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stalled: Fault = make(
  "stalled",
  (handle) => Effect.map(handle, (response) => half(response, Stream.never))
)

/**
 * Handles the request and answers with another body, under the answer's own status.
 *
 * @since 0.1.0
 * @category constructors
 */
export const body = (text: string, contentType = "application/json"): Fault =>
  make(
    "other body",
    (handle) =>
      Effect.map(handle, (response) => HttpServerResponse.text(text, { status: response.status, contentType }))
  )

/**
 * Handles the request and answers with a page of HTML, as a gateway or a captive portal does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notJson: Fault = { ...body("<html><body>It works</body></html>", "text/html"), name: "not JSON" }
