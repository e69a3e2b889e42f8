/**
 * The store reports what other processes write: a sign-out, an end, another session, new tokens. The session is read at its
 * next use, and not before: a session without use costs nothing.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { RecordChange } from "../../RecordChanges.ts"
import * as limits from "../limits.ts"
import { isWorker } from "../seams/worker.ts"
import { applyRecord } from "./applyRecord.ts"
import { caughtUp, type Cell, extrasOf, type Flight } from "./cell.ts"
import { ensure, launch } from "./flight.ts"
import { orFailed } from "./foreignCode.ts"
import { keyOf, type Machine } from "./machine.ts"

/** The cells of this process, by the hash of their record's key. */
export interface Audience {
  readonly find: (hash: number) => Cell | undefined
  readonly all: () => Iterable<Cell>
}

const again = Schedule.union(Schedule.exponential(limits.listenAgain), Schedule.spaced(limits.slowestListen)).pipe(
  Schedule.resetAfter(10 * limits.slowestListen)
)

/** Listens for as long as the layer lives. A subscription that fails is made again; changes that were missed meanwhile are read. */
export const listen = (machine: Machine, audience: Audience): Effect.Effect<void> => {
  const { changes } = machine.store
  // On a Worker the fiber would die with the request that began it.
  if (changes === undefined || isWorker) return Effect.void
  const heard = (change: RecordChange) => {
    if (change._tag === "Listening") {
      machine.kept.isHearing = true
      return Effect.forEach(audience.all(), (cell) => mark(machine, cell, Infinity), { discard: true })
    }
    const cell = audience.find(change.hash)
    return cell === undefined ? Effect.void : mark(machine, cell, change.version === 0 ? Infinity : change.version)
  }
  return orFailed(() => Stream.runForEach(changes, heard), () => "thrown").pipe(
    Effect.exit,
    Effect.zipLeft(Effect.sync(() => {
      machine.kept.isHearing = false
    })),
    Effect.repeat(again),
    Effect.asVoid
  )
}

/** `version`: the one that is stored now; `Infinity` where that is not known. */
const mark = (machine: Machine, cell: Cell, version: number): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const isUnread = cell.status === "unloaded" && cell.flight === undefined
    if (isUnread || version === cell.version) return Effect.void
    machine.kept.keep(cell, undefined)
    const extras = extrasOf(cell)
    // Versions begin at 1 again where a record was erased.
    const newest = version < cell.version ? Infinity : Math.max(extras.heard?.version ?? 0, version)
    extras.heard = { version: newest }
    cell.outdated = true
    return extras.listeners === undefined ? Effect.void : launch(machine, cell, { _tag: "load" })
  })

/**
 * Reads what was heard of, but no longer than `patience` milliseconds: while the store is away, the live token serves. An
 * exchange of this process that is under way is not waited for: it reads or writes the record itself. One that still waits for
 * its permit may wait for minutes.
 */
export const catchUp = (machine: Machine, cell: Cell, patience: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { flight } = cell
    const isUnderWay = flight !== undefined && flight.need._tag !== "load"
    if (!cell.outdated || (isUnderWay && flight.place === undefined)) return Effect.void
    const heard = cell.extras?.heard
    const reading = isUnderWay ? readBeside(machine, cell, flight) : ensure(machine, cell, { _tag: "load" })
    return Effect.map(Effect.exit(Effect.timeout(reading, patience)), () => {
      // A report that came meanwhile stays.
      if (cell.extras?.heard === heard) caughtUp(cell)
    })
  })

/** Reads and applies the record beside a flight. The flight sees that, and decides again. */
const readBeside = Effect.fnUntraced(function*(machine: Machine, cell: Cell, flight: Flight) {
  const { applied } = flight
  const record = yield* machine.store.get(keyOf(machine, cell))
  if (flight.applied === applied) yield* applyRecord(machine, cell, Option.getOrUndefined(record), "read")
})
