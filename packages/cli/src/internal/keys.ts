/**
 * The key that seals sessions and client secrets: 32 random bytes in base64. It comes from `EFFECT_AUTH_KEY`, else from the
 * file `key`, which is made on first use. The file has the key, or says under which name the system's keychain has it:
 * `keychain <name>`. Several keys, with commas or line ends between them, are a rotation: the first seals, all of them open.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs/promises"
import { files, type Home, prepare, storeError, variable, writePrivate } from "./home.ts"
import * as keychain from "./keychain.ts"
import * as Output from "./output.ts"

export interface Key {
  /** Derived from the key, so that another key is recognised as another. */
  readonly id: string
  readonly key: Redacted.Redacted<string>
}

export const bytesOf = (key: Key): Uint8Array<ArrayBuffer> | undefined => {
  const text = Redacted.value(key.key).replace(/\+/g, "-").replace(/\//g, "_")
  const bytes = Either.getOrUndefined(Encoding.decodeBase64Url(text))
  return bytes?.length === 32 ? Uint8Array.from(bytes) : undefined
}

const name = (text: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(`effect-auth key\n${text}`))),
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

/** Where the key is, and its text. */
export type Place =
  | { readonly _tag: "file"; readonly text: string }
  | { readonly _tag: "keychain"; readonly id: string; readonly text: string }

const readFile = Effect.fnUntraced(function*(home: Home) {
  const text = yield* files(home.key, () => Fs.readFile(home.key, "utf8"))
  if (text === undefined) return undefined
  const stat = process.platform === "win32" ? undefined : yield* files(home.key, () => Fs.stat(home.key))
  if (stat !== undefined && (stat.mode & 0o077) !== 0) {
    yield* files(home.key, () => Fs.chmod(home.key, 0o600))
    yield* Output.say(`${home.key} could be read by others, and is closed now; it may have been read`)
  }
  return text
})

const pointer = (id: string): string => `keychain ${id}\n`

const idOf = (text: string): string | undefined => /^keychain (\S+)\s*$/.exec(text)?.[1]

/** `undefined`: no key was made yet. */
export const find = (home: Home): Effect.Effect<Place | undefined, TokenStoreError> =>
  Effect.gen(function*() {
    const text = yield* readFile(home)
    const id = idOf(text ?? "")
    if (text === undefined || id === undefined) return text === undefined ? undefined : { _tag: "file", text }
    const kept = yield* keychain.read(id)
    if (kept !== undefined) return { _tag: "keychain", id, text: kept }
    // Another process may have moved the key meanwhile.
    if ((yield* readFile(home)) !== text) return yield* find(home)
    return yield* storeError(
      "missing-key",
      `${home.key} says that the system's keychain has the key, under "${keychain.service}" and ${id}, and it is not ` +
        `there. Set EFFECT_AUTH_KEY to it, or remove ${home.folder} and sign in again`
    )
  })

const create = Effect.fnUntraced(function*(home: Home) {
  const fresh = Encoding.encodeBase64(crypto.getRandomValues(new Uint8Array(32)))
  const asked = yield* variable("EFFECT_AUTH_KEY_STORE")
  if (asked !== undefined && asked !== "file" && asked !== "keychain") {
    return yield* storeError("misconfigured", "EFFECT_AUTH_KEY_STORE is file or keychain")
  }
  const id = crypto.randomUUID()
  const isKept = asked === "file"
    ? false
    : yield* Effect.matchEffect(keychain.write(id, fresh, asked === "keychain" ? "30 seconds" : "3 seconds"), {
      onFailure: (error) => asked === "keychain" ? Effect.fail(error) : Effect.succeed(false),
      onSuccess: () => Effect.succeed(true)
    })
  yield* writePrivate(home.key, isKept ? pointer(id) : `${fresh}\n`, false)
  // Another process may have been first: the key is what the file says now.
  const found = yield* find(home)
  if (isKept && (found?._tag !== "keychain" || found.id !== id)) yield* keychain.remove(id)
  return found
})

/** The keys; the first seals. A new one is made only where nothing was sealed yet. */
export const all = (home: Home): Effect.Effect<ReadonlyArray<Key>, TokenStoreError> =>
  Effect.gen(function*() {
    const given = yield* variable("EFFECT_AUTH_KEY")
    if (given !== undefined) return yield* parse(given, "EFFECT_AUTH_KEY")
    const found = yield* find(home)
    if (found !== undefined) return yield* parse(found.text, found._tag === "file" ? home.key : "the keychain's entry")
    const database = yield* files(home.database, () => Fs.stat(home.database))
    if (database !== undefined) {
      return yield* storeError(
        "missing-key",
        `${home.key} is gone and EFFECT_AUTH_KEY is not set: what is in ${home.folder} can't be opened without the key. ` +
          "Put it back, or remove the folder and sign in again"
      )
    }
    yield* prepare(home)
    const made = yield* create(home)
    if (made === undefined) return yield* storeError("unavailable", `${home.key} can't be read back`)
    return yield* parse(made.text, home.key)
  })

/** Moves the key. It is in its new place before it leaves the old one. Fails if there is no key. */
export const move = Effect.fnUntraced(function*(home: Home, to: Place["_tag"]) {
  const found = yield* find(home)
  if (found === undefined) return yield* storeError("missing-key", `${home.folder} has no key yet: sign in first`)
  if (found._tag === to) return found
  if (found._tag === "keychain") {
    yield* writePrivate(home.key, found.text, true)
    yield* keychain.remove(found.id)
    const place: Place = { _tag: "file", text: found.text }
    return place
  }
  const id = crypto.randomUUID()
  yield* keychain.write(id, found.text, "30 seconds")
  yield* writePrivate(home.key, pointer(id), true)
  const place: Place = { _tag: "keychain", id, text: found.text }
  return place
})
