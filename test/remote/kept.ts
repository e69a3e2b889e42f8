/** What holds in every run of keepers. */
import { assert } from "@effect/vitest"
import type { KeepersReport } from "../support/processes/keepers.ts"

export const kept = (title: string, report: KeepersReport): void => {
  console.log(`${title}: ${JSON.stringify(report)}`)
  assert.deepStrictEqual(report.doubleSpends, [], "a living keeper's refresh token is spent by nobody else")
  assert.deepStrictEqual(report.failedWithToken, [], "a call that has a live token does not fail")
  assert.isAtMost(report.ended, report.afterStop + report.afterLoss, "a session ends only where an answer was lost")
  // On a machine that runs a third of the time, nobody's waiting says anything of keepers.
  if (report.pace < 3) assert.isBelow(report.recovery.most, 2_000 * report.pace, "every client has a keeper again")
  assert.isAbove(report.exchanges, 10)
  assert.isAbove(report.calls, 100)
}
