/** Who waits for which row, and what they hear: notifications, and what they find when they look for themselves. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/** A version that was told, or `undefined`: look. */
type Waiter = (version: number | undefined) => void

export interface News {
  /** A notification: the version and the digest of the row. */
  readonly heard: (payload: string) => void
  /** Notifications may have been lost: everybody looks. */
  readonly up: () => void
  readonly versions: (options: {
    readonly row: Effect.Effect<string>
    readonly look: Effect.Effect<number | undefined, TokenStoreError>
    readonly every: Duration.DurationInput
  }) => Stream.Stream<number>
}

export const makeNews = (): News => {
  const waiters = new Map<string, Set<Waiter>>()

  const wait = (row: string, waiter: Waiter) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const others = waiters.get(row)
        if (others === undefined) waiters.set(row, new Set([waiter]))
        else others.add(waiter)
      }),
      () =>
        Effect.sync(() => {
          const others = waiters.get(row)
          others?.delete(waiter)
          if (others?.size === 0) waiters.delete(row)
        })
    )

  return {
    heard: (payload) => {
      const [version, row = ""] = payload.split(" ")
      waiters.get(row)?.forEach((waiter) => waiter(Number(version)))
    },
    up: () => waiters.forEach((some) => some.forEach((waiter) => waiter(undefined))),
    versions: ({ every, look, row }) =>
      Stream.unwrapScoped(Effect.gen(function*() {
        const signals = yield* Queue.sliding<number | undefined>(16)
        yield* wait(yield* row, (version) => void signals.unsafeOffer(version))
        const polls = Stream.as(Stream.fromSchedule(Schedule.spaced(every)), undefined)
        return Stream.make(undefined).pipe(
          Stream.concat(Stream.merge(Stream.fromQueue(signals), polls)),
          Stream.mapEffect((version) =>
            version === undefined
              ? Effect.map(Effect.option(look), Option.flatMap(Option.fromNullable))
              : Effect.succeedSome(version)
          ),
          Stream.filterMap((version) => version),
          Stream.changes
        )
      }))
  }
}
