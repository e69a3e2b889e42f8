/**
 * A token store in one table of an SQL database, over any `SqlClient` of the dialects `sqlite` and `pg`.
 *
 * A compare-and-set is one statement, and it has won only if `RETURNING` gave a row. This module knows neither presence
 * nor changes, because these need more than a client: `SqliteTokenStore` and `PostgresTokenStore` add what their database
 * can tell.
 *
 * @since 0.1.0
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { migrate } from "./internal/migrations.ts"
import { defaultTable, makeRecords, type Use } from "./internal/records.ts"

/**
 * How this store uses its database.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The table's name (default: `effect_auth_sessions`): lower-case letters, digits and `_`. The migrations are counted in
   * a table named `<table>_migrations`.
   */
  readonly table?: string | undefined
}

/**
 * A store on the `SqlClient` of the environment; creates its table. Fails with `TokenStoreError` (`unavailable`) where the
 * database does not answer, or where it is of another dialect.
 *
 * Not for `@effect/sql-libsql` on a file: that driver does not commit what a connection writes after it once found the
 * database locked. `SqliteTokenStore` knows how to live with it. Other SQLite clients need a `busy_timeout`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<TokenStore.Service, TokenStoreError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const table = options.table ?? defaultTable
    const dialect = sql.onDialectOrElse({
      pg: () => "postgresql" as const,
      sqlite: () => "sqlite" as const,
      orElse: () => undefined
    })
    if (dialect === undefined) {
      return yield* new TokenStoreError({
        provider: "sql",
        account: "",
        operation: "open",
        reason: "unavailable",
        detail: "the dialect is neither sqlite nor pg"
      })
    }
    const use: Use = (work) => work(sql)
    yield* migrate(use, { table, backend: dialect })
    return makeRecords(use, { table })
  })

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<TokenStore.TokenStore, TokenStoreError, SqlClient.SqlClient> =>
  Layer.effect(TokenStore.TokenStore, make(options))
