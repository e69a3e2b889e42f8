/** New tokens are saved before anybody sees them; while the store fails they are served from memory and saved later. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { TokenStoreError } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as limits from "../limits.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import { applyRecord, markOutdated, type Own } from "./applyRecord.ts"
import { type Cell, extrasOf, type Unsaved } from "./cell.ts"
import { emit } from "./events.ts"
import { keyOf, type Machine } from "./machine.ts"
import { revokeInVain } from "./revoke.ts"
import * as transitions from "./transitions.ts"
import * as records from "./writeRecord.ts"

/** The outcome of saving tokens that were just issued. */
export type Committed =
  /** They are the session's tokens now, perhaps in memory only for the time being. */
  | { readonly _tag: "Published"; readonly record: SessionRecord }
  /** The session moved on meanwhile: they were obtained in vain. */
  | { readonly _tag: "Superseded"; readonly record: SessionRecord | undefined }

/** While it is wanted: a sign-in or a sign-out meanwhile must not be written over later. */
export const changeOf = (unsaved: Unsaved, isWanted: () => boolean): records.Change => ({
  next: (current) => {
    if (!isWanted()) return undefined
    unsaved.found?.(current)
    return unsaved.next(current)
  },
  isThere: (current) =>
    current.commitId === unsaved.commitId || (unsaved.begun !== undefined && current.session === unsaved.begun),
  overUnreadable: unsaved.overUnreadable
})

/** Replaces or clears the pending unsaved write. */
export const keep = (machine: Machine, cell: Cell, unsaved: Unsaved | undefined): void => {
  const before = cell.extras?.unsaved
  if (before?.claim !== undefined) machine.owner.liveClaims.delete(before.claim)
  if (unsaved !== undefined || cell.extras !== undefined) extrasOf(cell).unsaved = unsaved
  if (unsaved === undefined) machine.unsaved.delete(cell)
  else machine.unsaved.add(cell)
}

const inVain = (machine: Machine, { issued }: Unsaved, record: SessionRecord | undefined): Effect.Effect<void> =>
  issued === undefined ? Effect.void : revokeInVain(machine, record, issued.session, issued.tokens)

/**
 * Saves, then publishes. `believed`: the record as this owner wrote it last. A commit needs no version: an owner that lost
 * its claim but lives does not throw away the only good pair. Under a claim it gives way to what was asked for meanwhile
 * and is not saved either; without one (a caller signs in) it takes its place.
 */
export const commit = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  unsaved: Unsaved,
  believed: SessionRecord | undefined,
  own: Own
): Effect.fn.Return<Committed> {
  const change = changeOf(unsaved, () => true)
  const { commitPatience } = machine.options
  const { version } = cell
  const written = yield* records.write(machine.store, keyOf(machine, cell), change, commitPatience, believed)
  if (written._tag === "Superseded") {
    yield* applyRecord(machine, cell, written.record, "written")
    yield* inVain(machine, unsaved, written.record)
    return written
  }
  if (written._tag === "Saved") {
    if (unsaved.claim === undefined) keep(machine, cell, undefined)
    const isOwn = written.record.commitId === unsaved.commitId
    // Versions begin at 1 again where a record was erased.
    if (written.record.version < version) {
      if (cell.version === version) cell.version = 0
      else markOutdated(machine, cell, Infinity)
    }
    yield* applyRecord(machine, cell, written.record, "written", isOwn ? own : undefined)
    return { _tag: "Published", record: written.record }
  }
  const next = unsaved.next(believed)
  // This process claimed without applying its own claim: what it applied since is newer.
  const isOvertaken = unsaved.claim !== undefined &&
    (cell.extras?.unsaved !== undefined || cell.version > (believed?.version ?? Infinity))
  if (next === undefined || isOvertaken) {
    yield* inVain(machine, unsaved, undefined)
    return { _tag: "Superseded", record: undefined }
  }
  const record = transitions.at(next, Math.max(cell.version, believed?.version ?? 0) + 1)
  keep(machine, cell, unsaved)
  yield* applyRecord(machine, cell, record, "unsaved", own)
  yield* emit(machine, cell, { _tag: "Degraded" })
  yield* ownFiber.start(saveLater(machine, cell, unsaved))
  return { _tag: "Published", record }
})

/** One try to save what is not saved yet. Fails while the store does; nothing is exchanged meanwhile. */
export const flush = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell
): Effect.fn.Return<void, TokenStoreError> {
  const unsaved = cell.extras?.unsaved
  if (unsaved === undefined) return
  const isWanted = () => cell.extras?.unsaved === unsaved
  const written = yield* records.write(machine.store, keyOf(machine, cell), changeOf(unsaved, isWanted), 0)
  if (written._tag === "Failed") return yield* written.error
  if (!isWanted()) return
  keep(machine, cell, undefined)
  if (unsaved.isDeparture === true && cell.extras !== undefined) cell.extras.forgotten = undefined
  yield* applyRecord(machine, cell, written.record, "written")
  if (written._tag === "Superseded") return yield* inVain(machine, unsaved, written.record)
  yield* unsaved.whenSaved ?? Effect.void
  const isDeparture = unsaved.isDeparture === true
  yield* emit(
    machine,
    cell,
    isDeparture ? { _tag: "SignedOut" } : { _tag: "Recovered", from: "degraded" },
    written.record
  )
})

/** Tries again until it is saved, overtaken, or the machine closes, which tries a last time. */
export const saveLater = Effect.fnUntraced(function*(machine: Machine, cell: Cell, unsaved: Unsaved) {
  let delay = limits.firstLateSave
  while (cell.extras?.unsaved === unsaved && !machine.closed) {
    yield* Effect.raceFirst(Effect.sleep(delay), Deferred.await(machine.leaving))
    yield* Effect.ignore(flush(machine, cell))
    delay = Math.min(delay * 2, limits.slowestLateSave)
  }
})
