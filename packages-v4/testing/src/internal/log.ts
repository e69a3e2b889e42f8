/**
 * The log of a sandbox. The counters are computed from the log, so both always agree.
 */
import * as Effect from "effect/Effect"
import type { Counters, Entry, Outcomes } from "../Sandbox.ts"
import type { Open } from "./trace.ts"

export const outcomes = (counters: Counters, grant: string): Outcomes =>
  counters.exchanges[grant] ?? { granted: 0, refused: 0, unhandled: 0 }

const add = (counters: Counters, entry: Entry): Counters => {
  const outcome = entry.status === undefined ? "unhandled" : entry.issued === undefined ? "refused" : "granted"
  const isExchange = entry.operation === "sign-in" || entry.operation === "refresh"
  const grant = entry.grant ?? entry.operation
  const before = outcomes(counters, grant)
  const sent = entry.sent ?? 0
  return {
    requests: counters.requests + 1,
    exchanges: isExchange
      ? { ...counters.exchanges, [grant]: { ...before, [outcome]: before[outcome] + 1 } }
      : counters.exchanges,
    calls: entry.operation === "api"
      ? { ...counters.calls, [sent]: (counters.calls[sent] ?? 0) + 1 }
      : counters.calls,
    spent: counters.spent + (entry.spent === true ? 1 : 0),
    revocations: counters.revocations + (entry.revoked === undefined ? 0 : 1)
  }
}

const nothing: Counters = { requests: 0, exchanges: {}, calls: {}, spent: 0, revocations: 0 }

export const make = (size: number) => {
  let forgotten = nothing
  let entries: Array<Open> = []
  return {
    open: (entry: Open) => {
      // Trimmed only at double size, so that a long run does not copy the log at each request.
      if (entries.length >= size * 2) {
        forgotten = entries.slice(0, -size).reduce(add, forgotten)
        entries = entries.slice(-size)
      }
      entries.push(entry)
      return entry
    },
    read: Effect.sync((): ReadonlyArray<Entry> => entries.slice(-size).map((entry) => ({ ...entry }))),
    counters: Effect.sync(() => entries.reduce(add, forgotten))
  }
}
