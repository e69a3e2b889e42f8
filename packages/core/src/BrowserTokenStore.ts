/**
 * A store in the browser, shared by every tab, window and worker of one origin.
 *
 * **Any script on the page can read it**: one injected script, and each refresh token in it is somebody else's. Sealing
 * the records with a key that the page itself has does not change that. Where the session is worth more than one page
 * load, keep it on a server and give the page a cookie it can't read; or use `TokenStore.layerMemory` and sign in again.
 *
 * Records are in IndexedDB, not in `localStorage`: a compare-and-set is one `readwrite` transaction, which the browser
 * runs one after another across all tabs, and with `durability: "strict"`, so that a rotated pair survives a loss of
 * power. `localStorage` can't carry it, not even under a Web Lock: each process of a browser reads its own
 * copy, which follows the others' writes late, and of 2,000 increments by four tabs of Chromium under one lock 463
 * were lost.
 *
 * The Web Locks tell who is there: a store holds a lock as long as it lives, and the browser frees it when the tab is
 * closed or crashes, so that a refresh that was cut off is taken over at once. (A page that holds a lock is not kept in
 * the back/forward cache.) `changes` come through a BroadcastChannel. Without one of the three (an old browser, a page
 * that is not a secure context) the store is not made: there is no unsafe fall-back.
 *
 * The browser may throw the data away when the disk is short (`navigator.storage.persist()` asks it not to) or
 * the user clears it: then the user signs in again.
 *
 * @see Indexed Database API, transactions: https://www.w3.org/TR/IndexedDB/#transaction-construct
 * @see Web Locks API: https://www.w3.org/TR/web-locks/
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TokenStoreError } from "./AuthError.ts"
import { randomId } from "./internal/ids.ts"
import * as RecordKey from "./RecordKey.ts"
import * as SessionRecord from "./SessionRecord.ts"
import type { Presence, Service } from "./TokenStore.ts"
import { TokenStore } from "./TokenStore.ts"

/**
 * Everything has a value in a browser; what is given replaces it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The name of the IndexedDB database, the channel and the first part of each lock. Default: `effect-auth`. */
  readonly database?: string | undefined
  /** How long one read or write may take. Default: 10 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  readonly indexedDB?: Pick<IDBFactory, "open"> | undefined
  readonly locks?: Pick<LockManager, "request" | "query"> | undefined
  /** Opens the channel on which writes are told to the other tabs. */
  readonly channel?: ((name: string) => Channel) | undefined
}

/**
 * What is used of a BroadcastChannel.
 *
 * @since 0.1.0
 * @category models
 */
export interface Channel {
  readonly postMessage: (message: unknown) => void
  readonly addEventListener: (type: "message", listener: (event: MessageEvent) => void) => void
  readonly close: () => void
}

const objectStore = "sessions"

/** What is stored for one key. The version is beside the text, so that a compare-and-set need not read it. */
interface Row {
  readonly version: number
  readonly record: string
}

const isRow = (u: unknown): u is Row =>
  Predicate.hasProperty(u, "version") && typeof u.version === "number" &&
  Predicate.hasProperty(u, "record") && typeof u.record === "string"

/** One write, as it is told to the other tabs. */
interface Write {
  readonly key: string
  readonly version: number
}

const isWrite = (u: unknown): u is Write =>
  Predicate.hasProperty(u, "key") && typeof u.key === "string" &&
  Predicate.hasProperty(u, "version") && typeof u.version === "number"

/** Makes the failures of one operation; without a key, of setting the store up. */
const failures = (operation: string, key?: RecordKey.RecordKey) => (detail: string) =>
  new TokenStoreError({
    provider: key?.provider ?? "",
    account: key?.account ?? "",
    operation,
    reason: "unavailable",
    detail
  })

/** The name of what the browser threw, such as `QuotaExceededError`: its message may quote what was stored. */
const nameOf = (thrown: unknown): string => thrown instanceof Error ? thrown.name : "failed"

