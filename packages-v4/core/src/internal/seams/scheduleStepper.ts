/**
 * Steps a schedule by hand: the record, not a sleeping fiber, remembers how often an exchange failed. Everything of core
 * that knows how Effect's schedules step is here.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as ScheduleIntervals from "effect/ScheduleIntervals"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import * as limits from "../limits.ts"

/** A schedule and where it stands. */
export interface Stepper {
  /** How many steps it has made since it was made or reset. */
  readonly steps: () => number
  /** The wait after one more failure, seen at `now` (epoch milliseconds). */
  readonly step: (now: number, failure: ExchangeFailure) => Effect.Effect<Duration.Duration>
  /** Catches up with `steps` failures that others saw, the last of them at `at`. Does nothing when it is already there. */
  readonly forward: (steps: number, at: number, failure: ExchangeFailure) => Effect.Effect<void>
  readonly reset: Effect.Effect<void>
}

/** The first wait of a schedule, in milliseconds; `Infinity` when it has ended. `now`: epoch milliseconds. */
export const firstWait = <In>(
  schedule: Schedule.Schedule<Duration.Duration, In>,
  now: number,
  input: In
): Effect.Effect<number> =>
  Effect.map(schedule.step(now, input, schedule.initial), ([, , decision]) => waitOf(now, decision) ?? Infinity)

/** The wait that a decision means at `now`, in milliseconds; `undefined` when the schedule has ended. */
const waitOf = (now: number, decision: ScheduleDecision.ScheduleDecision): number | undefined =>
  ScheduleDecision.isDone(decision) ? undefined : Math.max(0, ScheduleIntervals.start(decision.intervals) - now)

/** Ordinary combinators (`modifyDelay`, `jittered`, `union`) act on the decision, so that is where the wait is read. */
export const makeStepper = (schedule: Schedule.Schedule<Duration.Duration, ExchangeFailure>): Stepper => {
  let state = schedule.initial
  let steps = 0
  let last = 0
  const step = (now: number, failure: ExchangeFailure) =>
    Effect.map(schedule.step(now, failure, state), ([next, , decision]) => {
      state = next
      steps++
      last = waitOf(now, decision) ?? Math.max(last, limits.afterScheduleEnd)
      return Duration.millis(last)
    })
  const reset = Effect.sync(() => {
    state = schedule.initial
    steps = 0
    last = 0
  })
  return {
    steps: () => steps,
    step,
    reset,
    // Others' failures are spaced by the waits that this schedule asked for: a window that they left is not full.
    forward: Effect.fnUntraced(function*(wanted, at, failure) {
      const missing = wanted - steps
      if (missing <= 0) return
      steps = wanted - Math.min(missing, limits.longestReplay)
      const before = state
      const waits: Array<number> = []
      for (let now = at; steps < wanted; now += last) {
        yield* step(now, failure)
        waits.push(last)
      }
      state = before
      steps = wanted - waits.length
      let now = at - waits.slice(0, -1).reduce((sum, wait) => sum + wait, 0)
      for (const wait of waits) {
        yield* step(now, failure)
        now += wait
      }
    })
  }
}
