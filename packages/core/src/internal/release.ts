/** Step 5d: an exchange failed. What that means for the session, and for whoever comes next, is written on the record. */
import * as Effect from "effect/Effect"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import type { EndReason, SessionRecord } from "../SessionRecord.ts"
import { adopt } from "./adopt.ts"
import { type Cell, extrasOf, freshness, type Need } from "./cell.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, type FlightError, keyOf } from "./engine.ts"
import * as errors from "./errors.ts"
import type { Outcome } from "./exchange.ts"
import { operationOf, triggerOf } from "./observe.ts"
import * as retrying from "./retrying.ts"
import { now } from "./time.ts"

/** After so many refusals in a row without a reason somebody should look (guarantee G27). */
const suspectAfter = 10

const refusalOf = (failure: ExchangeFailure): string => `${failure.status ?? ""} ${failure.error ?? ""}`

/**
 * A refusal that is not certain to be final: one that nobody documented, or, in doubt, a 400 that says nothing. There are
 * servers that say nothing else of a refresh token that was spent (Glewlwyd), and nobody could know better.
 */
const isUncertain = (failure: ExchangeFailure, inDoubt: boolean): boolean =>
  failure.kind === "refused" ||
  (inDoubt && failure.status === 400 && failure.reason === "malformed" && failure.sent === "answered")

/** It ends a session only when it comes again, unchanged, at least a minute later. */
const isConfirmed = (record: SessionRecord, failure: ExchangeFailure, at: number): boolean =>
  record.refusal !== undefined && record.refusal.error === refusalOf(failure) &&
  at - record.refusal.at >= retrying.confirmationDelay

/** Whether an earlier exchange may have spent the refresh token. */
const isInDoubt = <C>(engine: Engine<C>, record: SessionRecord): boolean =>
  record.doubt !== undefined && engine.provider.rotation === "rotating"

/** Why the session is over, if it is. A refusal while in doubt is not "your token was bad". */
const endOf = <C>(
  engine: Engine<C>,
  record: SessionRecord,
  failure: ExchangeFailure,
  at: number
): EndReason | undefined => {
  const inDoubt = isInDoubt(engine, record)
  const isEnd = failure.kind === "terminal" || (isUncertain(failure, inDoubt) && isConfirmed(record, failure, at))
  if (!isEnd) return undefined
  return inDoubt ? "outcome-unknown" : "refresh-token-rejected"
}

/** The tombstone: the refresh token is erased, a live access token stays. */
export const ended = (record: SessionRecord, reason: EndReason, failure: ExchangeFailure): SessionRecord => ({
  ...record,
  claim: undefined,
  retry: undefined,
  refusal: undefined,
  sealed: undefined,
  tokens: record.tokens === undefined ? undefined : { ...record.tokens, refreshToken: undefined },
  state: {
    _tag: "ended",
    reason,
    status: failure.status,
    error: failure.error,
    errorDescription: failure.errorDescription
  }
})

/** A release that arrived although its answer was lost looks superseded, but then the session is still the same. */
export const hasMovedOn = (written: durable.Written, claimed: SessionRecord): boolean =>
  written._tag === "Superseded" &&
  (written.record?.session !== claimed.session || written.record.generation !== claimed.generation)

export const release = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  claimed: SessionRecord,
  failure: ExchangeFailure,
  sentAt: number
): Effect.fn.Return<Outcome, FlightError> {
  const at = yield* now
  const retry = yield* retrying.next(engine, cell, claimed.retry, failure, at)
  const end = endOf(engine, claimed, failure, at.wall)
  const isLost = failure.sent === "unknown" && engine.provider.rotation === "rotating"
  const doubt = claimed.doubt ?? (isLost ? { since: sentAt } : undefined)
  const refusal = isUncertain(failure, isInDoubt(engine, claimed))
    ? refused(claimed.refusal, failure, at.wall)
    : claimed.refusal
  const isUnsent = failure.reason === "closing" && failure.sent === "no"
  const id = claimed.claim?.id
  const next = (current: SessionRecord | undefined): SessionRecord | undefined => {
    if (current === undefined || current.claim?.id !== id) return undefined
    if (end !== undefined) return ended(current, end, failure)
    // What closing kept from being sent is nobody's failure.
    return { ...current, claim: undefined, doubt, retry: isUnsent ? current.retry : retry, refusal }
  }
  const written = yield* durable.write(
    engine.store,
    keyOf(engine, cell),
    { next, isThere: () => false },
    engine.settings.commitPatience,
    claimed
  )
  if (written._tag === "Failed") {
    if (id !== undefined) extrasOf(cell).unreleased = { id, doubt: doubt !== undefined, next }
  } else {
    yield* adopt(engine, cell, written.record, "written")
  }
  yield* tell(engine, cell, need, failure, retry.failures, claimed)
  if (hasMovedOn(written, claimed) || (end !== undefined && written._tag !== "Failed")) return { _tag: "Again" }
  const subject = { provider: engine.provider.name, account: cell.account, operation: operationOf(need) }
  const isServed = isLost && need._tag !== "rejected" && freshness(cell, yield* now) !== "dead"
  return {
    _tag: "Failed",
    error: end === undefined
      ? errors.ofRefresh(subject, failure, retry.delay)
      : errors.ofEnd(subject, { _tag: "ended", reason: end, ...errors.details(failure) }),
    // In doubt a live token is served: there is nothing to wait for.
    retryIn: failure.kind === "transient" && !isServed && written._tag !== "Failed" ? retry.delay : undefined
  }
})

/** The refusal that waits to be confirmed: the first of its kind keeps its time. */
const refused = (
  before: SessionRecord["refusal"],
  failure: ExchangeFailure,
  at: number
): SessionRecord["refusal"] => before?.error === refusalOf(failure) ? before : { error: refusalOf(failure), at }

const tell = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  failure: ExchangeFailure,
  failures: number,
  of: SessionRecord
) {
  const { kind, reason, sent } = failure
  yield* emit(engine, cell, { _tag: "RefreshFailed", trigger: triggerOf(need), kind, sent, reason }, of)
  const isMute = kind === "refused" || (kind === "transient" && reason === "malformed")
  if (isMute && failures >= suspectAfter) yield* emit(engine, cell, { _tag: "Suspect", failures }, of)
})