/** Three parts of the platform, each from the options or from the browser. */
const platformOf = Effect.fnUntraced(function*(options: Options | undefined) {
  const fail = failures("open")
  const indexedDB = options?.indexedDB ?? globalThis.indexedDB
  if (indexedDB === undefined) return yield* fail("no IndexedDB here")
  const locks = options?.locks ?? globalThis.navigator?.locks
  if (locks === undefined) return yield* fail("no Web Locks here; they need a secure context")
  const channel = options?.channel ??
    (globalThis.BroadcastChannel === undefined ? undefined : (name: string) => new BroadcastChannel(name))
  if (channel === undefined) return yield* fail("no BroadcastChannel here")
  return { indexedDB, locks, channel }
})

const openDatabase = (indexedDB: Pick<IDBFactory, "open">, name: string, onGone: () => void) =>
  Effect.async<IDBDatabase, string>((resume) => {
    let left = false
    try {
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => {
        request.result.createObjectStore(objectStore)
      }
      request.onerror = () => resume(Effect.fail(nameOf(request.error)))
      request.onsuccess = () => {
        const database = request.result
        if (left) return database.close()
        database.onclose = onGone
        // Somebody deletes or upgrades the database: staying open would block them.
        database.onversionchange = () => {
          onGone()
          database.close()
        }
        resume(Effect.succeed(database))
      }
    } catch (thrown) {
      resume(Effect.fail(nameOf(thrown)))
    }
    return Effect.sync(() => {
      left = true
    })
  })

/** One connection, opened when it is needed and again after the browser closed it. */
const connectionTo = (indexedDB: Pick<IDBFactory, "open">, name: string) =>
  Effect.gen(function*() {
    let open: IDBDatabase | undefined
    const one = yield* Effect.makeSemaphore(1)
    yield* Effect.addFinalizer(() => Effect.sync(() => open?.close()))
    return one.withPermits(1)(Effect.suspend(() =>
      open !== undefined ? Effect.succeed(open) : Effect.map(
        openDatabase(indexedDB, name, () => {
          open = undefined
        }),
        (database) => open = database
      )
    ))
  })

/** Runs `body` in one transaction; what it said last is the result, once the transaction is complete. */
const transact = <A>(
  database: IDBDatabase,
  mode: "readonly" | "readwrite",
  nothing: A,
  body: (rows: IDBObjectStore, say: (result: A) => void) => void
) =>
  Effect.async<A, string>((resume) => {
    let result = nothing
    try {
      const transaction = database.transaction(objectStore, mode, { durability: "strict" })
      transaction.oncomplete = () => resume(Effect.succeed(result))
      transaction.onabort = () => resume(Effect.fail(nameOf(transaction.error)))
      body(transaction.objectStore(objectStore), (said) => {
        result = said
      })
    } catch (thrown) {
      resume(Effect.fail(nameOf(thrown)))
    }
  })

const read = (database: IDBDatabase, name: string) =>
  transact<unknown>(database, "readonly", undefined, (rows, say) => {
    const request = rows.get(name)
    request.onsuccess = () => say(request.result)
  })

const write = (database: IDBDatabase, name: string, expected: number, row: Row) =>
  transact(database, "readwrite", false, (rows, say) => {
    const request = rows.get(name)
    request.onsuccess = () => {
      const stored: unknown = request.result
      const version = stored === undefined ? 0 : isRow(stored) ? stored.version : NaN
      if (version !== expected) return
      rows.put(row, name)
      say(true)
    }
  })

/** Takes a lock; the Effect in it frees it. */
const hold = (locks: Pick<LockManager, "request">, name: string) =>
  Effect.async<Effect.Effect<void>, TokenStoreError>((resume) => {
    const refuse = (thrown: unknown) => resume(Effect.fail(failures("open")(nameOf(thrown))))
    try {
      const ended: Promise<void> = locks.request(name, () =>
        new Promise<void>((release) => {
          resume(Effect.succeed(Effect.promise(() => {
            release()
            return ended
          })))
        })).then(() => undefined, refuse)
    } catch (thrown) {
      refuse(thrown)
    }
  })

/** The mark of owners that hold a lock. Of any other owner nothing is known, so it is not called gone. */
const owners = "web-lock."

