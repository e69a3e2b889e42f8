/**
 * The one connection to an SQLite database: its settings, and when it must be replaced.
 *
 * libsql leaves a statement that found the database locked unfinished until it is collected. As long as one is there,
 * SQLite commits nothing of that connection: a later write gives its `RETURNING` row, and is neither durable nor seen by
 * anybody, and keeps the lock. So a connection that has failed once is never used again. For the same reason there are
 * no parallel calls, and the client's own transactions, which change the connection and lose its settings, are replaced.
 */
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Use } from "./records.ts"

interface Setting {
  readonly name: string
  readonly value: string | number
  readonly reads: unknown
}

/**
 * How long SQLite itself waits for a lock, in milliseconds. It waits by blocking the thread, and with it every fiber:
 * enough for the writes of others to pass, and too short to be felt. Longer waits are `patience`, which blocks nobody.
 */
const busyTimeout = 50

const settings: ReadonlyArray<Setting> = [
  { name: "busy_timeout", value: busyTimeout, reads: busyTimeout },
  { name: "journal_mode", value: "WAL", reads: "wal" },
  // libsql opens a WAL database with NORMAL, which loses the last commits with the power.
  { name: "synchronous", value: "FULL", reads: 2 },
  // Replaced tokens are overwritten with zeros.
  { name: "secure_delete", value: "ON", reads: 1 }
]

const failure = (code: string, cause?: unknown) => new SqlError({ cause: cause ?? { code }, message: code })

/** Sets and reads back, because SQLite ignores a PRAGMA that it can't obey without a word. */
const apply = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, setting: Setting) {
  yield* sql.unsafe(`PRAGMA ${setting.name} = ${setting.value}`)
  const rows = yield* sql.unsafe(`PRAGMA ${setting.name}`).values
  if (rows[0]?.[0] !== setting.reads) return yield* failure(`PRAGMA_${setting.name.toUpperCase()}_REFUSED`)
})

const transactionOf =
  (sql: SqlClient.SqlClient) => <R, E, A>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.uninterruptibleMask((restore) =>
      sql.unsafe("BEGIN IMMEDIATE").pipe(
        Effect.zipRight(restore(work)),
        Effect.zipLeft(sql.unsafe("COMMIT")),
        Effect.onError(() => Effect.ignore(sql.unsafe("ROLLBACK")))
      )
    )

const open = Effect.fnUntraced(function*(url: string) {
  const client = yield* Layer.build(LibsqlClient.layer({ url })).pipe(
    Effect.map((context) => Context.get(context, SqlClient.SqlClient)),
    // The driver throws where it can't open the file.
    Effect.catchAllDefect((defect) => Effect.fail(failure("SQLITE_CANTOPEN", defect)))
  )
  for (const setting of settings) yield* apply(client, setting)
  return Object.assign(client, { withTransaction: transactionOf(client) })
})

/** Gives the connection to one use at a time. Opens it when it is first used, and again after each failure. */
export const makeUse = (url: string): Effect.Effect<Use, never, Scope.Scope> =>
  Effect.gen(function*() {
    const turn = yield* Effect.makeSemaphore(1)
    let current: { readonly sql: SqlClient.SqlClient; readonly scope: Scope.CloseableScope } | undefined
    let isClosed = false

    const discard = Effect.suspend(() => {
      const last = current
      current = undefined
      return last === undefined ? Effect.void : Scope.close(last.scope, Exit.void)
    })
    const connect = Effect.gen(function*() {
      if (isClosed) return yield* failure("CLIENT_CLOSED")
      if (current !== undefined) return current.sql
      const scope = yield* Scope.make()
      const sql = yield* Scope.extend(open(url), scope).pipe(Effect.onError(() => Scope.close(scope, Exit.void)))
      current = { sql, scope }
      return sql
    })
    yield* Effect.addFinalizer(() =>
      turn.withPermits(1)(Effect.suspend(() => {
        isClosed = true
        return discard
      }))
    )
    return (work) =>
      turn.withPermits(1)(
        Effect.uninterruptible(Effect.onError(Effect.flatMap(connect, work), () => discard))
      )
  })
