/**
 * The store of sessions: one record for each account, written only by compare-and-set.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { TokenStoreError } from "./AuthError.ts"
import * as RecordChanges from "./RecordChanges.ts"
import * as RecordKey from "./RecordKey.ts"
import * as RecordPages from "./RecordPages.ts"
import type { SessionRecord } from "./SessionRecord.ts"

/**
 * The contract of a store; `@effect-auth/testing/TokenStoreLaws` checks it.
 *
 * A store fails only with `TokenStoreError`. A failed write may still have arrived: the session machine reads the
 * record again and looks for its own `commitId`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Reads the record of an account. If the record can't be decoded, the error has its `version`, and a compare-and-set
   * that expects this version replaces the record (a sign-in and a sign-out do that).
   */
  readonly get: (key: RecordKey.RecordKey) => Effect.Effect<Option.Option<SessionRecord>, TokenStoreError>
  /**
   * Writes `next` if the stored version is still `expected` (0: no record), and returns whether it did. It is atomic
   * across processes. `next.version` is `expected + 1`.
   */
  readonly compareAndSet: (
    key: RecordKey.RecordKey,
    expected: number,
    next: SessionRecord
  ) => Effect.Effect<boolean, TokenStoreError>
  /** Says whether the owner of a claim still exists. Absent: a dead owner's claim blocks until its `ttl` is over. */
  readonly presence?: Presence | undefined
  /**
   * Reports records that changed in this process or another one. All listeners share one subscription to the backend.
   * The stream begins with `Listening`; it comes again when changes may have been missed. `Changed` follows a write
   * within 100 ms if the backend pushes, otherwise within the store's poll interval. A write with a claim need not be
   * reported, because another write follows it (`RecordChanges.isNews`). A lost change costs only time, because a
   * session also reads its record when it is due. Absent: sessions poll for changes.
   */
  readonly changes?: Stream.Stream<RecordChanges.RecordChange, TokenStoreError> | undefined
  /**
   * Whether `changes` reports every write and every erasure as soon as it is made. Then a process that wrote a record
   * last refreshes it ahead without reading it first. Default: no. A store that polls can't say yes: an erased record
   * may be replaced by another user's, with the same version, between two polls.
   */
  readonly reportsAtOnce?: boolean | undefined
  /**
   * Lists the names of records, one page at a time, for maintenance of many sessions. A record that exists during the
   * whole listing comes at least once. A record that is written meanwhile may come twice. The order depends on the
   * store.
   */
  readonly scan?:
    | ((
      prefix: RecordPages.Prefix,
      page?: RecordPages.PageRequest
    ) => Effect.Effect<RecordPages.Page, TokenStoreError>)
    | undefined
  /**
   * Removes a record and returns whether there was one. Use it for accounts that no longer exist, and sign out first:
   * versions begin at 1 again, so a process that still holds the old session could overwrite the next one.
   */
  readonly erase?: ((key: RecordKey.RecordKey) => Effect.Effect<boolean, TokenStoreError>) | undefined
}

/**
 * The name of this process as a claim owner, and a check whether another owner is still alive.
 *
 * @since 0.1.0
 * @category models
 */
export interface Presence {
  /** The owner name in this process's claims. */
  readonly owner: string
  /** `false` only when that owner is surely gone. A paused owner is alive. */
  readonly isAlive: (owner: string) => Effect.Effect<boolean, TokenStoreError>
  /**
   * What `isAlive` checks. `process`: a process that is gone does not come back, so its claim may be taken over at
   * once. `connection` (default): a lost connection may come back, so a claim is taken over only when the connection is
   * gone for some time.
   */
  readonly watches?: "process" | "connection" | undefined
}

/**
 * The tag of the store.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenStore extends Context.Service<TokenStore, Service>()("@effect-auth/core/TokenStore") {}

/**
 * A store in memory: its records end with the process. For tests, and for sessions that may be lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory: Effect.Effect<Service> = Effect.sync(() => {
  const records = new Map<string, SessionRecord>()
  const written = RecordChanges.makeHub()
  written.listening()
  return {
    get: (key) => Effect.map(RecordKey.check(key), (name) => Option.fromNullishOr(records.get(name))),
    compareAndSet: (key, expected, next) =>
      Effect.flatMap(RecordKey.check(key), (name) => {
        if ((records.get(name)?.version ?? 0) !== expected) return Effect.succeed(false)
        records.set(name, next)
        if (RecordChanges.isNews(next)) written.changed(RecordKey.hash(name), next.version)
        return Effect.succeed(true)
      }),
    changes: written.changes,
    reportsAtOnce: true,
    scan: (prefix, page) =>
      Effect.map(RecordPages.check(prefix, page), (range) => RecordPages.select(records.keys(), range)),
    erase: (key) =>
      Effect.map(RecordKey.check(key), (name) => {
        const isErased = records.delete(name)
        if (isErased) written.changed(RecordKey.hash(name), 0)
        return isErased
      })
  }
})

/**
 * A store in memory as a layer. Provide it once and share it, because each build of the layer makes a separate store.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<TokenStore> = Layer.effect(TokenStore, makeMemory)
