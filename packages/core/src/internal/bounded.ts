/** Waiting for somebody else's code no longer than we like, and leaving it behind when that is over. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as ownFiber from "./ownFiber.ts"

/**
 * Runs an effect in a fiber of its own and waits for it as long as `wait` does; then interrupts it and does not wait for
 * that. What is done at once needs no race, which would cost three fibers more: a store in memory, mostly.
 */
export const bounded = <A, E, E2>(
  effect: Effect.Effect<A, E>,
  wait: (done: Effect.Effect<Exit.Exit<A, E>>) => Effect.Effect<Exit.Exit<A, E>, E2>
): Effect.Effect<A, E | E2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      ownFiber.start(effect),
      (fiber): Effect.Effect<A, E | E2> =>
        fiber.unsafePoll() ?? restore(wait(Effect.interruptible(Fiber.await(fiber)))).pipe(
          Effect.ensuring(
            Effect.suspend(() => fiber.unsafePoll() === null ? Fiber.interruptFork(fiber) : Effect.void)
          ),
          Effect.flatten
        )
    )
  )

/** Somebody else's code that throws, or ends interrupted, has failed: nobody who waits for it dies of that. */
export const orFailed = <A, E, E2>(effect: () => Effect.Effect<A, E>, failure: () => E2): Effect.Effect<A, E | E2> =>
  Effect.flatMap(
    Effect.exit(Effect.suspend(effect)),
    (exit): Effect.Effect<A, E | E2> =>
      Exit.isSuccess(exit) ? exit : Effect.fail(Option.getOrElse(Cause.failureOption(exit.cause), failure))
  )
