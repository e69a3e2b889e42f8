/** Digests by which credentials are recognised without being stored. */
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Semaphore from "effect/Semaphore"

const utf8 = new TextEncoder()

/** HMAC-SHA-256 of a text. Fast: only for what opens nothing any more, such as a code that works once and was used. */
export const fast = (salt: string, text: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const key = await crypto.subtle.importKey("raw", utf8.encode(salt), { name: "HMAC", hash: "SHA-256" }, false, [
      "sign"
    ])
    return Base64Url.encode(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))))
  })

/**
 * How much work one guess of a password takes, as OWASP asks for PBKDF2 with SHA-256: about 0.2 s of one core.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2
 */
const iterations = 600_000

/** More than this (somebody wrote it into the store) is not computed: it would hold a core for long. */
const mostIterations = 5_000_000

/** PBKDF2 runs on the threads that also read files and resolve names: one at a time leaves the others free. */
const turns = Semaphore.makeUnsafe(1)

/**
 * Made from the fast digest and not from the password, so that a record that holds the fast one can be written again
 * without the password.
 */
const stretch = (salt: string, fastDigest: string, count: number): Effect.Effect<string> =>
  turns.withPermits(1)(Effect.promise(async () => {
    const key = await crypto.subtle.importKey("raw", utf8.encode(fastDigest), "PBKDF2", false, ["deriveBits"])
    const bits = await crypto.subtle.deriveBits(
      { name: "PBKDF2", hash: "SHA-256", salt: utf8.encode(salt), iterations: count },
      key,
      256
    )
    return `${name}$${count}$${Base64Url.encode(new Uint8Array(bits))}`
  }))

const name = "pbkdf2-sha256"

/** The digest that was computed last: the same credentials cost the computation once a process. */
const known = new Map<string, string>()
const mostKnown = 256

const remembering = Effect.fnUntraced(function*(salt: string, fastDigest: string, count: number) {
  const id = `${count} ${salt} ${fastDigest}`
  const before = known.get(id)
  if (before !== undefined) return before
  const slow = yield* stretch(salt, fastDigest, count)
  for (const oldest of known.keys()) {
    if (known.size < mostKnown) break
    known.delete(oldest)
  }
  known.set(id, slow)
  return slow
})

/** `pbkdf2-sha256$<iterations>$<bits>`: a fast digest, stretched. */
export const slowOf = (salt: string, fastDigest: string): Effect.Effect<string> =>
  remembering(salt, fastDigest, iterations)

/** Records from before slow digests hold the fast one, which has no `$`. */
export const isFast = (digest: string): boolean => !digest.includes("$")

/** Whether a stored digest, fast or slow, is that of a text. */
export const matches = Effect.fnUntraced(
  function*(stored: { readonly salt: string; readonly digest: string }, text: string) {
    const fastDigest = yield* fast(stored.salt, text)
    if (isFast(stored.digest)) return fastDigest === stored.digest
    const [algorithm, count = ""] = stored.digest.split("$")
    const asked = /^[1-9]\d{0,6}$/.test(count) ? Number(count) : Infinity
    if (algorithm !== name || asked > mostIterations) return false
    return (yield* remembering(stored.salt, fastDigest, asked)) === stored.digest
  }
)
