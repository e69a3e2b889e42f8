/** The date in the body of a 429, through the one public door that reads it. */
import * as PriavaRateLimit from "@effect-auth/priava/PriavaRateLimit"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"

/** Two minutes before the documented date, if that is UTC. */
const now = Date.UTC(2025, 10, 18, 14, 1, 0)

const waitFor = (response: Response, at = now) =>
  Effect.gen(function*() {
    yield* TestClock.setTime(at)
    const request = HttpClientRequest.post("https://api.priava.com/api/rest/v2/contact/get")
    const wait = yield* PriavaRateLimit.retryAfter(HttpClientResponse.fromWeb(request, response))
    return wait === undefined ? undefined : Duration.toSeconds(wait)
  })

const limited = (retryAfter: unknown, headers: Record<string, string> = {}) =>
  Response.json({ error: "Your API rate limit is exhausted", "retry-after": retryAfter }, { status: 429, headers })

/** As the page prints it: no zone. */
const printed = (at: number) => new Date(at).toUTCString().replace(" GMT", "")

const dates: ReadonlyArray<readonly [text: unknown, seconds: number | undefined]> = [
  ["Tue, 18 Nov 2025 14:03:00", 120],
  // The page's own weekday is wrong for its date.
  ["Thu, 18 Nov 2025 14:03:00", 120],
  ["18 November 2025 14:03", 120],
  ["“Tue, 18 Nov 2025 14:03:00”", 120],
  ["Tuesday, 18-Nov-2025 14:03:00", 120],
  ["2025-11-18T14:03:00", 120],
  ["2025-11-18 14:03:00.000", 120],
  // A zone that is told is believed.
  ["Tue, 18 Nov 2025 14:03:00 GMT", 120],
  ["2025-11-18T14:03:00Z", 120],
  ["Wed, 19 Nov 2025 01:03:00 +1100", 120],
  ["2025-11-18T09:03:00-05:00", 120],
  ["Tue, 18 Nov 2025 20:00:00 GMT", 3600],
  // One that is not told is found out.
  ["Tue, 18 Nov 2025 15:03:00", 120],
  ["Wed, 19 Nov 2025 01:03:00", 120],
  ["Wed, 19 Nov 2025 03:48:00", 120],
  ["Tue, 18 Nov 2025 09:03:00", 120],
  ["Tue, 18 Nov 2025 02:03:00", 120],
  // Seconds, which the Retry-After header would have.
  ["45", 45],
  [45, 45],
  [99999, 3600],
  // Past: nothing is asked.
  ["Tue, 18 Nov 2025 14:00:59", undefined],
  ["Tue, 18 Nov 2025 13:50:00 GMT", undefined],
  ["0", undefined],
  [null, undefined],
  // What can't be read, or can't be right, asks for the whole window.
  ["soon", 300],
  ["", 300],
  ["Tue, 18 Nov 2014 14:03:00", 300],
  ["Tue, 18 Nob 2025 14:03:00", 300],
  ["Tue, 42 Nov 2025 14:03:00", 300],
  ["Tue, 18 Nov 2025 14:99:00", 300],
  ["-5", 300],
  [{}, 300]
]

describe("retryAfter", () => {
  for (const [text, seconds] of dates) {
    it.effect(`${JSON.stringify(text)} is ${seconds ?? "no"} seconds`, () =>
      Effect.gen(function*() {
        expect(yield* waitFor(limited(text))).toBe(seconds)
      }))
  }

  it.effect("in every zone, at every time of the hour, the wait is what is left", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.integer({ min: 0, max: 86_399 }),
          FastCheck.integer({ min: 1, max: 300 }),
          FastCheck.constantFrom(-12, -8, -5, -3.5, 0, 1, 2, 5.5, 5.75, 8, 9.5, 10, 11, 12.75, 14),
          (start, wait, zone) =>
            Effect.runPromise(
              Effect.gen(function*() {
                const at = Date.UTC(2025, 10, 18) + start * 1000
                const text = printed(at + wait * 1000 + zone * 3_600_000)
                expect(yield* waitFor(limited(text), at)).toBe(wait)
              }).pipe(Effect.provide(TestContext.TestContext))
            )
        )
      )
    ))

  it.effect("whatever the text is, the wait has a bound and is not negative", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(FastCheck.oneof(FastCheck.string(), FastCheck.date().map(String)), (text) =>
          Effect.runPromise(
            Effect.gen(function*() {
              const wait = yield* waitFor(limited(text))
              expect(wait === undefined || (wait > 0 && wait <= 3600)).toBe(true)
            }).pipe(Effect.provide(TestContext.TestContext))
          ))
      )
    ))

  it.effect("the header goes before the body", () =>
    Effect.gen(function*() {
      expect(yield* waitFor(limited("Tue, 18 Nov 2025 14:03:00", { "retry-after": "7" }))).toBe(7)
      expect(yield* waitFor(limited("Tue, 18 Nov 2025 14:03:00", { "retry-after": "soon" }))).toBe(120)
    }))

  it.effect("another status, and a body that is no JSON, ask for nothing", () =>
    Effect.gen(function*() {
      expect(yield* waitFor(Response.json({ "retry-after": "60" }, { status: 503 }))).toBeUndefined()
      expect(yield* waitFor(new Response("<html>", { status: 429 }))).toBeUndefined()
      expect(yield* waitFor(new Response(null, { status: 429 }))).toBeUndefined()
      expect(yield* waitFor(Response.json([], { status: 429 }))).toBeUndefined()
    }))
})
