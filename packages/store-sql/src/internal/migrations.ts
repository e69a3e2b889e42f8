/** The migrations of the tables. An existing migration is never changed; new ones are added. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { codeOf, isDamage, isMissing, ofStore, ownOf } from "./failures.ts"
import type { Use } from "./records.ts"

const createTable: Create = (table) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      // The record is text, because jsonb does not allow \u0000. The fillfactor leaves room in each page, so that
      // updates stay on the page. Names are in byte order, so that names with the same prefix are together.
      pg: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  key text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  record text NOT NULL,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
) WITH (fillfactor = 70)`,
      // The index finds the rows that changed a moment ago.
      mysql: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  ${sql("key")} varchar(1000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  version bigint NOT NULL,
  record longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  updated_at timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  INDEX (updated_at)
) ENGINE = InnoDB`,
      orElse: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  key TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL,
  record TEXT NOT NULL,
  updated_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)`
    }))

/** Adds the number with which other processes find new writes. */
const addSequence: Create = (table) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.zipRight(
      sql`ALTER TABLE ${sql(table)} ADD COLUMN seq INTEGER NOT NULL DEFAULT 0`,
      sql`CREATE INDEX IF NOT EXISTS ${sql(`${table.replace(".", "_")}_seq`)} ON ${sql(table)} (seq)`
    ))

/** The table of pending sign-ins. */
export const createPending: Create = (table) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.onDialectOrElse({
      // Ids and digests are compared letter by letter. The index finds what has ended without locking what has not.
      mysql: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  id varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  browser varchar(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires_at bigint NOT NULL,
  entry longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  INDEX (expires_at)
) ENGINE = InnoDB`,
      orElse: () =>
        sql`CREATE TABLE IF NOT EXISTS ${sql(table)} (
  id text PRIMARY KEY NOT NULL,
  browser text NOT NULL,
  expires_at bigint NOT NULL,
  entry text NOT NULL
)`
    }))

type Create = (table: string) => Effect.Effect<unknown, SqlError, SqlClient.SqlClient>

const migrator = Migrator.make({})

export type Backend = "sqlite" | "postgresql" | "mysql"

interface Options {
  readonly table: string
  readonly backend: Backend
  /** Default: the table of records. */
  readonly create?: Create | undefined
}

/**
 * Runs the missing migrations. If several processes do this at the same time, one succeeds and the others fail for a
 * moment (PostgreSQL's `CREATE TABLE IF NOT EXISTS` is not safe against concurrent runs), so it is retried. MySQL commits
 * the row of a migration before its table is there, so the table is read, too.
 */
export const migrate = (
  use: Use,
  options: Options
): Effect.Effect<void, TokenStoreError> =>
  Effect.unlessEffect(run(use, options), isDone(use, options)).pipe(
    Effect.zipRight(use((sql) => sql`SELECT 1 FROM ${sql(options.table)} LIMIT 0`)),
    Effect.retry({
      while: (error) =>
        isMissing(error) ||
        (ownOf(error) === undefined && !isDamage(codeOf(error)) && !isFinal.test(codeOf(error) ?? "")),
      schedule: Schedule.intersect(
        Schedule.upTo(Schedule.jittered(Schedule.exponential(20)), "5 seconds"),
        Schedule.recurs(10)
      )
    }),
    Effect.mapError(ofStore(options.backend, "migrate")),
    Effect.asVoid
  )

/** In the order of their numbers, from 1. */
const migrationsOf = ({ backend, create }: Options): ReadonlyArray<readonly [name: string, create: Create]> =>
  create !== undefined
    ? [["create_table", create]]
    : backend === "sqlite"
    ? [["create_table", createTable], ["add_sequence", addSequence]]
    : [["create_table", createTable]]

/**
 * Whether all migrations were run. This needs no rights to create tables and takes no lock. A failure means that some
 * are missing.
 */
const isDone = (use: Use, options: Options): Effect.Effect<boolean> =>
  use((sql) =>
    sql`SELECT migration_id FROM ${sql(`${options.table}_migrations`)}
WHERE migration_id = ${migrationsOf(options).length}`
  ).pipe(
    Effect.map((rows) => rows.length === 1),
    Effect.orElseSucceed(() => false)
  )

/** Whether a retry can't help: wrong role or schema, or a file that can't be written. */
const isFinal =
  /^(28...|3.000|42(?!P07|P06|710).{3}|ER_.*DENIED.*|ER_BAD_DB_ERROR|SQLITE_ERROR|SQLITE_READONLY.*|SQLITE_CANTOPEN.*|LOG_REPLACED|NO_CONNECTION|PRAGMA_.*_REFUSED)$/

/** The migrator also reports success if a lock kept it from doing anything. So the result is checked. */
const run = (use: Use, options: Options): Effect.Effect<void, SqlError> =>
  use((sql) =>
    migrator({
      table: `${options.table}_migrations`,
      loader: Effect.succeed(
        migrationsOf(options).map(([name, create], index) => [index + 1, name, Effect.succeed(create(options.table))])
      )
    }).pipe(
      Effect.provideService(SqlClient.SqlClient, sql),
      // The migrator turns a failed migration into a defect.
      Effect.catchAllDefect((defect) =>
        defect instanceof Migrator.MigrationError ? Effect.fail(defect) : Effect.die(defect)
      ),
      Effect.mapError((error) => new SqlError({ cause: error, message: "migration" }))
    )
  ).pipe(
    Effect.zipRight(isDone(use, options)),
    Effect.filterOrFail(
      (done) => done,
      () => new SqlError({ cause: { code: "MIGRATION_LOCKED" }, message: "the migrations were not run" })
    ),
    Effect.asVoid
  )
