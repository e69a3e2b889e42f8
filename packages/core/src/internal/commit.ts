/** Step 5c and 1: new tokens are saved before anybody sees them; when the store fails they are served and saved later. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { TokenStoreError } from "../AuthError.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import { adopt, type Own } from "./adopt.ts"
import { type Cell, extrasOf, type Unsaved } from "./cell.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, keyOf } from "./engine.ts"
import * as ownFiber from "./ownFiber.ts"
import { revokeInVain } from "./revoke.ts"

/** What became of tokens that were just issued. */
export type Committed =
  /** They are the session's tokens now; `degraded`: in memory only, for the time being. */
  | { readonly _tag: "Published"; readonly record: SessionRecord; readonly degraded: boolean }
  /** The session moved on meanwhile: they were obtained in vain. */
  | { readonly _tag: "Superseded"; readonly record: SessionRecord | undefined }

/** While it is wanted: what was signed out or signed in to meanwhile must not be written over later. */
const changeOf = (unsaved: Unsaved, isWanted: () => boolean): durable.Change => ({
  next: (current) => isWanted() ? unsaved.next(current) : undefined,
  isThere: (current) => current.commitId === unsaved.commitId
})

/** Puts what is not saved yet in the place of what was not, or takes it away. */
export const keep = <C>(engine: Engine<C>, cell: Cell, unsaved: Unsaved | undefined): void => {
  const before = cell.extras?.unsaved
  if (before?.claim !== undefined) engine.siblings.liveClaims.delete(before.claim)
  if (unsaved !== undefined || cell.extras !== undefined) extrasOf(cell).unsaved = unsaved
  if (unsaved === undefined) engine.unsaved.delete(cell)
  else engine.unsaved.add(cell)
}

const inVain = <C>(engine: Engine<C>, { issued }: Unsaved, record: SessionRecord | undefined): Effect.Effect<void> =>
  issued === undefined ? Effect.void : revokeInVain(engine, record, issued.session, issued.tokens)

/**
 * Saves, then publishes. `believed` is the record as this owner wrote it last. A commit needs no version: an owner that
 * was robbed but lives does not throw away the only good pair. Under a claim it gives way to whatever was asked for
 * meanwhile and is not saved either; without one (a caller signs in) it takes its place.
 */
export const commit = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  unsaved: Unsaved,
  believed: SessionRecord | undefined,
  own: Own
): Effect.fn.Return<Committed> {
  const written = yield* durable.write(
    engine.store,
    keyOf(engine, cell),
    changeOf(unsaved, () => true),
    engine.settings.commitPatience,
    believed
  )
  if (written._tag === "Superseded") {
    yield* adopt(engine, cell, written.record, "written")
    yield* inVain(engine, unsaved, written.record)
    return written
  }
  if (written._tag === "Saved") {
    if (unsaved.claim === undefined) keep(engine, cell, undefined)
    yield* adopt(engine, cell, written.record, "written", own)
    return { _tag: "Published", record: written.record, degraded: false }
  }
  const next = unsaved.next(believed)
  // This process claimed without adopting its own claim: what it adopted since is newer.
  const isOvertaken = unsaved.claim !== undefined &&
    (cell.extras?.unsaved !== undefined || cell.version > (believed?.version ?? Infinity))
  if (next === undefined || isOvertaken) {
    yield* inVain(engine, unsaved, undefined)
    return { _tag: "Superseded", record: undefined }
  }
  const record = { ...next, version: Math.max(cell.version, believed?.version ?? 0) + 1 }
  keep(engine, cell, unsaved)
  yield* adopt(engine, cell, record, "written", own)
  yield* emit(engine, cell, { _tag: "Degraded" })
  yield* ownFiber.start(saveLater(engine, cell, unsaved))
  return { _tag: "Published", record, degraded: true }
})

/** One try to save what is not saved yet. Fails while the store does; while it does, nothing is exchanged. */
export const flush = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell
): Effect.fn.Return<void, TokenStoreError> {
  const unsaved = cell.extras?.unsaved
  if (unsaved === undefined) return
  const isWanted = () => cell.extras?.unsaved === unsaved
  const written = yield* durable.write(engine.store, keyOf(engine, cell), changeOf(unsaved, isWanted), 0)
  if (written._tag === "Failed") return yield* written.error
  if (!isWanted()) return
  keep(engine, cell, undefined)
  if (unsaved.isDeparture === true && cell.extras !== undefined) cell.extras.forgotten = undefined
  yield* adopt(engine, cell, written.record, "written")
  if (written._tag === "Superseded") return yield* inVain(engine, unsaved, written.record)
  const event = unsaved.isDeparture === true ? "SignedOut" : "Recovered"
  yield* emit(engine, cell, { _tag: event }, written.record)
})

/** Goes on trying until it is saved, overtaken, or the engine closes (whose finalizer tries a last time). */
export const saveLater = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell, unsaved: Unsaved) {
  for (let delay = 100; cell.extras?.unsaved === unsaved && !engine.closed; delay = Math.min(delay * 2, 5_000)) {
    yield* Effect.raceFirst(Effect.sleep(delay), Deferred.await(engine.leaving))
    yield* Effect.ignore(flush(engine, cell))
  }
})
