/** The service of one account: reading a token, and the doors to everything else. */
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type AccessToken, isSame } from "../AccessToken.ts"
import { AccessTokenRejected } from "../AuthError.ts"
import type { AuthProvider } from "../AuthProvider.ts"
import type { AccessTokenError, AuthService, Options } from "../AuthService.ts"
import type { SessionEvent } from "../SessionEvent.ts"
import type { SessionState } from "../SessionState.ts"
import { TokenStore } from "../TokenStore.ts"
import { Cell, extrasOf, type Flight, freshness, type Need } from "./cell.ts"
import { flush } from "./commit.ts"
import * as engines from "./engine.ts"
import * as flights from "./flight.ts"
import { run } from "./refresh.ts"
import * as scheduling from "./scheduler.ts"
import { adoptTokens, signIn } from "./signIn.ts"
import { signOut } from "./signOut.ts"
import type { nowOf } from "./time.ts"
import { coarseMonoOf, now } from "./time.ts"

type Engine<C> = engines.Engine<C>

/** The engine of one layer: its scheduler runs, and its finalizer waits for what was sent. */
export const makeEngine = Effect.fnUntraced(function*<C>(
  provider: AuthProvider<C>,
  settings: engines.Settings<C>,
  concurrentExchanges: number
): Effect.fn.Return<Engine<C>, never, TokenStore | Scope.Scope> {
  const store = yield* TokenStore
  const scheduler = new scheduling.Scheduler()
  const engine = yield* engines.make(provider, store, settings, scheduler, concurrentExchanges)
  yield* Effect.addFinalizer(() => engines.close(engine, (cell) => Effect.ignore(flush(engine, cell))))
  yield* scheduling.run(scheduler, (cell) => startDue(engine, cell))
  return engine
})

/** So late (milliseconds) is only a machine that slept or an event loop that stood still. */
const overslept = 5_000

/** After a sleep everything is overdue at once: what still has time is spread over up to ten seconds. */
const spread = 10_000

const startDue = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell) {
  const { mono } = yield* now
  const left = cell.marginAt - mono
  if (mono - cell.due > overslept && left > 0) {
    const chance = yield* Random.next
    return engine.scheduler.schedule(cell, mono + chance * Math.min(spread, left / 2))
  }
  if (cell.evicted) return
  yield* engine.background.take(1)
  const need: Need = { _tag: "scheduled" }
  const flight = yield* flights.launch(
    engine,
    cell,
    need,
    (engine, cell, flight) => Effect.ensuring(run(engine, cell, flight), engine.background.release(1))
  )
  if (flight.need !== need) {
    yield* engine.background.release(1)
    engine.scheduler.schedule(cell, mono + 100)
  }
})

/** A service for one account on an engine of its own. */
export const makeOne = Effect.fnUntraced(function*<C>(
  provider: AuthProvider<C>,
  options: Options<C>
): Effect.fn.Return<AuthService<C>, never, TokenStore | Scope.Scope> {
  const { credentials } = options
  const given = credentials === undefined ? undefined : () => credentials
  const engine = yield* makeEngine(provider, engines.settingsOf(options.refresh ?? {}, given), 1)
  const cell = new Cell(options.account ?? "default")
  if (engine.settings.scheduled) yield* flights.launch(engine, cell, { _tag: "load" }, run)
  return serviceOf(engine, cell.account, () => cell)
})

/** `cellOf` finds the account's cell at each use: an idle one may have been evicted and come back. */
export const serviceOf = <C>(engine: Engine<C>, account: string, cellOf: () => Cell): AuthService<C> => {
  const { name, origins, realm, rejection } = engine.provider
  let handed: AccessToken | undefined
  const peek = (cell: Cell, clock: Clock.Clock): AccessToken | undefined =>
    isFresh(cell, clock) ? handed = cell.tokenOr(handed) : undefined
  return {
    provider: name,
    realm,
    account,
    origins,
    rejection,
    signIn: (credentials) => Effect.suspend(() => signIn(engine, cellOf(), credentials)),
    adopt: (tokens) => Effect.suspend(() => adoptTokens(engine, cellOf(), tokens)),
    accessToken: Effect.clockWith((clock) => {
      const cell = cellOf()
      const token = peek(cell, clock)
      return token === undefined ? obtain(engine, cell) : Effect.succeed(token)
    }),
    renew: (rejected) =>
      Effect.clockWith((clock) => {
        const cell = cellOf()
        const token = peek(cell, clock)
        return token !== undefined && !isSame(token, rejected)
          ? Effect.succeed(token)
          : renew(engine, cell, rejected)
      }),
    refresh: Effect.suspend(() => force(engine, cellOf())),
    signOut: Effect.suspend(() => signOut(engine, cellOf())),
    state: Effect.suspend(() => stateOf(engine, cellOf())),
    events: Stream.unwrapScoped(Effect.suspend(() => listen(cellOf()))),
    unsafePeek: (clock) => peek(cellOf(), clock)
  }
}

/** The hot path: no store, no lock, and nothing allocated. */
const isFresh = (cell: Cell, clock: Clock.Clock): boolean => {
  const wall = clock.unsafeCurrentTimeMillis()
  if (wall >= cell.expiresAt) return false
  const mono = coarseMonoOf(clock, wall)
  return mono < cell.due && mono < cell.marginAt && cell.flight?.need._tag !== "rejected"
}

const ensure = <C>(engine: Engine<C>, cell: Cell, need: Need): Effect.Effect<void, AccessTokenError> =>
  flights.ensure(engine, cell, need, run)

