/** When a refresh token expires. It is not in the answers, but in the guide. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

const day = 24 * 60 * 60 * 1000

/**
 * "Valid for 24 hours rounded up to midnight eastern time": the first midnight in New York at or after 24 hours from
 * the sign-in (epoch milliseconds). On a platform without time zones it is just 24 hours from the sign-in, which is
 * never too late.
 *
 * @see https://docs.pitchpointsolutions.com/developer_guides/authentication/access_token
 */
export const refreshDeadline = (signedInAt: number): number => {
  const sure = signedInAt + day
  return Option.match(DateTime.makeZoned(sure, { timeZone: "America/New_York" }), {
    onNone: () => sure,
    onSome: (there) => {
      // New York changes its clocks at two in the morning, so each day has exactly one midnight.
      const midnight = DateTime.startOf(there, "day")
      return DateTime.toEpochMillis(
        DateTime.toEpochMillis(midnight) === sure ? midnight : DateTime.add(midnight, { days: 1 })
      )
    }
  })
}
