/**
 * A token store in one table of an SQL database. It uses the application's own `SqlClient` with the dialect `sqlite`,
 * `pg` or `mysql`. It starts no transaction, except to create the table, and it never joins one of the application: a
 * write is committed when it is acknowledged, even if the transaction around the call is rolled back later. If that
 * transaction holds the only connection (always on SQLite), the call fails after 5 seconds, and opening the store after
 * a minute.
 *
 * A compare-and-set is one statement. It succeeded only if `RETURNING` gave a row, or if one row was counted. On SQLite
 * and MySQL the store polls for changes. This module has no presence, and no changes on PostgreSQL, because both need
 * more than a client. `SqliteTokenStore`, `PostgresTokenStore` and `MysqlTokenStore` add them.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { openingPatience, useOf } from "./internal/applicationClient.ts"
import * as checks from "./internal/checks.ts"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { makeMysqlChanges } from "./internal/mysqlChanges.ts"
import { channelOf } from "./internal/pgNews.ts"
import { makeRecords } from "./internal/records.ts"
import { makeSqliteChanges } from "./internal/sqliteChanges.ts"
import { refuseUnwritable } from "./internal/writable.ts"

/**
 * How this store uses its database.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The table's name (default: `effect_auth_sessions`): lower-case letters, digits and `_`, with or without a schema
   * and a dot in front (without it on PostgreSQL: in `public`). The table `<table>_migrations` holds the migrations
   * that were run.
   */
  readonly table?: string | undefined
  /** How often the store polls for changes while there are listeners (default: 500 milliseconds). Not on PostgreSQL. */
  readonly pollInterval?: Duration.Input | undefined
}

const defaultPollInterval = 500

/**
 * Makes a store on the `SqlClient` of the context, and creates its table. Fails with `TokenStoreError`:
 *
 * - `misconfigured`: an option is invalid, the table has other columns, or the client has another dialect
 * - `permissions`: a right is missing
 * - `unavailable`: the database does not answer, or is read-only
 *
 * Don't use it with `@effect/sql-libsql` on a file: after a connection of that driver found the database locked once,
 * its later writes are not committed. `SqliteTokenStore` handles this. Other SQLite clients need a `busy_timeout`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<TokenStore.Service, TokenStoreError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const open = (detail: string) => ofStore("sql", "open", { reason: "misconfigured", detail })()
    yield* Effect.mapError(Effect.fromResult(checks.known(options, ["table", "pollInterval"])), open)
    const name = yield* Effect.mapError(Effect.fromResult(checks.table(options.table)), open)
    const pollInterval = yield* Effect.mapError(
      Effect.fromResult(checks.millis("pollInterval", options.pollInterval, defaultPollInterval)),
      open
    )
    const dialect = sql.onDialectOrElse({
      pg: () => "postgresql" as const,
      sqlite: () => "sqlite" as const,
      mysql: () => "mysql" as const,
      orElse: () => undefined
    })
    if (dialect === undefined) {
      return yield* open("the client's dialect must be sqlite, pg or mysql")
    }
    // Without a schema PostgreSQL could use a table of the same name from another schema of its search_path.
    const table = dialect === "postgresql" && !name.includes(".") ? `public.${name}` : name
    const use = useOf(sql)
    yield* migrate(useOf(sql, openingPatience), { table, backend: dialect })
    yield* refuseUnwritable(use, table, dialect)
    if (dialect === "postgresql") return makeRecords(use, { table, channel: yield* channelOf(table) })
    const { changes, onWritten } = (dialect === "sqlite" ? makeSqliteChanges : makeMysqlChanges)(
      use,
      table,
      pollInterval
    )
    return { ...makeRecords(use, { table, onWritten }), changes }
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
