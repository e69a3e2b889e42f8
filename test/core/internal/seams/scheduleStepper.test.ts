import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as RefreshSchedule from "@effect-auth/core/RefreshSchedule"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { makeStepper } from "../../../../packages/core/src/internal/seams/scheduleStepper.ts"
import { atMost, watched } from "../../../support/schedules.ts"

const failure = new ExchangeFailure({ kind: "transient", sent: "answered", reason: "server" })

const steps = (stepper: ReturnType<typeof makeStepper>, moments: ReadonlyArray<number>) =>
  Effect.forEach(moments, (moment) => Effect.map(stepper.step(moment, failure), (wait) => Duration.toMillis(wait)))

describe("makeStepper", () => {
  it.effect("steps, counts and starts again", () =>
    Effect.gen(function*() {
      const stepper = makeStepper(RefreshSchedule.retry({ jitter: 0 }))
      assert.deepStrictEqual(yield* steps(stepper, [0, 0, 0, 0]), [100, 100, 150, 200])
      assert.strictEqual(stepper.steps(), 4)
      yield* stepper.reset
      assert.deepStrictEqual([stepper.steps(), ...(yield* steps(stepper, [0]))], [0, 100])
    }))

  it.effect("reads the wait where combinators change it", () =>
    Effect.gen(function*() {
      const doubled = Schedule.modifyDelay(RefreshSchedule.retry({ jitter: 0 }), (_, wait) => Duration.times(wait, 2))
      assert.deepStrictEqual(yield* steps(makeStepper(doubled), [5, 5]), [200, 200])
    }))

  it.effect("catches up with failures that others saw", () =>
    Effect.gen(function*() {
      const stepper = makeStepper(RefreshSchedule.retry({ jitter: 0 }))
      yield* stepper.forward(6, 1_000, failure)
      assert.strictEqual(stepper.steps(), 6)
      assert.deepStrictEqual(yield* steps(stepper, [2_000]), [1_000])
      yield* stepper.forward(3, 1_000, failure)
      assert.strictEqual(stepper.steps(), 7)
      yield* stepper.forward(100_000, 1_000, failure)
      assert.deepStrictEqual([stepper.steps(), ...(yield* steps(stepper, [2_000]))], [100_000, 30_000])
    }))

  it.effect("does not close a window for failures that were spread over a longer time", () =>
    Effect.gen(function*() {
      const spread = Schedule.modifyDelay(RefreshSchedule.cooldown({ calls: 3 }), () => "40 seconds")
      const seen: Array<number> = []
      yield* makeStepper(watched(spread, (now) => seen.push(now))).forward(3, 600_000, failure)
      assert.deepStrictEqual(seen.slice(-3), [520_000, 560_000, 600_000])
    }))

  it.effect("asks for a wait even when the schedule has ended", () =>
    Effect.gen(function*() {
      const once = atMost(RefreshSchedule.retry({ delays: ["1 minute"], jitter: 0 }), 1)
      assert.deepStrictEqual(yield* steps(makeStepper(once), [0, 0, 0]), [60_000, 60_000, 60_000])
      const never = atMost(RefreshSchedule.retry(), 0)
      assert.deepStrictEqual(yield* steps(makeStepper(never), [0]), [30_000])
    }))
})
