/** Identifiers and keyed digests, from `crypto`: never from Effect's Random, which is a seedable generator. */
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** 96 random bits as 16 characters. */
export const randomId = (): string => Encoding.encodeBase64Url(crypto.getRandomValues(new Uint8Array(12)))

/** HMAC-SHA-256 of a text, so that a stored digest says nothing about it without its salt and a guess. */
export const digest = (salt: string, text: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const bytes = new TextEncoder()
    const key = await crypto.subtle.importKey("raw", bytes.encode(salt), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign"
    ])
    return Encoding.encodeBase64Url(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes.encode(text))))
  })
