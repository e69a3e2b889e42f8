/** Signing out: the session is forgotten here, then erased in the store, then revoked at the server. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { TokenStoreError } from "../../AuthError.ts"
import type { RecordKey } from "../../RecordKey.ts"
import type { Revocation } from "../../Revocation.ts"
import * as SessionRecord from "../../SessionRecord.ts"
import type { TokenSet } from "../../TokenSet.ts"
import { applyRecord } from "./applyRecord.ts"
import { keepAsks } from "./belonging.ts"
import { type Cell, dropResources, extrasOf, type Unsaved } from "./cell.ts"
import { changeOf, keep, saveLater } from "./commit.ts"
import { emit } from "./events.ts"
import { randomId } from "./ids.ts"
import { signingOut } from "./instrument.ts"
import { keyOf, launch, type Machine, toItsEnd } from "./machine.ts"
import { revoke, revokeInVain } from "./revoke.ts"
import * as transitions from "./transitions.ts"
import { inTurn } from "./turn.ts"
import * as records from "./writeRecord.ts"

/**
 * Bumps the generation, so that a refresh in flight finds the session gone and can't bring it back. When the store fails
 * the session is forgotten here all the same, and the write is tried again in the background.
 */
export const signOut = (machine: Machine, cell: Cell): Effect.Effect<Revocation, TokenStoreError> =>
  toItsEnd(machine, () => {
    forget(machine, cell)
    return signingOut(
      machine,
      cell,
      inTurn(machine, cell, Effect.uninterruptible(leave(machine, cell)))
    )
  })

/** Nothing of this session is handed out any more, whatever the store still says. */
const forget = (machine: Machine, cell: Cell): void => {
  extrasOf(cell).leaving = true
  if (cell.token !== undefined) extrasOf(cell).forgotten = cell.token.session
  keepAsks(machine, cell)
  cell.status = "signedOut"
  cell.dropToken("")
  dropResources(cell)
  machine.scheduler.schedule(cell, Infinity)
  machine.kept.keep(cell, undefined)
  // A read that is under way was begun before the sign-out.
  if (cell.flight !== undefined) cell.flight.applied++
}

const leave = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell
): Effect.fn.Return<Revocation, TokenStoreError> {
  // A sign-in that was under way when this was asked for has ended by now.
  forget(machine, cell)
  let tokens: TokenSet | undefined
  let vain: Unsaved["issued"]
  let isLate = false
  let wasOut = false
  const left = new Set([cell.extras?.forgotten])
  const unsaved = cell.extras?.unsaved
  const key = keyOf(machine, cell)
  const isLeftByUnsaved = (found: SessionRecord.SessionRecord) => unsaved?.replaces?.(found) === true
  const isOurs = (found: SessionRecord.SessionRecord) => left.has(found.session) || isLeftByUnsaved(found)
  const leaving = departure(key, unsaved, isOurs, (found, latest, isUnsavedThere) => {
    // A session that another process began after the store failed is not the one that was left.
    const isLeft = !isLate || found === undefined || isOurs(found)
    if (!isLate) left.add(found?.session)
    tokens = isLeft ? latest.tokens : undefined
    vain = isUnsavedThere ? undefined : unsaved?.issued
    wasOut = latest.state._tag === "signedOut"
    return isLeft
  })
  keep(machine, cell, leaving)
  extrasOf(cell).leaving = undefined
  const change = changeOf(leaving, () => true)
  const written = yield* records.write(machine.store, key, change, machine.options.commitPatience)
  if (written._tag === "Failed") {
    isLate = true
    const revoked = Effect.suspend(() => tokens === undefined ? Effect.void : revoke(machine, tokens))
    const later = Effect.zipRight(saveLater(machine, cell, leaving), revoked)
    yield* launch(machine, Deferred.unsafeMake(FiberId.none), later)
    return yield* written.error
  }
  if (cell.extras?.unsaved === leaving) {
    keep(machine, cell, undefined)
    cell.extras.forgotten = undefined
    yield* applyRecord(machine, cell, written.record, "written")
    if (written._tag === "Saved" && !wasOut) yield* emit(machine, cell, { _tag: "SignedOut" }, written.record)
  }
  if (vain !== undefined) yield* revokeInVain(machine, undefined, vain.session, vain.tokens)
  return tokens === undefined ? "nothing-to-revoke" : yield* revoke(machine, tokens)
})

/** Erases the tokens; tokens that were not saved yet go the same way. */
const departure = (
  key: RecordKey,
  unsaved: Unsaved | undefined,
  replaces: (found: SessionRecord.SessionRecord) => boolean,
  isLeft: (
    found: SessionRecord.SessionRecord | undefined,
    latest: SessionRecord.SessionRecord,
    isUnsavedThere: boolean
  ) => boolean
): Unsaved => {
  const commitId = randomId()
  return {
    commitId,
    isDeparture: true,
    replaces,
    overUnreadable: () => transitions.depart(commitId, SessionRecord.empty(key)),
    next: (current) => {
      const isThere = current !== undefined && current.session === unsaved?.begun
      const next = isThere ? current : unsaved?.next(current)
      const latest = next ?? current
      if (latest === undefined || !isLeft(current, latest, next !== undefined)) return undefined
      return transitions.depart(commitId, latest)
    }
  }
}
