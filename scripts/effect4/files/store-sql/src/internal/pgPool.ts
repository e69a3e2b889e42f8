/**
 * The connections for statements.
 *
 * A statement may hang (a lost host sends nothing), and a pool may hand out a broken connection again. After such a failure
 * the whole pool is abandoned, and the next statement gets a new pool.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import { SqlError, UnknownError } from "effect/sql/SqlError"
import type * as Pg from "pg"
import { codeOf, isFull, isReadOnly } from "./failures.ts"
import type { Use } from "./records.ts"
import { disconnect } from "./seams/disconnect.ts"
import { withoutTransaction } from "./seams/withoutTransaction.ts"

interface Pool {
  readonly sql: SqlClient.SqlClient
  readonly scope: Scope.Closeable
}

/** The settings of `pg`, which the kept session has too, for the client of Effect. */
const configOf = (settings: Pg.PoolConfig): PgClient.PgPoolConfig => ({
  ...(settings.connectionString === undefined ? {} : { url: Redacted.make(settings.connectionString) }),
  ...(settings.host === undefined ? {} : { host: settings.host }),
  ...(settings.port === undefined ? {} : { port: settings.port }),
  ...(settings.database === undefined ? {} : { database: settings.database }),
  ...(settings.user === undefined ? {} : { username: settings.user }),
  ...(typeof settings.password === "string" ? { password: Redacted.make(settings.password) } : {}),
  ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
  ...(settings.max === undefined ? {} : { maxConnections: settings.max }),
  ...(settings.application_name === undefined ? {} : { applicationName: settings.application_name }),
  ...(settings.connectionTimeoutMillis === undefined ? {} : { connectTimeout: settings.connectionTimeoutMillis })
})

const open = Effect.fnUntraced(function*(settings: Pg.PoolConfig) {
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Layer.fresh(PgClient.layer(configOf(settings))), scope)
  return { sql: Context.get(context, SqlClient.SqlClient), scope }
})

export const makeUse = (
  settings: Pg.PoolConfig,
  timeout: Duration.Input,
  /** Runs when the server is read-only, perhaps since a failover. */
  onReadOnly: Effect.Effect<void>
): Effect.Effect<Use, SqlError, Scope.Scope> =>
  Effect.gen(function*() {
    // Without a connection nothing was sent, so a retry is safe.
    const full = Schedule.jittered(Schedule.spaced(100)).pipe(
      Schedule.upTo({ duration: Duration.times(Duration.fromInputUnsafe(timeout), 0.8) })
    )
    let current: Pool = yield* open(settings)
    yield* Effect.addFinalizer(() => Effect.suspend(() => Scope.close(current.scope, Exit.void)))

    const leave = (pool: Pool) =>
      Effect.uninterruptible(Effect.suspend(() => {
        if (current !== pool) return Effect.void
        return Effect.flatMap(open(settings), (next) => {
          current = next
          return Effect.forkDetach(Scope.close(pool.scope, Exit.void))
        })
      }))

    return (work) =>
      Effect.suspend(() => {
        const pool = current
        return withoutTransaction(work(pool.sql)).pipe(
          Effect.retry({ while: isFull, schedule: full }),
          // The client cancels an interrupted statement on the server. This does not wait for it.
          disconnect,
          Effect.timeoutOrElse({
            duration: timeout,
            orElse: () =>
              Effect.fail(
                new SqlError({
                  reason: new UnknownError({ cause: { code: "TIMEOUT" }, message: "the statement did not end in time" })
                })
              )
          }),
          Effect.tapError((error) => {
            if (isReadOnly(error)) return Effect.andThen(onReadOnly, leave(pool))
            return isAboutConnection(codeOf(error)) ? leave(pool) : Effect.void
          })
        )
      })
  })

/** Whether a code of PostgreSQL means that the connection is lost. All other codes are about the statement. */
const isAboutConnection = (code: string | undefined): boolean =>
  code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("08") || code.startsWith("57P")
