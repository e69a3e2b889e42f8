/** Checks settings before anything is opened or sent. An error never quotes the wrong value. */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** The setting, or the error text. */
export type Checked<A> = Result.Result<A, string>

/** An optional setting that must satisfy `isRight`. */
export const optional = <A>(
  name: string,
  value: unknown,
  isRight: (value: unknown) => value is A,
  words: string
): Checked<A | undefined> =>
  value === undefined || isRight(value) ? Result.succeed(value) : Result.fail(`${name}: ${words}`)

/** A text that is not empty and has no control characters. */
export const isText = (value: unknown): value is string => typeof value === "string" && /^[^\p{Cc}]+$/u.test(value)

const isWhole = (least: number, most: number) => (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most

export const isPort = isWhole(1, 65_535)

export const isCount = isWhole(1, 1_000)

export const isSize = isWhole(1, Number.MAX_SAFE_INTEGER)

/** A name, an IPv4 or an IPv6 address. */
export const isHost = (value: unknown): value is string =>
  typeof value === "string" && /^([\p{L}\p{N}_]([\p{L}\p{N}_.-]{0,252})|[0-9a-f:.]*:[0-9a-f:.]*)$/iu.test(value)

/** A day: nothing here needs longer, and a timer of more than 2^31 milliseconds would fire at once. */
const longest = Duration.toMillis("1 day")

/** Milliseconds. */
export const millis = (name: string, value: unknown, otherwise: number): Checked<number> => {
  if (value === undefined) return Result.succeed(otherwise)
  const length = Option.map(Duration.fromInput(value as Duration.Input), Duration.toMillis)
  return Option.isSome(length) && length.value >= 1 && length.value <= longest
    ? Result.succeed(length.value)
    : Result.fail(`${name}: give a length such as "2 seconds", at least a millisecond, at most a day`)
}

/** A secret: a text in a Redacted. */
export const hidden = (name: string, value: unknown): Checked<string | undefined> => {
  if (value === undefined) return Result.succeed(undefined)
  const text: unknown = Redacted.isRedacted(value) ? Redacted.value(value) : undefined
  return typeof text === "string"
    ? Result.succeed(text)
    : Result.fail(`${name}: give a text in a Redacted (Redacted.make, Config.Redacted)`)
}

/** Checks the names of all settings, so that a misspelt name is an error. */
export const known = (options: unknown, names: ReadonlyArray<string>): Checked<void> => {
  if (!Predicate.isObject(options)) return Result.fail("options: give an object of settings")
  return Object.keys(options).every((name) => names.includes(name))
    ? Result.succeed(undefined)
    : Result.fail(`options: one of the names is not known; the known names are ${names.join(", ")}`)
}

/**
 * PostgreSQL would shorten a longer name, and the migrator would not find its own table again. SQLite keeps the names
 * with `sqlite_` for itself.
 */
const isTable = (value: unknown): value is string =>
  typeof value === "string" && /^([a-z_][a-z0-9_]{0,62}\.)?(?!sqlite_)[a-z_][a-z0-9_]{0,50}$/.test(value)

const defaultTable = "effect_auth_sessions"

export const table = (value: unknown): Checked<string> =>
  Result.map(
    optional(
      "table",
      value,
      isTable,
      "its name must be lower-case letters, digits and _, with or without a schema and a dot in front, and not begin with sqlite_"
    ),
    (name) => name ?? defaultTable
  )
