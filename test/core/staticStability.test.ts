/** The token endpoint is down for an hour while the access token lives, and beyond. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as session from "./guarantees/session.ts"

/** The most calls within any minute. */
const busiestMinute = (times: ReadonlyArray<number>): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 60_000).length))

describe("static stability", () => {
  for (const mode of ["scheduled", "onDemand"] as const) {
    it.scoped(`an hour without a token endpoint fails no request (${mode})`, () =>
      Effect.gen(function*() {
        const { auth, script } = yield* session.make({ expiresIn: 312 * 60, refresh: { mode } })
        // It is refreshed ahead between 218 and 250 minutes.
        yield* TestClock.adjust("215 minutes")
        const first = (yield* script.calls).length
        yield* script.enqueue("refresh", ...session.times(5_000, session.down))
        yield* TestClock.adjust("35 minutes")
        let failed = 0
        for (let second = 0; second < 3_600; second += 15) {
          const exit = yield* session.within(auth.accessToken, "15 seconds")
          if (exit._tag === "Failure") failed++
        }
        assert.strictEqual(failed, 0)
        const calls = (yield* script.calls).slice(first).map((call) => call.at)
        assert.isAtLeast(calls.length, 10, "it was tried")
        assert.isAtMost(busiestMinute(calls), 12, "the cooldown")
        assert.isAtMost(calls.length, 12 + 2 * 95)

        yield* TestClock.adjust("3 minutes")
        const error = yield* Effect.flip(yield* session.within(auth.accessToken, "3 seconds"))
        assert.strictEqual(error._tag, "ProviderUnavailable")
        assert.isTrue(error._tag === "ProviderUnavailable" && Duration.toMillis(error.retryAfter ?? 0) > 0)
        assert.isAtMost(busiestMinute((yield* script.calls).slice(first).map((call) => call.at)), 12)
      }).pipe(session.provided))
  }
})
