/** Leaves an effect behind when its waiter is interrupted, without waiting for its end. */
import * as Effect from "effect/Effect"

export const disconnect: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.disconnect
