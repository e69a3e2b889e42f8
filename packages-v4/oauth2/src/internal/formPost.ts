/** The response to a sign-in that a browser posts. A form with any fault is refused, and its content is not used. */
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as pages from "./pages.ts"

/** In bytes. A code, a state and an issuer are some hundred; servers that send tokens as codes, some thousand. */
const largest = 65_536

const tooLarge = pages.page(413, "The form is too large")

const isForm = (contentType: string): boolean =>
  contentType.split(";")[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded"

/** The parameters of the form, or the page that refuses it. */
export const parametersOf = Effect.fnUntraced(function*(
  request: HttpServerRequest.HttpServerRequest
): Effect.fn.Return<URLSearchParams, HttpServerResponse.HttpServerResponse> {
  if (!isForm(request.headers["content-type"] ?? "")) return yield* Effect.fail(pages.page(415, "This is no form"))
  if (Number(request.headers["content-length"] ?? 0) > largest) return yield* Effect.fail(tooLarge)
  let bytes = 0
  const decoder = new TextDecoder()
  const text = yield* request.stream.pipe(
    Stream.mapError(() => pages.page(400, "The form did not arrive")),
    Stream.mapEffect((chunk) => {
      bytes += chunk.byteLength
      return bytes > largest ? Effect.fail(tooLarge) : Effect.succeed(decoder.decode(chunk, { stream: true }))
    }),
    Stream.runFold(() => "", (all, part) => all + part)
  )
  return new URLSearchParams(text + decoder.decode())
})
