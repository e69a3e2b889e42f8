/**
 * What a store holds for one account. Every write is a compare-and-set from one `version` to the next; see
 * `docs/architecture.md` for the protocol that is spoken through it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { TokenStoreError } from "./AuthError.ts"
import type { RecordKey } from "./RecordKey.ts"
import { TokenSet } from "./TokenSet.ts"

/** Fields that a newer version of this library wrote are kept when an older one writes the record again. */
const unknownFields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * The mark that one owner is exchanging the refresh token (or credentials) now.
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
export const Claim = Schema.Struct({
  id: Schema.String,
  /** Who claims; what `presence` of the store is asked about. */
  owner: Schema.String,
  /** Epoch milliseconds, on the owner's clock. */
  at: Schema.Number,
  /** Milliseconds after which it is a leftover, counted by each reader on its own monotonic clock. */
  ttl: Schema.Number,
  kind: Schema.Literal("refresh", "signIn")
}, unknownFields)

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
export const EndReason = Schema.Literal("refresh-token-rejected", "outcome-unknown", "expired", "credentials")

/**
 * Where the session stands: `ended` is a tombstone, told to everybody and cleared only by signing in.
 *
 * @since 0.1.0
 * @category schemas
 */
export const State = Schema.Union(
  Schema.Struct({ _tag: Schema.Literal("active") }, unknownFields),
  Schema.Struct({ _tag: Schema.Literal("signedOut") }, unknownFields),
  Schema.Struct({
    _tag: Schema.Literal("ended"),
    reason: EndReason,
    status: Schema.optional(Schema.Number),
    error: Schema.optional(Schema.String),
    errorDescription: Schema.optional(Schema.String)
  }, unknownFields)
)

/**
 * The record itself. Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionRecord extends Schema.Schema.Type<typeof SessionRecord> {}

/**
 * The schema of a {@link SessionRecord}; fields it does not know are kept.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionRecord = Schema.Struct({
  format: Schema.Literal(1),
  provider: Schema.String,
  realm: Schema.String,
  account: Schema.String,
  /** Counts writes: the first one is 1. */
  version: Schema.Number,
  /** A new id for each sign-in. */
  session: Schema.String,
  /** Counts token sets: one more for each sign-in, refresh or sign-out. */
  generation: Schema.Number,
  state: State,
  tokens: Schema.optional(TokenSet),
  /** What `tokens` became under `EncryptedTokenStore`. */
  sealed: Schema.optional(Schema.String),
  /** What the tokens were born from. */
  born: Schema.Literal("signIn", "adopted", "time", "rejection"),
  /** Who wrote these tokens, so that a writer whose store failed can find out whether the write arrived. */
  commitId: Schema.String,
  claim: Schema.optional(Claim),
  /** An exchange was sent and its outcome is unknown, since then. */
  doubt: Schema.optional(Schema.Struct({ since: Schema.Number }, unknownFields)),
  /** Failed exchanges since the last success, shared by all: nobody calls before `at + delay`. */
  retry: Schema.optional(Schema.Struct({
    failures: Schema.Number,
    at: Schema.Number,
    delay: Schema.Number,
    /** The part of `delay` that even a forced refresh obeys: Retry-After and the cooldown. */
    floor: Schema.Number,
    status: Schema.optional(Schema.Number)
  }, unknownFields)),
  /** A refusal whose meaning is not documented, waiting to be confirmed. */
  refusal: Schema.optional(Schema.Struct({ error: Schema.String, at: Schema.Number }, unknownFields)),
  /** Credentials that were used, by a digest keyed with `salt`: refused ones, or a single-use code. */
  credential: Schema.optional(Schema.Struct({
    salt: Schema.String,
    digest: Schema.String,
    outcome: Schema.Literal("accepted", "refused", "unknown")
  }, unknownFields))
}, unknownFields)

/**
 * The first record of an account: no session yet. `version` is 1, as the first write's must be.
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

const codec = Schema.parseJson(SessionRecord)
const decodeJson = Schema.decodeUnknown(codec)
const encodeJson = Schema.encodeSync(codec)

/**
 * The text a durable store keeps. It holds the secrets in clear unless the store is `EncryptedTokenStore`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (record: SessionRecord): string => encodeJson(record)

/**
 * Reads a record back, and refuses one that belongs to another provider, realm or account. The error never says what
 * the text was.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (key: RecordKey, text: unknown): Effect.Effect<SessionRecord, TokenStoreError> =>
  decodeJson(text).pipe(
    Effect.mapError(() => failure(key, "corrupt")),
    Effect.filterOrFail(
      (record) => record.provider === key.provider && record.realm === key.realm && record.account === key.account,
      () => failure(key, "mismatch")
    )
  )

const failure = (key: RecordKey, reason: "corrupt" | "mismatch") =>
  new TokenStoreError({ provider: key.provider, account: key.account, operation: "read", reason })
