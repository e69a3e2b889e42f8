/** Makes schedules. Everything that knows how a schedule of Effect decides is here and in scheduleStepper.ts. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Interval from "effect/ScheduleInterval"
import * as Intervals from "effect/ScheduleIntervals"

/** The next state of a schedule, what it yields, and the wait that it asks for, in milliseconds. */
export type Step<State, Out> = readonly [next: State, out: Out, wait: number]

/** A schedule that never ends by itself. `now`: epoch milliseconds. */
export const make = <State, In, Out>(
  initial: State,
  step: (now: number, input: In, state: State) => Effect.Effect<Step<State, Out>>
): Schedule.Schedule<Out, In> =>
  Schedule.makeWithState<State, In, Out>(
    initial,
    (now, input, state) => Effect.map(step(now, input, state), ([next, out, wait]) => [next, out, at(now + wait)])
  )

/** No wait goes beyond `end` (epoch milliseconds), and the schedule ends then. */
export const until = <Out, In, R>(
  schedule: Schedule.Schedule<Out, In, R>,
  end: number
): Schedule.Schedule<Out, In, R> =>
  Schedule.makeWithState(
    schedule.initial,
    (now, input: In, state: typeof schedule.initial) =>
      Effect.map(schedule.step(now, input, state), ([next, out, decision]) => {
        if (ScheduleDecision.isDone(decision) || now >= end) return [next, out, ScheduleDecision.done]
        return [next, out, at(Math.min(Intervals.start(decision.intervals), end))]
      })
  )

const at = (millis: number) => ScheduleDecision.continueWith(Interval.after(millis))

/** Waits that double from `first` to `slowest`, and begin again after `resetAfter`. */
export const doubling = (first: Duration.DurationInput, slowest: Duration.DurationInput, resetAfter: number) =>
  Schedule.union(Schedule.exponential(first), Schedule.spaced(slowest)).pipe(
    Schedule.resetAfter(Duration.millis(resetAfter))
  )
