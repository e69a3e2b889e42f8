/**
 * What the console shows, and sends to its page and to other programs. Nothing here can hold a token: tokens appear as a
 * generation number. Times are epoch milliseconds.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const time = Schema.Number

/**
 * One session in the list.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionRow extends Schema.Schema.Type<typeof SessionRow> {}

/**
 * The schema of a {@link SessionRow}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionRow = Schema.Struct({
  /** Its name in the API: provider and account. */
  id: Schema.String,
  provider: Schema.String,
  account: Schema.String,
  state: Schema.Literal("active", "ended", "signed-out"),
  /** Why it ended. */
  reason: Schema.optional(Schema.String),
  /** The number of its access token: one more after each exchange and each sign-in. */
  generation: Schema.Number,
  /** When the access token was requested. Absent without a token. */
  obtainedAt: Schema.optional(time),
  /** When the access token expires. Absent without a token, or if its end is not known. */
  expiresAt: Schema.optional(time),
  /** When it is refreshed ahead; after failures: when the next attempt comes. */
  dueAt: Schema.optional(time),
  /** How many exchanges failed in a row. */
  failures: Schema.optional(Schema.Number),
  /** An exchange is under way. */
  refreshing: Schema.Boolean,
  /** The newest tokens are not saved yet. */
  degraded: Schema.Boolean,
  /** Since when the outcome of an exchange is unknown. */
  inDoubtSince: Schema.optional(time),
  /** When a person has to sign in again. */
  reauthenticateBy: Schema.optional(time),
  /** How many marks its time line has had. It grows with each one. */
  marks: Schema.Number
})

/**
 * One point on a time line.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mark extends Schema.Schema.Type<typeof Mark> {}

/**
 * The schema of a {@link Mark}:
 *
 * - `request`: the API answered
 * - `rejected`: the API refused the access token
 * - `unanswered`: the API gave no usable answer
 * - `exchanged`: new tokens
 * - `refused`: the exchange was refused
 * - `failed`: the exchange failed, and nothing was spent
 * - `lost`: the answer of an exchange did not arrive
 * - `adopted`: tokens of another process
 * - `note`: everything else
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mark = Schema.Struct({
  at: time,
  kind: Schema.Literal(
    "signed-in",
    "request",
    "rejected",
    "unanswered",
    "exchanged",
    "refused",
    "failed",
    "lost",
    "adopted",
    "note",
    "ended",
    "signed-out"
  ),
  /** The token it is about. */
  generation: Schema.optional(Schema.Number),
  /** A few words. */
  text: Schema.String
})

/**
 * The life of one access token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Life extends Schema.Schema.Type<typeof Life> {}

/**
 * The schema of a {@link Life}. Without `to` its end is not known. `cut`: it ended before its time.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Life = Schema.Struct({
  generation: Schema.Number,
  from: time,
  to: Schema.optional(time),
  cut: Schema.optional(Schema.Boolean)
})

/**
 * The time line of one session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timeline extends Schema.Schema.Type<typeof Timeline> {}

/**
 * The schema of a {@link Timeline}. Marks and lives are the newest ones, oldest first.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Timeline = Schema.Struct({
  session: SessionRow,
  /** The time of the answer. */
  now: time,
  lives: Schema.Array(Life),
  marks: Schema.Array(Mark),
  /** Times in which the outcome of an exchange was unknown. */
  doubts: Schema.Array(Schema.Struct({ from: time, to: Schema.optional(time) })),
  /** Whether requests are shown: a sandbox sees them, the sessions of a program don't. */
  showsRequests: Schema.Boolean
})

/**
 * Text to copy into a file or a terminal.
 *
 * @since 0.1.0
 * @category models
 */
export interface Recipe extends Schema.Schema.Type<typeof Recipe> {}

/**
 * The schema of a {@link Recipe}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Recipe = Schema.Struct({ title: Schema.String, text: Schema.String })

/**
 * One sandbox: what it counted, and how it behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface SandboxView extends Schema.Schema.Type<typeof SandboxView> {}

/**
 * The schema of a {@link SandboxView}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SandboxView = Schema.Struct({
  provider: Schema.String,
  url: Schema.String,
  counters: Schema.Struct({
    requests: Schema.Number,
    granted: Schema.Number,
    refused: Schema.Number,
    unanswered: Schema.Number,
    rejected: Schema.Number,
    doubleSpends: Schema.Number,
    revocations: Schema.Number
  }),
  /** The faults that wait for a request. */
  faultsWaiting: Schema.Number,
  /** A refresh replaces the refresh token. */
  rotates: Schema.Boolean,
  /** A refresh token that comes a second time ends its whole sign-in. */
  punishesReuse: Schema.Boolean,
  /** Whether there are refresh tokens. */
  hasRefreshTokens: Schema.Boolean,
  /** Whether one-time codes can be made. */
  makesCodes: Schema.Boolean
})

/**
 * The next answer of a sandbox. `503`: the request is not carried out · `lost`: it is carried out, and its answer is
 * lost · `slow`: its answer comes after five seconds.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NextAnswer = Schema.Literal("503", "lost", "slow")

/**
 * What changed since the last message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Update extends Schema.Schema.Type<typeof Update> {}

/**
 * The schema of an {@link Update}: the data of each server-sent event. The first one is `whole` and holds all sessions.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Update = Schema.Struct({
  now: time,
  whole: Schema.Boolean,
  /** New or changed sessions. */
  sessions: Schema.Array(SessionRow),
  /** Sessions that are gone from memory, by id. */
  gone: Schema.Array(Schema.String),
  /** Absent: nothing changed. */
  sandboxes: Schema.optional(Schema.Array(SandboxView))
})
