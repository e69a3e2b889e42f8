/** Steps schedules under the TestClock. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"

/** How long an ordinary driver of the schedule sleeps for each input, in milliseconds; `end` where the schedule ends. */
export const waits = <Out, In>(schedule: Schedule.Schedule<Out, In>, inputs: ReadonlyArray<In>) =>
  Effect.gen(function*() {
    const step = yield* Schedule.toStep(schedule)
    const seen: Array<number | "end"> = []
    for (const input of inputs) {
      const now = yield* Clock.currentTimeMillis
      const wait = yield* step(now, input).pipe(
        Effect.map(([, wait]): number | "end" => Duration.toMillis(wait)),
        Pull.catchDone(() => Effect.succeed<number | "end">("end"))
      )
      seen.push(wait)
      if (typeof wait === "number" && Number.isFinite(wait)) yield* TestClock.setTime(now + wait)
    }
    return seen
  })

/** Steps a schedule without sleeping: what each step yields. `now`: epoch milliseconds. */
export const stepper = <Out, In>(schedule: Schedule.Schedule<Out, In>) =>
  Effect.map(Schedule.toStep(schedule), (step) => (now: number, input: In) =>
    Effect.map(Pull.catchDone(step(now, input), () => Effect.die("the schedule has ended")), ([out]) => out))

/** What the first step of a schedule yields. `now`: epoch milliseconds. */
export const first = <Out, In>(schedule: Schedule.Schedule<Out, In>, now: number, input: In) =>
  Effect.flatMap(stepper(schedule), (step) => step(now, input))

/** The schedule, which also tells when it was asked. */
export const watched = <Out, In>(schedule: Schedule.Schedule<Out, In>, asked: (now: number) => void) =>
  Schedule.fromStep(Effect.map(Schedule.toStep(schedule), (step) => (now: number, input: In) => {
    asked(now)
    return step(now, input)
  }))

/** The schedule, at most `count` times. */
export const atMost = <In>(schedule: Schedule.Schedule<Duration.Duration, In>, count: number) =>
  Schedule.upTo(schedule, { times: count })

/** The schedule, which always yields `out`. */
export const yielding = <Out>(schedule: Schedule.Schedule<unknown>, out: Out) =>
  Schedule.map(schedule, () => Effect.succeed(out))
