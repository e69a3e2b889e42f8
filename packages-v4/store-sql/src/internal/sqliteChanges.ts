/** Each write gets the next number of its table, so rows with a higher number than the last seen one have changed. */
import * as Effect from "effect/Effect"
import { type Found, makePolled, mostFound, type Polled } from "./polled.ts"
import type { Use } from "./records.ts"

interface Numbered extends Found {
  readonly seq: number
}

export const makeSqliteChanges = (use: Use, table: string, every: number): Polled => {
  let seen = 0
  return makePolled({
    every,
    begin: Effect.map(
      use((sql) => sql<{ readonly last: number | null }>`SELECT max(seq) AS last FROM ${sql(table)}`),
      ([row]) => {
        seen = row?.last ?? 0
      }
    ),
    look: Effect.map(
      use((sql) =>
        sql<Numbered>`SELECT key, version, seq FROM ${sql(table)} WHERE seq > ${seen} ORDER BY seq DESC LIMIT ${
          mostFound + 1
        }`
      ),
      (rows) => {
        seen = rows[0]?.seq ?? seen
        return rows
      }
    )
  })
}
