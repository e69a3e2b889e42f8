import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as RefreshSchedule from "@effect-auth/core/RefreshSchedule"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { first, stepper, waits } from "../support/schedules.ts"

const now = 1_800_000_000_000
const second = 1_000
const day = 24 * 60 * 60 * second

const tokens = (lifetime: number | undefined, obtainedAt = now): TokenSet => ({
  accessToken: Redacted.make("token"),
  obtainedAt,
  lifetime
})

const failure = (retryAfter?: Duration.DurationInput) =>
  new ExchangeFailure({
    kind: "transient",
    sent: "answered",
    reason: "server",
    retryAfter: retryAfter === undefined ? undefined : Duration.decode(retryAfter)
  })

/** The age at which a token set is refreshed: one step of the schedule. */
const ageOf = (options: RefreshSchedule.AheadOptions | undefined, set: TokenSet) => {
  const schedule = RefreshSchedule.ahead(options)
  return Effect.map(first(schedule, now, set), Duration.toMillis)
}

/** How long a driver sleeps for one token set. */
const waitOf = (options: RefreshSchedule.AheadOptions | undefined, set: TokenSet) =>
  Effect.zipRight(TestClock.setTime(now), Effect.map(waits(RefreshSchedule.ahead(options), [set]), ([wait]) => wait))

const noJitter = { jitter: 0 }

describe("RefreshSchedule.ahead", () => {
  for (const [name, lifetime] of Object.entries({ "1 s": second, "24 h": day, "60 days": 60 * day })) {
    it.effect(`refreshes a life of ${name} between 70 and 80 % of it, spread (G05)`, () =>
      Effect.gen(function*() {
        const ages = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, i) => i),
          (seed) =>
            Effect.map(
              Effect.withRandom(ageOf(undefined, tokens(lifetime)), Random.make(seed)),
              (age) => age / lifetime
            )
        )
        assert.isTrue(ages.every((age) => age >= 0.7 && age <= 0.8))
        assert.isBelow(Math.min(...ages), 0.71)
        assert.isAbove(Math.max(...ages), 0.79)
      }))
  }

  it.effect("waits longer than a timer can, and for ever where no end is known", () =>
    Effect.gen(function*() {
      assert.isAbove(45 * day, 2 ** 31)
      assert.strictEqual(yield* waitOf(noJitter, tokens(60 * day)), 45 * day)
      assert.strictEqual(yield* waitOf(noJitter, tokens(undefined)), Infinity)
    }))

  it.effect("a missing life is never due, an absurd one counts as a year, a dead one as 5 seconds", () =>
    Effect.gen(function*() {
      const year = 365 * day
      for (
        const [lifetime, age] of [
          [undefined, Infinity],
          [NaN, Infinity],
          [1e18, 0.75 * year],
          [Infinity, 0.75 * year],
          [0, 3_750],
          [-1, 3_750],
          [-Infinity, 3_750]
        ] as const
      ) {
        assert.deepStrictEqual([lifetime, yield* ageOf(noJitter, tokens(lifetime))], [lifetime, age])
      }
    }))

  it.effect("is never later than the hard margin, whatever was asked for", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* ageOf({ ...noJitter, fraction: 1 }, tokens(1_000)), 900)
      assert.strictEqual(yield* ageOf({ ...noJitter, fraction: 7 }, tokens(day)), day - 30 * second)
      assert.strictEqual(yield* ageOf({ atLeast: "2 days" }, tokens(day)), day - 30 * second)
    }))

  it.effect("obeys its bounds", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* ageOf({ ...noJitter, fraction: 0.5 }, tokens(day)), day / 2)
      assert.strictEqual(yield* ageOf({ ...noJitter, atMost: "1 hour" }, tokens(day)), day / 24)
      assert.strictEqual(yield* ageOf({ ...noJitter, atMost: "1 hour" }, tokens(undefined)), day / 24)
      const early = { ...noJitter, fraction: 0.1, atLeast: "30 minutes" } as const
      assert.strictEqual(yield* ageOf(early, tokens(3_600 * second)), 1_800 * second)
      assert.strictEqual(yield* ageOf({ jitter: 0, fraction: -1 }, tokens(day)), 0)
    }))

  it.effect("counts from when the request was sent, and never waits a negative time", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* waitOf(noJitter, tokens(1_000, now - 250)), 500)
      assert.strictEqual(yield* waitOf(noJitter, tokens(1_000, now - 750)), 0)
      assert.strictEqual(yield* waitOf(noJitter, tokens(1_000, now - 5_000)), 0)
    }))

  it.effect("does not wait longer because the wall clock went back (G47)", () =>
    Effect.map(waitOf(noJitter, tokens(1_000, now + 3_600 * second)), (wait) => assert.strictEqual(wait, 750)))
})