/** Holds a lock as long as the scope lives: other tabs ask the browser whether it is held. */
const presenceIn = Effect.fnUntraced(
  function*(locks: Pick<LockManager, "request" | "query">, database: string, timeout: Duration.DurationInput) {
    const lockOf = (owner: string) => `${database}/owner/${owner}`
    const owner = `${owners}${randomId()}`
    yield* Effect.acquireRelease(hold(locks, lockOf(owner)), (free) => free)
    return {
      owner,
      isAlive: (other) =>
        other.startsWith(owners)
          ? Effect.tryPromise({
            try: async () => (await locks.query()).held?.some((lock) => lock.name === lockOf(other)) ?? true,
            catch: (thrown) => failures("presence")(nameOf(thrown))
          }).pipe(Effect.timeoutFail({ duration: timeout, onTimeout: () => failures("presence")("no answer in time") }))
          : Effect.succeed(true)
    } satisfies Presence
  }
)

/** Writes of this tab and of the others, as one hub. A message is only a hint to look: any script can send one. */
const writesOn = Effect.fnUntraced(function*(open: (name: string) => Channel, name: string) {
  const hub = yield* PubSub.sliding<Write>(256)
  const channel = yield* Effect.acquireRelease(
    Effect.try({ try: () => open(name), catch: (thrown) => failures("open")(nameOf(thrown)) }),
    (channel) => Effect.sync(() => channel.close())
  )
  channel.addEventListener("message", ({ data }) => {
    if (isWrite(data)) hub.unsafeOffer(data)
  })
  return {
    tell: (write: Write) =>
      Effect.zipRight(PubSub.publish(hub, write), Effect.ignore(Effect.try(() => channel.postMessage(write)))),
    of: (key: string) =>
      Stream.fromPubSub(hub).pipe(
        Stream.filter((write) => write.key === key),
        Stream.map((write) => write.version)
      )
  }
})

/**
 * A store over IndexedDB. Fails with `TokenStoreError` (`unavailable`) where IndexedDB, Web Locks or BroadcastChannel
 * are missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(
  function*(options?: Options): Effect.fn.Return<Service, TokenStoreError, Scope.Scope> {
    const database = options?.database ?? "effect-auth"
    const timeout = options?.timeout ?? "10 seconds"
    const platform = yield* platformOf(options)
    const connection = yield* connectionTo(platform.indexedDB, database)
    const writes = yield* writesOn(platform.channel, database)
    const presence = yield* presenceIn(platform.locks, database, timeout)
    const within = <A>(
      operation: string,
      key: RecordKey.RecordKey,
      use: (database: IDBDatabase) => Effect.Effect<A, string>
    ) => {
      const fail = failures(operation, key)
      return Effect.flatMap(connection, use).pipe(
        Effect.mapError(fail),
        Effect.timeoutFail({ duration: timeout, onTimeout: () => fail("no answer in time") })
      )
    }
    // Where IndexedDB can't be used (a private window, a sandboxed frame), that shows here and not at the first sign-in.
    const cantOpen = failures("open")
    yield* Effect.mapError(connection, cantOpen).pipe(
      Effect.timeoutFail({ duration: timeout, onTimeout: () => cantOpen("no answer in time") })
    )
    return {
      get: (key) =>
        Effect.flatMap(
          within("read", key, (database) => read(database, RecordKey.toString(key))),
          (row) =>
            row === undefined
              ? Effect.succeedNone
              : Effect.asSome(SessionRecord.decode(key, isRow(row) ? row.record : undefined))
        ),
      compareAndSet: (key, expected, next) =>
        Effect.suspend(() => {
          const name = RecordKey.toString(key)
          const row: Row = { version: next.version, record: SessionRecord.encode(next) }
          return Effect.tap(within("write", key, (database) => write(database, name, expected, row)), (won) =>
            won ? writes.tell({ key: name, version: next.version }) : Effect.void)
        }),
      presence,
      changes: (key) => Stream.suspend(() => writes.of(RecordKey.toString(key)))
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
  Layer.scoped(TokenStore, make(options))
