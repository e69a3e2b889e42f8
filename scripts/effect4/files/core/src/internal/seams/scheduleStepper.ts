/**
 * Steps a schedule by hand: the record, not a sleeping fiber, remembers how often an exchange failed. Everything of core
 * that knows how Effect's schedules step is here.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
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
  Effect.flatMap(Schedule.toStep(schedule), (step) => waitOf(step(now, input), () => Infinity))

/** The wait that a step asks for, in milliseconds; `otherwise` when the schedule has ended. */
const waitOf = <Out>(
  step: Pull.Pull<[Out, Duration.Duration], never, Out>,
  otherwise: () => number
): Effect.Effect<number> =>
  step.pipe(
    Effect.map(([, wait]) => Math.max(0, Duration.toMillis(wait))),
    Pull.catchDone(() => Effect.sync(otherwise))
  )

/** What a schedule was asked. */
type Question = readonly [now: number, failure: ExchangeFailure]

/** Asks a schedule of its own. A schedule that has ended asks for its longest wait, but at least for a limit. */
const asker = (schedule: Schedule.Schedule<Duration.Duration, ExchangeFailure>) =>
  Effect.map(Schedule.toStep(schedule), (step) => {
    let last = 0
    return ([now, failure]: Question): Effect.Effect<number> =>
      Effect.map(
        waitOf(step(now, failure), () => Math.max(last, limits.afterScheduleEnd)),
        (wait) => last = wait
      )
  })

/** A schedule keeps its state to itself. What it was asked is remembered, so that a copy can be brought to the same state. */
export const makeStepper = (schedule: Schedule.Schedule<Duration.Duration, ExchangeFailure>): Stepper => {
  let ask: ((question: Question) => Effect.Effect<number>) | undefined
  let asked: Array<Question> = []
  let steps = 0
  const current = Effect.suspend(() =>
    ask === undefined ? Effect.map(asker(schedule), (made) => ask = made) : Effect.succeed(ask)
  )
  const step = (now: number, failure: ExchangeFailure) =>
    Effect.map(Effect.flatMap(current, (ask) => ask([now, failure])), (wait) => {
      asked = [...asked, [now, failure] as const].slice(-limits.longestReplay)
      steps++
      return Duration.millis(wait)
    })
  const copy = Effect.gen(function*() {
    const ask = yield* asker(schedule)
    for (const question of asked) yield* ask(question)
    return ask
  })
  const reset = Effect.sync(() => {
    ask = undefined
    asked = []
    steps = 0
  })
  return {
    steps: () => steps,
    step,
    reset,
    // Others' failures are spaced by the waits that this schedule asked for: a window that they left is not full.
    forward: Effect.fnUntraced(function*(wanted, at, failure) {
      const missing = Math.min(wanted - steps, limits.longestReplay)
      if (missing <= 0) return
      const ask = yield* copy
      const waits: Array<number> = []
      for (let now = at; waits.length < missing; now += waits.at(-1) ?? 0) waits.push(yield* ask([now, failure]))
      steps = wanted - missing
      let now = at - waits.slice(0, -1).reduce((sum, wait) => sum + wait, 0)
      for (const wait of waits) {
        yield* step(now, failure)
        now += wait
      }
    })
  }
}
