/**
 * Fibers of their own: the only place in core where one is started that belongs neither to its caller nor to a scope. Closing a
 * scope interrupts interruptible I/O even inside an uninterruptible region of a fiber that was forked in it, and would so
 * cut off an exchange that was sent. Whoever starts one sees to its end: by a deadline, or when the engine is leaving.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/**
 * Starts an effect, interruptible, and runs it at once as far as it goes without waiting. Queueing it first, as a fork does,
 * would let everybody else who is ready go first: in a storm of rejections, the exchange that all of them wait for.
 */
export const start = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Fiber.Fiber<A, E>> =>
  Effect.map(Effect.context<never>(), (context) => Effect.runForkWith(context)(Effect.interruptible(effect)))
