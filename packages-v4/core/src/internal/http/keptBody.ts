/** Gets the body of a response that was already read: the platform's responses keep a copy. */
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"

/** Private fields with the copy: in responses of `fetch` and undici, then of `node:http`. */
const texts = ["textBody", "textEffect"]
const buffers = ["arrayBufferBody"]

/**
 * The copy as a text or as raw bytes; `undefined` if the response has no copy. It checks for a copy first, because reading a body
 * again after its stream has ended may wait for ever, and undici then throws outside of any handler.
 */
export const keptBody = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<string | ArrayBuffer | undefined> => {
  const kept: Effect.Effect<string | ArrayBuffer | undefined, unknown> = isSet(response, texts)
    ? response.text
    : isSet(response, buffers)
    ? response.arrayBuffer
    : Effect.succeed(undefined)
  return Effect.catch(kept, () => Effect.succeed(undefined))
}

/** Fields with the inner object of a response: the wrapped response, the runtime's response, and undici's body. */
const inner = ["original", "source", "body"]

/** Whether the body was already read: `Response` and undici have the first field, `node:http` the second. */
export const wasRead = (response: unknown, depth = 0): boolean =>
  Predicate.isObjectKeyword(response) && depth < 8 &&
  (["bodyUsed", "readableDidRead"].some((name) => Predicate.hasProperty(response, name) && response[name] === true) ||
    inner.some((name) => Predicate.hasProperty(response, name) && wasRead(response[name], depth + 1)))

/** Looks in wrapped responses too: an interruptible response wraps the one with the fields. */
const isSet = (response: unknown, names: ReadonlyArray<string>, depth = 0): boolean =>
  Predicate.isObjectKeyword(response) && depth < 8 &&
  (names.some((name) => Predicate.hasProperty(response, name) && response[name] !== undefined) ||
    (Predicate.hasProperty(response, "original") && isSet(response.original, names, depth + 1)))
