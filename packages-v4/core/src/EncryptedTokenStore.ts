/**
 * A decorator over any other store that seals (encrypts) the secrets with a key.
 *
 * Sealed: the token set, the digest of used credentials, the texts of the server, and every field that this version
 * does not know. In clear, because compare-and-set and the protocol need them: the name of the record, version,
 * generation, session, state with its reason and status, claim, doubt and retry.
 *
 * ```ts
 * const Store = EncryptedTokenStore.layerConfig(EncryptedTokenStore.keysConfig("TOKEN_KEYS")).pipe(
 *   Layer.provide(SqliteTokenStore.layer({ filename: "data/sessions.db" }))
 * )
 * ```
 *
 * **Keys.** The first key seals, all of them unseal. To rotate: put a new key in front in every process, and remove the
 * old one when all records were written again (each write seals with the first key, so an active session gets the new
 * key at its next refresh). If the processes are updated one after another, first add the new key *behind* the old one
 * everywhere, then move it to the front. Otherwise a process without the new key fails with `missing-key`. A key is 32
 * random bytes, `openssl rand -base64 32`. The nonce is random, so renew the key before it has sealed 2^32 records.
 * Errors about keys name a position (`key 1`) and never show an id, because somebody may have written a key instead of
 * its id.
 *
 * **The seal.** `v2.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url without padding: AES-256-GCM, a
 * fresh nonce of 96 bits for each write, a tag of 128 bits. The plaintext is a JSON object of the sealed fields. The
 * associated data is the JSON array `["@effect-auth/sealed","v2",keyId,provider,realm,account,session,generation]`, so
 * a seal that was moved to another account, another sign-in or another generation does not open. The version is not in
 * the associated data, so a tool without the key can still remove a leftover claim. A seal of the older form `v1` holds
 * only the token set. It is read, and the next write makes it `v2`.
 *
 * **Limits.** An attacker who can write to the store can restore an old record, erase a record, or change the fields in
 * clear. A record that was written before encryption was turned on is still read, and its next write seals it. An
 * attacker can plant such a record too, so set `clear: "refuse"` once all records are sealed. The sealed text shows the
 * length of the tokens.
 *
 * @see NIST SP 800-38D, section 8.3: https://doi.org/10.6028/NIST.SP.800-38D
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { TokenStoreError } from "./AuthError.ts"
import { hasSecretInClear, parts, type Secrets, together } from "./internal/sealedParts.ts"
import type { RecordKey } from "./RecordKey.ts"
import type { SessionRecord } from "./SessionRecord.ts"
import type { Service } from "./TokenStore.ts"
import { TokenStore } from "./TokenStore.ts"

/**
 * A key and its id, which is part of each seal.
 *
 * @since 0.1.0
 * @category models
 */
export interface Key {
  /** 1 to 64 letters, digits, `-` or `_`. It is stored in clear. Never give two keys the same id. */
  readonly id: string
  /** 32 random bytes, as bytes or in base64. */
  readonly key: Redacted.Redacted<string> | Redacted.Redacted<Uint8Array>
}

/**
 * How the store behaves. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How to handle tokens, digests and texts that were stored in clear. `accept` (default): they are read, and the next
   * write seals them. `refuse`: reading fails.
   */
  readonly clear?: "accept" | "refuse" | undefined
}

const format = "v2"

/** The older form of a seal, which holds only the token set. */
const older = "v1"

const json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decodeJson = Schema.decodeEffect(json)
const utf8 = new TextEncoder()

/**
 * Makes the failures of one operation on one record, or of making the store when there is no record. `version` is that
 * of a record that can't be opened, so that a sign-in or a sign-out can replace it.
 */
const failures =
  (operation: string, about?: RecordKey, version?: number) => (reason: TokenStoreError["reason"], detail: string) =>
    new TokenStoreError({
      provider: about?.provider ?? "",
      account: about?.account ?? "",
      operation,
      reason,
      detail,
      version
    })

type Failures = ReturnType<typeof failures>

const refused = failures("open")

interface Keyring {
  readonly first: { readonly id: string; readonly key: CryptoKey }
  readonly all: ReadonlyMap<string, CryptoKey>
}

