/**
 * How a store reports changed records: one stream for all records, with a limit on the number of unread changes.
 *
 * A change identifies its record by `RecordKey.hash` and not by the account, because on some backends every client can
 * listen. Two records may have the same hash, a change may be lost, and an unchanged record may be reported. Each of
 * these costs only time or one more read.
 *
 * ```ts
 * import * as RecordChanges from "@effect-auth/core/RecordChanges"
 * import * as RecordKey from "@effect-auth/core/RecordKey"
 *
 * const hub = RecordChanges.makeHub()
 * hub.listening() // the subscription to the backend is ready
 * hub.changed(RecordKey.hash({ provider: "placewise", realm: "club", account: "member-42" }), 7)
 * export const changes = hub.changes // for the store
 * ```
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { SessionRecord } from "./SessionRecord.ts"

/**
 * A report of a store about its records.
 *
 * - `Listening`: from now on changes are reported. Earlier changes may have been missed. It is the first report, and
 *   comes again after each interruption.
 * - `Away`: the subscription is lost, after a `Listening`. Changes may be missed until the next `Listening`.
 * - `Changed`: this process or another one wrote this version of the record with this `RecordKey.hash`. Version 0: the
 *   record was erased; a store that polls for changes can't notice this when another process erased it. Of several
 *   changes of one record, possibly only the last is reported.
 *
 * @since 0.1.0
 * @category models
 */
export type RecordChange =
  | { readonly _tag: "Listening" }
  | { readonly _tag: "Away" }
  | { readonly _tag: "Changed"; readonly hash: number; readonly version: number }

/**
 * Whether a write is reported. A claim is not reported: waiting processes need the write that follows it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNews = (written: SessionRecord): boolean => written.claim === undefined

/**
 * Passes the changes that a backend reports to all listeners in this process. Its functions return at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hub {
  /** A record was written (0: erased). */
  readonly changed: (hash: number, version: number) => void
  /** The subscription is ready, for the first time or again. Earlier changes may have been missed. */
  readonly listening: () => void
  /** The subscription is lost. Listeners that got a `Listening` get `Away`, and `Listening` when the subscription is back. */
  readonly away: () => void
  readonly changes: Stream.Stream<RecordChange>
}

/** The limit of changed records that wait for a slow listener. Beyond it, the listener only gets `Listening` again. */
const mostWaiting = 10_000

interface Listener {
  /** Whether it got a `Listening`. Without one, it gets no `Away`. */
  wasListening: boolean
  isAway: boolean
  /** The last version of each record, by hash. */
  readonly waiting: Map<number, number>
  hasGap: boolean
  wake: (() => void) | undefined
}

const hasNews = ({ hasGap, isAway, waiting }: Listener): boolean => isAway || hasGap || waiting.size > 0

const drain = (listener: Listener): Chunk.Chunk<RecordChange> => {
  const changes: Array<RecordChange> = []
  if (listener.isAway) changes.push({ _tag: "Away" })
  if (listener.hasGap) changes.push({ _tag: "Listening" })
  for (const [hash, version] of listener.waiting) changes.push({ _tag: "Changed", hash, version })
  listener.wasListening ||= listener.hasGap
  listener.isAway = false
  listener.hasGap = false
  listener.waiting.clear()
  return Chunk.unsafeFromArray(changes)
}

/**
 * Waits with a promise. On Workers, a fiber that another request wakes up would continue inside that request; a promise
 * continues in the request that waits for it.
 */
const take = (listener: Listener): Effect.Effect<Chunk.Chunk<RecordChange>> =>
  Effect.suspend(() =>
    hasNews(listener)
      ? Effect.sync(() => drain(listener))
      : Effect.zipRight(
        Effect.promise(() =>
          new Promise<void>((resolve) => {
            listener.wake = resolve
            // A change may have come since the check above.
            if (hasNews(listener)) resolve()
          })
        ),
        Effect.sync(() => drain(listener))
      )
  )

/**
 * Makes a hub without listeners and without a subscription. Call `listening` when the subscription is ready.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeHub = (): Hub => {
  const listeners = new Set<Listener>()
  let isListening = false

  const wake = (listener: Listener) => {
    const waiter = listener.wake
    listener.wake = undefined
    waiter?.()
  }
  const join = Effect.sync(() => {
    const listener: Listener = {
      waiting: new Map(),
      wasListening: false,
      isAway: false,
      hasGap: isListening,
      wake: undefined
    }
    listeners.add(listener)
    return listener
  })
  const leave = (listener: Listener) => Effect.sync(() => listeners.delete(listener))

  return {
    changed: (hash, version) => {
      for (const listener of listeners) {
        const before = listener.waiting.get(hash) ?? version
        // Erased, and a new session: versions begin at 1 again, so the last one alone could look like the one that is known.
        listener.waiting.set(hash, before === 0 || version < before ? 0 : version)
        if (listener.waiting.size > mostWaiting) {
          listener.waiting.clear()
          listener.hasGap = true
        }
        wake(listener)
      }
    },
    listening: () => {
      isListening = true
      for (const listener of listeners) {
        listener.isAway = false
        listener.hasGap = true
        wake(listener)
      }
    },
    away: () => {
      isListening = false
      for (const listener of listeners) {
        listener.isAway = listener.wasListening
        listener.hasGap = false
        wake(listener)
      }
    },
    changes: Stream.unwrapScoped(
      Effect.map(Effect.acquireRelease(join, leave), (listener) => Stream.repeatEffectChunk(take(listener)))
    )
  }
}
