/**
 * One flight, from looking at the record to a session that meets the need: flush, read, wait, gate; then `exchange.ts`.
 * The steps are numbered as in `docs/architecture.md`.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { ProviderUnavailable, SignInRequired } from "../AuthError.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import { adopt } from "./adopt.ts"
import { type Cell, extrasOf, type Flight, freshness, isMet, type Need } from "./cell.ts"
import * as claims from "./claims.ts"
import { flush } from "./commit.ts"
import { type Engine, type FlightError, keyOf } from "./engine.ts"
import * as errors from "./errors.ts"
import { closing, exchangeRefreshToken, type Outcome } from "./exchange.ts"
import { signInByItself } from "./itself.ts"
import { observed, operationOf } from "./observe.ts"
import * as retrying from "./retrying.ts"
import { type Now, now } from "./time.ts"

/** What is to be done about a session whose need is not met. */
type Plan =
  | { readonly _tag: "Serve" }
  | { readonly _tag: "SignIn"; readonly otherwise: FlightError }
  /** A backoff runs; without a time it is not waited out. */
  | { readonly _tag: "Wait"; readonly time: number | undefined; readonly error: FlightError }
  | { readonly _tag: "Refresh"; readonly record: SessionRecord; readonly tokens: TokenSet }

export const run = <C>(engine: Engine<C>, cell: Cell, flight: Flight): Effect.Effect<void, FlightError> =>
  observed(engine, cell, flight, fly(engine, cell, flight)).pipe(
    Effect.onExit((exit) => reschedule(engine, cell, exit))
  )

/** A session that is still due is looked at again when its backoff is over, whose ever it is. */
const reschedule = <C>(engine: Engine<C>, cell: Cell, exit: Exit.Exit<void, FlightError>): Effect.Effect<void> =>
  Effect.map(now, ({ mono }) => {
    const isUnknown = cell.status === "unloaded"
    if (!isUnknown && (cell.status !== "active" || cell.due > mono)) return
    const wait = Math.max(toldBy(exit), cell.extras?.backoff?.last ?? 0) || 1_000
    const next = mono + Math.max(100, wait)
    if (engine.settings.scheduled && !engine.closed) engine.scheduler.schedule(cell, next)
    else cell.due = next
  })

/** Milliseconds: how long not to ask. */
const toldBy = (exit: Exit.Exit<void, FlightError>): number => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
  return error?._tag === "ProviderUnavailable" && error.retryAfter !== undefined
    ? Duration.toMillis(error.retryAfter)
    : 0
}

const fly = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  flight: Flight
): Effect.fn.Return<void, FlightError> {
  const { need } = flight
  const started = (yield* now).mono
  const longest = 2 * engine.settings.claimTtl
  let failed: FlightError | undefined
  for (let attempt = 1; (yield* now).mono - started <= longest;) {
    if (isMet(cell, need, yield* now)) return
    yield* flush(engine, cell)
    const seen = cell.adoptions
    const record = Option.getOrUndefined(yield* engine.store.get(keyOf(engine, cell)))
    if (cell.adoptions !== seen) continue
    yield* adopt(engine, cell, record, "read")
    if (isMet(cell, need, yield* now)) return
    if (yield* claims.releaseLate(engine, cell, record)) continue
    if (record?.claim !== undefined && (yield* claims.isLiving(engine, cell, record.claim))) {
      if (engine.closed) return yield* closing(engine, cell)
      yield* claims.waitForChange(engine, cell, record)
      continue
    }
    const plan = yield* gate(engine, cell, need, record)
    if (plan._tag === "Serve") return
    if (plan._tag === "Wait") {
      // What went wrong a moment ago says more than "not again yet".
      const error = failed ?? plan.error
      yield* afterFailure(engine, need, { _tag: "Failed", error, retryIn: plan.time }, attempt++, started)
      continue
    }
    const outcome = plan._tag === "Refresh"
      ? yield* exchangeRefreshToken(engine, cell, need, plan.record, plan.tokens)
      : yield* signInByItself(engine, cell, need, record, plan.otherwise)
    if (outcome._tag === "Again") {
      if (flight.exchanges < mostExchanges) continue
      return yield* exhausted(engine, cell, need)
    }
    failed = outcome.error
    yield* afterFailure(engine, need, outcome, attempt++, started)
  }
  if (isMet(cell, need, yield* now)) return
  return yield* new ProviderUnavailable({ ...subjectOf(engine, cell, need), reason: "busy" })
})

/** So many exchanges that bring nothing of use are enough: tokens that are dead when they arrive, mostly. */
const mostExchanges = 3
const restAfterwards = 15_000

