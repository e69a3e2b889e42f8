/** MySQL can't push changes, so the store polls for rows by their update time, on the server's clock. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Found, makePolled, mostFound, type Polled } from "./polled.ts"
import type { Use } from "./records.ts"

/**
 * A row has the time when its statement began, but is visible only when the statement has ended: at most this much
 * later (milliseconds).
 */
const overlap = 1_000

export const makeMysqlChanges = (use: Use, table: string, every: number): Polled => {
  /** The monotonic time of the last poll, and the rows that it found. */
  let looked = 0
  let before = new Map<string, string>()
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))
  const recent = (millis: number) =>
    use((sql) =>
      sql<Found>`SELECT ${sql("key")}, version FROM ${sql(table)}
WHERE updated_at >= CURRENT_TIMESTAMP(6) - INTERVAL ${Math.ceil(millis) * 1_000} MICROSECOND LIMIT ${mostFound + 1}`
    )
  const look = Effect.gen(function*() {
    const at = yield* now
    const rows = yield* recent(at - looked + overlap)
    const known = before
    looked = at
    before = new Map(rows.map(({ key, version }) => [key, String(version)]))
    return rows.filter(({ key, version }) => known.get(key) !== String(version))
  })
  return makePolled({
    every,
    begin: Effect.flatMap(now, (at) => {
      looked = at
      before = new Map()
      return Effect.asVoid(look)
    }),
    look
  })
}
