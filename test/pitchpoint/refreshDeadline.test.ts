/**
 * "Valid for 24 hours rounded up to midnight eastern time": the expected moments are written out in UTC, so that no time
 * zone arithmetic stands on both sides.
 */
import { refreshExpiresAt } from "@effect-auth/pitchpoint/PitchpointAuth"
import { describe, expect, it } from "@effect/vitest"

const cases: ReadonlyArray<readonly [string, string, string]> = [
  // Winter: midnight in New York is 05:00 UTC.
  ["a morning in winter", "2026-01-15T14:00:00.000Z", "2026-01-17T05:00:00.000Z"],
  ["just after midnight", "2026-01-15T05:00:00.001Z", "2026-01-17T05:00:00.000Z"],
  ["exactly at midnight", "2026-01-15T05:00:00.000Z", "2026-01-16T05:00:00.000Z"],
  ["just before midnight", "2026-01-15T04:59:59.999Z", "2026-01-16T05:00:00.000Z"],
  // Summer: 04:00 UTC.
  ["a morning in summer", "2026-07-15T14:00:00.000Z", "2026-07-17T04:00:00.000Z"],
  ["exactly at midnight in summer", "2026-07-15T04:00:00.000Z", "2026-07-16T04:00:00.000Z"],
  ["the last day of a year", "2026-12-30T18:00:00.000Z", "2027-01-01T05:00:00.000Z"],
  // Clocks go back on 2026-11-01 at 06:00 UTC: that day has 25 hours.
  ["the day before the 25 hours, at noon", "2026-10-31T16:00:00.000Z", "2026-11-02T05:00:00.000Z"],
  ["two days before, at noon", "2026-10-30T16:00:00.000Z", "2026-11-01T04:00:00.000Z"],
  ["the midnight that begins the day before", "2026-10-31T04:00:00.000Z", "2026-11-01T04:00:00.000Z"],
  ["the midnight that begins the 25 hours", "2026-11-01T04:00:00.000Z", "2026-11-02T05:00:00.000Z"],
  ["half past one, the first time", "2026-11-01T05:30:00.000Z", "2026-11-03T05:00:00.000Z"],
  ["half past one, the second time", "2026-11-01T06:30:00.000Z", "2026-11-03T05:00:00.000Z"],
  ["the last hour of the 25", "2026-11-02T04:30:00.000Z", "2026-11-03T05:00:00.000Z"],
  ["the midnight that ends the 25 hours", "2026-11-02T05:00:00.000Z", "2026-11-03T05:00:00.000Z"],
  // 24 hours after 23:30 on the 31st of October it is 22:30 on the day of 25 hours.
  ["half past eleven in the evening before", "2026-11-01T03:30:00.000Z", "2026-11-02T05:00:00.000Z"],
  // Clocks go forward on 2027-03-14 at 07:00 UTC: that day has 23 hours.
  ["the day before the 23 hours, at noon", "2027-03-13T17:00:00.000Z", "2027-03-15T04:00:00.000Z"],
  ["two days before, in the evening", "2027-03-13T01:00:00.000Z", "2027-03-14T05:00:00.000Z"],
  ["the midnight that begins the 23 hours", "2027-03-14T05:00:00.000Z", "2027-03-16T04:00:00.000Z"],
  ["the hour that is left out", "2027-03-14T07:00:00.000Z", "2027-03-16T04:00:00.000Z"],
  ["the last hour of the 23", "2027-03-15T03:30:00.000Z", "2027-03-16T04:00:00.000Z"],
  // 24 hours after 23:30 on the 13th it is 00:30 on the 15th: the day of 23 hours is over.
  ["half past eleven in the evening before the 23 hours", "2027-03-14T04:30:00.000Z", "2027-03-16T04:00:00.000Z"],
  ["exactly 24 hours before the midnight that ends the 23", "2027-03-14T04:00:00.000Z", "2027-03-15T04:00:00.000Z"]
]

describe("the refresh token's deadline", () => {
  for (const [name, signedIn, expected] of cases) {
    it(name, () => {
      expect(new Date(refreshExpiresAt(Date.parse(signedIn))).toISOString()).toBe(expected)
    })
  }

  it("is a midnight in New York, no earlier than 24 hours and no later than 49, all year long", () => {
    const eastern = new Intl.DateTimeFormat("en-US", {
      timeZone: "America/New_York",
      hourCycle: "h23",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit"
    })
    const hour = 3_600_000
    const start = Date.parse("2026-10-01T00:00:00.000Z")
    for (let at = start; at < start + 200 * 24 * hour; at += 317 * 60_000 + 1) {
      const deadline = refreshExpiresAt(at)
      expect(eastern.format(deadline)).toBe("00:00:00")
      expect(deadline - at).toBeGreaterThanOrEqual(24 * hour)
      expect(deadline - at).toBeLessThan(49 * hour)
      // It is the first one: there is none between 24 hours and it.
      expect(deadline - (at + 24 * hour)).toBeLessThanOrEqual(25 * hour)
    }
  })
})
