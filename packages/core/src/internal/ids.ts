/** Identifiers and keyed digests, from `crypto`: never from Effect's Random, which is a seedable generator. */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** Asking for many random bytes costs hardly more than asking for few. */
const bytes = new Uint8Array(12 * 64)
let used = bytes.length

/** 96 random bits as 16 characters. */
export const randomId = (): string => {
  if (used === bytes.length) {
    crypto.getRandomValues(bytes)
    used = 0
  }
  return Encoding.encodeBase64Url(bytes.subarray(used, used += 12))
}

/** HMAC-SHA-256 of a text, so that a stored digest says nothing about it without its salt and a guess. */
export const digest = (salt: string, text: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const utf8 = new TextEncoder()
    const key = await crypto.subtle.importKey("raw", utf8.encode(salt), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign"
    ])
    return Encoding.encodeBase64Url(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))))
  })
