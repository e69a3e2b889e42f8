/**
 * The name of a session's record in a store: provider / realm / account.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { TokenStoreError } from "./AuthError.ts"

/**
 * The name of one record: the account, the provider, and the realm of that provider.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecordKey {
  readonly provider: string
  readonly realm: string
  /** The application's own opaque id of the account, not an e-mail address. */
  readonly account: string
}

/**
 * The text of a key. The parts are percent-encoded, so two different keys never give the same text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toString = (key: RecordKey): string =>
  `${encode(key.provider)}/${encode(key.realm)}/${encode(key.account)}`

/**
 * The inverse of {@link toString}; `undefined` for a text that it does not make.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromString = (text: string): RecordKey | undefined => {
  const [provider, realm, account, ...more] = text.split("/").map(decode)
  if (provider === undefined || realm === undefined || account === undefined || more.length > 0) return undefined
  const key = { provider, realm, account }
  return toString(key) === text ? key : undefined
}

/**
 * A hash of a key, or of its text from {@link toString}: a number from 0 to 2^53 - 1, the same in every process and
 * version. Stores report changes with it. It is not a cryptographic digest: two keys may have the same hash, and a name
 * can be guessed from its hash.
 *
 * @since 0.1.0
 * @category conversions
 */
export const hash = (key: RecordKey | string): number => {
  const text = typeof key === "string" ? key : toString(key)
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul((high << 13) | (high >>> 19), 5) + Math.imul(unit, 0xcc9e2d51)
  }
  // 21 bits and 32 bits.
  return (mixed(high ^ low) >>> 11) * 2 ** 32 + (mixed(low) >>> 0)
}

/** The finalizer of MurmurHash3: each input bit changes about half of the output bits. */
const mixed = (number: number): number => {
  const once = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}

/**
 * The longest part of a key, in UTF-16 units.
 *
 * @since 0.1.0
 * @category models
 */
export const longest = 4_096

const parts = ["provider", "realm", "account"] as const

/**
 * Checks a key and returns the text of {@link toString}, which stores use as the record's name. Fails with
 * `TokenStoreError` (`misconfigured`) if a part is not a text or is longer than 4,096 UTF-16 units. Every other text is
 * valid: also the empty one, and texts with separators, NUL or a lone surrogate.
 *
 * @since 0.1.0
 * @category conversions
 */
export const check = (key: RecordKey): Effect.Effect<string, TokenStoreError> =>
  Effect.suspend(() => {
    const wrong = parts.find((part) => !isName(key[part]))
    return wrong === undefined ? Effect.succeed(toString(key)) : Effect.fail(refusal(key, wrong))
  })

/**
 * Plain JavaScript can pass any value. Without this check, all callers with a missing account would share the account
 * `undefined`.
 */
const isName = (part: unknown): boolean => typeof part === "string" && part.length <= longest

const refusal = (key: RecordKey, part: string) =>
  new TokenStoreError({
    provider: shortened(key.provider),
    account: shortened(key.account),
    operation: "name",
    reason: "misconfigured",
    detail: `${part}: give a text of at most ${longest.toLocaleString("en")} characters`
  })

const shortened = (part: unknown): string =>
  typeof part !== "string" ? "" : part.length <= 64 ? part : `${part.slice(0, 64)}…`

/** Names that percent-encoding does not change: nearly all of them. */
const plain = /^[\w.!~*'()-]*$/

/** A lone surrogate can't be percent-encoded, but an account may contain one, so it gets an encoding of its own. */
const encode = (text: string): string => plain.test(text) ? text : Array.from(text, encodeCharacter).join("")

const encodeCharacter = (character: string): string =>
  /^[\ud800-\udfff]$/.test(character) ? `%u${character.charCodeAt(0).toString(16)}` : encodeURIComponent(character)

/** Decodes percent-encoded UTF-8, and lone surrogates as {@link encodeCharacter} writes them. */
const decode = (part: string): string | undefined => {
  try {
    return part.split(/(%u[\da-f]{4})/).map((piece) =>
      /^%u[\da-f]{4}$/.test(piece) ? String.fromCharCode(parseInt(piece.slice(2), 16)) : decodeURIComponent(piece)
    ).join("")
  } catch {
    return undefined
  }
}
