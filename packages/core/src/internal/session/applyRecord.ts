/** Applies a record to the session: the store is the truth, unless this process holds tokens that are not saved yet. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as TokenSet from "../../TokenSet.ts"
import * as limits from "../limits.ts"
import { firstWait } from "../seams/scheduleStepper.ts"
import * as tokenSets from "../tokenSets.ts"
import { caughtUp, type Cell, dropResources, type Extras, extrasOf } from "./cell.ts"
import { substituteTurn } from "./decide.ts"
import { emit } from "./events.ts"
import type { Machine } from "./machine.ts"
import type { Status } from "./model.ts"
import * as resources from "./resources.ts"
import { type Now, now } from "./time.ts"

/** When the request of these tokens was sent, on this process's monotonic clock; absent for tokens of another process. */
export interface Own {
  readonly sentAt: number
  /** The further API that the access token is for; absent: it is the session's own. */
  readonly resource?: string | undefined
}

/**
 * `read` just now, with no other record applied since; `written` by this process a moment ago; or `unsaved`, because the
 * store did not take it.
 */
export type Source = "read" | "written" | "unsaved"

const statusOf = (record: SessionRecord | undefined): Status => {
  if (record === undefined) return "never"
  if (record.state._tag === "signedOut") return record.generation === 0 ? "never" : "signedOut"
  return record.state._tag
}

/** Notes that the store has another record than this session. `version`: the stored one; `Infinity` where it is not known. */
export const markOutdated = (machine: Machine, cell: Cell, version: number): void => {
  machine.kept.keep(cell, undefined)
  extrasOf(cell).heard = { version }
  cell.outdated = true
}

/** Makes the session what the record says. Applying the same tokens again does not move their deadlines. */
export const applyRecord = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  record: SessionRecord | undefined,
  source: Source,
  own?: Own
) {
  if (cell.flight !== undefined) cell.flight.applied++
  const version = record?.version ?? 0
  if (source !== "unsaved" && (cell.extras?.heard?.version ?? Infinity) <= version) caughtUp(cell)
  if (record !== undefined && cell.extras?.forgotten === record.session) return
  if (source === "read" && cell.extras?.leaving === true) return
  if (source !== "read" && version < cell.version) return
  // What is not saved yet is newer than all that the store has.
  if (source !== "unsaved" && cell.extras?.unsaved !== undefined) return
  cell.version = version
  machine.kept.keep(cell, source === "written" && own !== undefined ? record : undefined)
  const before = cell.token
  const status = statusOf(record)
  const wasEnded = cell.status === "ended" && (cell.holder?.session ?? "") === record?.session
  const isFirst = cell.status === "unloaded"
  cell.status = status
  if (cell.extras !== undefined || record?.doubt !== undefined || status === "ended") note(extrasOf(cell), record)
  if (record?.tokens === undefined || (status === "ended" && cell.extras?.dropped === record.generation)) {
    cell.dropToken(record?.session ?? "")
    machine.scheduler.schedule(cell, Infinity)
  } else if (before === undefined || before.session !== record.session || before.generation !== record.generation) {
    const isOwn = own !== undefined && own.resource === undefined
    yield* take(machine, cell, record, record.tokens, yield* now, isOwn ? own : undefined)
    if (!isOwn && !isFirst) yield* emit(machine, cell, { _tag: "Adopted" })
  } else if (record.tokens.resources !== undefined) {
    // A token for a further API may have brought another refresh token, with an end of its own.
    noteEnd(cell, endWithoutPerson(machine, record, record.tokens), (yield* now).wall)
  }
  if (record === undefined || (status !== "active" && status !== "ended")) dropResources(cell)
  else if (cell.extras?.resources !== undefined) yield* resources.take(machine, cell, record, yield* now, own)
  if (status === "ended") {
    machine.scheduler.schedule(cell, Infinity)
    if (!wasEnded && !isFirst && record?.state._tag === "ended") {
      yield* emit(machine, cell, { _tag: "Ended", reason: record.state.reason }, record)
    }
  } else if (status === "signedOut" && before !== undefined && record !== undefined) {
    yield* emit(machine, cell, { _tag: "SignedOut" }, record)
  }
})

