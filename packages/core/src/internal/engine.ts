/** What the sessions of one provider share: its settings, its store, the schedule, and the way they end. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as PubSub from "effect/PubSub"
import type * as Schedule from "effect/Schedule"
import type { AuthProvider } from "../AuthProvider.ts"
import type { AccessTokenError, RefreshOptions } from "../AuthService.ts"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import type { RecordKey } from "../RecordKey.ts"
import * as RefreshSchedule from "../RefreshSchedule.ts"
import type { SessionEvent } from "../SessionEvent.ts"
import type { TokenSet } from "../TokenSet.ts"
import type * as TokenStore from "../TokenStore.ts"
import type { Cell } from "./cell.ts"
import { guarded } from "./durable.ts"
import * as ownFiber from "./ownFiber.ts"
import { type Siblings, siblingsOf } from "./registry.ts"
import type { Scheduler } from "./scheduler.ts"

/** The options with every default filled in; lengths in milliseconds. */
export interface Settings<in out Credentials> {
  readonly credentials: ((account: string) => Effect.Effect<Credentials, unknown>) | undefined
  readonly scheduled: boolean
  readonly ahead: Schedule.Schedule<Duration.Duration, TokenSet>
  readonly retry: Schedule.Schedule<Duration.Duration, ExchangeFailure>
  readonly cooldown: Schedule.Schedule<Duration.Duration, ExchangeFailure>
  readonly deadline: number
  readonly commitPatience: number
  readonly retryPatience: number
  readonly closePatience: number
  readonly claimTtl: number
}

/** What a record can hold, whatever the deadline: JSON has no infinity. */
const longestClaim = 24 * 3_600_000

export const settingsOf = <Credentials>(
  refresh: RefreshOptions,
  credentials: Settings<Credentials>["credentials"]
): Settings<Credentials> => {
  const millis = (input: Duration.DurationInput | undefined, otherwise: number) =>
    input === undefined ? otherwise : Duration.toMillis(input)
  const deadline = millis(refresh.deadline, 15_000)
  const commitPatience = millis(refresh.commitPatience, 3_000)
  return {
    credentials,
    scheduled: refresh.mode !== "onDemand",
    ahead: refresh.ahead ?? RefreshSchedule.ahead(),
    retry: refresh.retry ?? RefreshSchedule.retry(),
    cooldown: refresh.cooldown ?? RefreshSchedule.cooldown(),
    deadline,
    commitPatience,
    retryPatience: millis(refresh.retryPatience, 2_000),
    closePatience: millis(refresh.closePatience, deadline),
    claimTtl: Math.min(millis(refresh.claimTtl, deadline + commitPatience + 2_000), longestClaim)
  }
}

/** How long one call of the store may take. */
const longestAnswer = ({ commitPatience }: { readonly commitPatience: number }): number => commitPatience + 2_000

/** Something that closing the engine waits for. */
export interface Underway {
  readonly ended: Effect.Effect<unknown>
}

/** Runs in a fiber of its own, for which closing waits: what was begun comes to its end although its caller has left. */
export const toItsEnd = <C, A, E>(engine: Engine<C>, begin: () => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const done = Deferred.unsafeMake<A, E>(FiberId.none)
      const underway = { ended: Effect.exit(Deferred.await(done)) }
      engine.flights.add(underway)
      const ended = Effect.onExit(begin(), (exit) =>
        Effect.sync(() => {
          engine.flights.delete(underway)
          Deferred.unsafeDone(done, exit)
        }))
      return Effect.zipRight(ownFiber.start(ended), restore(Deferred.await(done)))
    })
  )

export interface Engine<in out Credentials> {
  readonly provider: AuthProvider<Credentials>
  readonly store: TokenStore.Service
  readonly siblings: Siblings
  readonly settings: Settings<Credentials>
  readonly scheduler: Scheduler
  /** Bounds how many exchanges are sent at once. */
  readonly exchanges: Effect.Semaphore
  /** Bounds how many sessions the schedule works on at once, so that a flood of due ones is no flood of fibers. */
  readonly background: Effect.Semaphore
  /** What is under way: refreshes, sign-ins and sign-outs. */
  readonly flights: Set<Underway>
  /** Sessions whose newest tokens are not in the store yet. */
  readonly unsaved: Set<Cell>
  /** Completed when closing begins: whoever only waits stops waiting. */
  readonly leaving: Deferred.Deferred<void>
  /** Completed when an exchange that is still under way must come to an end now. */
  readonly closing: Deferred.Deferred<void>
  closed: boolean
}

export const make = <Credentials>(
  provider: AuthProvider<Credentials>,
  store: TokenStore.Service,
  settings: Settings<Credentials>,
  scheduler: Scheduler,
  concurrentExchanges: number
): Effect.Effect<Engine<Credentials>> =>
  Effect.map(Effect.all([Deferred.make<void>(), Deferred.make<void>()]), ([leaving, closing]) => ({
    provider,
    store: guarded(store, longestAnswer(settings)),
    siblings: siblingsOf(store),
    settings,
    scheduler,
    exchanges: Effect.unsafeMakeSemaphore(concurrentExchanges),
    background: Effect.unsafeMakeSemaphore(2 * concurrentExchanges),
    flights: new Set(),
    unsaved: new Set(),
    leaving,
    closing,
    closed: false
  }))

/**
 * Waits a bounded time for the exchanges that were sent; then has them end with a typed unknown outcome, and waits until
 * that is written.
 */
export const close = <Credentials>(
  engine: Engine<Credentials>,
  flush: (cell: Cell) => Effect.Effect<unknown>
): Effect.Effect<void> =>
  Effect.gen(function*() {
    engine.closed = true
    yield* Deferred.succeed(engine.leaving, void 0)
    const flown = () =>
      Effect.forEach([...engine.flights], (flight) => flight.ended, {
        concurrency: "unbounded",
        discard: true
      }).pipe(Effect.interruptible)
    yield* Effect.timeoutOption(flown(), engine.settings.closePatience)
    yield* Deferred.succeed(engine.closing, void 0)
    yield* Effect.timeoutOption(flown(), engine.settings.commitPatience + longestAnswer(engine.settings) + 1_000)
    const flushed = Effect.forEach([...engine.unsaved], flush, { concurrency: 16, discard: true })
    yield* Effect.timeoutOption(Effect.interruptible(flushed), engine.settings.commitPatience + 5_000)
  })

export const keyOf = <Credentials>(engine: Engine<Credentials>, cell: Cell): RecordKey => ({
  provider: engine.provider.name,
  realm: engine.provider.realm,
  account: cell.account
})

/** Distributes `Omit` over the union of events. */
type WithoutCommon<E> = E extends unknown ? Omit<E, "provider" | "account" | "session" | "generation"> : never

/** Tells those who listen to this session; costs nothing when nobody does. */
export const emit = <Credentials>(
  engine: Engine<Credentials>,
  cell: Cell,
  event: WithoutCommon<SessionEvent>,
  of?: { readonly session: string; readonly generation: number }
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const hub = cell.extras?.hub
    if (hub === undefined) return Effect.void
    const about = of ?? cell.token ?? { session: "", generation: 0 }
    return Effect.asVoid(PubSub.publish(
      hub,
      {
        provider: engine.provider.name,
        account: cell.account,
        session: about.session,
        generation: about.generation,
        ...event
      } as SessionEvent
    ))
  })

export type FlightError = AccessTokenError
