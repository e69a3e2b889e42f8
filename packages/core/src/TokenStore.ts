/**
 * Where sessions are kept: one record an account, written only by compare-and-set.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { TokenStoreError } from "./AuthError.ts"
import * as RecordKey from "./RecordKey.ts"
import type { SessionRecord } from "./SessionRecord.ts"

/**
 * The contract of a store; `@effect-auth/testing/TokenStoreLaws` checks it.
 *
 * A store fails only with `TokenStoreError`. A write that failed may or may not have arrived: the session machine reads
 * again and looks for its own mark.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The record of an account, as the last successful write left it. */
  readonly get: (key: RecordKey.RecordKey) => Effect.Effect<Option.Option<SessionRecord>, TokenStoreError>
  /**
   * Writes `next` if the stored version is still `expected` (0: no record) and tells whether it did. Atomic, across
   * processes. `next.version` is `expected + 1`.
   */
  readonly compareAndSet: (
    key: RecordKey.RecordKey,
    expected: number,
    next: SessionRecord
  ) => Effect.Effect<boolean, TokenStoreError>
  /** For a store that can tell whether the owner of a claim still exists. Without it a dead owner's claim is waited out. */
  readonly presence?: Presence | undefined
  /** Emits when a record may have changed, with its version; emissions may be lost. Without it changes are polled. */
  readonly changes?: ((key: RecordKey.RecordKey) => Stream.Stream<number, TokenStoreError>) | undefined
}

/**
 * Who writes to this store, and whether another writer is still there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Presence {
  /** The name under which this process claims. */
  readonly owner: string
  /** `false` only when that owner is surely gone: a paused owner is alive. */
  readonly isAlive: (owner: string) => Effect.Effect<boolean, TokenStoreError>
}

/**
 * The store that sessions are kept in.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenStore extends Context.Tag("@effect-auth/core/TokenStore")<TokenStore, Service>() {}

/**
 * A store in memory: it ends with the process. For tests, and for sessions that may be lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.gen(function*() {
  const records = new Map<string, SessionRecord>()
  const written = yield* PubSub.sliding<{ readonly key: string; readonly version: number }>(256)
  return {
    get: (key) => Effect.sync(() => Option.fromNullable(records.get(RecordKey.toString(key)))),
    compareAndSet: (key, expected, next) =>
      Effect.suspend(() => {
        const name = RecordKey.toString(key)
        if ((records.get(name)?.version ?? 0) !== expected) return Effect.succeed(false)
        records.set(name, next)
        return Effect.as(PubSub.publish(written, { key: name, version: next.version }), true)
      }),
    changes: (key) => {
      const name = RecordKey.toString(key)
      return Stream.fromPubSub(written).pipe(
        Stream.filter((write) => write.key === name),
        Stream.map((write) => write.version)
      )
    }
  }
})

/**
 * A store in memory as a layer. Provide it once and share it: each building is a store of its own.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<TokenStore> = Layer.effect(TokenStore, makeMemory)
