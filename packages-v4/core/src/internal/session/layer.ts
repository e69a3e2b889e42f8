/** Builds the machine of a layer: its schedule runs, and its finalizer waits for the exchanges that were sent. */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { AuthProvider } from "../../AuthProvider.ts"
import * as RecordKey from "../../RecordKey.ts"
import { TokenStore } from "../../TokenStore.ts"
import * as limits from "../limits.ts"
import type { AuthService, Options } from "../shapes/session.ts"
import { Cell } from "./cell.ts"
import { flush } from "./commit.ts"
import { extendedService } from "./extension.ts"
import { launch } from "./flight.ts"
import { listen } from "./hearing.ts"
import * as machines from "./machine.ts"
import type { Need } from "./model.ts"
import * as options from "./options.ts"
import * as providers from "./provider.ts"
import * as scheduling from "./scheduler.ts"
import { now } from "./time.ts"

type Machine = machines.Machine

export const makeMachine = Effect.fnUntraced(function*(
  provider: providers.Provider,
  resolved: options.Options,
  concurrentExchanges: number
): Effect.fn.Return<Machine, never, TokenStore | Scope.Scope> {
  const machine = machines.make(provider, yield* TokenStore, resolved, concurrentExchanges)
  yield* Effect.addFinalizer(() => machines.close(machine, (cell) => Effect.ignore(flush(machine, cell))))
  yield* scheduling.run(machine.scheduler, (cell) => startDue(machine, cell))
  return machine
})

/** Starts what is due. After a sleep of the machine, sessions that still have time are spread. */
const startDue = Effect.fnUntraced(function*(machine: Machine, cell: Cell) {
  const at = yield* now
  const left = Math.min(cell.marginAt - at.mono, cell.expiresAt - at.wall)
  if (at.mono - cell.due > limits.overslept && left > 0) {
    const chance = yield* Random.next
    return machine.scheduler.schedule(cell, at.mono + chance * Math.min(limits.spread, left / 2))
  }
  if (cell.evicted) return
  const permit = yield* machine.background.take(false)
  const need: Need = { _tag: "scheduled" }
  const flight = yield* launch(machine, cell, need, machine.background.release(permit))
  if (flight.need !== need) {
    yield* machine.background.release(permit)
    machine.scheduler.schedule(cell, at.mono + limits.soonestLook)
  }
})

/** A service for one account on a machine of its own. */
export const makeOne = Effect.fnUntraced(function*<C>(
  provider: AuthProvider<C>,
  given: Options<C>
): Effect.fn.Return<AuthService<C>, never, TokenStore | Scope.Scope> {
  const { credentials } = given
  const own = credentials === undefined ? undefined : () => credentials
  const machine = yield* makeMachine(providers.of(provider, own), options.resolve(given.refresh ?? {}), 1)
  const cell = new Cell(given.account ?? "default")
  const hash = RecordKey.hash(machines.keyOf(machine, cell))
  yield* Effect.forkScoped(listen(machine, { find: (other) => other === hash ? cell : undefined, all: () => [cell] }))
  if (machine.options.scheduled) yield* launch(machine, cell, { _tag: "load" })
  return extendedService(machine, provider, cell.account, () => cell)
})
