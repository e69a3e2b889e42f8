/**
 * Finds secrets in a value: an assertion that prints and walks a value like logs, inspectors and serializers.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as effects from "./internal/seams/printers.ts"

/**
 * A secret was found. The message has its place and form, but not the secret.
 *
 * @since 0.1.0
 * @category errors
 */
export class SecretFound extends Data.TaggedError("SecretFound")<{
  /** The printer or the path that shows it: `JSON.stringify`, `Cause.pretty`, `.cause.request.headers`, … */
  readonly where: string
  /** Its encoding: `plain`, `url`, `base64`, `base64url`, `json`. */
  readonly form: string
  /** The index of the secret in the list, from 0. */
  readonly index: number
}> {
  override get message(): string {
    return `secret ${this.index} shows in ${this.where} (${this.form})`
  }
}

/**
 * The options of a search.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * More ways to print a value, such as Node's `util.inspect`: `{ inspect: (value) => inspect(value, { depth: 9 }) }`.
   */
  readonly printers?: Readonly<Record<string, (value: unknown) => string>> | undefined
  /** How deep properties are followed. Default: 8. */
  readonly depth?: number | undefined
}

/** Encodes in pieces, because a long secret would be too many arguments for one call. */
const base64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text)
  let letters = ""
  for (let at = 0; at < bytes.length; at += 8_192) letters += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(letters)
}

/** Base64 of a text inside a longer text, without the first and last letters, which depend on the neighbours. */
const base64Inside = (text: string): ReadonlyArray<string> =>
  ["", "x", "xx"].map((before) => {
    const start = before === "" ? 0 : 4
    const end = Math.floor(new TextEncoder().encode(before + text).length / 3) * 4
    return base64(before + text).slice(start, end)
  }).filter((part) => part.length >= 8)

/** A lone surrogate can't be in a URL, so clients send this character instead. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, "\ufffd")

const urlSafe = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")

const forms = (secret: string): ReadonlyArray<readonly [form: string, text: string]> => {
  const inside = base64Inside(secret)
  return [
    ["plain", secret],
    ["url", encodeURIComponent(wellFormed(secret))],
    ["url", new URLSearchParams([["", secret]]).toString().slice(1)],
    ["json", JSON.stringify(secret).slice(1, -1)],
    ["base64", base64(secret)],
    ...inside.map((text) => ["base64", text] as const),
    ["base64url", urlSafe(base64(secret))],
    ...inside.map((text) => ["base64url", urlSafe(text)] as const)
  ]
}

const attempt = (print: () => unknown): string => {
  try {
    return String(print())
  } catch {
    return ""
  }
}

const nodeInspect = Symbol.for("nodejs.util.inspect.custom")

const printers: Readonly<Record<string, (value: unknown) => unknown>> = {
  "String": (value) => String(value),
  "JSON.stringify": (value) => JSON.stringify(value),
  "Inspectable.toStringUnknown": (value) => Inspectable.toStringUnknown(value),
  "Inspectable.format": (value) => effects.formatted(value),
  "util.inspect": (value) => {
    const custom = Predicate.hasProperty(value, nodeInspect) ? value[nodeInspect] : undefined
    return Predicate.isFunction(custom) ? Inspectable.toStringUnknown(custom.call(value, 8, {})) : ""
  },
  "Cause.pretty": (value) => effects.pretty(toCause(value)),
  "Cause.toJSON": (value) => JSON.stringify(toCause(value))
}

const toCause = (value: unknown): Cause.Cause<unknown> =>
  Cause.isCause(value) ? value : Exit.isExit(value) && Exit.isFailure(value) ? value.cause : Cause.fail(value)

const key = (name: PropertyKey): string => typeof name === "symbol" ? `[${String(name)}]` : `.${String(name)}`

/**
 * Visits every text that is reachable from a value, with its path: own properties (also not enumerable ones), maps,
 * sets, bytes.
 */
const walk = (
  value: unknown,
  path: string,
  depth: number,
  seen: Set<unknown>,
  found: Array<readonly [string, string]>
): void => {
  if (typeof value === "string") found.push([path, value])
  if (!Predicate.isObjectKeyword(value) || seen.has(value) || depth < 0) return
  seen.add(value)
  if (value instanceof Uint8Array) {
    found.push([path, attempt(() => new TextDecoder().decode(value))])
    return
  }
  if (value instanceof Map || value instanceof Set) {
    for (const one of value.entries()) walk(one, `${path}[entry]`, depth - 1, seen, found)
  }
  for (const name of Reflect.ownKeys(value)) {
    if (typeof name === "string") found.push([`${path} (a name)`, name])
    walk(read(value, name), path + key(name), depth - 1, seen, found)
  }
}

const read = (value: object, name: PropertyKey): unknown => {
  try {
    return Reflect.get(value, name)
  } catch {
    return undefined
  }
}

/**
 * The first place where a value shows one of the secrets, or `undefined`. A `Redacted` may hold a secret; everything
 * else that is reachable is searched, also properties that are not enumerable. Secrets of fewer than four characters
 * are skipped.
 *
 * @since 0.1.0
 * @category getters
 */
export const findSecret = (
  value: unknown,
  secrets: ReadonlyArray<string | Redacted.Redacted<string>>,
  options?: Options
): SecretFound | undefined => {
  const texts: Array<readonly [string, string]> = []
  for (const [name, print] of Object.entries({ ...printers, ...options?.printers })) {
    texts.push([name, attempt(() => print(value))])
  }
  walk(value, "value", options?.depth ?? 8, new Set(), texts)
  for (const [index, secret] of secrets.entries()) {
    const plain = Redacted.isRedacted(secret) ? Redacted.value(secret) : secret
    for (const [form, text] of plain.length < 4 ? [] : forms(plain)) {
      const place = texts.find(([, printed]) => printed.includes(text))
      if (place !== undefined) return new SecretFound({ where: place[0], form, index })
    }
  }
  return undefined
}

/**
 * Fails with {@link SecretFound} if a value shows one of the secrets.
 *
 * @since 0.1.0
 * @category combinators
 */
export const assertNoSecret = (
  value: unknown,
  secrets: ReadonlyArray<string | Redacted.Redacted<string>>,
  options?: Options
): Effect.Effect<void, SecretFound> =>
  Effect.suspend(() => {
    const found = findSecret(value, secrets, options)
    return found === undefined ? Effect.void : Effect.fail(found)
  })
