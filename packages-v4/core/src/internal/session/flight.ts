/**
 * The only single flight of the project. A flight runs in a fiber of its own, so that no caller can take it down: callers
 * wait on a Deferred and may leave alone. None of Effect's caches can carry this: interruption poisons them, or they keep
 * failures, or they stop after one.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type AccessTokenError, ProviderUnavailable } from "../../AuthError.ts"
import * as limits from "../limits.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import { isWorker } from "../seams/worker.ts"
import { type Cell, type Flight, tidy } from "./cell.ts"
import * as machines from "./machine.ts"
import { type Need, strength } from "./model.ts"
import { longestExchange } from "./options.ts"
import { meets, run } from "./run.ts"
import { now } from "./time.ts"

/** Joins the flight under way or starts one, until the need is met or a flight for a need as strong as this one failed. */
export const ensure = (
  machine: machines.Machine,
  cell: Cell,
  need: Need
): Effect.Effect<void, AccessTokenError> =>
  Effect.gen(function*() {
    for (let round = 0; round < limits.mostRounds;) {
      if (yield* meets(machine, cell, need)) return
      const flight = (yield* living(machine, cell)) ?? (yield* launch(machine, cell, need))
      const exit = yield* Effect.exit(wait(machine, flight, need))
      // A flight for another audience spends the same refresh token: it does not count as a round of this need.
      if (flight.need.resource !== need.resource) continue
      round++
      if (exit._tag === "Failure" && strength[flight.need._tag] >= strength[need._tag]) {
        if (yield* meets(machine, cell, need)) return
        return yield* exit
      }
    }
    if (yield* meets(machine, cell, need)) return
    return yield* new ProviderUnavailable({ ...machines.subjectOf(machine, cell, "refresh"), reason: "timeout" })
  })

const wait = (machine: machines.Machine, flight: Flight, need: Need): Effect.Effect<void, AccessTokenError> =>
  Effect.flatMap(now, ({ mono }) => {
    flight.waiters++
    if (strength[need._tag] > strength.scheduled) {
      flight.isNeeded = true
      // An exchange that queues for a permit is needed now.
      if (flight.place?.isNeeded === false) machine.exchanges.need(flight.place, mono)
    }
    return joined(flight)
  })

/**
 * Waits until a flight is over. On Workers a fiber goes on in the request by whose event it was woken up, and is cut off
 * with it. So it is a promise that wakes others there: the platform takes it to the request that waits for it.
 */
export const joined = ({ done, settled, until }: Flight): Effect.Effect<void, AccessTokenError> => {
  if (settled === undefined) return Deferred.await(done)
  const over = Effect.andThen(Effect.promise(() => settled), Deferred.await(done))
  return Effect.flatMap(
    now,
    ({ mono }) =>
      Effect.timeoutOrElse(Effect.map(over, Effect.succeed), {
        duration: Math.max(0, until - mono),
        orElse: () => Effect.succeed(Effect.void)
      }).pipe(Effect.flatten)
  )
}

/** The flight under way. A flight is given up when its fiber died with the request that began it. */
const living = (machine: machines.Machine, cell: Cell): Effect.Effect<Flight | undefined> =>
  Effect.map(now, ({ mono }) => {
    const { flight } = cell
    if (flight === undefined || mono < flight.until) return flight
    // Nobody ends its claim any more. One whose tokens are not saved yet lives on.
    const { claim } = flight
    if (claim !== undefined && cell.extras?.unsaved?.claim !== claim) machine.owner.liveClaims.delete(claim)
    return cell.flight = undefined
  })

/**
 * Test and set happen in one synchronous step: between a check, a `yield*` and a set the runtime may run another fiber.
 * No scope owns the flight: the machine's finalizer waits for it instead. `before` runs ahead of the flight's own end.
 */
export const launch = (
  machine: machines.Machine,
  cell: Cell,
  need: Need,
  before: Effect.Effect<void> = Effect.void
): Effect.Effect<Flight> =>
  Effect.uninterruptible(Effect.flatMap(now, ({ mono }) => {
    if (cell.flight !== undefined) return Effect.succeed(cell.flight)
    const done = Deferred.makeUnsafe<void, AccessTokenError>()
    const { scheduled } = machine.options
    const until = scheduled ? Infinity : mono + longestExchange(machine.options)
    const flight: Flight = { need, done, until, waiters: 0, isNeeded: false, exchanges: 0, applied: 0 }
    cell.flight = flight
    const flown = Effect.ensuring(
      Effect.ensuring(run(machine, cell, flight), before),
      Effect.sync(() => {
        if (cell.flight === flight) cell.flight = undefined
        tidy(cell)
      })
    )
    const isSeen = !scheduled && (isWorker || machine.options.waitUntil !== undefined)
    const settling = isSeen ? settle(machine, flight) : Effect.void
    return Effect.as(Effect.andThen(settling, machines.launch(machine, done, flown)), flight)
  }))

/** Makes a promise of the flight for the platform, which then keeps the process alive. */
const settle = (machine: machines.Machine, flight: Flight): Effect.Effect<void> =>
  Effect.suspend(() => {
    let isOver = () => {}
    const settled = new Promise<void>((resolve) => {
      isOver = resolve
    })
    if (isWorker) flight.settled = settled
    try {
      machine.options.waitUntil?.(settled)
    } catch {
      // There is no request, or it is over: then nothing can keep it.
    }
    return ownFiber.start(Effect.ensuring(Effect.exit(Deferred.await(flight.done)), Effect.sync(isOver)))
  })
