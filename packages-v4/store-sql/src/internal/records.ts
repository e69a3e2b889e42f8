/** Reading and writing rows. */
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import { hash, type RecordKey } from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Statement } from "effect/sql/Statement"
import { isContention, ofRecord } from "./failures.ts"
import { payload } from "./pgNews.ts"
import { rowKey } from "./rowKey.ts"
import { makeScan } from "./scan.ts"
import { statementsOf } from "./statements.ts"

export interface RecordsOptions {
  readonly table: string
  /** How long a statement is retried while the database is locked (default: 5 seconds). */
  readonly patience?: Duration.Input | undefined
  /** The channel of PostgreSQL on which each write is reported to other processes. */
  readonly channel?: string | undefined
  /** Called for each write of this instance. */
  readonly onWritten?: ((hash: number, version: number) => void) | undefined
}

/** One statement reads all columns of a row, so they belong to the same version. */
interface Row {
  readonly version: number | string | bigint
  readonly record: string
}

/** Runs a statement on a client: the one of the context, or the current one of a pool. */
export type Use = <A>(
  work: (sql: SqlClient.SqlClient) => Effect.Effect<A, SqlError>
) => Effect.Effect<A, SqlError>

export type Records = {
  readonly [K in "get" | "compareAndSet" | "scan" | "erase"]-?: NonNullable<TokenStore.Service[K]>
}

export const makeRecords = (use: Use, options: RecordsOptions): Records => {
  const patience = Schedule.jittered(Schedule.exponential(5)).pipe(
    Schedule.modifyDelay(({ duration: delay }) => Effect.succeed(Duration.min(delay, Duration.millis(50)))),
    Schedule.upTo({ duration: options.patience ?? Duration.seconds(5) })
  )
  const attempt: Use = (work) => Effect.retry(use(work), { schedule: patience, while: isContention })

  const get = Effect.fnUntraced(function*(key: RecordKey) {
    const name = yield* rowKey(key)
    const rows = yield* attempt((sql) =>
      sql<Row>`SELECT version, record FROM ${sql(options.table)} WHERE ${sql("key")} = ${name}`
    ).pipe(
      Effect.mapError(ofRecord(key, "read"))
    )
    const row = rows[0]
    if (row === undefined) return Option.none()
    return Option.some(yield* SessionRecord.decode(key, row.record, Number(row.version)))
  })

  const compareAndSet = Effect.fnUntraced(function*(
    key: RecordKey,
    expected: number,
    next: SessionRecord.SessionRecord
  ) {
    const name = yield* rowKey(key)
    const text = SessionRecord.encode(next)
    const won = yield* attempt((sql) => {
      const { first, isDone, later } = statementsOf(sql, sql(options.table))
      const row = { name, version: next.version, text }
      const change = expected === 0 ? first(row) : later(row, expected)
      return isDone(RecordChanges.isNews(next) ? announced(sql, change, key, next.version) : change)
    }).pipe(Effect.mapError(ofRecord(key, "write")))
    if (won && RecordChanges.isNews(next)) options.onWritten?.(hash(key), next.version)
    return won
  })

  const erase = Effect.fnUntraced(function*(key: RecordKey) {
    const name = yield* rowKey(key)
    const isErased = yield* attempt((sql) => {
      const { isDone, removal } = statementsOf(sql, sql(options.table))
      return isDone(announced(sql, removal(name), key, 0))
    }).pipe(Effect.mapError(ofRecord(key, "erase")))
    if (isErased) options.onWritten?.(hash(key), 0)
    return isErased
  })

  /**
   * The write and its notification in one statement: PostgreSQL sends the notification only when the write is
   * committed.
   */
  const announced = (sql: SqlClient.SqlClient, change: Statement<object>, key: RecordKey, version: number) =>
    options.channel === undefined
      ? change
      : sql`WITH won AS (${change}) SELECT version, pg_notify(${options.channel}, ${
        payload(version, hash(key))
      }) FROM won`

  return { get, compareAndSet, erase, scan: makeScan(attempt, options.table) }
}
