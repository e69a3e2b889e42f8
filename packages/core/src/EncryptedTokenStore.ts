/**
 * A store whose tokens are sealed with a key: a decorator over any other store.
 *
 * Sealed is what can be used to act for somebody: the whole token set. Version, generation, session, state, claim,
 * doubt, retry and the keyed digest of credentials stay in clear, because compare-and-set and the protocol need them.
 *
 * ```ts
 * const Store = EncryptedTokenStore.layerConfig({ keys: EncryptedTokenStore.keysConfig("TOKEN_KEYS") }).pipe(
 *   Layer.provide(SqliteTokenStore.layer({ filename: "data/sessions.db" }))
 * )
 * ```
 *
 * **Keys.** The first key seals, all of them unseal. To rotate: put a new key in front, let every process have it, and
 * take the old one away when the records have been written again (each write seals anew, so an active session moves at
 * its next refresh). When several processes are updated one after another, first add the new key *behind* the old one
 * everywhere, then move it to the front: else a process that does not have it yet fails with `missing-key`. A key is 32
 * random bytes, `openssl rand -base64 32`. The nonce is random, so renew the key before it has sealed 2^32 records.
 *
 * **The seal.** `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url without padding: AES-256-GCM, a
 * fresh nonce of 96 bits for each write, a tag of 128 bits. The plaintext is the JSON of the token set. The associated
 * data is the JSON array `["@effect-auth/sealed","v1",keyId,provider,realm,account,session,generation]`, so that
 * a seal that was moved to another account, another sign-in or another generation does not open. The version is not
 * bound, so that a tool without the key can still take away a leftover claim.
 *
 * **What it does not do.** Whoever can write to the store can put back a whole old row, erase one, or change what is
 * in clear. A row that was written before encryption was switched on is read as it is and is sealed when next written;
 * whoever can write to the store can also plant such a row, so give `{ clear: "refuse" }` when all rows are sealed. And
 * the length of the tokens shows.
 *
 * @see NIST SP 800-38D, section 8.3: https://doi.org/10.6028/NIST.SP.800-38D
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { TokenStoreError } from "./AuthError.ts"
import type { RecordKey } from "./RecordKey.ts"
import type { SessionRecord } from "./SessionRecord.ts"
import { TokenSet } from "./TokenSet.ts"
import type { Service } from "./TokenStore.ts"
import { TokenStore } from "./TokenStore.ts"

/**
 * One key and the name under which seals mention it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  /** 1 to 64 letters, digits, `-` or `_`. It is stored in clear. Never give one id to two keys. */
  readonly id: string
  /** 32 random bytes, as they are or in base64. */
  readonly key: Redacted.Redacted<string> | Redacted.Redacted<Uint8Array>
}

/**
 * What seals the tokens.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What to do with tokens that were stored in clear: read them and seal them at the next write (`accept`), or fail. */
  readonly clear?: "accept" | "refuse" | undefined
}

const format = "v1"

const codec = Schema.parseJson(TokenSet)
const decodeTokens = Schema.decode(codec)
const encodeTokens = Schema.encode(codec)
const utf8 = new TextEncoder()

/** Makes the failures of one operation on one record; without a record, of setting the store up. */
const failures = (operation: string, about?: RecordKey) => (reason: TokenStoreError["reason"], detail: string) =>
  new TokenStoreError({ provider: about?.provider ?? "", account: about?.account ?? "", operation, reason, detail })

type Failures = ReturnType<typeof failures>

const misconfigured = failures("open")

interface Keyring {
  readonly first: { readonly id: string; readonly key: CryptoKey }
  readonly all: ReadonlyMap<string, CryptoKey>
}

/** Base64 and base64url, with or without padding. Nothing of the text gets into the failure. */
const bytesOf = (key: Key["key"]): Uint8Array | undefined => {
  const value: string | Uint8Array = Redacted.value<string | Uint8Array>(key)
  if (typeof value !== "string") return value
  const text = value.trim().replace(/\+/g, "-").replace(/\//g, "_")
  return Either.getOrUndefined(Encoding.decodeBase64Url(text))
}

const importKey = (id: string, key: Key["key"]): Effect.Effect<CryptoKey, TokenStoreError> => {
  if (!/^[\w-]{1,64}$/.test(id)) {
    return Effect.fail(misconfigured("missing-key", "a key id is 1 to 64 letters, digits, - or _"))
  }
  const bytes = bytesOf(key)
  if (bytes === undefined) return Effect.fail(misconfigured("missing-key", `key ${id} is not base64`))
  if (bytes.length !== 32) {
    return Effect.fail(misconfigured("missing-key", `key ${id} has ${bytes.length} bytes and must have 32`))
  }
  return Effect.tryPromise({
    try: async () => crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"]),
    catch: () => misconfigured("unavailable", "no WebCrypto here; in a browser it needs a secure context")
  })
}

const importKeys = Effect.fnUntraced(function*(keys: ReadonlyArray<Key>) {
  const all = new Map<string, CryptoKey>()
  for (const { id, key } of keys) {
    if (all.has(id)) return yield* misconfigured("missing-key", "two keys have the same id")
    all.set(id, yield* importKey(id, key))
  }
  for (const [id, key] of all) return { first: { id, key }, all } satisfies Keyring
  return yield* misconfigured("missing-key", "no key is configured")
})

const associatedData = (keyId: string, key: RecordKey, record: SessionRecord): Uint8Array<ArrayBuffer> =>
  utf8.encode(JSON.stringify([
    "@effect-auth/sealed",
    format,
    keyId,
    key.provider,
    key.realm,
    key.account,
    record.session,
    record.generation
  ]))

const seal = Effect.fnUntraced(
  function*(keyring: Keyring, key: RecordKey, record: SessionRecord, tokens: TokenSet, fail: Failures) {
    const plain = yield* Effect.mapError(encodeTokens(tokens), () => fail("corrupt", "the tokens can't be encoded"))
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const additionalData = associatedData(keyring.first.id, key, record)
    const sealed = yield* Effect.tryPromise({
      try: () => crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, keyring.first.key, utf8.encode(plain)),
      catch: () => fail("unavailable", "the tokens could not be sealed")
    })
    return [
      format,
      keyring.first.id,
      Encoding.encodeBase64Url(iv),
      Encoding.encodeBase64Url(new Uint8Array(sealed))
    ].join(".")
  }
)

