/** The subscriptions of one connection, and their confirmations by Redis. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { Redis } from "ioredis"

export interface Channels {
  /**
   * Whether the connection is ready, and either never was interrupted or is back long enough for other owners to be
   * back too.
   */
  readonly isSettled: Effect.Effect<boolean>
  /** Subscribes until the scope closes. `false` if Redis has not confirmed it yet; it is retried. */
  readonly subscribe: (channel: string, listener: Listener) => Effect.Effect<boolean, never, Scope>
}

export interface Listener {
  readonly heard: (message: string) => void
  /** Called when Redis has confirmed the subscription: the first time, and after each reconnect. */
  readonly confirmed: () => void
  readonly away: () => void
}

/**
 * The fault that interrupted this connection may have interrupted other owners too. They get this long to come back.
 */
const settling = Duration.seconds(5)

const watchSettled = (subscriber: Redis): Effect.Effect<Effect.Effect<boolean>, never, Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    /** The monotonic time from which the connection counts as settled; `undefined` while it is interrupted. */
    let from: bigint | undefined = clock.monotonicTimeNanosUnsafe()
    const back = () => {
      from = clock.monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(settling)
    }
    const gone = () => {
      from = undefined
    }
    subscriber.on("ready", back).on("close", gone)
    yield* Effect.addFinalizer(() => Effect.sync(() => void subscriber.off("ready", back).off("close", gone)))
    return Effect.map(Clock.monotonicTimeNanos, (now) => from !== undefined && now >= from)
  })

export const makeChannels = (subscriber: Redis): Effect.Effect<Channels, never, Scope> =>
  Effect.gen(function*() {
    const listeners = new Map<string, Listener>()
    const hear = (channel: string, message: string) => listeners.get(channel)?.heard(message)

    // ioredis subscribes again after a reconnect, so a failure only means that the subscription is not confirmed yet.
    const request = (channel: string) =>
      subscriber.subscribe(channel).then(() => {
        listeners.get(channel)?.confirmed()
        return true
      }, () => false)
    const ready = () => {
      for (const channel of listeners.keys()) void request(channel)
    }
    const close = () => {
      for (const listener of listeners.values()) listener.away()
    }
    subscriber.on("message", hear).on("ready", ready).on("close", close)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => void subscriber.off("message", hear).off("ready", ready).off("close", close))
    )
    const isSettled = yield* watchSettled(subscriber)

    const subscribe = (channel: string, listener: Listener) =>
      Effect.acquireRelease(
        Effect.sync(() => void listeners.set(channel, listener)),
        () => Effect.sync(() => void listeners.delete(channel))
      ).pipe(
        Effect.andThen(Effect.timeoutOrElse(Effect.promise(() => request(channel)), {
          duration: 2_000,
          orElse: () => Effect.succeed(false)
        }))
      )

    return { isSettled, subscribe }
  })
