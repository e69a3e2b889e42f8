/**
 * The interpreter of one flight. Each round asks `decide` for the next step and performs it: save, read and apply, wait,
 * exchange. Every rule is in `decide.ts`.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { type AccessTokenError, ProviderUnavailable } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as limits from "../limits.ts"
import { announceEnd, applyRecord } from "./applyRecord.ts"
import { settle } from "./belonging.ts"
import { caughtUp, type Cell, extrasOf, type Flight, type Rests } from "./cell.ts"
import * as claims from "./claims.ts"
import { flush } from "./commit.ts"
import { decide, isMet, mayTryAgain } from "./decide.ts"
import * as errors from "./errors.ts"
import { closing, type Outcome } from "./exchange.ts"
import { observed, operationOf } from "./instrument.ts"
import { keyOf, type Machine, subjectOf } from "./machine.ts"
import type { Need, Step, View } from "./model.ts"
import { refresh } from "./refreshGrant.ts"
import * as resources from "./resources.ts"
import { selfSignIn } from "./selfSignIn.ts"
import { now } from "./time.ts"
import * as transitions from "./transitions.ts"
import { storedView, viewOf } from "./view.ts"
import * as records from "./writeRecord.ts"

export const run = (machine: Machine, cell: Cell, flight: Flight): Effect.Effect<void, AccessTokenError> =>
  observed(machine, cell, flight, fly(machine, cell, flight)).pipe(
    Effect.onExit((exit) =>
      flight.need._tag === "load" && Exit.isSuccess(exit) ? Effect.void : reschedule(machine, cell, flight.need, exit)
    )
  )

/** A session that is still due is looked at again when its backoff is over, in whichever process it began. */
const reschedule = (
  machine: Machine,
  cell: Cell,
  { resource }: Need,
  exit: Exit.Exit<void, AccessTokenError>
): Effect.Effect<void> =>
  Effect.map(now, (at) => {
    const { mono } = at
    const { due, status } = viewOf(machine, cell, at, resource)
    const isUnknown = status === "unloaded"
    if (!isUnknown && (status !== "active" || due > mono)) return
    const rests = resource === undefined ? cell.extras : resources.find(cell, resource)
    const rest = (rests?.fault?.until ?? 0) - mono
    const wait = Math.max(waitIn(exit), cell.extras?.backoff?.last ?? 0, rest) || lookAgain(exit)
    lookAt(machine, cell, resource, mono + Math.max(limits.soonestLook, wait))
  })

const errorOf = (exit: Exit.Exit<void, AccessTokenError>): AccessTokenError | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined

/** Credentials that the application can't give now are not asked for each second. */
const lookAgain = (exit: Exit.Exit<void, AccessTokenError>): number =>
  errorOf(exit)?._tag === "AuthMisconfigured" ? limits.faultRest : limits.lookAgain

/** Milliseconds to wait, as an error says. */
const waitIn = (exit: Exit.Exit<void, AccessTokenError>): number => {
  const error = errorOf(exit)
  return error?._tag === "ProviderUnavailable" && error.retryAfter !== undefined
    ? Duration.toMillis(error.retryAfter)
    : 0
}

const lookAt = (machine: Machine, cell: Cell, resource: string | undefined, due: number): void => {
  if (resource !== undefined) {
    const one = resources.find(cell, resource)
    if (one !== undefined) one.due = due
  } else if (machine.options.scheduled && !machine.closed) machine.scheduler.schedule(cell, due)
  else cell.due = due
}

/** Where a flight stands. */
class Progress {
  record: SessionRecord | undefined
  view: View
  /** The error of the exchange that failed last. It says more than "not again yet". */
  failed: AccessTokenError | undefined
  attempt = 1
  readonly started: number

  constructor(view: View, started: number) {
    this.view = view
    this.started = started
  }
}

const fly = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  flight: Flight
): Effect.fn.Return<void, AccessTokenError> {
  const { need } = flight
  const start = yield* now
  const progress = new Progress(viewOf(machine, cell, start, need.resource), start.mono)
  while (true) {
    const at = yield* now
    const step = decide(machine.policy, progress.view, need, at)
    if (at.mono - start.mono > 2 * machine.options.claimTtl && step._tag !== "Done") {
      return yield* new ProviderUnavailable({ ...subjectOf(machine, cell, operationOf(need)), reason: "busy" })
    }
    const isOver = yield* perform(machine, cell, flight, progress, step)
    if (isOver) return
    if (step._tag !== "Read") progress.view = viewOf(machine, cell, yield* now, need.resource)
  }
})

