/** Leaves an effect behind when its waiter is interrupted, without waiting for its end. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

export const disconnect = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWith<R, A, E, R>((context) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const fiber = Effect.runForkWith(context)(Effect.interruptible(self))
        return Effect.onInterrupt(restore(Fiber.join(fiber)), () => Effect.sync(() => fiber.interruptUnsafe()))
      })
    )
  )
