/**
 * Work in a fiber of its own: it goes on when its caller leaves, and it can be stopped although its caller can't be
 * interrupted. It ends with the client.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import { away, type Trouble } from "./trouble.ts"

/** Starts it. `done` learns of its end in any case: the fiber begins uninterruptible, so that it can't end before it began. */
export const start = <A>(
  scope: Scope.Scope,
  done: Deferred.Deferred<A, Trouble>,
  work: Effect.Effect<A, Trouble>
): Effect.Effect<void> => {
  const told = Effect.onExit(
    Effect.interruptible(work),
    (exit) =>
      exit._tag === "Success" || exit.cause._tag === "Fail" ? Deferred.done(done, exit) : Deferred.fail(done, away)
  )
  return Effect.asVoid(Effect.uninterruptible(Effect.forkIn(Effect.exit(told), scope)))
}

export const toItsEnd = <A>(scope: Scope.Scope, work: Effect.Effect<A, Trouble>): Effect.Effect<A, Trouble> =>
  Effect.suspend(() => {
    const done = Deferred.unsafeMake<A, Trouble>(FiberId.none)
    return Effect.zipRight(start(scope, done, work), Deferred.await(done))
  })
