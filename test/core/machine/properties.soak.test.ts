/** A longer run of the same properties, bounded by time: `pnpm test:soak`. */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import { history } from "./arbitrary.ts"
import { runHistory } from "./history.ts"
import { breath } from "./keepsPromises.ts"

const minutes = Number(process.env.EFFECT_AUTH_SOAK_MINUTES ?? 3)

describe("two services", () => {
  it(
    `keep the promises of the session machine for ${minutes} minutes`,
    { timeout: (minutes + 2) * 60_000 },
    () =>
      fc.assert(
        fc.asyncProperty(history, async (generated) => {
          assert.deepStrictEqual(runHistory(generated), [])
          await breath()
        }),
        { numRuns: 10_000_000, interruptAfterTimeLimit: minutes * 60_000, markInterruptAsFailure: false }
      )
  )
})
