/** Reading and writing rows. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { isContention, ofRecord } from "./failures.ts"
import { digest, rowKey } from "./rowKey.ts"

export const defaultTable = "effect_auth_sessions"

export interface RecordsOptions {
  readonly table: string
  /** For how long a statement that found the database locked is tried again (default: 5 seconds). */
  readonly patience?: Duration.DurationInput | undefined
  /** Tell other processes of each write, on this channel of PostgreSQL. */
  readonly channel?: string | undefined
}

/** A row is read whole in one statement, so that it is never torn. */
interface Row {
  readonly version: number | string | bigint
  readonly record: string
}

/** Runs a statement on a client: on the one of the environment, or on one that is fit for it now. */
export type Use = <A>(
  work: (sql: SqlClient.SqlClient) => Effect.Effect<A, SqlError>
) => Effect.Effect<A, SqlError>

export const makeRecords = (use: Use, options: RecordsOptions): TokenStore.Service => {
  const patience = Schedule.jittered(Schedule.exponential(5)).pipe(
    Schedule.modifyDelay((_, delay) => Duration.min(delay, Duration.millis(50))),
    Schedule.upTo(options.patience ?? Duration.seconds(5))
  )
  const attempt: Use = (work) => Effect.retry(use(work), { schedule: patience, while: isContention })

  const get = Effect.fnUntraced(function*(key: RecordKey) {
    const name = yield* rowKey(key)
    const rows = yield* attempt((sql) =>
      sql<Row>`SELECT version, record FROM ${sql(options.table)} WHERE key = ${name}`
    ).pipe(
      Effect.mapError(ofRecord(key, "read"))
    )
    const row = rows[0]
    if (row === undefined) return Option.none()
    const record = yield* SessionRecord.decode(key, row.record)
    if (record.version === Number(row.version)) return Option.some(record)
    // Such a row could never be written again: each compare-and-set would expect the other version.
    return yield* new TokenStoreError({
      provider: key.provider,
      account: key.account,
      operation: "read",
      reason: "corrupt",
      detail: "the row and its record differ in their version"
    })
  })

  const compareAndSet = Effect.fnUntraced(function*(
    key: RecordKey,
    expected: number,
    next: SessionRecord.SessionRecord
  ) {
    const name = yield* rowKey(key)
    const text = SessionRecord.encode(next)
    const channel = options.channel
    const news = channel === undefined ? undefined : { channel, payload: `${next.version} ${yield* digest(name)}` }
    const rows = yield* attempt((sql) => {
      const table = sql(options.table)
      const change = expected === 0
        ? sql`INSERT INTO ${table} (key, version, record) VALUES (${name}, ${next.version}, ${text})
ON CONFLICT (key) DO NOTHING RETURNING version`
        : sql`UPDATE ${table} SET version = ${next.version}, record = ${text}, updated_at = CURRENT_TIMESTAMP
WHERE key = ${name} AND version = ${expected} RETURNING version`
      return news === undefined ? change : announced(sql, change, news)
    }).pipe(Effect.mapError(ofRecord(key, "write")))
    return rows.length === 1
  })

  return { get, compareAndSet }
}

/** The write and the news of it in one statement: PostgreSQL sends the news when, and only if, the write is committed. */
const announced = (
  sql: SqlClient.SqlClient,
  change: Fragment,
  news: { readonly channel: string; readonly payload: string }
) => sql`WITH won AS (${change}) SELECT version, pg_notify(${news.channel}, ${news.payload}) FROM won`

/** The version that is stored, without reading the record. */
export const versionOf = (
  use: Use,
  table: string,
  key: RecordKey
): Effect.Effect<number | undefined, TokenStoreError> =>
  Effect.flatMap(
    rowKey(key),
    (name) => use((sql) => sql<Pick<Row, "version">>`SELECT version FROM ${sql(table)} WHERE key = ${name}`)
  ).pipe(
    Effect.map((rows) => rows[0] === undefined ? undefined : Number(rows[0].version)),
    Effect.mapError(ofRecord(key, "watch"))
  )
