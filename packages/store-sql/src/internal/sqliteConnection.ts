/**
 * The single connection to an SQLite database, and its replacement.
 *
 * When libsql finds the database locked, the statement stays unfinished until it is garbage-collected. Until then
 * SQLite commits nothing of that connection: a later write returns its `RETURNING` row, but it is not durable, other
 * connections don't see it, and it keeps the lock. So a connection that failed once is never used again. For the same
 * reason there are no parallel calls, and the client's own transactions are replaced, because they change the
 * connection and lose its settings.
 *
 * libsql closes a connection only when its statements are garbage-collected. So this process may hold locks on the
 * database long after a store was closed, and the store empties the write-ahead log explicitly.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { existsSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { isContention, ofStore } from "./failures.ts"
import { holdsOldLog, identityOf, remember } from "./fileIdentity.ts"
import type { Use } from "./records.ts"
import { withoutTransaction } from "./seams/withoutTransaction.ts"
import { failure, open } from "./sqliteOpen.ts"

/** The options of {@link makeConnection}. */
export interface ConnectionOptions {
  /** The real path of the database. The file exists. */
  readonly file: string
  /** Prepares the place again if the file was removed. */
  readonly prepare: Effect.Effect<unknown, TokenStoreError>
  /** Runs the migrations of a database that was opened for the first time. */
  readonly migrate: (use: Use) => Effect.Effect<void, TokenStoreError>
}

export interface SqliteConnection {
  readonly use: Use
  /** Removes replaced and deleted data from the files. If other processes are busy, closing the store does it later. */
  readonly purge: Effect.Effect<void>
}

/** A newly opened connection and the identity of its files. */
interface Opened {
  readonly sql: SqlClient.SqlClient
  readonly scope: Scope.CloseableScope
  readonly identity: string
}

/**
 * Opens the connection on first use, and again after each failure.
 *
 * A result counts only if the files still have their names, because other processes don't see reads and writes of a
 * deleted file. Otherwise the use fails, and the next use opens the file that has the name now.
 */
const makeConnector = ({ file, prepare }: ConnectionOptions) => {
  let current: Opened | undefined
  let isPrepared = true

  const discard = Effect.suspend(() => {
    const last = current
    current = undefined
    return last === undefined ? Effect.void : Scope.close(last.scope, Exit.void)
  })
  const connect = Effect.gen(function*() {
    if (current !== undefined) return current
    if (!isPrepared) yield* Effect.mapError(prepare, (error) => failure("SQLITE_CANTOPEN", error))
    isPrepared = existsSync(file)
    // The driver would create the file readable for other users.
    if (!isPrepared) return yield* failure("FILE_REPLACED")
    if (holdsOldLog(file)) return yield* failure("LOG_REPLACED")
    const scope = yield* Scope.make()
    const sql = yield* Scope.extend(open(pathToFileURL(file).href), scope).pipe(
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
    remember(file)
    current = { sql, scope, identity: identityOf(file) }
    return current
  })
  const refuseReplaced = (identity: string) =>
    Effect.suspend(() => {
      isPrepared = identityOf(file) === identity
      return isPrepared ? Effect.void : failure("FILE_REPLACED")
    })
  const once: Use = (work) =>
    Effect.flatMap(connect, ({ identity, sql }) => Effect.zipLeft(work(sql), refuseReplaced(identity))).pipe(
      withoutTransaction,
      Effect.onError(() => discard),
      Effect.uninterruptible
    )
  return { once, discard }
}

/** Gives the connection to one use at a time, after the migrations. */
export const makeConnection = (
  options: ConnectionOptions
): Effect.Effect<SqliteConnection, TokenStoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const connector = makeConnector(options)
    const turn = yield* Effect.makeSemaphore(1)
    let isUpToDate = false
    let isClosed = false

    const once: Use = (work) =>
      Effect.tapError(connector.once(work), (error) =>
        // After a failure the migrations are checked again, because the table may be gone or replaced.
        Effect.sync(() => void (isUpToDate &&= isContention(error))))
    const ready = Effect.suspend(() => {
      if (isClosed) return failure("CLIENT_CLOSED")
      if (isUpToDate) return Effect.void
      return options.migrate(once).pipe(
        Effect.mapError((error) => failure("SQLITE_CANTOPEN", error)),
        Effect.map(() => void (isUpToDate = true))
      )
    })
    const checkpoint = Effect.suspend(() => isUpToDate ? once(truncateLog) : Effect.succeed(true)).pipe(
      Effect.filterOrFail((isDone) => isDone, () => failure("SQLITE_BUSY")),
      Effect.retry({ times: 5, schedule: Schedule.jittered(Schedule.spaced(20)) }),
      Effect.ignore
    )
    const close = Effect.zipRight(
      checkpoint,
      Effect.suspend(() => {
        isClosed = true
        return connector.discard
      })
    )

    yield* Effect.mapError(turn.withPermits(1)(ready), ofStore("sqlite", "open"))
    yield* Effect.addFinalizer(() => turn.withPermits(1)(close))
    return {
      use: (work) => turn.withPermits(1)(Effect.zipRight(ready, once(work))),
      purge: turn.withPermits(1)(checkpoint)
    }
  })

/** Moves all writes into the database file and empties the write-ahead log; returns whether that was possible. */
const truncateLog = (sql: SqlClient.SqlClient): Effect.Effect<boolean, SqlError> =>
  Effect.map(sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)").values, (rows) => rows[0]?.[0] === 0)