/** Reads base64 and base64url, with or without padding. No part of the text gets into an error. */
const bytesOf = (key: unknown): Uint8Array | undefined => {
  if (!Redacted.isRedacted(key)) return undefined
  const value: unknown = Redacted.value(key)
  if (value instanceof Uint8Array) return value
  if (typeof value !== "string") return undefined
  const text = value.trim().replace(/\+/g, "-").replace(/\//g, "_")
  return Result.getOrUndefined(Base64Url.decode(text))
}

const isKeyId = (text: unknown): text is string => typeof text === "string" && /^[\w-]{1,64}$/.test(text)

/** 32 bytes are 43 characters in base64url and 64 in hexadecimal. */
const isLikeKey = (id: string): boolean => /^(?:[\w-]{43}|[\da-f]{64})$/i.test(id)

const whatIsWrong = (key: Key, bytes: Uint8Array | undefined): string | undefined => {
  if (!isKeyId(key.id)) return "its id is not 1 to 64 letters, digits, - or _"
  if (isLikeKey(key.id)) return "its id looks like a key: are id and key exchanged?"
  if (bytes === undefined) return "it is neither base64 nor bytes, in a Redacted: are id and key exchanged?"
  if (bytes.length === 32) return undefined
  return `it has ${bytes.length} bytes and must have 32 (openssl rand -base64 32)` +
    (bytes.length === 48 ? ": is it hexadecimal? Base64 is needed" : "")
}

const importKey = (key: Key, position: number): Effect.Effect<CryptoKey, TokenStoreError> => {
  const bytes = bytesOf(key.key)
  const wrong = whatIsWrong(key, bytes)
  if (bytes === undefined || wrong !== undefined) {
    return Effect.fail(refused("missing-key", `key ${position}: ${wrong}`))
  }
  return Effect.tryPromise({
    try: async () => crypto.subtle.importKey("raw", Uint8Array.from(bytes), "AES-GCM", false, ["encrypt", "decrypt"]),
    catch: () => refused("unavailable", "this platform has no WebCrypto; in a browser it needs a secure context")
  })
}

/** Plain JavaScript can pass any value. */
const isKeys = (keys: unknown): boolean => Array.isArray(keys) && keys.every(Predicate.isObject)

const importKeys = Effect.fnUntraced(function*(keys: ReadonlyArray<Key>) {
  if (!isKeys(keys)) return yield* refused("misconfigured", "give a list of keys: [{ id, key }]")
  const all = new Map<string, CryptoKey>()
  for (const [index, key] of keys.entries()) {
    const before = keys.findIndex(({ id }) => id === key.id)
    if (before < index) {
      return yield* refused("missing-key", `keys ${before + 1} and ${index + 1} have the same id`)
    }
    all.set(key.id, yield* importKey(key, index + 1))
  }
  for (const [id, key] of all) return { first: { id, key }, all } satisfies Keyring
  return yield* refused("missing-key", "no key is configured: 32 random bytes (openssl rand -base64 32)")
})

const associatedData = (
  version: string,
  keyId: string,
  key: RecordKey,
  record: SessionRecord
): Uint8Array<ArrayBuffer> =>
  utf8.encode(JSON.stringify([
    "@effect-auth/sealed",
    version,
    keyId,
    key.provider,
    key.realm,
    key.account,
    record.session,
    record.generation
  ]))

const seal = Effect.fnUntraced(
  function*(keyring: Keyring, key: RecordKey, record: SessionRecord, secrets: Secrets, fail: Failures) {
    const iv = crypto.getRandomValues(new Uint8Array(12))
    const additionalData = associatedData(format, keyring.first.id, key, record)
    const plain = utf8.encode(JSON.stringify(secrets))
    const sealed = yield* Effect.tryPromise({
      try: () => crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, keyring.first.key, plain),
      catch: () => fail("unavailable", "the record could not be sealed")
    })
    return [
      format,
      keyring.first.id,
      Base64Url.encode(iv),
      Base64Url.encode(new Uint8Array(sealed))
    ].join(".")
  }
)

