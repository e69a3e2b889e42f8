/** Runs an effect under the TestClock to its end, for which some real time may be needed: a digest, a file. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"

const realTurn = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))

/** Time goes on by a second at a time. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(effect)
    while (Option.isNone(yield* Fiber.poll(fiber))) {
      yield* TestClock.adjust("1 second")
      yield* realTurn
    }
    return yield* Fiber.join(fiber)
  })

/** Waits in real time, for two seconds at most, for a fiber that has no timer to wait for any more. */
export const settled = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function*() {
    for (let turn = 0; turn < 1_000 && Option.isNone(yield* Fiber.poll(fiber)); turn++) yield* realTurn
  })