/** `true`: the flight is over, and its need is met or served. */
const perform = (
  machine: Machine,
  cell: Cell,
  flight: Flight,
  progress: Progress,
  step: Step
): Effect.Effect<boolean, AccessTokenError> => {
  const { need } = flight
  const subject = subjectOf(machine, cell, operationOf(need))
  switch (step._tag) {
    case "Done":
      return Effect.succeed(true)
    case "Save":
      return Effect.as(flush(machine, cell), false)
    case "Read":
      return Effect.as(read(machine, cell, need, progress), false)
    case "Release":
      return Effect.as(releaseLate(machine, cell, progress.record), false)
    case "WaitForClaim":
      return Effect.as(claims.waitForChange(machine, cell, progress.record?.version ?? 0), false)
    case "Closing":
      return closing(machine, cell)
    case "Serve":
      return serve(machine, cell, need, progress, step)
    case "Backoff":
      return Effect.andThen(
        dropLeftover(machine, cell, progress, step.dropsLeftover),
        backOff(machine, cell, flight, progress, step)
      )
    case "Exhausted":
      return exhausted(machine, cell, flight)
    case "Fail":
      return Effect.suspend(() => {
        if (step.dropsToken) dropToken(cell, need, progress.record)
        return Effect.fail(errors.ofNone(subject, step.because))
      })
    case "Refresh":
      return progress.record === undefined
        ? Effect.succeed(false)
        : Effect.flatMap(
          refresh(machine, cell, flight, progress.record),
          (outcome) => after(machine, flight, progress, outcome)
        )
    case "SignIn":
      return Effect.suspend(() => {
        if (step.dropsToken) dropToken(cell, need, progress.record)
        return Effect.flatMap(
          selfSignIn(machine, cell, flight, progress.record, step.otherwise),
          (outcome) => after(machine, flight, progress, outcome)
        )
      })
  }
}

/** The live token serves. The next look is when it dies, or when its end is announced. */
const serve = (
  machine: Machine,
  cell: Cell,
  { resource }: Need,
  progress: Progress,
  { dropsLeftover, until }: Extract<Step, { readonly _tag: "Serve" }>
): Effect.Effect<boolean> =>
  dropLeftover(machine, cell, progress, dropsLeftover).pipe(
    Effect.andThen(now),
    Effect.tap(({ wall }) => announceEnd(machine, cell, wall)),
    Effect.map(({ mono, wall }) => {
      const announceAt = cell.extras?.reauthentication?.announceAt ?? Infinity
      lookAt(machine, cell, resource, resource === undefined ? Math.min(until, mono + announceAt - wall) : until)
      return true
    })
  )

/**
 * Reads the record and applies it, unless another one was applied meanwhile: then it may be old. A refresh ahead of what this
 * process wrote itself needs no read.
 */
const read = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  need: Need,
  progress: Progress
): Effect.fn.Return<void, AccessTokenError> {
  const kept = need._tag === "scheduled" && need.resource === undefined ? machine.kept.take(cell) : undefined
  if (kept !== undefined) {
    progress.record = kept
    progress.view = yield* storedView(machine, cell, kept)
    return
  }
  const { applied, extras } = cell
  const heard = extras?.heard
  const record = Option.getOrUndefined(yield* machine.store.get(keyOf(machine, cell)))
  if (cell.applied !== applied) {
    progress.view = viewOf(machine, cell, yield* now, need.resource)
    return
  }
  if (need.resource !== undefined) resources.register(cell, need.resource)
  yield* applyRecord(machine, cell, record, "read")
  if (cell.extras?.heard === heard) caughtUp(cell)
  settle(machine, cell, record)
  progress.record = record
  // A load needs the record only, and does not wait until the store says whether a claim's owner lives.
  progress.view = need._tag === "load"
    ? viewOf(machine, cell, yield* now, need.resource)
    : yield* storedView(machine, cell, record, need.resource)
})

