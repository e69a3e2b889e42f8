/** The secrets that are sealed beside the sessions: client tokens and client secrets for later refreshes. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { storeError } from "./home.ts"
import { bytesOf, type Key } from "./keys.ts"

const utf8 = new TextEncoder()

/** Loaded only where a secret is sealed or opened: few commands do. */
const jose = Effect.promise(() => import("jose"))

const key32 = (key: Key): Uint8Array<ArrayBuffer> => bytesOf(key) ?? new Uint8Array(32)

/** The account and the name that a sealed text is bound to. It can't be opened for others. */
export type Belonging = ReadonlyArray<string>

const type = "effect-auth-sealed"

/** A compact JWE (RFC 7516) with `dir` and A256GCM. Its protected header names the key and what the text belongs to. */
export const seal = Effect.fnUntraced(function*(
  [first]: ReadonlyArray<Key>,
  belonging: Belonging,
  secret: Redacted.Redacted<string>
) {
  if (first === undefined) return yield* storeError("missing-key", "no key")
  const { CompactEncrypt } = yield* jose
  return yield* Effect.promise(() =>
    new CompactEncrypt(utf8.encode(Redacted.value(secret)))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: first.id, typ: type, belonging })
      .encrypt(key32(first))
  )
})

const damaged = () => storeError("tampered", "a sealed secret is damaged")

const altered = () =>
  storeError("tampered", "a sealed secret, or the account it belongs to, was altered: sign in again")

const find = Effect.fnUntraced(function*(all: ReadonlyArray<Key>, id: string | undefined) {
  const found = all.find((key) => key.id === id)
  return found ?? (yield* storeError("missing-key", `key ${id ?? ""} is not configured`))
})

export const unseal = Effect.fnUntraced(function*(all: ReadonlyArray<Key>, belonging: Belonging, sealed: string) {
  if (sealed.startsWith("v1.")) return yield* unsealFirst(all, belonging, sealed)
  const { compactDecrypt, decodeProtectedHeader } = yield* jose
  const header = yield* Effect.try({ try: () => decodeProtectedHeader(sealed), catch: damaged })
  const found = yield* find(all, header.kid)
  if (header.typ !== type || JSON.stringify(header["belonging"]) !== JSON.stringify(belonging)) return yield* altered()
  const { plaintext } = yield* Effect.tryPromise({
    try: () =>
      compactDecrypt(sealed, key32(found), {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"]
      }),
    catch: altered
  })
  return Redacted.make(new TextDecoder().decode(plaintext))
})

/** Opens the first format: `v1.<key id>.<nonce>.<ciphertext and tag>`. */
const unsealFirst = Effect.fnUntraced(function*(all: ReadonlyArray<Key>, belonging: Belonging, sealed: string) {
  const [, id = "", ...parts] = sealed.split(".")
  const [iv, data] = parts.map((part) => Either.getOrUndefined(Encoding.decodeBase64Url(part)))
  if (iv === undefined || data === undefined) return yield* damaged()
  const found = yield* find(all, id)
  const additionalData = utf8.encode(JSON.stringify(["@effect-auth/cli/sealed", "v1", id, ...belonging]))
  const plain = yield* Effect.tryPromise({
    try: async () => {
      const key = await crypto.subtle.importKey("raw", key32(found), "AES-GCM", false, ["decrypt"])
      const about = { name: "AES-GCM", iv: Uint8Array.from(iv), additionalData }
      return crypto.subtle.decrypt(about, key, Uint8Array.from(data))
    },
    catch: altered
  })
  return Redacted.make(new TextDecoder().decode(plain))
})