/** Copies onto the session what only few records have: doubt, a tombstone, a backoff, a claim. */
const note = (extras: Extras, record: SessionRecord | undefined): void => {
  if (record?.state._tag !== "ended") extras.dropped = undefined
  extras.doubt = record?.doubt?.since
  extras.ended = record?.state._tag === "ended" ? record.state : undefined
  if (record?.retry === undefined) {
    extras.seenRetry = undefined
    extras.backoff = undefined
  }
  if (record?.claim === undefined) {
    extras.seenClaim = undefined
    extras.unreleased = undefined
  }
}

/** A life is counted from the send by our own clock where we sent it, and by the smaller of both clocks elsewhere. */
const take = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  record: SessionRecord,
  tokens: TokenSet.TokenSet,
  at: Now,
  own: Own | undefined
) {
  const age = own === undefined ? Math.max(0, at.wall - tokens.obtainedAt) : at.mono - own.sentAt
  if (cell.extras !== undefined) cell.extras.newborn = undefined
  cell.obtainedAt = at.mono - age
  cell.lifetime = tokens.lifetime ?? Infinity
  cell.born = record.born
  cell.token = {
    value: tokens.accessToken,
    session: record.session,
    generation: record.generation,
    expiresAt: TokenSet.expiresAt(tokens),
    scopes: tokens.scopes,
    subject: tokens.subject,
    principal: record.principal
  }
  noteEnd(cell, endWithoutPerson(machine, record, tokens), at.wall)
  yield* announceEnd(machine, cell, at.wall)
  const refreshEnd = untilRefreshEnd(tokens, age)
  const ahead = Math.min(yield* firstWait(machine.options.ahead, at.wall, tokens), refreshEnd)
  const isKeeper = record.keeper === undefined || record.keeper === machine.owner.name
  const last = Math.min(cell.marginAt, at.mono + refreshEnd)
  const turn = Math.min(at.mono + ahead, last)
  const mine = isKeeper ? turn : substituteTurn(turn, last, yield* Random.next)
  const due = Math.max(mine, at.mono + limits.spacing)
  if (machine.options.scheduled && record.state._tag === "active") machine.scheduler.schedule(cell, due)
  else {
    machine.scheduler.remove(cell)
    cell.due = due
  }
})

/** Until when the session can go on without a person, where that is known. */
const endWithoutPerson = (
  { policy }: Machine,
  record: SessionRecord,
  tokens: TokenSet.TokenSet
): number | undefined => {
  if (policy.canSignIn) return undefined
  if (policy.canRefresh && tokens.refreshToken !== undefined) return tokens.refreshExpiresAt
  const end = TokenSet.expiresAt(tokens)
  return record.state._tag === "active" && Number.isFinite(end) ? end : undefined
}

/** A server that says how many seconds are left gives an end that differs by a second each time: it is the same end. */
const noteEnd = (cell: Cell, by: number | undefined, wall: number): void => {
  const before = cell.extras?.reauthentication
  if (by === before?.by) return
  if (by === undefined) extrasOf(cell).reauthentication = undefined
  else {
    const isSameEnd = before !== undefined && Math.abs(by - before.by) <= limits.sameEnd
    const announceAt = isSameEnd ? before.announceAt : by - Math.min(limits.announcedAhead, (by - wall) / 2)
    extrasOf(cell).reauthentication = { by, announceAt }
  }
}

/** Says once that a person must sign in. */
export const announceEnd = (machine: Machine, cell: Cell, wall: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const end = cell.extras?.reauthentication
    if (end === undefined || wall < end.announceAt) return Effect.void
    end.announceAt = Infinity
    return emit(machine, cell, { _tag: "ReauthenticationDue", by: end.by })
  })

/** Milliseconds until the refresh token must be used, whatever the schedule says: it has an end of its own (G57). */
const untilRefreshEnd = (tokens: TokenSet.TokenSet, age: number): number => {
  const life = tokenSets.refreshLifetime(tokens)
  return life === undefined ? Infinity : Math.max(0, life - TokenSet.hardMargin(life) - age)
}
