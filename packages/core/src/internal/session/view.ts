/** Gathers what a process knows of a session: for the rules (`viewOf`, `storedView`), and for callers (`stateOf`). */
import * as Effect from "effect/Effect"
import type { TokenStoreError } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import type { SessionState } from "../../SessionState.ts"
import type { SessionSummary } from "../../SessionSummary.ts"
import type { Cell } from "./cell.ts"
import * as claims from "./claims.ts"
import { isOwn } from "./credentials.ts"
import { freshness, isPastItsEnd } from "./decide.ts"
import type { Machine } from "./machine.ts"
import type { Held, Status, Stored, View } from "./model.ts"
import * as resources from "./resources.ts"
import * as sharedBackoff from "./sharedBackoff.ts"
import { type Now, now } from "./time.ts"

const heldOf = (cell: Cell): Held | undefined => {
  const { token } = cell
  if (token === undefined) return undefined
  const { born, deadAt, marginAt, obtainedAt } = cell
  const { expiresAt, generation, session } = token
  return { session, generation, born, obtainedAt, marginAt, deadAt, expiresAt }
}

/** Without reading the store. */
export const viewOf = (machine: Machine, cell: Cell, at: Now, resource?: string): View => {
  const view = {
    status: cell.status,
    token: heldOf(cell),
    due: cell.due,
    outdated: cell.outdated,
    unsaved: cell.extras?.unsaved !== undefined,
    closing: machine.closed,
    exchanges: cell.flight?.exchanges ?? 0,
    rest: sharedBackoff.resting(cell.extras, at),
    doubt: cell.extras?.doubt
  }
  if (resource === undefined) return view
  const one = resources.find(cell, resource)
  return {
    ...view,
    status: statusFor(cell, resource),
    token: one?.held,
    own: view.token,
    due: one?.due ?? Infinity,
    rest: Math.max(view.rest, sharedBackoff.resting(one, at))
  }
}

/** Whether there is a token for it, only a record says that was applied since it is asked for. */
export const statusFor = (cell: Cell, resource: string | undefined): Status => {
  const { status } = cell
  if (resource === undefined || (status !== "active" && status !== "ended")) return status
  return resources.find(cell, resource)?.isLoaded === true ? status : "unloaded"
}

/** With the record as it was just read and applied. */
export const storedView = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  record: SessionRecord | undefined,
  resource?: string
): Effect.fn.Return<View, TokenStoreError> {
  const claim = yield* claims.stateOf(machine, cell, record?.claim)
  const at = yield* now
  const view = viewOf(machine, cell, at, resource)
  const unreleased = cell.extras?.unreleased
  const stored: Stored = {
    refreshToken: record?.tokens?.refreshToken === undefined
      ? "none"
      : isPastItsEnd(record, at)
      ? "pastItsEnd"
      : "usable",
    claim,
    isUnreleased: unreleased !== undefined && record?.claim?.id === unreleased.id,
    ended: record?.state._tag === "ended" ? record.state : undefined,
    isOwn: record !== undefined && isOwn(record) && !machine.provider.singleUse,
    backoff: sharedBackoff.remaining(cell, record?.retry, at)
  }
  return { ...view, doubt: view.doubt ?? claims.doubtOf(record?.claim)?.since, stored }
})

/** Without any secret. */
export const stateOf = (machine: Machine, cell: Cell, at: Now): SessionState => {
  const { extras, status, token } = cell
  const how = freshness(viewOf(machine, cell, at), at)
  if (status === "ended") {
    const isAlive = token !== undefined && how !== "dead"
    return {
      _tag: "Ended",
      reason: extras?.ended?.reason ?? "expired",
      expiresAt: isAlive ? token.expiresAt : undefined
    }
  }
  if (status !== "active" || token === undefined) {
    return { _tag: "SignedOut", reason: status === "signedOut" ? "signed-out" : "never" }
  }
  return {
    _tag: "Active",
    session: token.session,
    generation: token.generation,
    freshness: how === "fresh" || how === "stale" ? how : "dead",
    expiresAt: token.expiresAt,
    scopes: token.scopes,
    born: cell.born,
    signedInByItself: isOwn(token) || extras?.begunByItself === token.session,
    refreshing: cell.flight !== undefined && cell.flight.need._tag !== "load",
    degraded: extras?.unsaved !== undefined,
    inDoubt: extras?.doubt !== undefined,
    reauthenticateBy: extras?.reauthentication?.by
  }
}

/** Without reading the store, and without counting as a use. Without any secret. */
export const summaryOf = (machine: Machine, cell: Cell, at: Now): SessionSummary => {
  const { extras } = cell
  const hasToken = cell.token !== undefined
  return {
    account: cell.account,
    state: stateOf(machine, cell, at),
    obtainedAt: hasToken ? at.wall + cell.obtainedAt - at.mono : undefined,
    dueAt: cell.due < Infinity ? at.wall + cell.due - at.mono : undefined,
    failures: extras?.seenRetry?.failures,
    inDoubtSince: extras?.doubt
  }
}