const unseal = Effect.fnUntraced(
  function*(keyring: Keyring, key: RecordKey, record: SessionRecord, sealed: string, fail: Failures) {
    const [version, keyId = "", nonce = "", text = "", ...more] = sealed.split(".")
    if (version !== format && /^v\d{1,9}$/.test(version ?? "")) {
      return yield* fail("corrupt", `sealed in the format ${version}, which this version can't read`)
    }
    const iv = Encoding.decodeBase64Url(nonce)
    const data = Encoding.decodeBase64Url(text)
    if (
      version !== format || more.length > 0 || !/^[\w-]{1,64}$/.test(keyId) ||
      Either.isLeft(iv) || iv.right.length !== 12 || Either.isLeft(data) || data.right.length < 16
    ) {
      return yield* fail("tampered", "the seal is damaged")
    }
    const opener = keyring.all.get(keyId)
    if (opener === undefined) return yield* fail("missing-key", `key ${keyId} is not configured`)
    const additionalData = associatedData(keyId, key, record)
    const plain = yield* Effect.tryPromise({
      try: () =>
        crypto.subtle.decrypt(
          { name: "AES-GCM", iv: Uint8Array.from(iv.right), additionalData },
          opener,
          Uint8Array.from(data.right)
        ),
      catch: () => fail("tampered", `altered, moved from another record, or sealed by another key named ${keyId}`)
    })
    return yield* decodeTokens(new TextDecoder().decode(plain)).pipe(
      Effect.mapError(() => fail("corrupt", "what was sealed is not a token set"))
    )
  }
)

/**
 * Wraps a store so that it never holds tokens in clear; `presence` and `changes` are those of the wrapped store. Fails
 * when the keys can't be used. Two of these must not be put over one another.
 *
 * @since 0.1.0
 * @category combinators
 */
export const make = (keys: ReadonlyArray<Key>, options?: Options) => (store: Service) =>
  Effect.map(importKeys(keys), (keyring): Service => {
    const open = Effect.fnUntraced(function*(key: RecordKey, stored: SessionRecord) {
      const fail = failures("read", key)
      const { sealed, ...record } = stored
      if (sealed === undefined) {
        if (record.tokens === undefined || options?.clear !== "refuse") return record
        return yield* fail("tampered", "the tokens are stored in clear, which is refused")
      }
      if (record.tokens !== undefined) {
        return yield* fail("tampered", "tokens both sealed and in clear: is a process writing without the keys?")
      }
      return { ...record, tokens: yield* unseal(keyring, key, stored, sealed, fail) }
    })
    const close = Effect.fnUntraced(function*(key: RecordKey, next: SessionRecord) {
      if (next.tokens === undefined) return next
      const { tokens, ...record } = next
      return { ...record, sealed: yield* seal(keyring, key, next, tokens, failures("write", key)) }
    })
    return {
      get: (key) =>
        Effect.flatMap(
          store.get(key),
          Option.match({
            onNone: () => Effect.succeedNone,
            onSome: (stored) => Effect.asSome(open(key, stored))
          })
        ),
      compareAndSet: (key, expected, next) =>
        Effect.flatMap(close(key, next), (stored) => store.compareAndSet(key, expected, stored)),
      presence: store.presence,
      changes: store.changes
    } satisfies { readonly [K in keyof Service]-?: Service[K] }
  })

/**
 * {@link make} as a layer: takes a store and gives the sealed one, so wire it with `Layer.provide`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  keys: ReadonlyArray<Key>,
  options?: Options
): Layer.Layer<TokenStore, TokenStoreError, TokenStore> =>
  Layer.effect(TokenStore, Effect.flatMap(TokenStore, make(keys, options)))

/**
 * {@link layer} with the keys from configuration, such as {@link keysConfig}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<{ readonly keys: ReadonlyArray<Key> }>,
  options?: Options
): Layer.Layer<TokenStore, TokenStoreError | ConfigError.ConfigError, TokenStore> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(config), ({ keys }) => layer(keys, options)))

/**
 * Keys from one setting: `id:base64`, several with commas between them, the sealing one first
 * (`TOKEN_KEYS=2026-01:J7s…=,2025-07:wPq…=`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const keysConfig = (name: string): Config.Config<ReadonlyArray<Key>> =>
  Config.redacted(name).pipe(
    Config.map((setting) =>
      Redacted.value(setting).split(",").filter((entry) => entry.trim() !== "").map((entry): Key => {
        const at = entry.indexOf(":")
        return { id: entry.slice(0, Math.max(at, 0)).trim(), key: Redacted.make(entry.slice(at + 1)) }
      })
    )
  )
