/** Subscriptions, counted: many waiters on one channel of one connection. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Redis } from "ioredis"

export interface Channels {
  /** Whether the connection is there, and has been since the beginning or long enough for the others to be back too. */
  readonly isSettled: Effect.Effect<boolean>
  /** Subscribes for as long as the scope is open; `false` where Redis has not confirmed it (it is tried on). */
  readonly subscribe: (channel: string, heard: (message: string) => void) => Effect.Effect<boolean, never, Scope>
  /** The versions told on a channel, and those that `look` finds: first at once, then after a reconnect and `every` so often. */
  readonly versions: (
    channel: string,
    options: {
      readonly look: Effect.Effect<number | undefined, TokenStoreError>
      readonly every: Duration.DurationInput
    }
  ) => Stream.Stream<number>
}

/** What cut this connection may have cut those of the others too: they get this long to come back. */
const settling = Duration.seconds(5)

type Listener = (message: string) => void

const watchSettled = (subscriber: Redis): Effect.Effect<Effect.Effect<boolean>, never, Scope> =>
  Effect.gen(function*() {
    const clock = yield* Effect.clock
    /** The monotonic time from which on the connection is settled, while it is there. */
    let from: bigint | undefined = clock.unsafeCurrentTimeNanos()
    const back = () => {
      from = clock.unsafeCurrentTimeNanos() + Duration.unsafeToNanos(settling)
    }
    const gone = () => {
      from = undefined
    }
    subscriber.on("ready", back).on("close", gone)
    yield* Effect.addFinalizer(() => Effect.sync(() => void subscriber.off("ready", back).off("close", gone)))
    return Effect.map(Clock.currentTimeNanos, (now) => from !== undefined && now >= from)
  })

export const makeChannels = (subscriber: Redis): Effect.Effect<Channels, never, Scope> =>
  Effect.gen(function*() {
    const listeners = new Map<string, Set<Listener>>()
    const onReady = new Set<() => void>()
    const hear = (channel: string, message: string) => listeners.get(channel)?.forEach((listener) => listener(message))
    const ready = () => onReady.forEach((again) => again())
    subscriber.on("message", hear).on("ready", ready)
    yield* Effect.addFinalizer(() => Effect.sync(() => void subscriber.off("message", hear).off("ready", ready)))
    const isSettled = yield* watchSettled(subscriber)

    // ioredis subscribes again after a reconnect, so a failure here only means that it is not confirmed yet.
    const request = (send: () => Promise<unknown>) => Effect.isSuccess(Effect.tryPromise(send))

    const listen = (channel: string, heard: Listener) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const present = listeners.get(channel)
          if (present === undefined) listeners.set(channel, new Set([heard]))
          else present.add(heard)
        }),
        () =>
          Effect.sync(() => {
            const present = listeners.get(channel)
            present?.delete(heard)
            if (present?.size !== 0) return
            listeners.delete(channel)
            // Sent here and now, so that it can't overtake the next waiter's subscription.
            subscriber.unsubscribe(channel).catch(() => {})
          })
      )

    // Who leaves before it is confirmed has listened, and takes that back.
    const subscribe = (channel: string, heard: Listener) =>
      Effect.zipRight(
        listen(channel, heard),
        Effect.timeoutTo(request(() => subscriber.subscribe(channel)), {
          duration: 2_000,
          onTimeout: () => false,
          onSuccess: (confirmed) => confirmed
        })
      )

    const versions: Channels["versions"] = (channel, { every, look }) =>
      Stream.unwrapScoped(Effect.gen(function*() {
        const signals = yield* Queue.sliding<number | undefined>(16)
        const again = () => void signals.unsafeOffer(undefined)
        yield* Effect.acquireRelease(
          Effect.sync(() => onReady.add(again)),
          () => Effect.sync(() => onReady.delete(again))
        )
        yield* subscribe(channel, (message) => void signals.unsafeOffer(Number(message)))
        return Stream.make(undefined).pipe(
          Stream.concat(
            Stream.merge(Stream.fromQueue(signals), Stream.as(Stream.fromSchedule(Schedule.spaced(every)), undefined))
          ),
          Stream.mapEffect((version) =>
            version === undefined
              ? Effect.map(Effect.option(look), Option.flatMap(Option.fromNullable))
              : Effect.succeedSome(version)
          ),
          Stream.filterMap((version) => version),
          Stream.changes
        )
      }))

    return { isSettled, subscribe, versions }
  })
