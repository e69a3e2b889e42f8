/** A connection to an SQLite database, with the settings that this store relies on. */
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { SqlError, UnknownError } from "effect/sql/SqlError"

interface Setting {
  readonly name: string
  readonly value: string | number
  readonly reads: unknown
}

/**
 * How long SQLite itself waits for a lock, in milliseconds. This wait blocks the thread and all fibers, so it is just
 * long enough for a write of another process. `patience` handles longer waits without blocking.
 */
const busyTimeout = 50

const settings: ReadonlyArray<Setting> = [
  { name: "busy_timeout", value: busyTimeout, reads: busyTimeout },
  { name: "journal_mode", value: "WAL", reads: "wal" },
  // libsql opens a WAL database with NORMAL, which can lose the last commits after a loss of power.
  { name: "synchronous", value: "FULL", reads: 2 },
  // Replaced tokens are overwritten with zeros.
  { name: "secure_delete", value: "ON", reads: 1 }
]

export const failure = (code: string, cause?: unknown) =>
  new SqlError({ reason: new UnknownError({ cause: cause ?? { code }, message: code }) })

/** Sets a PRAGMA and reads it back, because SQLite silently ignores one that it can't apply. */
const apply = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, setting: Setting) {
  yield* sql.unsafe(`PRAGMA ${setting.name} = ${setting.value}`)
  const rows = yield* sql.unsafe(`PRAGMA ${setting.name}`).values
  if (rows[0]?.[0] !== setting.reads) return yield* failure(`PRAGMA_${setting.name.toUpperCase()}_REFUSED`)
})

const transactionOf =
  (sql: SqlClient.SqlClient) => <R, E, A>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.uninterruptibleMask((restore) =>
      sql.unsafe("BEGIN IMMEDIATE").pipe(
        Effect.andThen(restore(work)),
        Effect.tap(() => sql.unsafe("COMMIT")),
        Effect.onError(() => Effect.ignore(sql.unsafe("ROLLBACK")))
      )
    )

export const open = Effect.fnUntraced(function*(url: string) {
  const client = yield* Layer.build(LibsqlClient.layer({ url })).pipe(
    Effect.map((context) => Context.get(context, SqlClient.SqlClient)),
    // The driver throws if it can't open the file.
    Effect.catchDefect((defect) => Effect.fail(failure("SQLITE_CANTOPEN", defect)))
  )
  for (const setting of settings) yield* apply(client, setting)
  // The first read creates the write-ahead log.
  yield* client.unsafe("SELECT 1 FROM sqlite_master LIMIT 1")
  return Object.assign(client, { withTransaction: transactionOf(client) })
})