describe("RefreshSchedule.retry", () => {
  const dozen = [100, 100, 150, 200, 300, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]

  it.effect("is front-loaded and capped", () =>
    Effect.map(
      waits(RefreshSchedule.retry({ jitter: 0 }), dozen.map(() => failure())),
      (seen) => assert.deepStrictEqual(seen, dozen)
    ))

  it.effect("makes at most a dozen calls in the first minute, whatever the jitter (G30)", () =>
    Effect.gen(function*() {
      for (const seed of [1, 2, 3, 4, 5]) {
        const seen = yield* Effect.withRandom(
          waits(RefreshSchedule.retry(), Array.from({ length: 14 }, () => failure())),
          Random.make(seed)
        )
        const calls = seen.reduce<Array<number>>((at, wait) => [...at, at.at(-1)! + Number(wait)], [0])
        assert.isAtMost(calls.filter((at) => at < 60_000).length, 12)
        seen.forEach((wait, i) => {
          assert.isAtLeast(Number(wait), dozen[i]!)
          assert.isAtMost(Number(wait), dozen[i]! * 1.2 + 1)
        })
        assert.isTrue(seen.some((wait, i) => wait !== dozen[i]))
      }
    }))

  it.effect("takes Retry-After as a floor, up to an hour (G31)", () =>
    Effect.map(
      waits(RefreshSchedule.retry({ jitter: 0 }), [
        failure("7 seconds"),
        failure(0),
        failure("10 days"),
        failure(Duration.infinity),
        failure()
      ]),
      (seen) => assert.deepStrictEqual(seen, [7_000, 100, 3_600_000, 3_600_000, 300])
    ))

  it.effect("takes delays of one's own, and composes", () =>
    Effect.gen(function*() {
      const own = RefreshSchedule.retry({ delays: ["1 second", "5 seconds"], jitter: 0 })
      assert.deepStrictEqual(yield* waits(own, [failure(), failure(), failure()]), [1_000, 5_000, 5_000])
      assert.deepStrictEqual(
        yield* waits(Schedule.modifyDelay(own, (_, delay) => Duration.times(delay, 2)), [failure(), failure()]),
        [2_000, 10_000]
      )
      assert.deepStrictEqual(
        yield* waits(Schedule.intersect(own, Schedule.recurs(1)), [failure(), failure()]),
        [1_000, "end"]
      )
      assert.deepStrictEqual(yield* waits(RefreshSchedule.retry({ delays: [] }), [failure()]), [0])
    }))

  it.effect("drives Effect.retry", () =>
    Effect.gen(function*() {
      let calls = 0
      const broken = Effect.suspend(() => {
        calls++
        return Effect.fail(failure())
      })
      const fiber = yield* Effect.fork(Effect.retry(broken, RefreshSchedule.retry({ jitter: 0 })))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(calls, 12)
      yield* Fiber.interrupt(fiber)
    }))
})

describe("RefreshSchedule.cooldown", () => {
  /** Steps at given moments, without sleeping in between. */
  const at = (schedule: Schedule.Schedule<Duration.Duration, ExchangeFailure>, moments: ReadonlyArray<number>) =>
    Effect.flatMap(
      stepper(schedule),
      (step) => Effect.forEach(moments, (moment) => Effect.map(step(moment, failure()), Duration.toMillis))
    )

  it.effect("closes when a window is full, until the oldest call has left it (G30)", () =>
    Effect.gen(function*() {
      const schedule = RefreshSchedule.cooldown({ calls: 3, per: "1 minute" })
      assert.deepStrictEqual(
        yield* at(schedule, [0, 1_000, 2_000, 60_000, 61_000, 200_000]),
        [0, 0, 58_000, 1_000, 1_000, 0]
      )
    }))

  it.effect("keeps any minute at twelve calls, however they come", () =>
    Effect.gen(function*() {
      const step = yield* stepper(RefreshSchedule.cooldown())
      const calls: Array<number> = []
      for (let moment = 0, i = 0; i < 500; i++) {
        calls.push(moment)
        const wait = yield* step(moment, failure())
        moment += Math.max(Duration.toMillis(wait), yield* Random.nextIntBetween(0, 9_000))
      }
      for (const start of calls) {
        assert.isAtMost(calls.filter((call) => call >= start && call < start + 60_000).length, 12)
      }
    }))

  it.effect("takes Retry-After as a floor, and forgets calls from the future", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* waits(RefreshSchedule.cooldown(), [failure("9 seconds")]), [9_000])
      const schedule = RefreshSchedule.cooldown({ calls: 2 })
      assert.deepStrictEqual(yield* at(schedule, [3_600_000, 3_600_000, 0, 1]), [0, 60_000, 0, 59_999])
    }))
})

describe("RefreshSchedule.until", () => {
  it.effect("ends with the token", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(0)
      const schedule = RefreshSchedule.until(RefreshSchedule.retry({ delays: ["4 seconds"], jitter: 0 }), 10_000)
      assert.deepStrictEqual(
        yield* waits(schedule, [failure(), failure(), failure(), failure()]),
        [4_000, 4_000, 2_000, "end"]
      )
    }))
})

it("they print what they do", () => {
  const printed = [
    RefreshSchedule.ahead(),
    RefreshSchedule.retry({ delays: [10] }),
    RefreshSchedule.cooldown(),
    RefreshSchedule.until(RefreshSchedule.cooldown(), 5)
  ].map(String)
  assert.deepStrictEqual(printed, [
    `RefreshSchedule.ahead({"fraction":0.75,"jitter":0.05,"atLeast":"0","atMost":"Infinity"})`,
    `RefreshSchedule.retry({"delays":["10ms"],"jitter":0.2})`,
    `RefreshSchedule.cooldown({"calls":12,"per":"1m"})`,
    `RefreshSchedule.until({"schedule":"RefreshSchedule.cooldown({\\"calls\\":12,\\"per\\":\\"1m\\"})","expiresAt":5})`
  ])
  assert.strictEqual(inspect(RefreshSchedule.cooldown()), printed[2])
  assert.include(JSON.stringify(RefreshSchedule.retry()), `"_id":"@effect-auth/core/RefreshSchedule/retry"`)
  assert.isTrue(Schedule.isSchedule(RefreshSchedule.ahead()))
})
