/**
 * The connections for statements.
 *
 * The client returns a connection to its pool even when the connection is broken or its statement hangs (a lost host
 * sends nothing), so the pool would use it again. After such a failure the whole pool is abandoned, and the next
 * statement gets a new pool. The same is done when the server became read-only.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Pg from "pg"
import { codeOf, isFull, isReadOnly } from "./failures.ts"
import type { Use } from "./records.ts"
import { disconnect } from "./seams/disconnect.ts"
import { withoutTransaction } from "./seams/withoutTransaction.ts"

interface Pool {
  readonly sql: SqlClient.SqlClient
  readonly scope: Scope.CloseableScope
}

const acquire = (settings: Pg.PoolConfig) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new Pg.Pool(settings)
      // The pool removes a broken idle connection by itself. Without a listener, its error would end the process.
      return pool.on("error", () => {})
    }),
    (pool) => Effect.timeoutOption(Effect.interruptible(Effect.promise(() => pool.end())), 1_000)
  )

const open = Effect.fnUntraced(function*(settings: Pg.PoolConfig) {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(PgClient.layerFromPool({ acquire: acquire(settings) }), scope)
  return { sql: Context.get(context, SqlClient.SqlClient), scope }
})

export const makeUse = (
  settings: Pg.PoolConfig,
  timeout: Duration.DurationInput,
  /** Runs when the server is read-only, perhaps since a failover. */
  onReadOnly: Effect.Effect<void>
): Effect.Effect<Use, SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    // Without a connection nothing was sent, so a retry is safe.
    const full = Schedule.jittered(Schedule.spaced(100)).pipe(
      Schedule.upTo(Duration.times(Duration.decode(timeout), 0.8))
    )
    let current: Pool = yield* open(settings)
    yield* Effect.addFinalizer(() => Effect.suspend(() => Scope.close(current.scope, Exit.void)))

    const leave = (pool: Pool) =>
      Effect.uninterruptible(Effect.suspend(() => {
        if (current !== pool) return Effect.void
        return Effect.flatMap(open(settings), (next) => {
          current = next
          return Effect.forkDaemon(Scope.close(pool.scope, Exit.void))
        })
      }))

    return (work) =>
      Effect.suspend(() => {
        const pool = current
        return withoutTransaction(work(pool.sql)).pipe(
          Effect.retry({ while: isFull, schedule: full }),
          // The client cancels an interrupted statement on the server. This does not wait for it.
          disconnect,
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => new SqlError({ cause: { code: "TIMEOUT" }, message: "the statement did not end in time" })
          }),
          Effect.tapError((error) => {
            if (isReadOnly(error)) return Effect.zipRight(onReadOnly, leave(pool))
            return isAboutConnection(codeOf(error)) ? leave(pool) : Effect.void
          })
        )
      })
  })

/** Whether a code of PostgreSQL means that the connection is lost. All other codes are about the statement. */
const isAboutConnection = (code: string | undefined): boolean =>
  code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || code.startsWith("57P")
