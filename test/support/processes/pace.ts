/** How much slower than it could be this machine is now, from 1 to 5: by how long a worker takes to start. */
import * as Effect from "effect/Effect"

/** Milliseconds on a machine that has nothing else to do. */
const startTime = 700

export const paced = <A, E, R>(start: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, number], E, R> =>
  Effect.suspend(() => {
    const since = Date.now()
    return Effect.map(start, (worker) => [worker, Math.min(5, Math.max(1, (Date.now() - since) / startTime))] as const)
  })
