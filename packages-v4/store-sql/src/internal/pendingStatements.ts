/** The statements of the store of pending sign-ins, in each dialect. */
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Identifier } from "effect/sql/Statement"
import { changesOne } from "./statements.ts"

/** The row to write. */
interface Row {
  readonly id: string
  readonly browser: string
  readonly expiresAt: number
  readonly entry: string
}

interface Statements {
  /** Whether it was written: not if the table is full, or has the id. */
  readonly put: (row: Row, capacity: number) => Effect.Effect<boolean, SqlError>
  /** The entry, for the one who removed it. */
  readonly take: (id: string, browser: string) => Effect.Effect<string | undefined, SqlError>
}

const returning = (sql: SqlClient.SqlClient, table: Identifier): Statements => ({
  put: ({ browser, entry, expiresAt, id }, capacity) =>
    Effect.map(
      sql`INSERT INTO ${table} (id, browser, expires_at, entry)
SELECT ${id}, ${browser}, ${expiresAt}, ${entry}
WHERE (SELECT count(*) FROM ${table}) < ${capacity}
ON CONFLICT (id) DO NOTHING RETURNING id`,
      (rows) => rows.length === 1
    ),
  take: (id, browser) =>
    Effect.map(
      sql<{ readonly entry: string }>`DELETE FROM ${table} WHERE id = ${id} AND browser = ${browser} RETURNING entry`,
      ([row]) => row?.entry
    )
})

/**
 * MySQL has no RETURNING. An entry never changes, so it is read first, and whoever then removes the row has it. Counting is a
 * statement of its own: inside the insert it would lock the table against other sign-ins.
 */
const mysql = (sql: SqlClient.SqlClient, table: Identifier): Statements => ({
  put: Effect.fnUntraced(function*({ browser, entry, expiresAt, id }, capacity) {
    const [counted] = yield* sql<{ readonly waiting: number }>`SELECT count(*) AS waiting FROM ${table}`
    if (Number(counted?.waiting) >= capacity) return false
    return yield* changesOne(
      sql`INSERT INTO ${table} (id, browser, expires_at, entry) VALUES (${id}, ${browser}, ${expiresAt}, ${entry})`
    )
  }),
  take: Effect.fnUntraced(function*(id, browser) {
    const [row] = yield* sql<{ readonly entry: string }>`SELECT entry FROM ${table}
WHERE id = ${id} AND browser = ${browser}`
    if (row === undefined) return undefined
    const isMine = yield* changesOne(sql`DELETE FROM ${table} WHERE id = ${id} AND browser = ${browser}`)
    return isMine ? row.entry : undefined
  })
})

export const pendingStatementsOf = (sql: SqlClient.SqlClient, table: Identifier): Statements =>
  sql.onDialectOrElse({
    mysql: () => mysql(sql, table),
    orElse: () => returning(sql, table)
  })
