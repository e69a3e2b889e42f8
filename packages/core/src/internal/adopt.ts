/** Taking over what a record says: the store is the truth, unless this process holds tokens that are not saved yet. */
import * as Effect from "effect/Effect"
import type { SessionRecord } from "../SessionRecord.ts"
import * as TokenSet from "../TokenSet.ts"
import { waitOf } from "./backoff.ts"
import { type Cell, type Extras, extrasOf, type Status } from "./cell.ts"
import { emit, type Engine } from "./engine.ts"
import { type Now, now } from "./time.ts"

/** When the request of these tokens was sent, on this process's monotonic clock; absent for tokens of another process. */
export interface Own {
  readonly sentAt: number
}

/** How the record came here: read just now with nothing adopted since, or written by this process a moment ago. */
export type Source = "read" | "written"

const statusOf = (record: SessionRecord | undefined): Status => {
  if (record === undefined) return "never"
  if (record.state._tag === "signedOut") return record.generation === 0 ? "never" : "signedOut"
  return record.state._tag
}

/** Makes the session what the record says. Taking over the same tokens again does not move their deadlines. */
export const adopt = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  record: SessionRecord | undefined,
  source: Source,
  own?: Own
) {
  if (cell.flight !== undefined) cell.flight.adoptions++
  if (record !== undefined && cell.extras?.forgotten === record.session) return
  const version = record?.version ?? 0
  if (source === "written" && version < cell.version) return
  cell.version = version
  const before = cell.token
  const status = statusOf(record)
  const wasEnded = cell.status === "ended"
  const first = cell.status === "unloaded"
  cell.status = status
  if (cell.extras !== undefined || record?.doubt !== undefined || status === "ended") note(extrasOf(cell), record)
  if (record?.tokens === undefined || (status === "ended" && cell.extras?.dropped === record.generation)) {
    cell.token = undefined
    engine.scheduler.schedule(cell, Infinity)
  } else if (before === undefined || before.session !== record.session || before.generation !== record.generation) {
    yield* take(engine, cell, record, record.tokens, yield* now, own)
    if (own === undefined && !first) yield* emit(engine, cell, { _tag: "Adopted" })
  }
  if (status === "ended") {
    engine.scheduler.schedule(cell, Infinity)
    if (!wasEnded && record?.state._tag === "ended") {
      yield* emit(engine, cell, { _tag: "Ended", reason: record.state.reason }, record)
    }
  } else if (status === "signedOut" && before !== undefined && record !== undefined) {
    yield* emit(engine, cell, { _tag: "SignedOut" }, record)
  }
})

/** What few sessions have. */
const note = (extras: Extras, record: SessionRecord | undefined): void => {
  if (record?.state._tag !== "ended") extras.dropped = undefined
  extras.inDoubt = record?.doubt !== undefined
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

/** A life is counted from the send by our own clock where we sent it, and by the smaller of both clocks where we didn't. */
const take = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  record: SessionRecord,
  tokens: TokenSet.TokenSet,
  at: Now,
  own: Own | undefined
) {
  const age = own === undefined ? Math.max(0, at.wall - tokens.obtainedAt) : at.mono - own.sentAt
  const lifetime = tokens.lifetime ?? Infinity
  cell.obtainedAt = at.mono - age
  cell.lifetime = lifetime
  cell.born = record.born
  cell.token = {
    value: tokens.accessToken,
    session: record.session,
    generation: record.generation,
    expiresAt: TokenSet.expiresAt(tokens),
    scopes: tokens.scopes
  }
  const ahead = Math.min(at.mono + (yield* untilDue(engine, tokens, at)), cell.marginAt)
  const due = Math.max(ahead, at.mono + spacing)
  if (engine.settings.scheduled && record.state._tag === "active") engine.scheduler.schedule(cell, due)
  else {
    engine.scheduler.remove(cell)
    cell.due = due
  }
})

/** Tokens that live shorter than this (milliseconds) are not refreshed ahead, but when somebody asks. */
const spacing = 500

/** How long until these tokens are refreshed ahead: one step of the schedule. */
const untilDue = <C>(engine: Engine<C>, tokens: TokenSet.TokenSet, at: Now): Effect.Effect<number> => {
  const schedule = engine.settings.ahead
  return Effect.map(
    schedule.step(at.wall, tokens, schedule.initial),
    ([, , decision]) => waitOf(at.wall, decision) ?? Infinity
  )
}