const exhausted = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need
): Effect.fn.Return<void, FlightError> {
  const at = yield* now
  if (isMet(cell, need, at)) return
  extrasOf(cell).restUntil = at.mono + restAfterwards
  return yield* errors.ofUseless(subjectOf(engine, cell, need), restAfterwards)
})

export const subjectOf = <C>(engine: Engine<C>, cell: Cell, need: Need): errors.Subject => ({
  provider: engine.provider.name,
  account: cell.account,
  operation: operationOf(need)
})

/**
 * Somebody is waiting: one failure that passes quickly is waited out for one more attempt, also one that a background
 * refresh or another process has just met. Everything else is told.
 */
const afterFailure = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  need: Need,
  outcome: Extract<Outcome, { readonly _tag: "Failed" }>,
  attempt: number,
  started: number
): Effect.fn.Return<void, FlightError> {
  const elapsed = (yield* now).mono - started
  const mayRetry = outcome.retryIn !== undefined && attempt === 1 && need._tag !== "scheduled" && !engine.closed &&
    elapsed + outcome.retryIn <= engine.settings.retryPatience
  if (!mayRetry) return yield* outcome.error
  yield* Effect.raceFirst(Effect.sleep(Math.ceil(outcome.retryIn)), Deferred.await(engine.leaving))
})

/** Step 4. */
const gate = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord | undefined
): Effect.fn.Return<Plan, FlightError> {
  const subject = subjectOf(engine, cell, need)
  if (record === undefined || cell.status === "never" || cell.status === "signedOut") {
    const reason = cell.status === "signedOut" ? "signed-out" : "never"
    return yield* orSignIn(engine, cell, need, record, new SignInRequired({ ...subject, reason }), reason === "never")
  }
  if (record.state._tag === "ended") {
    if (need._tag === "rejected") {
      cell.token = undefined
      extrasOf(cell).dropped = record.generation
    }
    // Without a fingerprint refused credentials can't be told from new ones: they are not sent again.
    const mayTry = record.state.reason !== "credentials" || engine.provider.fingerprint !== undefined
    return yield* orSignIn(engine, cell, need, record, errors.ofEnd(subject, record.state), mayTry)
  }
  const at = yield* now
  const tokens = record.tokens
  const pastKnownLife = tokens?.refreshExpiresAt !== undefined && at.wall >= tokens.refreshExpiresAt
  if (tokens?.refreshToken === undefined || engine.provider.refresh === undefined || pastKnownLife) {
    if (need._tag === "scheduled") return yield* serveUntilTheEnd(engine, cell)
    return yield* orSignIn(engine, cell, need, record, new SignInRequired({ ...subject, reason: "expired" }), true)
  }
  const doubt = record.doubt ?? claims.doubtOf(cell, record.claim)
  const isAlive = freshness(cell, at) !== "dead"
  if (doubt !== undefined && engine.provider.rotation === "rotating" && isAlive && need._tag !== "rejected") {
    if (record.claim !== undefined) yield* claims.drop(engine, cell, record.claim, doubt)
    if (need._tag === "forced") return yield* errors.ofBackoff(subject, cell.deadAt - at.mono, undefined)
    return yield* serveUntilTheEnd(engine, cell)
  }
  return unlessWaiting(engine, cell, need, record, at, { _tag: "Refresh", record: { ...record, doubt }, tokens })
})

const orSignIn = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord | undefined,
  error: FlightError,
  allowed: boolean
): Effect.fn.Return<Plan, FlightError> {
  if (!allowed || engine.settings.credentials === undefined) return yield* error
  return unlessWaiting(engine, cell, need, record, yield* now, { _tag: "SignIn", otherwise: error })
})

const unlessWaiting = <C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord | undefined,
  at: Now,
  plan: Plan
): Plan => {
  const isForced = need._tag === "forced"
  const wait = retrying.remaining(cell, record?.retry, isForced, at)
  if (wait <= 0) return plan
  const error = errors.ofBackoff(subjectOf(engine, cell, need), wait, record?.retry?.status)
  // What even a forced refresh obeys is not waited out: Retry-After, mostly.
  return { _tag: "Wait", time: isForced ? undefined : wait, error }
}

/** Nothing can be done before the live token dies; once it is dead, nothing before somebody asks. */
const serveUntilTheEnd = <C>(engine: Engine<C>, cell: Cell): Effect.Effect<Plan> =>
  Effect.map(now, ({ mono }) => {
    const next = cell.deadAt > mono ? cell.deadAt : Infinity
    if (engine.settings.scheduled) engine.scheduler.schedule(cell, next)
    else cell.due = next
    return { _tag: "Serve" }
  })
