/** The records in IndexedDB: one connection, and one transaction for each read or write. */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Range } from "../../RecordPages.ts"
import { nameOf } from "./failures.ts"

const objectStore = "sessions"

/** What is stored for one key. The version is beside the text, so that a compare-and-set need not read it. */
export interface Row {
  readonly version: number
  readonly record: string
}

/** 0: nothing is stored, or nothing that has a version. */
export const versionIn = (stored: unknown): number =>
  Predicate.hasProperty(stored, "version") && typeof stored.version === "number" ? stored.version : 0

const openDatabase = (indexedDB: Pick<IDBFactory, "open">, name: string, onGone: (database: IDBDatabase) => void) =>
  Effect.callback<IDBDatabase, string>((resume) => {
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
        database.onclose = () => onGone(database)
        // Somebody deletes or upgrades the database: staying open would block them.
        database.onversionchange = () => {
          onGone(database)
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

export interface Connection {
  readonly get: Effect.Effect<IDBDatabase, string>
  /** This one is of no use any more: the next use opens another. */
  readonly drop: (database: IDBDatabase) => Effect.Effect<void>
}

/** One connection, opened when it is needed and again after the browser closed it. */
export const connectionTo = (
  indexedDB: Pick<IDBFactory, "open">,
  name: string
): Effect.Effect<Connection, never, Scope.Scope> =>
  Effect.gen(function*() {
    let open: IDBDatabase | undefined
    const one = yield* Semaphore.make(1)
    yield* Effect.addFinalizer(() => Effect.sync(() => open?.close()))
    const opening = Effect.map(
      openDatabase(indexedDB, name, (gone) => {
        if (open === gone) open = undefined
      }),
      (database) => open = database
    )
    return {
      get: one.withPermits(1)(Effect.suspend(() => open === undefined ? opening : Effect.succeed(open))),
      drop: (database) =>
        Effect.sync(() => {
          if (open === database) open = undefined
          // Waits for the transactions of others on it.
          database.close()
        })
    }
  })

/** A transaction that was not made wrote nothing, and can be tried on another connection. */
interface Unstarted {
  readonly _tag: "Unstarted"
  readonly name: string
}

/** One that was made may have written. */
interface Broken {
  readonly _tag: "Broken"
  readonly name: string
}

export type Trouble = Unstarted | Broken

/** Runs `body` in one transaction; what it said last is the result, once the transaction is complete. */
const transact = <A>(
  database: IDBDatabase,
  mode: "readonly" | "readwrite",
  nothing: A,
  body: (rows: IDBObjectStore, say: (result: A) => void) => void
) =>
  Effect.callback<A, Trouble>((resume) => {
    let result = nothing
    let tag: Trouble["_tag"] = "Unstarted"
    const fail = (thrown: unknown) => resume(Effect.fail({ _tag: tag, name: nameOf(thrown) }))
    try {
      const transaction = database.transaction(objectStore, mode, { durability: "strict" })
      tag = "Broken"
      transaction.oncomplete = () => resume(Effect.succeed(result))
      transaction.onabort = () => fail(transaction.error)
      body(transaction.objectStore(objectStore), (said) => {
        result = said
      })
    } catch (thrown) {
      fail(thrown)
    }
  })

/**
 * A browser can close a connection without an event: then no transaction can be made on it (`InvalidStateError`), or it
 * never answers. Such a connection is left, and a transaction that was not made is tried on a new one, once.
 */
export const using = <A>(
  connection: Connection,
  use: (database: IDBDatabase) => Effect.Effect<A, Trouble>
): Effect.Effect<A, string> => {
  const once = Effect.flatMap(
    Effect.mapError(connection.get, (name): Trouble => ({ _tag: "Broken", name })),
    (database) => Effect.onError(use(database), () => connection.drop(database))
  )
  return once.pipe(
    Effect.catchIf((trouble) => trouble._tag === "Unstarted", () => once),
    Effect.mapError(({ name }) => name)
  )
}

export const read = (database: IDBDatabase, name: string) =>
  transact<unknown>(database, "readonly", undefined, (rows, say) => {
    const request = rows.get(name)
    request.onsuccess = () => say(request.result)
  })

export const write = (database: IDBDatabase, name: string, expected: number, row: Row) =>
  transact(database, "readwrite", false, (rows, say) => {
    const request = rows.get(name)
    request.onsuccess = () => {
      if (versionIn(request.result) !== expected) return
      rows.put(row, name)
      say(true)
    }
  })

/** Whether there was something to remove. */
export const remove = (database: IDBDatabase, name: string) =>
  transact(database, "readwrite", false, (rows, say) => {
    const request = rows.getKey(name)
    request.onsuccess = () => {
      if (request.result === undefined) return
      rows.delete(name)
      say(true)
    }
  })

/** The names of a range in order, one more than its limit. */
export const list = (database: IDBDatabase, { after, begin, limit }: Range) =>
  transact<ReadonlyArray<string>>(database, "readonly", [], (rows, say) => {
    const isLater = after !== undefined && after >= begin
    // Every name of the prefix is smaller than the prefix and the last character there is.
    const bounds = IDBKeyRange.bound(isLater ? after : begin, `${begin}\uffff`, isLater)
    const request = rows.getAllKeys(bounds, limit + 1)
    request.onsuccess = () => say(request.result.filter((name) => typeof name === "string"))
  })