/** Writes the release that failed when an exchange ended (its backoff, doubt or end), before anything else is done. */
const releaseLate = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  record: SessionRecord | undefined
): Effect.fn.Return<void, AccessTokenError> {
  const unreleased = cell.extras?.unreleased
  if (unreleased === undefined) return
  const change = records.unmarked(unreleased.next)
  const written = yield* records.write(machine.store, keyOf(machine, cell), change, 0, record)
  if (written._tag === "Failed") return yield* written.error
  if (cell.extras !== undefined) cell.extras.unreleased = undefined
})

/** Takes a dead owner's claim off the record and keeps its doubt. */
const dropLeftover = (machine: Machine, cell: Cell, { record }: Progress, isDropped: boolean): Effect.Effect<void> => {
  const claim = record?.claim
  const doubt = claims.doubtOf(claim)
  if (!isDropped || claim === undefined || doubt === undefined) return Effect.void
  const change = records.unmarked(transitions.dropLeftover(claim.id, doubt))
  return Effect.asVoid(records.write(machine.store, keyOf(machine, cell), change, 0))
}

/** The live token of an ended session was rejected: it is not served any more. */
const dropToken = (cell: Cell, { resource }: Need, record: SessionRecord | undefined): void => {
  if (resource !== undefined) return resources.drop(cell, resource)
  extrasOf(cell).dropped = record?.generation
  cell.dropToken(record?.session ?? "")
}

/** A fault of this process's configuration, while it rests because of it. */
const faultOf = (rests: Rests | undefined, { view }: Progress): AccessTokenError | undefined =>
  view.rest > 0 && (rests?.restUntil ?? 0) <= (rests?.fault?.until ?? 0) ? rests?.fault?.error : undefined

const backOff = (
  machine: Machine,
  cell: Cell,
  flight: Flight,
  progress: Progress,
  { isWaitedOut, millis }: Extract<Step, { readonly _tag: "Backoff" }>
): Effect.Effect<boolean, AccessTokenError> => {
  const subject = subjectOf(machine, cell, operationOf(flight.need))
  const { resource } = flight.need
  const ofResource = resource === undefined ? undefined : resources.find(cell, resource)
  const error = progress.failed ?? faultOf(ofResource, progress) ?? faultOf(cell.extras, progress) ??
    errors.ofBackoff(subject, millis, progress.record?.retry?.status)
  return waitOut(machine, flight, progress, error, isWaitedOut ? millis : undefined)
}

const exhausted = (machine: Machine, cell: Cell, flight: Flight): Effect.Effect<never, AccessTokenError> =>
  Effect.flatMap(now, ({ mono }) => {
    resources.restsOf(cell, flight.need).restUntil = mono + limits.restAfterUseless
    return errors.ofUseless(subjectOf(machine, cell, operationOf(flight.need)), limits.restAfterUseless)
  })

/** Looks again after a success, and after a failure that is waited out. */
const after = (
  machine: Machine,
  flight: Flight,
  progress: Progress,
  outcome: Outcome
): Effect.Effect<boolean, AccessTokenError> => {
  if (outcome._tag === "Again") return Effect.succeed(false)
  progress.failed = outcome.error
  return waitOut(machine, flight, progress, outcome.error, outcome.retryIn)
}

/** Waits out a short backoff once, where a caller waits for a token. Fails with `error` otherwise. */
const waitOut = Effect.fnUntraced(function*(
  machine: Machine,
  flight: Flight,
  progress: Progress,
  error: AccessTokenError,
  millis: number | undefined
): Effect.fn.Return<boolean, AccessTokenError> {
  const elapsed = (yield* now).mono - progress.started
  const state = { millis, attempt: progress.attempt++, elapsed, closing: machine.closed }
  if (!mayTryAgain(machine.policy, flight.need, state)) return yield* error
  yield* Effect.raceFirst(Effect.sleep(Math.ceil(state.millis)), Deferred.await(machine.leaving))
  return false
})

/** Whether the session meets a need now. */
export const meets = (machine: Machine, cell: Cell, need: Need): Effect.Effect<boolean> =>
  Effect.map(now, (at) => isMet(viewOf(machine, cell, at, need.resource), need, at))
