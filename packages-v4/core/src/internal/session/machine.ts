/** The state that the sessions of one layer share, and how it is closed. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type { RecordKey } from "../../RecordKey.ts"
import type { SessionEvent } from "../../SessionEvent.ts"
import type * as TokenStore from "../../TokenStore.ts"
import * as limits from "../limits.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import { isWorker } from "../seams/worker.ts"
import type { Cell } from "./cell.ts"
import { type ClaimOwner, claimOwnerOf } from "./claimOwner.ts"
import { upgrading } from "./credentials.ts"
import type { Subject } from "./errors.ts"
import { guarded } from "./guardedStore.ts"
import { KeptRecords } from "./keptRecords.ts"
import type { Policy } from "./model.ts"
import { longestStoreCall, type Options } from "./options.ts"
import { Pace } from "./pace.ts"
import { Permits } from "./permits.ts"
import { policyOf, type Provider } from "./provider.ts"
import { Scheduler } from "./scheduler.ts"

/** Work that closing waits for. */
interface Underway {
  readonly ended: Effect.Effect<unknown>
}

export interface Machine {
  readonly provider: Provider
  readonly options: Options
  readonly policy: Policy
  readonly store: TokenStore.Service
  readonly owner: ClaimOwner
  readonly scheduler: Scheduler
  readonly kept: KeptRecords
  /** How fast the token endpoint may be asked. */
  readonly pace: Pace
  /** Bounds how many exchanges are sent at once. */
  readonly exchanges: Permits
  /** Bounds how many sessions the schedule works on at once, so that a flood of due ones is no flood of fibers. */
  readonly background: Permits
  /** Refreshes, sign-ins and sign-outs that have begun and not ended. */
  readonly underway: Set<Underway>
  /** They get the events of all sessions. */
  readonly listeners: Set<Queue.Queue<SessionEvent>>
  /** Sessions whose newest tokens are not in the store yet. */
  readonly unsaved: Set<Cell>
  /** Completed when closing begins: fibers that only wait stop waiting. */
  readonly leaving: Deferred.Deferred<void>
  /** Completed when an exchange that is still under way must end now. */
  readonly closing: Deferred.Deferred<void>
  closed: boolean
  /** How many exchanges closing has cut off. */
  cut: number
}

export const make = (
  provider: Provider,
  store: TokenStore.Service,
  options: Options,
  concurrentExchanges: number
): Machine => {
  const pace = new Pace()
  // On a Worker nobody listens.
  const isHeardAtOnce = store.changes !== undefined && store.reportsAtOnce === true && !isWorker
  return {
    provider,
    options,
    policy: policyOf(provider, options),
    store: upgrading(provider, guarded(store, longestStoreCall(options))),
    owner: claimOwnerOf(store),
    scheduler: new Scheduler(),
    kept: new KeptRecords(isHeardAtOnce ? limits.mostKept : 0),
    pace,
    exchanges: new Permits(concurrentExchanges, pace, options.retryPatience),
    background: new Permits(2 * concurrentExchanges),
    underway: new Set(),
    listeners: new Set(),
    unsaved: new Set(),
    leaving: Deferred.makeUnsafe(),
    closing: Deferred.makeUnsafe(),
    closed: false,
    cut: 0
  }
}

export const keyOf = (machine: Machine, cell: Cell): RecordKey => ({
  provider: machine.provider.name,
  realm: machine.provider.realm,
  account: cell.account
})

export const subjectOf = (machine: Machine, cell: Cell, operation: string): Subject => ({
  provider: machine.provider.name,
  account: cell.account,
  operation
})

/** Starts a fiber of its own, for which closing waits. `done` is completed with its exit. */
export const launch = <A, E>(
  machine: Machine,
  done: Deferred.Deferred<A, E>,
  effect: Effect.Effect<A, E>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const underway = { ended: Effect.exit(Deferred.await(done)) }
    machine.underway.add(underway)
    const ended = Effect.onExit(effect, (exit) =>
      Effect.sync(() => {
        machine.underway.delete(underway)
        Deferred.doneUnsafe(done, exit)
      }))
    return Effect.asVoid(ownFiber.start(ended))
  })

/** Runs to its end although its caller has left. */
export const toItsEnd = <A, E>(machine: Machine, begin: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<A, E>()
      return Effect.andThen(launch(machine, done, begin()), restore(Deferred.await(done)))
    })
  )

/**
 * Waits a bounded time for the exchanges that were sent; then makes them end with a typed unknown outcome, and waits until
 * that is written. What could not be saved is said once: those sessions may have to sign in again.
 */
export const close = (machine: Machine, flush: (cell: Cell) => Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { closePatience, commitPatience } = machine.options
    machine.closed = true
    machine.exchanges.leave()
    yield* Deferred.succeed(machine.leaving, void 0)
    const ended = () =>
      Effect.forEach([...machine.underway], (one) => one.ended, {
        concurrency: "unbounded",
        discard: true
      }).pipe(Effect.interruptible)
    yield* Effect.timeoutOption(ended(), closePatience)
    yield* Deferred.succeed(machine.closing, void 0)
    yield* Effect.timeoutOption(ended(), longestStoreCall(machine.options) + commitPatience + limits.closeMargin)
    const flushed = Effect.forEach([...machine.unsaved], flush, { concurrency: 16, discard: true })
    yield* Effect.timeoutOption(Effect.interruptible(flushed), commitPatience + limits.flushMargin)
    // Another layer of this process takes these claims for leftovers, as another process does.
    for (const { extras } of machine.unsaved) {
      if (extras?.unsaved?.claim !== undefined) machine.owner.liveClaims.delete(extras.unsaved.claim)
    }
    const lost = machine.unsaved.size
    if (machine.cut + lost === 0) return
    yield* Effect.logWarning(
      `${machine.provider.name}: closed with ${machine.cut} exchanges cut off and ${lost} sessions not saved`
    )
  })
