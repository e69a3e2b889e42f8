/**
 * The key, and the secrets that are sealed with it beside the sessions: client tokens and client secrets for later refreshes.
 *
 * The key is 32 random bytes in base64. It comes from `EFFECT_AUTH_KEY`, else from the file `key`, which is made on first
 * use. Several keys, with commas or line ends between them, are a rotation: the first seals, all of them open.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs/promises"
import { files, type Home, prepare, storeError, variable, writePrivate } from "./home.ts"
import * as Output from "./output.ts"

export interface Key {
  /** Derived from the key, so that another key is recognised as another. */
  readonly id: string
  readonly key: Redacted.Redacted<string>
}

const utf8 = new TextEncoder()

const bytesOf = (key: Key): Uint8Array<ArrayBuffer> | undefined => {
  const text = Redacted.value(key.key).replace(/\+/g, "-").replace(/\//g, "_")
  const bytes = Either.getOrUndefined(Encoding.decodeBase64Url(text))
  return bytes?.length === 32 ? Uint8Array.from(bytes) : undefined
}

const name = (text: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", utf8.encode(`effect-auth key\n${text}`))),
    (digest): Key => ({
      id: `k${Encoding.encodeHex(new Uint8Array(digest)).slice(0, 12)}`,
      key: Redacted.make(text)
    })
  )

const parse = Effect.fnUntraced(function*(text: string, from: string) {
  const texts = text.split(/[,\n]/).map((line) => line.trim()).filter((line) => line !== "")
  const keys = yield* Effect.forEach([...new Set(texts)], name)
  if (keys.length > 0 && keys.every((key) => bytesOf(key) !== undefined)) return keys
  return yield* storeError("missing-key", `${from} does not hold 32 bytes in base64 (openssl rand -base64 32)`)
})

const readFile = Effect.fnUntraced(function*(home: Home) {
  const text = yield* files(home.key, () => Fs.readFile(home.key, "utf8"))
  if (text === undefined) return undefined
  const stat = process.platform === "win32" ? undefined : yield* files(home.key, () => Fs.stat(home.key))
  if (stat !== undefined && (stat.mode & 0o077) !== 0) {
    yield* files(home.key, () => Fs.chmod(home.key, 0o600))
    yield* Output.say(`${home.key} could be read by others, and is closed now; it may have been read`)
  }
  return yield* parse(text, home.key)
})

/** The keys; the first seals. A new one is made only where nothing was sealed yet. */
export const keys = (home: Home): Effect.Effect<ReadonlyArray<Key>, TokenStoreError> =>
  Effect.gen(function*() {
    const given = yield* variable("EFFECT_AUTH_KEY")
    if (given !== undefined) return yield* parse(given, "EFFECT_AUTH_KEY")
    const found = yield* readFile(home)
    if (found !== undefined) return found
    const database = yield* files(home.database, () => Fs.stat(home.database))
    if (database !== undefined) {
      return yield* storeError(
        "missing-key",
        `${home.key} is gone and EFFECT_AUTH_KEY is not set: what is in ${home.folder} can't be opened without the key. ` +
          "Put it back, or remove the folder and sign in again"
      )
    }
    yield* prepare(home)
    const fresh = Encoding.encodeBase64(crypto.getRandomValues(new Uint8Array(32)))
    yield* writePrivate(home.key, `${fresh}\n`, false)
    // Another process may have been first: the key is the one that is in the file now.
    return (yield* readFile(home)) ?? (yield* storeError("unavailable", `${home.key} can't be read back`))
  })

const imported = (key: Key) =>
  Effect.promise(async () =>
    crypto.subtle.importKey("raw", bytesOf(key) ?? new Uint8Array(32), "AES-GCM", false, ["encrypt", "decrypt"])
  )

/** The account and the name that a sealed text is bound to. It can't be opened for others. */
export type Belonging = ReadonlyArray<string>

const bound = (id: string, belonging: Belonging) =>
  utf8.encode(JSON.stringify(["@effect-auth/cli/sealed", "v1", id, ...belonging]))

/** AES-256-GCM with a nonce of its own: `v1.<key id>.<nonce>.<ciphertext and tag>`. */
export const seal = Effect.fnUntraced(function*(
  [first]: ReadonlyArray<Key>,
  belonging: Belonging,
  secret: Redacted.Redacted<string>
) {
  if (first === undefined) return yield* storeError("missing-key", "no key")
  const key = yield* imported(first)
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const sealed = yield* Effect.promise(() =>
    crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: bound(first.id, belonging) },
      key,
      utf8.encode(Redacted.value(secret))
    )
  )
  return ["v1", first.id, Encoding.encodeBase64Url(iv), Encoding.encodeBase64Url(new Uint8Array(sealed))].join(".")
})

export const unseal = Effect.fnUntraced(function*(all: ReadonlyArray<Key>, belonging: Belonging, sealed: string) {
  const [version, id = "", nonce = "", text = ""] = sealed.split(".")
  const iv = Encoding.decodeBase64Url(nonce)
  const data = Encoding.decodeBase64Url(text)
  if (version !== "v1" || Either.isLeft(iv) || Either.isLeft(data)) {
    return yield* storeError("tampered", "a sealed secret is damaged")
  }
  const found = all.find((key) => key.id === id)
  if (found === undefined) return yield* storeError("missing-key", `key ${id} is not configured`)
  const key = yield* imported(found)
  const plain = yield* Effect.tryPromise({
    try: () =>
      crypto.subtle.decrypt(
        { name: "AES-GCM", iv: Uint8Array.from(iv.right), additionalData: bound(id, belonging) },
        key,
        Uint8Array.from(data.right)
      ),
    catch: () => storeError("tampered", "a sealed secret, or the account it belongs to, was altered: sign in again")
  })
  return Redacted.make(new TextDecoder().decode(plain))
})
