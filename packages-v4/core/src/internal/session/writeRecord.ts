/** Writing a record so that it is known whether it was written. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { TokenStoreError } from "../../AuthError.ts"
import type { RecordKey } from "../../RecordKey.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import type * as TokenStore from "../../TokenStore.ts"
import * as limits from "../limits.ts"
import { failed } from "./guardedStore.ts"
import { now } from "./time.ts"
import * as transitions from "./transitions.ts"

/** One change of a record, as a function of what is there. */
export interface Change {
  /** The version of the next record is filled in. */
  readonly next: transitions.Transition
  /** Whether the change is already there: after a failed write only the change's own mark in the store can show it. */
  readonly isThere: (current: SessionRecord) => boolean
  /** The replacement of a record that can't be read: a sign-in and a sign-out always work (G60). */
  readonly overUnreadable?: (() => SessionRecord | undefined) | undefined
  /** The change makes sense for the believed version only: it is superseded by any other, without another look. */
  readonly isForThisVersion?: boolean | undefined
}

/** A change that leaves no mark of its own. */
export const unmarked = (next: transitions.Transition): Change => ({ next, isThere: () => false })

export type Written =
  | { readonly _tag: "Saved"; readonly record: SessionRecord }
  | { readonly _tag: "Superseded"; readonly record: SessionRecord | undefined }
  | { readonly _tag: "Failed"; readonly error: TokenStoreError }

/**
 * Tries until the change is there, is superseded, or the store has failed for `patience` milliseconds. `first`: the record
 * as it is believed to be, which saves a read.
 */
export const write = Effect.fnUntraced(function*(
  store: TokenStore.Service,
  key: RecordKey,
  change: Change,
  patience: number,
  first?: SessionRecord
): Effect.fn.Return<Written> {
  let believed = first
  let delay = limits.firstRewrite
  let lost = 0
  let hasFailed = false
  const until = (yield* now).mono + patience
  while (true) {
    const outcome = yield* Effect.result(attempt(store, key, change, believed))
    believed = undefined
    if (outcome._tag === "Success") {
      if (outcome.success !== undefined) return outcome.success
      // After a failed write the other version may be this very change.
      if (change.isForThisVersion === true && !hasFailed) return { _tag: "Superseded", record: undefined }
      if (++lost < limits.mostLostRaces) continue
      return { _tag: "Failed", error: failed(key, "compareAndSet", "the record changes all the time") }
    }
    hasFailed = true
    // Waiting does not make a damaged record readable.
    if (!outcome.failure.isRetryable || (yield* now).mono + delay > until) {
      return { _tag: "Failed", error: outcome.failure }
    }
    yield* Effect.sleep(delay)
    delay = Math.min(delay * 2, limits.slowestRewrite)
  }
})

/** What is stored: a record or none, and the version that the next one replaces. */
interface Found {
  readonly record: SessionRecord | undefined
  readonly version: number
  readonly isUnreadable: boolean
}

const find = (
  store: TokenStore.Service,
  key: RecordKey,
  change: Change
): Effect.Effect<Found, TokenStoreError> =>
  store.get(key).pipe(
    Effect.map((found): Found => {
      const record = Option.getOrUndefined(found)
      return { record, version: record?.version ?? 0, isUnreadable: false }
    }),
    Effect.catch((error) =>
      change.overUnreadable !== undefined && error.version !== undefined
        ? Effect.succeed<Found>({ record: undefined, version: error.version, isUnreadable: true })
        : Effect.fail(error)
    )
  )

/** `undefined`: another process wrote in between, so the record is read again. */
const attempt = Effect.fnUntraced(function*(
  store: TokenStore.Service,
  key: RecordKey,
  change: Change,
  believed: SessionRecord | undefined
): Effect.fn.Return<Written | undefined, TokenStoreError> {
  const { isUnreadable, record: current, version }: Found = believed === undefined
    ? yield* find(store, key, change)
    : { record: believed, version: believed.version, isUnreadable: false }
  if (current !== undefined && change.isThere(current)) return { _tag: "Saved", record: current }
  const next = isUnreadable ? change.overUnreadable?.() : change.next(current)
  if (next === undefined) return { _tag: "Superseded", record: current }
  const record = transitions.at(next, version + 1)
  return (yield* store.compareAndSet(key, version, record)) ? { _tag: "Saved", record } : undefined
})
