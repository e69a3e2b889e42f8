/**
 * A deadline over something that can't be taken back (G56). A process that was stopped, or an event loop that was blocked,
 * runs its timers before it reads its sockets: the answer may be there although the timer fires first.
 */
import * as Effect from "effect/Effect"
import * as limits from "../limits.ts"
import { now } from "./time.ts"

/** Ends after `within` milliseconds. If it ends late, what has arrived meanwhile gets a turn of the loop to be read. */
const elapsed = (within: number): Effect.Effect<void> =>
  Effect.flatMap(now, (start) =>
    Effect.andThen(
      Effect.sleep(within),
      Effect.flatMap(
        now,
        (end) => end.mono - start.mono > within + limits.lateTimer ? Effect.sleep(limits.readTurn) : Effect.void
      )
    ))

/** Waits for `done`, but no longer than `within` milliseconds. */
export const deadline =
  <E2>(within: number, onTimeout: () => E2) => <A, E>(done: Effect.Effect<A, E>): Effect.Effect<A, E | E2> =>
    Effect.raceFirst(done, Effect.interruptible(Effect.andThen(elapsed(within), Effect.failSync(onTimeout))))
