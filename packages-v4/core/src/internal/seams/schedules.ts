/** Makes schedules. Everything that knows how a schedule of Effect decides is here and in scheduleStepper.ts. */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/** The next state of a schedule, what it yields, and the wait that it asks for, in milliseconds. */
export type Step<State, Out> = readonly [next: State, out: Out, wait: number]

/** A schedule that never ends by itself. `now`: epoch milliseconds. */
export const make = <State, In, Out>(
  initial: State,
  step: (now: number, input: In, state: State) => Effect.Effect<Step<State, Out>>
): Schedule.Schedule<Out, In> =>
  Schedule.fromStep(Effect.sync(() => {
    let state = initial
    return (now: number, input: In) =>
      Effect.map(step(now, input, state), ([next, out, wait]): [Out, Duration.Duration] => {
        state = next
        return [out, Duration.millis(wait)]
      })
  }))

/** No wait goes beyond `end` (epoch milliseconds), and the schedule ends then. */
export const until = <Out, In, E, R>(
  schedule: Schedule.Schedule<Out, In, E, R>,
  end: number
): Schedule.Schedule<Out, In, E, R> =>
  Schedule.fromStep(
    Effect.map(Schedule.toStep(schedule), (step) => (now: number, input: In) =>
      Effect.flatMap(step(now, input), ([out, wait]) =>
        now >= end
          ? Cause.done(out)
          : Effect.succeed<[Out, Duration.Duration]>([
            out,
            Duration.millis(Math.min(Duration.toMillis(wait), end - now))
          ])))
  )

/** Waits that double from `first` to `slowest`, and begin again after `resetAfter`. */
export const doubling = (first: Duration.Input, slowest: Duration.Input, resetAfter: number) =>
  make<{ readonly steps: number; readonly began: number }, unknown, number>(
    { steps: 0, began: -Infinity },
    (now, _input, before) => {
      const { began, steps } = now - before.began >= resetAfter ? { steps: 0, began: now } : before
      const wait = Math.min(Duration.toMillis(first) * 2 ** steps, Duration.toMillis(slowest))
      return Effect.succeed([{ steps: steps + 1, began }, steps, wait])
    }
  )
