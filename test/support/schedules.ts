/** Steps schedules under the TestClock. */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"

/** How long an ordinary driver of the schedule sleeps for each input, in milliseconds; `end` where the schedule ends. */
export const waits = <Out, In>(schedule: Schedule.Schedule<Out, In>, inputs: ReadonlyArray<In>) =>
  Effect.gen(function*() {
    const driver = yield* Schedule.driver(schedule)
    const seen: Array<number | "end"> = []
    for (const input of inputs) {
      const before = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.fork(Effect.either(driver.next(input)))
      const sleeps = yield* Effect.zipRight(Effect.yieldNow(), TestClock.sleeps())
      const until = [...sleeps].at(-1)
      if (until === undefined) {
        seen.push((yield* Fiber.join(fiber))._tag === "Left" ? "end" : 0)
      } else {
        seen.push(until - before)
        yield* Number.isFinite(until) ? TestClock.setTime(until) : Fiber.interrupt(fiber)
        if (Number.isFinite(until)) yield* Fiber.join(fiber)
      }
    }
    return seen
  })

/** Steps a schedule without sleeping: what each step yields. `now`: epoch milliseconds. */
export const stepper = <Out, In>(schedule: Schedule.Schedule<Out, In>) =>
  Effect.sync(() => {
    let state = schedule.initial
    return (now: number, input: In) =>
      Effect.map(schedule.step(now, input, state), ([next, out]) => {
        state = next
        return out
      })
  })

/** What the first step of a schedule yields. `now`: epoch milliseconds. */
export const first = <Out, In>(schedule: Schedule.Schedule<Out, In>, now: number, input: In) =>
  Effect.flatMap(stepper(schedule), (step) => step(now, input))

/** The schedule, which also tells when it was asked. */
export const watched = <Out, In>(schedule: Schedule.Schedule<Out, In>, asked: (now: number) => void) =>
  Schedule.makeWithState(schedule.initial, (now, input: In, state) => {
    asked(now)
    return schedule.step(now, input, state)
  })

/** The schedule, at most `count` times. */
export const atMost = (schedule: Schedule.Schedule<Duration.Duration, any>, count: number) =>
  Schedule.intersect(schedule, Schedule.recurs(count)).pipe(Schedule.map(([out]) => out))

/** The schedule, which always yields `out`. */
export const yielding = <Out>(schedule: Schedule.Schedule<unknown>, out: Out) => Schedule.as(schedule, out)
