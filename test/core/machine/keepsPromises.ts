import { assert } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import { type History, runHistory } from "./history.ts"

/** How many histories each of the two property tests generates: 5,000 in an ordinary run. */
export const histories = Number(process.env.EFFECT_AUTH_HISTORIES ?? 5_000)

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
