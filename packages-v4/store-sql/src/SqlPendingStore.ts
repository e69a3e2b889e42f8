/**
 * Pending sign-ins of `@effect-auth/oauth2` in one table of an SQL database. It is for applications with several
 * processes, because the browser may return to another process than the one that started the sign-in.
 *
 * ```ts
 * import * as SqlPendingStore from "@effect-auth/store-sql/SqlPendingStore"
 * import * as PgClient from "@effect/sql-pg/PgClient"
 * import * as Config from "effect/Config"
 * import * as Layer from "effect/Layer"
 *
 * const waiting = Layer.provide(
 *   SqlPendingStore.layer(),
 *   PgClient.layerConfig({ url: Config.Redacted("DATABASE_URL") })
 * )
 * ```
 *
 * Whoever removes the row of an entry has it, so only one process gets it (one `DELETE … RETURNING`; MySQL counts the rows
 * that were removed). The next new sign-in erases expired entries. Like `SqlTokenStore` it joins no
 * transaction of the application. It needs `@effect-auth/oauth2`, which this package does not install.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { openingPatience, useOf } from "./internal/applicationClient.ts"
import * as checks from "./internal/checks.ts"
import { isContention, ofStore } from "./internal/failures.ts"
import { createPending, migrate } from "./internal/migrations.ts"
import { pendingStatementsOf } from "./internal/pendingStatements.ts"

/**
 * How this store uses its database.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The table's name, as for `SqlTokenStore`. Default: `effect_auth_pending`. */
  readonly table?: string | undefined
  /**
   * How many sign-ins may be pending. Default: 10,000. On PostgreSQL and MySQL, sign-ins that begin in the same
   * instant may exceed it by their number.
   */
  readonly capacity?: number | undefined
}

/** How long a statement is retried while the database is locked. */
const patience = Schedule.jittered(Schedule.exponential(5)).pipe(
  Schedule.modifyDelay(({ duration: delay }) => Effect.succeed(Duration.min(delay, Duration.millis(50)))),
  Schedule.upTo({ duration: "5 seconds" })
)

/**
 * Makes a store on the `SqlClient` of the context (dialects `pg`, `sqlite` and `mysql`), and creates its table. Fails with
 * `TokenStoreError`: `misconfigured` if an option is invalid or the client has another dialect, `unavailable` if the
 * database does not answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options = {}
): Effect.fn.Return<PendingStore.Service, TokenStoreError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const open = (detail: string) => ofStore("sql", "open", { reason: "misconfigured", detail })()
  yield* Effect.mapError(Effect.fromResult(checks.known(options, ["table", "capacity"])), open)
  const name = yield* Effect.mapError(Effect.fromResult(checks.table(options.table ?? "effect_auth_pending")), open)
  const capacity = (yield* Effect.mapError(
    Effect.fromResult(checks.optional("capacity", options.capacity, checks.isSize, "give a whole number, at least 1")),
    open
  )) ?? PendingStore.defaultCapacity
  const dialect = sql.onDialectOrElse({
    pg: () => "postgresql" as const,
    sqlite: () => "sqlite" as const,
    mysql: () => "mysql" as const,
    orElse: () => undefined
  })
  if (dialect === undefined) return yield* open("the client's dialect must be sqlite, pg or mysql")
  const table = sql(dialect === "postgresql" && !name.includes(".") ? `public.${name}` : name)
  const use = useOf(sql)
  yield* migrate(useOf(sql, openingPatience), {
    table: dialect === "postgresql" && !name.includes(".") ? `public.${name}` : name,
    backend: dialect,
    create: createPending
  })
  const run = <A>(operation: string, effect: Effect.Effect<A, SqlError>) =>
    Effect.retry(use(() => effect), { schedule: patience, while: isContention }).pipe(
      Effect.mapError(ofStore(dialect, operation))
    )
  const statements = pendingStatementsOf(sql, table)
  return {
    put: Effect.fnUntraced(function*(id, pending) {
      const now = yield* Clock.currentTimeMillis
      yield* run("write", sql`DELETE FROM ${table} WHERE expires_at <= ${now}`)
      const { browser, expiresAt } = pending
      return yield* run(
        "write",
        statements.put({ id, browser, expiresAt, entry: PendingStore.encode(pending) }, capacity)
      )
    }),
    take: Effect.fnUntraced(function*(id, browser) {
      const entry = yield* run("read", statements.take(id, browser))
      if (entry === undefined) return undefined
      const pending = yield* PendingStore.decode(entry)
      return pending.expiresAt > (yield* Clock.currentTimeMillis) ? pending : undefined
    })
  }
})

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<PendingStore.PendingStore, TokenStoreError, SqlClient.SqlClient> =>
  Layer.effect(PendingStore.PendingStore, make(options))
