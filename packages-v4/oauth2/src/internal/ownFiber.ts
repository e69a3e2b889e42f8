/** Work that is not left half done. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** In a fiber of its own: an answer that is on its way is not thrown away because the caller went. */
export const toItsEnd = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptible(Effect.flatMap(Effect.forkDetach(effect), Fiber.join))
