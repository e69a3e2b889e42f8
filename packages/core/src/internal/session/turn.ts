/** Sign-ins and sign-outs of one session come one after the other, in the order in which they were asked for. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import { type Cell, extrasOf, tidy } from "./cell.ts"
import type { Machine } from "./machine.ts"
import { longestTurn } from "./options.ts"

/**
 * A semaphore does not keep the order: a newcomer can overtake a waiter that was just woken up. Where no schedule runs, the one
 * before is given up after a time, because its fiber may have died with its request.
 */
export const inTurn = <A, E>(
  { options }: Pick<Machine, "options">,
  cell: Cell,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const extras = extrasOf(cell)
    const longest = longestTurn(options)
    const last = extras.lastTurn === undefined ? Effect.void : Deferred.await(extras.lastTurn)
    const before = Number.isFinite(longest) ? Effect.ignore(Effect.timeout(last, longest)) : last
    const turn = extras.lastTurn = Deferred.unsafeMake<void>(FiberId.none)
    // One that stops waiting does not let the next one begin early.
    let over = before
    const begun = Effect.sync(() => {
      over = Effect.void
    })
    return Effect.ensuring(
      Effect.zipRight(Effect.zipRight(before, begun), effect),
      Effect.sync(() => {
        Deferred.unsafeDone(turn, over)
        if (cell.extras?.lastTurn === turn) cell.extras.lastTurn = undefined
        tidy(cell)
      })
    )
  })
