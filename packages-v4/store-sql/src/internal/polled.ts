/** Polls for changes while there are listeners. All listeners share the result of one poll. */
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import { digested } from "./rowKey.ts"

/** A changed row. */
export interface Found {
  readonly key: string
  readonly version: number | string | bigint
}

/** The most changes of one poll. With more, listeners get `Listening` instead of single changes. */
export const mostFound = 10_000

export interface Polled {
  readonly changes: Stream.Stream<RecordChanges.RecordChange>
  readonly onWritten: (hash: number, version: number) => void
}

/** `begin` runs when listening begins. `look` finds the changes since then, or since the last change that it found. */
export const makePolled = (options: {
  readonly every: number
  readonly begin: Effect.Effect<void, SqlError>
  readonly look: Effect.Effect<ReadonlyArray<Found>, SqlError>
}): Polled => {
  const hub = RecordChanges.makeHub()
  let listeners = 0
  let poller: Fiber.Fiber<unknown> | undefined
  let isBegun = false

  const begin = Effect.map(options.begin, () => {
    isBegun = true
    hub.listening()
  })
  const tell = (found: ReadonlyArray<Found>) => {
    if (found.length > mostFound) return hub.listening()
    for (const { key, version } of found) {
      // The row name of a long key is a digest, so the hash of the key is not known.
      if (key.startsWith(digested)) hub.listening()
      else hub.changed(RecordKey.hash(key), Number(version))
    }
  }
  const away = Effect.sync(() => {
    isBegun = false
    hub.away()
  })
  const turn = Effect.suspend(() => isBegun ? Effect.map(options.look, tell) : begin).pipe(
    Effect.catch(() => away)
  )
  const poll = Effect.forever(Effect.andThen(turn, Effect.sleep(options.every)))

  const join = Effect.suspend(() => {
    if (++listeners > 1) return Effect.void
    return Effect.map(Effect.forkDetach(Effect.interruptible(poll)), (fiber) => {
      poller = fiber
    })
  })
  const leave = Effect.suspend(() => {
    if (--listeners > 0 || poller === undefined) return Effect.void
    const last = poller
    poller = undefined
    return Effect.andThen(Effect.sync(() => last.interruptUnsafe()), away)
  })
  return {
    changes: Stream.unwrap(Effect.as(Effect.acquireRelease(join, () => leave), hub.changes)),
    onWritten: hub.changed
  }
}