const unseal = Effect.fnUntraced(
  function*(keyring: Keyring, key: RecordKey, record: SessionRecord, sealed: string, fail: Failures) {
    const [version = "", keyId = "", nonce = "", text = "", ...more] = sealed.split(".")
    const isKnown = version === format || version === older
    if (!isKnown && /^v\d{1,9}$/.test(version)) {
      return yield* fail("corrupt", `sealed in the format ${version}, which this version can't read`)
    }
    const iv = Base64Url.decode(nonce)
    const data = Base64Url.decode(text)
    if (
      !isKnown || more.length > 0 || !isKeyId(keyId) ||
      Result.isFailure(iv) || iv.success.length !== 12 || Result.isFailure(data) || data.success.length < 16
    ) {
      return yield* fail("tampered", "the seal is damaged")
    }
    const opener = keyring.all.get(keyId)
    const name = isLikeKey(keyId) ? "that sealed it" : keyId
    if (opener === undefined) return yield* fail("missing-key", `key ${name} is not configured`)
    const additionalData = associatedData(version, keyId, key, record)
    const plain = yield* Effect.tryPromise({
      try: () =>
        crypto.subtle.decrypt(
          { name: "AES-GCM", iv: Uint8Array.from(iv.success), additionalData },
          opener,
          Uint8Array.from(data.success)
        ),
      catch: () => fail("tampered", `altered, moved from another record, or sealed by another key named ${name}`)
    })
    const secrets: Secrets = yield* Effect.mapError(
      decodeJson(new TextDecoder().decode(plain)),
      () => fail("corrupt", "the sealed part is not a JSON object")
    )
    return version === older ? { tokens: secrets } : secrets
  }
)

/** With a `v2` seal nothing secret is in clear; with `v1` only the tokens were sealed. */
const isMixed = (record: SessionRecord, sealed: string): boolean =>
  sealed.startsWith(`${older}.`) ? record.tokens !== undefined : hasSecretInClear(record)

/**
 * Wraps a store so that it never holds secrets in clear. `presence`, `changes`, `scan` and `erase` are those of the
 * wrapped store. The first key seals; all keys unseal. Fails when the keys or options are invalid. Don't wrap a store
 * twice: the first write then fails.
 *
 * @since 0.1.0
 * @category combinators
 */
export const make = (keys: ReadonlyArray<Key>, options: Options = {}) => (store: Service) =>
  Effect.gen(function*() {
    const { clear = "accept" } = options
    if (clear !== "accept" && clear !== "refuse") {
      return yield* refused("misconfigured", "the option clear must be accept or refuse")
    }
    const keyring = yield* importKeys(keys)
    const open = Effect.fnUntraced(function*(key: RecordKey, stored: SessionRecord) {
      const fail = failures("read", key, stored.version)
      const { sealed, ...record } = stored
      if (sealed === undefined) {
        if (clear === "accept" || !hasSecretInClear(record)) return record
        return yield* fail("tampered", "tokens, a digest or texts are stored in clear, which is refused")
      }
      if (isMixed(record, sealed)) {
        return yield* fail(
          "tampered",
          "the record has secrets both sealed and in clear; a process may be writing without the keys"
        )
      }
      const secrets = yield* unseal(keyring, key, stored, sealed, fail)
      return yield* Effect.mapError(
        together(record, secrets),
        () => fail("corrupt", "the sealed part does not belong to a record")
      )
    })
    const close = Effect.fnUntraced(function*(key: RecordKey, next: SessionRecord) {
      const fail = failures("write", key)
      if (next.sealed !== undefined) {
        return yield* fail("corrupt", "the record is already sealed; the store may be wrapped twice")
      }
      const { clear, secrets } = yield* Effect.mapError(
        parts(next),
        () => fail("corrupt", "the record can't be encoded")
      )
      return secrets === undefined
        ? clear
        : { ...clear, sealed: yield* seal(keyring, key, next, secrets, fail) }
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
      changes: store.changes,
      reportsAtOnce: store.reportsAtOnce,
      scan: store.scan,
      erase: store.erase
    } satisfies { readonly [K in keyof Service]-?: Service[K] }
  })

/**
 * {@link make} as a layer: it needs a store and provides the sealed one. Connect both with `Layer.provide`.
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
 * {@link layer} with keys from the configuration; see {@link keysConfig}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  keys: Config.Config<ReadonlyArray<Key>>,
  options?: Options
): Layer.Layer<TokenStore, TokenStoreError | Config.ConfigError, TokenStore> =>
  Layer.unwrap(Effect.map(keys, (keys) => layer(keys, options)))

/**
 * Reads keys from one setting: a list of `id:base64`, separated by commas. The first key seals
 * (`TOKEN_KEYS=2026-01:J7s…=,2025-07:wPq…=`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const keysConfig = (name: string): Config.Config<ReadonlyArray<Key>> =>
  Config.Redacted(name).pipe(
    Config.map((setting) =>
      Redacted.value(setting).split(",").filter((entry) => entry.trim() !== "").map((entry): Key => {
        const at = entry.indexOf(":")
        return { id: entry.slice(0, Math.max(at, 0)).trim(), key: Redacted.make(entry.slice(at + 1)) }
      })
    )
  )
