/**
 * The store reports what other processes write: a sign-out, an end, another session, new tokens. The session is read at its
 * next use, and not before: a session without use costs nothing.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { RecordChange } from "../../RecordChanges.ts"
import * as limits from "../limits.ts"
import { doubling } from "../seams/schedules.ts"
import { isWorker } from "../seams/worker.ts"
import { applyRecord, markOutdated } from "./applyRecord.ts"
import { settle } from "./belonging.ts"
import { caughtUp, type Cell, type Flight } from "./cell.ts"
import { ensure, launch } from "./flight.ts"
import { orFailed } from "./foreignCode.ts"
import { keyOf, type Machine } from "./machine.ts"
import { now } from "./time.ts"

/** The cells of this process, by the hash of their record's key. */
export interface Audience {
  readonly find: (hash: number) => Cell | undefined
  readonly all: () => Iterable<Cell>
}

const again = doubling(limits.listenAgain, limits.slowestListen, 10 * limits.slowestListen)

/** Listens for as long as the layer lives. A subscription that fails is made again; changes that were missed meanwhile are read. */
export const listen = (machine: Machine, audience: Audience): Effect.Effect<void> => {
  const { changes } = machine.store
  // On a Worker the fiber would die with the request that began it.
  if (changes === undefined || isWorker) return Effect.void
  const heard = (change: RecordChange) => {
    if (change._tag === "Away") {
      machine.kept.isHearing = false
      return Effect.void
    }
    if (change._tag === "Listening") {
      machine.kept.isHearing = true
      return Effect.forEach(audience.all(), (cell) => mark(machine, cell, Infinity), { discard: true })
    }
    const cell = audience.find(change.hash)
    return cell === undefined ? Effect.void : mark(machine, cell, change.version === 0 ? Infinity : change.version)
  }
  return orFailed(() => Stream.runForEach(changes, heard), () => "thrown").pipe(
    Effect.exit,
    Effect.tap(() =>
      Effect.sync(() => {
        machine.kept.isHearing = false
      })
    ),
    Effect.repeat(again),
    Effect.asVoid
  )
}

/** `version`: the one that is stored now; `Infinity` where that is not known. */
const mark = (machine: Machine, cell: Cell, version: number): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const isUnread = cell.status === "unloaded" && cell.flight === undefined
    if (isUnread || version === cell.version) return Effect.void
    const newest = Math.max(cell.extras?.heard?.version ?? 0, version)
    // Versions begin at 1 again where a record was erased.
    markOutdated(machine, cell, version < cell.version ? Infinity : newest)
    return cell.extras?.listeners === undefined ? Effect.void : launch(machine, cell, { _tag: "load" })
  })

/**
 * Reads what was heard of, but no longer than `patience` milliseconds: while the store is away, the live token serves. An
 * exchange of this process that is under way is not waited for, because it may take long.
 */
export const catchUp = (machine: Machine, cell: Cell, patience: number): Effect.Effect<void> =>
  Effect.suspend(() =>
    cell.outdated ? Effect.flatMap(now, ({ mono }) => readNews(machine, cell, patience, mono)) : Effect.void
  )

const readNews = (machine: Machine, cell: Cell, patience: number, mono: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { flight } = cell
    const isUnderWay = flight !== undefined && flight.need._tag !== "load"
    const heard = cell.extras?.heard
    if (mono < (heard?.again ?? -Infinity)) return Effect.void
    const reading = isUnderWay
      ? readBeside(machine, cell, flight)
      : Effect.as(ensure(machine, cell, { _tag: "load" }), true)
    return Effect.map(Effect.exit(Effect.timeout(reading, patience)), (exit) => {
      // A report that came meanwhile stays.
      if (cell.extras?.heard !== heard) return
      if (heard === undefined || (exit._tag === "Success" && exit.value)) caughtUp(cell)
      else if (exit._tag === "Failure") heard.again = mono + patience + limits.readAgain
    })
  })

/** Reads and applies the record beside a flight. The flight sees that, and decides again. `false`: it was not applied. */
const readBeside = Effect.fnUntraced(function*(machine: Machine, cell: Cell, flight: Flight) {
  const { applied } = flight
  const record = yield* machine.store.get(keyOf(machine, cell))
  // A sign-out or a sign-in may have followed a flight that is over: then what was read is from before.
  if (cell.flight !== flight || flight.applied !== applied) return false
  yield* applyRecord(machine, cell, Option.getOrUndefined(record), "read")
  settle(machine, cell, Option.getOrUndefined(record))
  return true
})
