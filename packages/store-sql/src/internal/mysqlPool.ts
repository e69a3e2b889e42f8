/**
 * The connections for statements. If a statement hangs (a lost host sends nothing), or the server became read-only, the
 * whole pool is abandoned and the next statement gets a new pool, because the client would use the same connection again.
 */
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { codeOf, isFull, isReadOnly } from "./failures.ts"
import { driverOptions, type Settings } from "./mysqlSettings.ts"
import type { Use } from "./records.ts"
import { disconnect } from "./seams/disconnect.ts"
import { withoutTransaction } from "./seams/withoutTransaction.ts"

interface Pool {
  readonly sql: SqlClient.SqlClient
  readonly scope: Scope.CloseableScope
}

const closeWithin = Duration.seconds(1)

/** Closing has a time limit, because it waits for statements, and a statement may wait for a lock. */
const close = (pool: Pool) =>
  Effect.timeoutOption(Effect.interruptible(disconnect(Scope.close(pool.scope, Exit.void))), closeWithin)

const open = Effect.fnUntraced(function*(settings: Settings) {
  const { database, host, password, port, user, ...more } = {
    host: undefined,
    port: undefined,
    ...driverOptions(settings)
  }
  const scope = yield* Scope.make()
  const layer = MysqlClient.layer({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    database,
    username: user,
    ...(password === undefined ? {} : { password: Redacted.make(password) }),
    maxConnections: settings.maxConnections,
    poolConfig: { ...more, maxIdle: settings.maxConnections }
  })
  const context = yield* Layer.buildWithScope(layer, scope).pipe(
    Effect.catchTag("ConfigError", (cause) => new SqlError({ cause, message: "settings" })),
    Effect.onError(() => Effect.forkDaemon(Scope.close(scope, Exit.void)))
  )
  return { sql: Context.get(context, SqlClient.SqlClient), scope }
})

export const makeUse = (
  settings: Settings,
  /** Runs when the server is read-only, perhaps since a failover. */
  onReadOnly: Effect.Effect<void>
): Effect.Effect<Use, SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    const { connectTimeout, statementTimeout } = settings
    const spaced = Schedule.jittered(Schedule.spaced(100))
    let current: Pool = yield* Effect.retry(open(settings), {
      while: isFull,
      schedule: Schedule.upTo(spaced, connectTimeout)
    })
    yield* Effect.addFinalizer(() => Effect.suspend(() => close(current)))
    const one = yield* Effect.makeSemaphore(1)

    /** Abandons a pool. Another fiber may have done it already. */
    const leave = (pool: Pool) =>
      one.withPermits(1)(Effect.suspend(() => {
        if (current !== pool) return Effect.void
        return Effect.flatMap(open(settings), (next) => {
          current = next
          return Effect.forkDaemon(close(pool))
        })
      })).pipe(Effect.ignore, Effect.uninterruptible, Effect.forkDaemon)

    return (work) =>
      Effect.suspend(() => {
        const pool = current
        return withoutTransaction(work(pool.sql)).pipe(
          // Without a connection nothing was sent, so a retry is safe.
          Effect.retry({ while: isFull, schedule: Schedule.upTo(spaced, 0.8 * statementTimeout) }),
          disconnect,
          Effect.timeoutFail({
            duration: statementTimeout,
            onTimeout: () => new SqlError({ cause: { code: "TIMEOUT" }, message: "the statement did not end in time" })
          }),
          Effect.tapError((error) => {
            if (isReadOnly(error)) return Effect.zipRight(onReadOnly, leave(pool))
            return codeOf(error) === "TIMEOUT" ? leave(pool) : Effect.void
          })
        )
      })
  })
