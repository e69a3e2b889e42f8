/** Waits that grow. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Milliseconds to wait after so many failures in a row: twice as long each time, and up to a half less by chance. */
export const backoff = (failures: number, least: number, most: number): Effect.Effect<number> =>
  Effect.map(Random.next, (chance) => Math.min(most, least * 2 ** (failures - 1)) * (1 - chance / 2))
