/**
 * What a store holds for one account. Every write is a compare-and-set from one `version` to the next.
 * `docs/architecture.md` describes how processes coordinate through the record.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { TokenStoreError } from "./AuthError.ts"
import type { RecordKey } from "./RecordKey.ts"
import { TokenSet } from "./TokenSet.ts"

/** An older version of this library keeps the fields that a newer version wrote. */
const unknownFields = Schema.Record(Schema.String, Schema.Unknown)

/**
 * Marks that one owner is exchanging the refresh token (or credentials) now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim extends Schema.Schema.Type<typeof Claim> {}

/**
 * The schema of a {@link Claim}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Claim = Schema.StructWithRest(
  Schema.Struct({
    id: Schema.String,
    /** The process that claims. The store's `presence` says whether it is alive. */
    owner: Schema.String,
    /** Epoch milliseconds, on the owner's clock. */
    at: Schema.Number,
    /** Milliseconds after which the claim is a leftover. Each reader counts them on its own monotonic clock. */
    ttl: Schema.Number,
    kind: Schema.Literals(["refresh", "signIn"])
  }),
  [unknownFields]
)

/**
 * Why a session ended.
 *
 * @since 0.1.0
 * @category models
 */
export type EndReason = typeof EndReason.Type

/**
 * The schema of an {@link EndReason}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EndReason = Schema.Literals(["refresh-token-rejected", "outcome-unknown", "expired", "credentials"])

/**
 * The state of the session. `ended` is a tombstone: every process sees it, and only a sign-in clears it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Union([
  Schema.StructWithRest(Schema.Struct({ _tag: Schema.Literal("active") }), [unknownFields]),
  Schema.StructWithRest(Schema.Struct({ _tag: Schema.Literal("signedOut") }), [unknownFields]),
  Schema.StructWithRest(
    Schema.Struct({
      _tag: Schema.Literal("ended"),
      reason: EndReason,
      status: Schema.optional(Schema.Number),
      error: Schema.optional(Schema.String),
      errorDescription: Schema.optional(Schema.String)
    }),
    [unknownFields]
  )
])

/**
 * The record itself. Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionRecord extends Schema.Schema.Type<typeof SessionRecord> {}

/**
 * The schema of a {@link SessionRecord}. Unknown fields are kept.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionRecord = Schema.StructWithRest(
  Schema.Struct({
    format: Schema.Literal(1),
    provider: Schema.String,
    realm: Schema.String,
    account: Schema.String,
    /** The number of writes, from 1. */
    version: Schema.Number,
    /** A new id for each sign-in. */
    session: Schema.String,
    /**
     * An opaque id. All sessions that the service started by itself with the same credentials have the same one; other
     * sessions have none.
     */
    principal: Schema.optional(Schema.String),
    /** The number of the token set: each sign-in, refresh or sign-out adds one. */
    generation: Schema.Number,
    state: State,
    tokens: Schema.optional(TokenSet),
    /** The sealed fields, if the store is an `EncryptedTokenStore`. */
    sealed: Schema.optional(Schema.String),
    /** How the tokens were obtained: a sign-in, `adopt`, a refresh in time, or a refresh after a rejection. */
    born: Schema.Literals(["signIn", "adopted", "time", "rejection"]),
    /**
     * A unique id of the write of these tokens. After a store failure, the writer finds out with it whether its write
     * arrived.
     */
    commitId: Schema.String,
    /** The claim owner that obtained these tokens. It has the first turn to refresh them ahead of expiry. */
    keeper: Schema.optional(Schema.String),
    claim: Schema.optional(Claim),
    /** Since when an exchange with an unknown outcome exists. */
    doubt: Schema.optional(Schema.StructWithRest(Schema.Struct({ since: Schema.Number }), [unknownFields])),
    /** The failed exchanges since the last success, for all processes: no process calls before `at + delay`. */
    retry: Schema.optional(Schema.StructWithRest(
      Schema.Struct({
        failures: Schema.Number,
        at: Schema.Number,
        delay: Schema.Number,
        /** The part of `delay` that a forced refresh also obeys: Retry-After and the cooldown. */
        floor: Schema.Number,
        status: Schema.optional(Schema.Number)
      }),
      [unknownFields]
    )),
    /** An undocumented refusal that is not yet confirmed. */
    refusal: Schema.optional(
      Schema.StructWithRest(Schema.Struct({ error: Schema.String, at: Schema.Number }), [unknownFields])
    ),
    /**
     * A digest, keyed with `salt`, of credentials that must not be sent again: refused ones, or a used single-use code.
     */
    credential: Schema.optional(Schema.StructWithRest(
      Schema.Struct({
        salt: Schema.String,
        digest: Schema.String,
        outcome: Schema.Literals(["accepted", "refused", "unknown"])
      }),
      [unknownFields]
    ))
  }),
  [unknownFields]
)

/**
 * The first record of an account: no session yet. Its `version` is 1, like that of every first write.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty = (key: RecordKey): SessionRecord => ({
  format: 1,
  provider: key.provider,
  realm: key.realm,
  account: key.account,
  version: 1,
  session: "",
  generation: 0,
  state: { _tag: "signedOut" },
  born: "signIn",
  commitId: ""
})

const codec = Schema.fromJsonString(SessionRecord)
const decodeJson = Schema.decodeUnknownEffect(codec)
const encodeJson = Schema.encodeResult(codec)

/**
 * The text that a durable store keeps. It holds the secrets in clear unless the store is an `EncryptedTokenStore`.
 * Throws if the value is not a record (plain JavaScript can pass any value). The error never shows the value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (record: SessionRecord): string =>
  Result.getOrThrowWith(
    encodeJson(record),
    () => new TypeError("this record can't be stored: a field has a wrong type")
  )

/**
 * Reads a record from its text, and refuses one that belongs to another provider, realm or account. The error never
 * shows the text. `version` is the version that the store keeps next to the text. It goes into the error, so that a
 * sign-in or a sign-out can replace a text that can't be read. A text with another version is refused, because no
 * compare-and-set could expect both.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (
  key: RecordKey,
  text: unknown,
  version?: number
): Effect.Effect<SessionRecord, TokenStoreError> => {
  const fail = (reason: "corrupt" | "mismatch", detail?: string) =>
    new TokenStoreError({
      provider: key.provider,
      account: key.account,
      operation: "read",
      reason,
      detail,
      version: version !== undefined && isVersion(version) ? version : undefined
    })
  return decodeJson(text).pipe(
    Effect.mapError(() => fail("corrupt")),
    Effect.filterOrFail(
      (record) => record.provider === key.provider && record.realm === key.realm && record.account === key.account,
      () => fail("mismatch")
    ),
    Effect.filterOrFail(
      (record) => version === undefined || record.version === version,
      () => fail("corrupt", "the version in the record differs from the version that the store keeps next to it")
    )
  )
}

/** Whether a compare-and-set can expect this version and write the next one. */
const isVersion = (version: number): boolean => version >= 0 && Number.isSafeInteger(version + 1)
