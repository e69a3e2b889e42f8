/** Writing a record so that it is known whether it was written. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { TokenStoreError } from "../AuthError.ts"
import type { RecordKey } from "../RecordKey.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import type * as TokenStore from "../TokenStore.ts"
import { bounded, orFailed } from "./bounded.ts"
import { now } from "./time.ts"

/** One change of a record, as a function of what is there. */
export interface Change {
  /** The next record (its version is filled in), or `undefined` when what is there forbids the change. */
  readonly next: (current: SessionRecord | undefined) => SessionRecord | undefined
  /** Whether the change is already there: after a failed write nobody can know without looking for one's own mark. */
  readonly isThere: (current: SessionRecord) => boolean
}

export type Written =
  | { readonly _tag: "Saved"; readonly record: SessionRecord }
  | { readonly _tag: "Superseded"; readonly record: SessionRecord | undefined }
  | { readonly _tag: "Failed"; readonly error: TokenStoreError }

/**
 * Tries until the change is there, is superseded, or the store has failed for `patience` milliseconds. `first` is what
 * the record is believed to be, which saves a read.
 */
export const write = Effect.fnUntraced(function*(
  store: TokenStore.Service,
  key: RecordKey,
  change: Change,
  patience: number,
  first?: SessionRecord
): Effect.fn.Return<Written> {
  let believed = Option.fromNullable(first)
  let delay = 20
  let lost = 0
  const until = (yield* now).mono + patience
  while (true) {
    const outcome = yield* Effect.either(attempt(store, key, change, believed))
    believed = Option.none()
    if (outcome._tag === "Right") {
      if (outcome.right !== undefined) return outcome.right
      if (++lost < mostLostRaces) continue
      return { _tag: "Failed", error: failed(key, "compareAndSet", "the record changes all the time") }
    }
    if ((yield* now).mono + delay > until) return { _tag: "Failed", error: outcome.left }
    yield* Effect.sleep(delay)
    delay = Math.min(delay * 2, 500)
  }
})

/** A store that says "changed" more often than this in a row does not work. */
const mostLostRaces = 1_000

const failed = (key: RecordKey, operation: string, detail: string) =>
  new TokenStoreError({ provider: key.provider, account: key.account, operation, reason: "unavailable", detail })

/** A store that does not answer must not hold a session up for ever, and one that throws must not cost it its tokens. */
export const guarded = (store: TokenStore.Service, within: number): TokenStore.Service => ({
  presence: store.presence && {
    owner: store.presence.owner,
    isAlive: (owner) =>
      answered(() => store.presence?.isAlive(owner) ?? Effect.succeed(true), nobody, "isAlive", within)
  },
  changes: store.changes === undefined
    ? undefined
    : (key) => Stream.suspend(() => store.changes?.(key) ?? Stream.empty),
  get: (key) => answered(() => store.get(key), key, "get", within),
  compareAndSet: (key, expected, next) =>
    answered(() => store.compareAndSet(key, expected, next), key, "compareAndSet", within)
})

const nobody: RecordKey = { provider: "", realm: "", account: "" }

const answered = <A>(
  ask: () => Effect.Effect<A, TokenStoreError>,
  key: RecordKey,
  operation: string,
  within: number
): Effect.Effect<A, TokenStoreError> =>
  bounded(
    orFailed(ask, () => failed(key, operation, "the store's code threw")),
    Effect.timeoutFail({ duration: within, onTimeout: () => failed(key, operation, "no answer in time") })
  )

/** `undefined`: somebody else wrote in between, look again. */
const attempt = Effect.fnUntraced(function*(
  store: TokenStore.Service,
  key: RecordKey,
  change: Change,
  believed: Option.Option<SessionRecord>
): Effect.fn.Return<Written | undefined, TokenStoreError> {
  const current = Option.getOrUndefined(Option.isSome(believed) ? believed : yield* store.get(key))
  if (current !== undefined && change.isThere(current)) return { _tag: "Saved", record: current }
  const next = change.next(current)
  if (next === undefined) return { _tag: "Superseded", record: current }
  const version = current?.version ?? 0
  const record = { ...next, version: version + 1 }
  return (yield* store.compareAndSet(key, version, record)) ? { _tag: "Saved", record } : undefined
})
