/**
 * The connections for statements.
 *
 * The client gives a connection back to its pool whatever became of the statement, so one that broke, or on which a
 * statement hangs (a host that is gone says nothing), would be handed out again. A pool in which that happened is left
 * behind, and the next statement gets a new one.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Pg from "pg"
import { codeOf } from "./failures.ts"
import type { Use } from "./records.ts"

interface Pool {
  readonly sql: SqlClient.SqlClient
  readonly scope: Scope.CloseableScope
}

const acquire = (settings: Pg.PoolConfig) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const pool = new Pg.Pool(settings)
      // An idle connection that breaks leaves the pool by itself; without a listener it would end the process.
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
  timeout: Duration.DurationInput
): Effect.Effect<Use, SqlError, Scope.Scope> =>
  Effect.gen(function*() {
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
        return work(pool.sql).pipe(
          // The client cancels an interrupted statement on the server, and that is not waited for either.
          Effect.disconnect,
          Effect.timeoutFail({
            duration: timeout,
            onTimeout: () => new SqlError({ cause: { code: "TIMEOUT" }, message: "the statement did not end in time" })
          }),
          Effect.tapError((error) => isAboutConnection(codeOf(error)) ? leave(pool) : Effect.void)
        )
      })
  })

/** Of PostgreSQL's own codes these say that the connection is no more: the others are about the statement. */
const isAboutConnection = (code: string | undefined): boolean =>
  code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || code.startsWith("57P")
