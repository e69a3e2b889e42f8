/** The writing statements of each dialect. A statement has written if it returns or counts one row. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Identifier, Statement } from "effect/sql/Statement"
import { codeOf } from "./failures.ts"

/** The row to write. */
interface Row {
  readonly name: string
  readonly version: number
  readonly text: string
}

interface Statements {
  /** Writes nothing if the row exists. */
  readonly first: (row: Row) => Statement<object>
  /** Writes nothing if the row has another version. */
  readonly later: (row: Row, expected: number) => Statement<object>
  readonly removal: (name: string) => Statement<object>
  readonly isDone: (statement: Statement<object>) => Effect.Effect<boolean, SqlError>
}

const returned = (statement: Statement<object>) => Effect.map(statement, (rows) => rows.length === 1)

const postgres = (sql: SqlClient.SqlClient, table: Identifier): Statements => ({
  first: ({ name, text, version }) =>
    sql`INSERT INTO ${table} (key, version, record) VALUES (${name}, ${version}, ${text})
ON CONFLICT (key) DO NOTHING RETURNING version`,
  later: ({ name, text, version }, expected) =>
    sql`UPDATE ${table} SET version = ${version}, record = ${text}, updated_at = CURRENT_TIMESTAMP
WHERE key = ${name} AND version = ${expected} RETURNING version`,
  removal: (name) => sql`DELETE FROM ${table} WHERE key = ${name} RETURNING version`,
  isDone: returned
})

/**
 * Each write takes the next number of the table, so that other processes find it. SQLite allows one write at a time.
 */
const sqlite = (sql: SqlClient.SqlClient, table: Identifier): Statements => {
  const next = sql`(SELECT coalesce(max(seq), 0) + 1 FROM ${table})`
  return {
    ...postgres(sql, table),
    first: ({ name, text, version }) =>
      sql`INSERT INTO ${table} (key, version, record, seq) VALUES (${name}, ${version}, ${text}, ${next})
ON CONFLICT (key) DO NOTHING RETURNING version`,
    later: ({ name, text, version }, expected) =>
      sql`UPDATE ${table} SET version = ${version}, record = ${text}, seq = ${next}, updated_at = CURRENT_TIMESTAMP
WHERE key = ${name} AND version = ${expected} RETURNING version`
  }
}

/** Whether a statement of MySQL changed one row; false for a key that is there already. */
export const changesOne = (statement: Statement<object>): Effect.Effect<boolean, SqlError> =>
  Effect.map(statement.raw, (result) => Predicate.hasProperty(result, "affectedRows") && result.affectedRows === 1)
    .pipe(
      Effect.catchIf((error) => codeOf(error) === "ER_DUP_ENTRY", () => Effect.succeed(false))
    )

/**
 * MySQL has no RETURNING for updates. If the row exists, the insert fails with a duplicate key; only that error is
 * ignored.
 */
const mysql = (sql: SqlClient.SqlClient, table: Identifier): Statements => ({
  first: ({ name, text, version }) =>
    sql`INSERT INTO ${table} (${sql("key")}, version, record) VALUES (${name}, ${version}, ${text})`,
  later: ({ name, text, version }, expected) =>
    sql`UPDATE ${table} SET version = ${version}, record = ${text}, updated_at = CURRENT_TIMESTAMP(6)
WHERE ${sql("key")} = ${name} AND version = ${expected}`,
  removal: (name) => sql`DELETE FROM ${table} WHERE ${sql("key")} = ${name}`,
  isDone: changesOne
})

export const statementsOf = (sql: SqlClient.SqlClient, table: Identifier): Statements =>
  sql.onDialectOrElse({
    mysql: () => mysql(sql, table),
    sqlite: () => sqlite(sql, table),
    orElse: () => postgres(sql, table)
  })
