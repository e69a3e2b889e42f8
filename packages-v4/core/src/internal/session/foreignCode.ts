/** Code of providers and stores: it is waited for a bounded time, and it may throw. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as ownFiber from "../seams/ownFiber.ts"

/**
 * Runs an effect in a fiber of its own and waits for it as long as `wait` does; then interrupts it, without waiting for
 * that. An effect that ends at once (a store in memory) needs no race, which would cost three fibers more.
 */
export const bounded = <A, E, E2>(
  effect: Effect.Effect<A, E>,
  wait: (done: Effect.Effect<Exit.Exit<A, E>>) => Effect.Effect<Exit.Exit<A, E>, E2>
): Effect.Effect<A, E | E2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      ownFiber.start(effect),
      (fiber): Effect.Effect<A, E | E2> =>
        fiber.pollUnsafe() ?? restore(wait(Effect.interruptible(Fiber.await(fiber)))).pipe(
          Effect.ensuring(
            Effect.suspend(() =>
              fiber.pollUnsafe() === undefined ? Effect.sync(() => fiber.interruptUnsafe()) : Effect.void
            )
          ),
          Effect.flatten
        )
    )
  )

/** Code that throws, or ends interrupted, fails with `failure`: a caller that waits for it gets an error and not a defect. */
export const orFailed = <A, E, E2>(effect: () => Effect.Effect<A, E>, failure: () => E2): Effect.Effect<A, E | E2> =>
  Effect.flatMap(
    Effect.exit(Effect.suspend(effect)),
    (exit): Effect.Effect<A, E | E2> =>
      Exit.isSuccess(exit) ? exit : Effect.fail(Option.getOrElse(Cause.findErrorOption(exit.cause), failure))
  )
