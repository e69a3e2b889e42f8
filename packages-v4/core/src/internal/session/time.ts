/** Both clocks of one moment, in milliseconds. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** `wall` can jump; stored times are compared with it. `mono` only moves forward; waits are measured by it. */
export interface Now {
  readonly wall: number
  readonly mono: number
}

const monoOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

let lastClock: Clock.Clock | undefined
let lastWall = 0
let lastMono = 0

/**
 * `monoOf`, read at most once in a millisecond of the wall clock: reading it costs as much as all the rest of handing out
 * a fresh token.
 */
export const coarseMonoOf = (clock: Clock.Clock, wall: number): number => {
  if (wall !== lastWall || clock !== lastClock) {
    lastMono = monoOf(clock)
    lastWall = wall
    lastClock = clock
  }
  return lastMono
}

const nowOf = (clock: Clock.Clock): Now => ({ wall: clock.currentTimeMillisUnsafe(), mono: monoOf(clock) })

export const now: Effect.Effect<Now> = Effect.clockWith((clock) => Effect.sync(() => nowOf(clock)))
