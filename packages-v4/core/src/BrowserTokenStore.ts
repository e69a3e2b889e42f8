/**
 * A store in the browser, shared by every tab, window and worker of one origin.
 *
 * **Any script on the page can read it**: one injected script can steal every refresh token in the store. Sealing the
 * records does not help, because the page itself has the key. Safer: keep the session on a server and give the page a
 * cookie that scripts can't read; or use `TokenStore.layerMemory` and sign in again on each page load.
 *
 * Records are in IndexedDB. A compare-and-set is one `readwrite` transaction, and the browser runs these one after
 * another across all tabs. With `durability: "strict"` a rotated pair survives a loss of power. `localStorage` is not
 * safe, not even under a Web Lock: each process of a browser reads its own copy, and other processes' writes reach that
 * copy late. Four tabs of Chromium under one lock lost 463 of 2,000 increments.
 *
 * Web Locks show which tabs exist: a store holds a lock as long as it lives, and the browser frees the lock when the
 * tab is closed or crashes. Another tab then takes over an interrupted refresh at once. (The browser does not keep a
 * page that holds a lock in the back/forward cache.) `changes` come through a BroadcastChannel. If one of the three is
 * missing (an old browser, a page that is not a secure context), `make` fails: there is no unsafe fall-back.
 *
 * The browser may delete the data when disk space is short (`navigator.storage.persist()` asks it not to), and the user
 * may clear it. The user then signs in again. A sign-out overwrites the record; the browser's files can hold the old
 * bytes until the browser compacts them.
 *
 * @see Indexed Database API, transactions: https://www.w3.org/TR/IndexedDB/#transaction-construct
 * @see Web Locks API: https://www.w3.org/TR/web-locks/
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { TokenStoreError } from "./AuthError.ts"
import { failures } from "./internal/browser/failures.ts"
import {
  connectionTo,
  list,
  read,
  remove,
  type Row,
  type Trouble,
  using,
  versionIn,
  write
} from "./internal/browser/indexedDb.ts"
import { type Channel, writesOn } from "./internal/browser/tabs.ts"
import { presenceIn } from "./internal/browser/webLocks.ts"
import * as RecordChanges from "./RecordChanges.ts"
import * as RecordKey from "./RecordKey.ts"
import * as RecordPages from "./RecordPages.ts"
import * as SessionRecord from "./SessionRecord.ts"
import type { Service } from "./TokenStore.ts"
import { TokenStore } from "./TokenStore.ts"

/**
 * How the store behaves. Everything has a default in a browser.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The name of the IndexedDB database, the channel and the first part of each lock: 1 to 200 characters. Default:
   * `effect-auth`.
   */
  readonly database?: string | undefined
  /** How long one read or write may take. Default: 10 seconds, at most a day. */
  readonly timeout?: Duration.Input | undefined
  readonly indexedDB?: Pick<IDBFactory, "open"> | undefined
  readonly locks?: Pick<LockManager, "request" | "query"> | undefined
  /** Opens the channel that reports writes to the other tabs. */
  readonly channel?: ((name: string) => Channel) | undefined
}

/** A day: no read or write needs longer, and a timer of more than 2^31 milliseconds would fire at once. */
const longest = Duration.days(1)

/** The settings with their defaults. An error never shows the wrong value. */
const checked = (options: Options | undefined) => {
  const database: unknown = options?.database ?? "effect-auth"
  const timeout = Duration.fromInput(options?.timeout ?? "10 seconds" as Duration.Input)
  const refuse = (detail: string) =>
    Effect.fail(
      new TokenStoreError({ provider: "", account: "", operation: "open", reason: "misconfigured", detail })
    )
  if (typeof database !== "string" || !/^\P{C}{1,200}$/u.test(database)) {
    return refuse("database: give a name of 1 to 200 characters, without control characters")
  }
  if (Option.isNone(timeout) || !Duration.between(timeout.value, { minimum: Duration.millis(1), maximum: longest })) {
    return refuse("timeout: give a length such as \"10 seconds\", at least a millisecond, at most a day")
  }
  return Effect.succeed({ database, timeout: timeout.value })
}

