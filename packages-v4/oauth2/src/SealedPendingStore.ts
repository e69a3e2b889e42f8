/**
 * Keeps a waiting sign-in nowhere: the browser carries it in its cookie, sealed with a key of the application. For programs
 * of many processes without a database between them.
 *
 * ```ts
 * import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
 * import * as SealedPendingStore from "@effect-auth/oauth2/SealedPendingStore"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const waiting = Layer.unwrapEffect(
 *   Effect.map(EncryptedTokenStore.keysConfig("COOKIE_KEYS"), SealedPendingStore.layer)
 * )
 * ```
 *
 * **What it gives up.** A response is not used once: who has the cookie and the URL of the callback can send both again
 * until the ten minutes are over. The code in it works once at the server, so the second time ends in a refusal there. And
 * nothing bounds how many sign-ins wait, because they take no room here.
 *
 * The seal: `<key id>.<nonce>.<ciphertext and tag>`, AES-256-GCM with a random nonce of 96 bits, bound to the id of the
 * sign-in. The first key seals, all of them unseal. Keys are those of `EncryptedTokenStore`: use others than it has.
 *
 * @see RFC 9700 section 4.7.1: https://www.rfc-editor.org/rfc/rfc9700#section-4.7.1
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { Key } from "@effect-auth/core/EncryptedTokenStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { misconfigured } from "./internal/failures.ts"
import * as PendingStore from "./PendingStore.ts"

const utf8 = new TextEncoder()

/** A cookie of more than 4,096 bytes is dropped by browsers: name, attributes and the secret beside it take 200. */
const longest = 3_800

const bytesOf = (key: unknown): Uint8Array | undefined => {
  const value: unknown = Redacted.isRedacted(key) ? Redacted.value(key) : undefined
  if (value instanceof Uint8Array) return value
  if (typeof value !== "string") return undefined
  return Result.getOrUndefined(Base64Url.decode(value.trim().replace(/\+/g, "-").replace(/\//g, "_")))
}

const importKey = Effect.fnUntraced(function*(key: Key, position: number) {
  const bytes = bytesOf(key.key)
  if (!/^[\w-]{1,64}$/.test(key.id) || bytes?.length !== 32) {
    return yield* misconfigured(
      "oauth2",
      "options",
      `key ${position}: give an id of letters, digits, - or _, and 32 bytes (openssl rand -base64 32)`
    )
  }
  return yield* Effect.tryPromise({
    try: () => crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"]),
    catch: () => misconfigured("oauth2", "options", "no WebCrypto here")
  })
})

const failed = (operation: string) =>
  new TokenStoreError({ provider: "oauth2", account: "", operation, reason: "unavailable" })

/**
 * The store. Fails with `AuthMisconfigured`, reason `options`, when a key can't be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  keys: ReadonlyArray<Key>
): Effect.fn.Return<PendingStore.Service, AuthMisconfigured> {
  const all = new Map<string, CryptoKey>()
  for (const [index, key] of keys.entries()) all.set(key.id, yield* importKey(key, index + 1))
  const [first] = keys
  const sealing = first === undefined ? undefined : all.get(first.id)
  if (first === undefined || sealing === undefined || all.size < keys.length) {
    return yield* misconfigured("oauth2", "options", "give at least one key, and each an id of its own")
  }
  return {
    put: Effect.fnUntraced(function*(id, pending) {
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const sealed = yield* Effect.tryPromise({
        try: () =>
          crypto.subtle.encrypt(
            { name: "AES-GCM", iv, additionalData: utf8.encode(id) },
            sealing,
            utf8.encode(PendingStore.encode(pending))
          ),
        catch: () => failed("write")
      })
      const parts = [first.id, Base64Url.encode(iv), Base64Url.encode(new Uint8Array(sealed))]
      const text = parts.join(".")
      return text.length > longest ? false : Redacted.make(text)
    }),
    take: Effect.fnUntraced(function*(id, browser, carried) {
      const [keyId = "", nonce = "", text = ""] = carried === undefined ? [] : Redacted.value(carried).split(".")
      const key = all.get(keyId)
      const iv = Result.getOrUndefined(Base64Url.decode(nonce))
      const data = Result.getOrUndefined(Base64Url.decode(text))
      if (key === undefined || iv?.length !== 12 || data === undefined) return undefined
      const opened = yield* Effect.option(Effect.tryPromise(() =>
        crypto.subtle.decrypt(
          { name: "AES-GCM", iv: Uint8Array.from(iv), additionalData: utf8.encode(id) },
          key,
          Uint8Array.from(data)
        )
      ))
      // Altered, of another sign-in, or of an application with other keys: none of ours.
      if (opened._tag === "None") return undefined
      const pending = yield* PendingStore.decode(new TextDecoder().decode(opened.value))
      const now = yield* Clock.currentTimeMillis
      return pending.browser === browser && pending.expiresAt > now ? pending : undefined
    })
  }
})

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (keys: ReadonlyArray<Key>): Layer.Layer<PendingStore.PendingStore, AuthMisconfigured> =>
  Layer.effect(PendingStore.PendingStore, make(keys))
