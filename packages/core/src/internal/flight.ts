/**
 * The only single flight of the project. A flight runs in a fiber of its own, so that no caller can take it down: callers
 * wait on a Deferred and may leave alone. None of Effect's caches can carry this: interruption poisons them, or they keep
 * failures, or they stop after one.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import { ProviderUnavailable } from "../AuthError.ts"
import { type Cell, type Flight, isMet, type Need, strength, tidy } from "./cell.ts"
import type { Engine, FlightError } from "./engine.ts"
import * as ownFiber from "./ownFiber.ts"
import { now } from "./time.ts"

/** How often a need is looked at again before it counts as not to be met: tokens that are dead on arrival, mostly. */
const mostRounds = 4

export type Run<C> = (engine: Engine<C>, cell: Cell, flight: Flight) => Effect.Effect<void, FlightError>

/** Joins the flight under way or starts one, until the need is met or a flight for a need as strong as this one failed. */
export const ensure = <C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  run: Run<C>
): Effect.Effect<void, FlightError> =>
  Effect.gen(function*() {
    for (let round = 0; round < mostRounds; round++) {
      if (isMet(cell, need, yield* now)) return
      const flight = cell.flight ?? (yield* launch(engine, cell, need, run))
      const exit = yield* Effect.exit(wait(flight))
      if (exit._tag === "Failure" && strength[flight.need._tag] >= strength[need._tag]) {
        if (isMet(cell, need, yield* now)) return
        return yield* exit
      }
    }
    if (isMet(cell, need, yield* now)) return
    return yield* new ProviderUnavailable({
      provider: engine.provider.name,
      account: cell.account,
      operation: "refresh",
      reason: "timeout"
    })
  })

const wait = (flight: Flight): Effect.Effect<void, FlightError> =>
  Effect.suspend(() => {
    flight.waiters++
    return Deferred.await(flight.done)
  })

/**
 * Test and set happen in one synchronous step: between a check, a `yield*` and a set the runtime may run somebody else.
 * No scope owns the flight: the engine's finalizer waits for it instead.
 */
export const launch = <C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  run: Run<C>
): Effect.Effect<Flight> =>
  Effect.uninterruptible(Effect.suspend(() => {
    if (cell.flight !== undefined) return Effect.succeed(cell.flight)
    const flight: Flight = { need, done: Deferred.unsafeMake(FiberId.none), waiters: 0, exchanges: 0, adoptions: 0 }
    cell.flight = flight
    const underway = { ended: Effect.exit(Deferred.await(flight.done)) }
    engine.flights.add(underway)
    const flown = Effect.onExit(run(engine, cell, flight), (exit) =>
      Effect.sync(() => {
        cell.flight = undefined
        tidy(cell)
        engine.flights.delete(underway)
        Deferred.unsafeDone(flight.done, exit)
      }))
    return Effect.as(ownFiber.start(flown), flight)
  }))