/** The three browser APIs, each from the options or from the browser. */
const platformOf = Effect.fnUntraced(function*(options: Options | undefined) {
  const fail = failures("open")
  const indexedDB = options?.indexedDB ?? globalThis.indexedDB
  if (indexedDB === undefined) return yield* fail("no IndexedDB here")
  const locks = options?.locks ?? globalThis.navigator?.locks
  if (locks === undefined) return yield* fail("this platform has no Web Locks; in a browser they need a secure context")
  const channel = options?.channel ??
    (globalThis.BroadcastChannel === undefined ? undefined : (name: string) => new BroadcastChannel(name))
  if (channel === undefined) return yield* fail("no BroadcastChannel here")
  return { indexedDB, locks, channel }
})

/**
 * A store over IndexedDB. Fails with `TokenStoreError`: `unavailable` if IndexedDB, Web Locks or BroadcastChannel is
 * missing, `misconfigured` if an option is invalid.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(
  function*(options?: Options): Effect.fn.Return<Service, TokenStoreError, Scope.Scope> {
    const { database, timeout } = yield* checked(options)
    const platform = yield* platformOf(options)
    const connection = yield* connectionTo(platform.indexedDB, database)
    const writes = yield* writesOn(platform.channel, database)
    const presence = yield* presenceIn(platform.locks, database, timeout)
    const within = <A>(
      operation: string,
      key: RecordKey.RecordKey | undefined,
      use: (database: IDBDatabase) => Effect.Effect<A, Trouble>
    ) => {
      const fail = failures(operation, key)
      return using(connection, use).pipe(
        Effect.mapError(fail),
        Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(fail("no answer in time")) })
      )
    }
    // If IndexedDB can't be used (a private window, a sandboxed frame), the store fails here and not at the first
    // sign-in.
    const cantOpen = failures("open")
    yield* Effect.mapError(connection.get, cantOpen).pipe(
      Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(cantOpen("no answer in time")) })
    )
    return {
      get: (key) =>
        Effect.flatMap(
          Effect.flatMap(RecordKey.check(key), (name) => within("read", key, (database) => read(database, name))),
          (row) =>
            row === undefined
              ? Effect.succeedNone
              : Effect.asSome(
                SessionRecord.decode(
                  key,
                  Predicate.hasProperty(row, "record") ? row.record : undefined,
                  versionIn(row)
                )
              )
        ),
      compareAndSet: (key, expected, next) =>
        Effect.flatMap(RecordKey.check(key), (name) => {
          const row: Row = { version: next.version, record: SessionRecord.encode(next) }
          return Effect.tap(within("write", key, (database) => write(database, name, expected, row)), (won) =>
            won && RecordChanges.isNews(next) ? writes.tell({ key: name, version: next.version }) : Effect.void)
        }),
      presence,
      changes: writes.changes,
      // Any script of the page can erase a record without a word.
      reportsAtOnce: false,
      scan: (prefix, page) =>
        Effect.flatMap(RecordPages.check(prefix, page), (range) =>
          Effect.map(
            within("scan", undefined, (database) => list(database, range)),
            (names) => RecordPages.fromSorted(names, range.limit)
          )),
      erase: (key) =>
        Effect.flatMap(RecordKey.check(key), (name) =>
          Effect.tap(
            within("erase", key, (database) => remove(database, name)),
            (isErased) => isErased ? writes.tell({ key: name, version: 0 }) : Effect.void
          ))
    } satisfies { readonly [K in keyof Service]-?: Service[K] }
  }
)

/**
 * A store in the browser as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<TokenStore, TokenStoreError> =>
  Layer.effect(TokenStore, make(options))
