/** A connection that stays open as long as the store: it shows that this owner is alive. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import { isFull } from "./failures.ts"

export interface KeptSession {
  /**
   * Whether the session is connected, and either never was interrupted or is back long enough for other owners to be
   * back too.
   */
  readonly isSettled: Effect.Effect<boolean>
  /** Ends the session, so that a new one is opened: the host's name may lead to another server now. */
  readonly leave: Effect.Effect<void>
}

export interface KeepOptions {
  /** Milliseconds. The first connect is retried for this long while the server has no free connection. */
  readonly connectTimeout: number
  /** Called when the session is connected, the first time and after each interruption. */
  readonly onBegin?: (() => void) | undefined
  readonly onEnd?: (() => void) | undefined
}

/** Makes a session. The Effect in it lasts as long as the session does. */
type Connect = Effect.Effect<Effect.Effect<unknown, TokenStoreError>, TokenStoreError, Scope>

const pause = Schedule.jittered(Schedule.spaced(100))

/** The fault that interrupted this session may have interrupted other owners too. They get this long to come back. */
const settling = Duration.seconds(5)

/** Keeps a session until the scope closes. Fails if the first connect fails. */
export const keep = (
  connect: Connect,
  { connectTimeout, onBegin, onEnd }: KeepOptions
): Effect.Effect<KeptSession, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const first = yield* Deferred.make<void, TokenStoreError>()
    let wasCut = false
    /** The monotonic time from which the session counts as settled; `undefined` while it is not connected. */
    let settledFrom: bigint | undefined
    let left = yield* Deferred.make<void>()
    const session = Effect.scoped(Effect.gen(function*() {
      const untilItEnds = yield* connect
      left = yield* Deferred.make<void>()
      const now = yield* Clock.monotonicTimeNanos
      settledFrom = wasCut ? now + Duration.toNanosUnsafe(settling) : now
      yield* Deferred.succeed(first, undefined)
      onBegin?.()
      yield* Effect.ensuring(
        Effect.raceFirst(untilItEnds, Deferred.await(left)),
        Effect.sync(() => {
          wasCut = true
          settledFrom = undefined
          onEnd?.()
        })
      )
    }))
    const until = (yield* Clock.currentTimeMillis) + connectTimeout
    const isWaiting = Effect.map(Clock.currentTimeMillis, (now) => now < until)
    yield* session.pipe(
      // If the server has no free connection, one may be free in a moment.
      Effect.retry({ while: (error) => isFull(error) ? isWaiting : Effect.succeed(false), schedule: pause }),
      // A session that ended is opened again at once. After a failed connect there is a short wait.
      Effect.catch((error) => Effect.andThen(Deferred.fail(first, error), Effect.sleep(100))),
      Effect.forever,
      Effect.forkScoped
    )
    yield* Deferred.await(first)
    return {
      isSettled: Effect.map(Clock.monotonicTimeNanos, (now) => settledFrom !== undefined && now >= settledFrom),
      leave: Effect.suspend(() => Deferred.succeed(left, undefined))
    }
  })
