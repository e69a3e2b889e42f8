/** The table, and how it came to be. Migrations are only ever added. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { codeOf, isDamage, ofStore } from "./failures.ts"
import type { Use } from "./records.ts"

const createTable = (table: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      // The record is text and not jsonb, which knows no \u0000. Room is left in each page, so that updates stay on it.
      pg: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  key text PRIMARY KEY,
  version bigint NOT NULL,
  record text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
) WITH (fillfactor = 70)`,
      orElse: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  key TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL,
  record TEXT NOT NULL,
  updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)`
    }))

const migrator = Migrator.make({})

/**
 * Brings the database up to date. Many processes may do so at once: one of them wins, and the others fail for a moment
 * (PostgreSQL's `CREATE TABLE IF NOT EXISTS` is no protection against itself), which is why it is tried again.
 */
export const migrate = (
  use: Use,
  options: { readonly table: string; readonly backend: "sqlite" | "postgresql" }
): Effect.Effect<void, TokenStoreError> =>
  isName.test(options.table) ?
    Effect.asVoid(Effect.unlessEffect(run(use, options), isDone(use, options.table))) :
    Effect.fail(
      ofStore(options.backend, "migrate", {
        detail: "the table's name must be lower-case letters, digits and _, after its schema and a dot or without"
      })()
    )

/** The last of the migrations below. */
const latest = 1

/** Where all is done nobody needs the right to do it, and no lock is taken. A failure says that something is to be done. */
const isDone = (use: Use, table: string): Effect.Effect<boolean> =>
  use((sql) => sql`SELECT migration_id FROM ${sql(`${table}_migrations`)} WHERE migration_id = ${latest}`).pipe(
    Effect.map((rows) => rows.length === 1),
    Effect.orElseSucceed(() => false)
  )

/** The migrator does not find the table of its own again under other names, and PostgreSQL cuts longer ones. */
const isName = /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,50}$/

/** The role may not create tables, and will not in five seconds. */
const forbidden = "42501"

const run = (
  use: Use,
  options: { readonly table: string; readonly backend: "sqlite" | "postgresql" }
): Effect.Effect<void, TokenStoreError> =>
  use((sql) =>
    migrator({
      table: `${options.table}_migrations`,
      loader: Effect.succeed([[latest, "create_table", Effect.succeed(createTable(options.table))]])
    }).pipe(
      Effect.provideService(SqlClient.SqlClient, sql),
      // The migrator dies of a migration that fails.
      Effect.catchSomeDefect((defect) =>
        defect instanceof Migrator.MigrationError ? Option.some(Effect.fail(defect)) : Option.none()
      ),
      Effect.mapError((error) => new SqlError({ cause: error, message: "migration" }))
    )
  ).pipe(
    Effect.retry({
      while: (error) => !isDamage(codeOf(error)) && codeOf(error) !== forbidden,
      schedule: Schedule.jittered(Schedule.exponential(20)).pipe(
        Schedule.upTo("5 seconds"),
        Schedule.intersect(Schedule.recurs(10))
      )
    }),
    Effect.mapError(ofStore(options.backend, "migrate")),
    Effect.asVoid
  )