/** When the token is not simply fresh. */
const obtain = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell
): Effect.fn.Return<AccessToken, AccessTokenError> {
  if (cell.status === "unloaded") yield* ensure(engine, cell, { _tag: "load" })
  const token = cell.token
  const at = yield* now
  const inFlight = cell.flight?.need._tag === "rejected" ? cell.flight : undefined
  switch (freshness(cell, at)) {
    case "fresh":
    case "stale":
      if (token === undefined) break
      if (inFlight !== undefined) return yield* soon(engine, cell, token, cell.deadAt - at.mono, awaited(inFlight))
      if (at.mono >= cell.due && cell.status === "active" && !engine.closed) {
        yield* flights.launch(engine, cell, { _tag: "scheduled" }, run)
      }
      return token
    case "margin":
      if (token !== undefined) {
        if (cell.extras?.inDoubt === true && engine.provider.rotation === "rotating") return token
        const better = ensure(engine, cell, { _tag: "expired" })
        return yield* soon(engine, cell, token, cell.deadAt - at.mono, better)
      }
  }
  yield* ensure(engine, cell, { _tag: "expired" })
  return yield* current(engine, cell)
})

const awaited = (flight: Flight): Effect.Effect<void, AccessTokenError> => Deferred.await(flight.done)

/** Waits for a better token, but not long, and falls back to the live one. */
const soon = <C>(
  engine: Engine<C>,
  cell: Cell,
  live: AccessToken,
  left: number,
  better: Effect.Effect<void, AccessTokenError>
): Effect.Effect<AccessToken> =>
  better.pipe(
    Effect.timeout(Math.max(1, Math.min(left / 2, engine.settings.retryPatience))),
    // Whatever the refresh came to, also a defect: the live token serves.
    Effect.matchCause({ onFailure: () => cell.token ?? live, onSuccess: () => cell.token ?? live })
  )

const current = <C>(engine: Engine<C>, cell: Cell): Effect.Effect<AccessToken, AccessTokenError> =>
  cell.token === undefined ? obtain(engine, cell) : Effect.succeed(cell.token)

/** A token born from a rejection and rejected again at a younger age than this is not refreshed again (G13). */
const youth = (cell: Cell): number => Math.min(30_000, (cell.deadAt - cell.obtainedAt) / 2)

const renew = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  rejected: AccessToken
): Effect.fn.Return<AccessToken, AccessTokenError | AccessTokenRejected> {
  if (cell.status === "unloaded") yield* ensure(engine, cell, { _tag: "load" })
  const token = cell.token
  const at = yield* now
  if (token !== undefined && isSame(token, rejected) && cell.born === "rejection" && !isRenewing(cell, rejected)) {
    if (at.mono - cell.obtainedAt < youth(cell)) {
      return yield* new AccessTokenRejected({
        provider: engine.provider.name,
        account: cell.account,
        operation: "renew",
        reason: "rejected-again"
      })
    }
  }
  yield* ensure(engine, cell, { _tag: "rejected", token: rejected })
  return yield* current(engine, cell)
})

const isRenewing = (cell: Cell, rejected: AccessToken): boolean =>
  cell.flight?.need._tag === "rejected" && isSame(cell.flight.need.token, rejected)

const force = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell
): Effect.fn.Return<AccessToken, AccessTokenError> {
  if (cell.status === "unloaded") yield* ensure(engine, cell, { _tag: "load" })
  const { generation, session } = cell.token ?? { generation: -1, session: "" }
  yield* ensure(engine, cell, { _tag: "forced", session, generation })
  return yield* current(engine, cell)
})

const stateOf = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell) {
  if (cell.status === "unloaded") {
    yield* Effect.catchAll(
      ensure(engine, cell, { _tag: "load" }),
      (error) => error._tag === "TokenStoreError" ? Effect.fail(error) : Effect.void
    )
  }
  return view(cell, yield* now)
})

const view = (cell: Cell, at: ReturnType<typeof nowOf>): SessionState => {
  const token = cell.token
  const extras = cell.extras
  if (cell.status === "ended") {
    const isAlive = token !== undefined && freshness(cell, at) !== "dead"
    return {
      _tag: "Ended",
      reason: extras?.ended?.reason ?? "expired",
      expiresAt: isAlive ? token.expiresAt : undefined
    }
  }
  if (cell.status !== "active" || token === undefined) {
    return { _tag: "SignedOut", reason: cell.status === "signedOut" ? "signed-out" : "never" }
  }
  const how = freshness(cell, at)
  return {
    _tag: "Active",
    session: token.session,
    generation: token.generation,
    freshness: how === "margin" ? "dead" : how,
    expiresAt: token.expiresAt,
    scopes: token.scopes,
    born: cell.born,
    signedInByItself: extras?.signedInByItself ?? false,
    refreshing: cell.flight !== undefined && cell.flight.need._tag !== "load",
    degraded: extras?.unsaved !== undefined,
    inDoubt: extras?.inDoubt ?? false
  }
}

/** So many events wait for a slow reader. */
const eventBuffer = 256

const listen = (cell: Cell) =>
  Effect.acquireRelease(
    Effect.flatMap(PubSub.sliding<SessionEvent>(eventBuffer), (hub) =>
      Effect.sync(() => {
        const extras = extrasOf(cell)
        extras.listeners = (extras.listeners ?? 0) + 1
        return extras.hub ??= hub
      })),
    () =>
      Effect.sync(() => {
        const extras = extrasOf(cell)
        extras.listeners = (extras.listeners ?? 1) - 1 || undefined
        if (extras.listeners === undefined) extras.hub = undefined
      })
  ).pipe(Effect.flatMap(PubSub.subscribe), Effect.map((queue) => Stream.fromQueue(queue)))
