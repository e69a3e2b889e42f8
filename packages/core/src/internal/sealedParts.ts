/** Splits a record into its clear part and its sealed part, and joins them again after unsealing. */
import * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { SessionRecord } from "../SessionRecord.ts"

/** The encoded fields before sealing. They hold secrets in clear text. */
export type Secrets = Readonly<Record<string, unknown>>

/**
 * The part of each field. Only fields that compare-and-set, expiry or a tool without the key need are in clear. If a
 * field is missing here, the module does not compile. Fields that this version does not know are sealed.
 */
const places: { readonly [K in keyof typeof SessionRecord.fields]: "clear" | "sealed" } = {
  format: "clear",
  provider: "clear",
  realm: "clear",
  account: "clear",
  version: "clear",
  session: "clear",
  principal: "clear",
  generation: "clear",
  // Its tag, reason and status. The texts of the server are sealed, because they may name a person.
  state: "clear",
  tokens: "sealed",
  sealed: "clear",
  born: "clear",
  commitId: "clear",
  keeper: "clear",
  claim: "clear",
  doubt: "clear",
  retry: "clear",
  refusal: "sealed",
  // Sealed, because an attacker could test guesses of a password with it.
  credential: "sealed"
}

const statePlaces = { _tag: "clear", reason: "clear", status: "clear" }

const encode = Schema.encode(SessionRecord)
const decode = Schema.decodeUnknown(SessionRecord)

const divide = (fields: Secrets, by: Readonly<Record<string, string>>) => {
  const entries = Object.entries(fields)
  const isClear = ([name]: readonly [string, unknown]) => Object.hasOwn(by, name) && by[name] === "clear"
  return {
    clear: Object.fromEntries(entries.filter(isClear)),
    secret: Object.fromEntries(entries.filter((entry) => !isClear(entry)))
  }
}

/**
 * Whether the record has a field in clear that this module seals. A field that is not in `places` does not count, because it
 * may be a clear one of a newer version.
 */
export const hasSecretInClear = (record: SessionRecord): boolean =>
  Object.entries(places).some(([name, place]) => place === "sealed" && Reflect.get(record, name) !== undefined) ||
  Object.values(divide(record.state, statePlaces).secret).some((value) => value !== undefined)

const isEmpty = (fields: Secrets) => Object.keys(fields).length === 0

/**
 * `secrets` is absent if there are none. The clear fields look the same encoded and decoded (texts, numbers and
 * structures of them), so they are not encoded here: a write and a read need the schema only once.
 */
export const parts = (
  record: SessionRecord
): Effect.Effect<{ readonly clear: SessionRecord; readonly secrets: Secrets | undefined }, ParseResult.ParseError> =>
  Effect.map(encode(record), (encoded) => {
    const { secret } = divide(encoded, places)
    const state = divide(encoded.state, statePlaces)
    const secrets = isEmpty(state.secret) ? secret : { ...secret, state: state.secret }
    const clear = { ...without(record, secret), state: without(record.state, state.secret) }
    return { clear, secrets: isEmpty(secrets) ? undefined : secrets }
  })

/** Every sealed field is optional, so the rest has the same type. */
const without = <A extends Secrets>(fields: A, sealed: Secrets): A => {
  const left: A & Record<string, unknown> = { ...fields }
  for (const name of Object.keys(sealed)) Reflect.deleteProperty(left, name)
  return left
}

/** If a field is in both parts, the sealed one is used: only an owner of the key can have written it. */
export const together = (
  clear: SessionRecord,
  { state, ...secrets }: Secrets
): Effect.Effect<SessionRecord, ParseResult.ParseError> =>
  decode({
    ...clear,
    ...secrets,
    state: typeof state === "object" ? { ...clear.state, ...state } : clear.state
  })
