/** Who gets a permit, when, and what becomes of the permit of work that hangs (G59). */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { Pace } from "../../../../packages/core/src/internal/session/pace.ts"
import { type Permit, Permits, type Place } from "../../../../packages/core/src/internal/session/permits.ts"
import { now } from "../../../../packages/core/src/internal/session/time.ts"

/** Asks for a permit, and notes when it is granted. */
const asking = Effect.fnUntraced(function*(permits: Permits, isNeeded: boolean, granted: Array<string>, name: string) {
  const fiber = yield* Effect.fork(
    Effect.tap(permits.take(isNeeded), () => Effect.sync(() => void granted.push(name)))
  )
  yield* TestClock.adjust("0 millis")
  return fiber
})

describe("permits", () => {
  it.effect("a permit that is released goes to needed work first, then to whoever waits longest", () =>
    Effect.gen(function*() {
      const permits = new Permits(1)
      const granted: Array<string> = []
      const held = yield* permits.take(true)
      const scheduled = yield* asking(permits, false, granted, "scheduled")
      const needed = yield* asking(permits, true, granted, "needed")
      yield* asking(permits, false, granted, "later")
      yield* permits.release(held)
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(granted, ["needed"])
      yield* permits.release(yield* Fiber.join(needed))
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(granted, ["needed", "scheduled"])
      yield* permits.release(yield* Fiber.join(scheduled))
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(granted, ["needed", "scheduled", "later"])
    }))

  it.effect("the permit of slow work goes on to scheduled work too, once", () =>
    Effect.gen(function*() {
      const permits = new Permits(1)
      const granted: Array<string> = []
      const slow: Permit = yield* permits.take(true)
      yield* asking(permits, false, granted, "first")
      yield* TestClock.adjust("10 millis")
      yield* asking(permits, false, granted, "second")
      yield* TestClock.adjust("989 millis")
      assert.deepStrictEqual(granted, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(granted, ["first"])
      // It was passed on: what the slow work gives back is no permit any more.
      yield* permits.release(slow)
      yield* TestClock.adjust("0 millis")
      assert.deepStrictEqual(granted, ["first"])
    }))

  it.effect("needed work waits no longer than a second where nothing makes progress", () =>
    Effect.gen(function*() {
      const permits = new Permits(1)
      const granted: Array<string> = []
      yield* permits.take(true)
      for (let n = 0; n < 5; n++) yield* asking(permits, true, granted, `needed ${n}`)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(granted.length, 5)
    }))

  it.effect("whoever leaves the queue takes no permit along", () =>
    Effect.gen(function*() {
      const permits = new Permits(1)
      const granted: Array<string> = []
      const held = yield* permits.take(true)
      const leaving = yield* asking(permits, true, granted, "leaving")
      yield* Fiber.interrupt(leaving)
      yield* permits.release(held)
      yield* asking(permits, true, granted, "next")
      assert.deepStrictEqual(granted, ["next"])
    }))

  it.effect("scheduled work that is needed now does not sleep out its old turn; a newcomer does not overtake the queue", () =>
    Effect.gen(function*() {
      const pace = new Pace()
      const permits = new Permits(4, pace, 2_000)
      const granted: Array<string> = []
      const { mono } = yield* now
      // An interval of 10 seconds.
      pace.begin(mono)
      pace.limit("a", 1_000, mono)
      pace.limit("b", 1_000, mono)
      for (let n = 0; n < 4; n++) pace.limit(n, 1_000, pace.openAt)
      const interval = pace.turn(1) - pace.turn(0)
      assert.isAbove(interval, 5_000)
      const asked = (isNeeded: boolean, name: string) =>
        Effect.fork(Effect.tap(
          permits.take(isNeeded),
          ({ late }) => Effect.sync(() => void granted.push(late === undefined ? name : `${name} late`))
        ))
      for (let n = 0; n < 3; n++) yield* asked(false, `scheduled ${n}`)
      yield* TestClock.adjust(Math.ceil(pace.nextAt() - mono))
      assert.deepStrictEqual(granted, ["scheduled 0"])
      // All others sleep until their turns.
      permits.need([...(permits as unknown as { queue: Set<Place> }).queue][1]!, (yield* now).mono)
      yield* TestClock.adjust(Math.ceil(interval))
      assert.deepStrictEqual(granted, ["scheduled 0", "scheduled 2"])
      yield* TestClock.adjust(Math.ceil(interval))
      assert.deepStrictEqual(granted, ["scheduled 0", "scheduled 2", "scheduled 1"])
    }))
})
