import { assert } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import { type History, runHistory } from "./history.ts"

const usual = process.env.EFFECT_AUTH_TESTS === "all" ? 5_000 : 2_000

/** How many histories each of the two property tests generates. */
export const histories = Number(process.env.EFFECT_AUTH_HISTORIES ?? usual)

/** fast-check prints the seed and the shrunk history when one fails; `EFFECT_AUTH_SEED` repeats a run. */
export const keepsPromises = (history: fc.Arbitrary<History>): Promise<void> => {
  const seed = process.env.EFFECT_AUTH_SEED
  return fc.assert(
    fc.asyncProperty(history, async (generated) => {
      assert.deepStrictEqual(runHistory(generated), [])
      await breath()
    }),
    { numRuns: histories, ...(seed === undefined ? {} : { seed: Number(seed) }) }
  )
}

/** A history runs in one go; between two of them the event loop gets its turn, or the runner takes us for dead. */
export const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
