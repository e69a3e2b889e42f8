/** Tabs of one origin for Node: one IndexedDB, one lock manager, and Node's own BroadcastChannel between them. */
import type * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import { IDBFactory, IDBKeyRange } from "fake-indexeddb"

Object.assign(globalThis, { IDBKeyRange })

interface Held {
  readonly name: string
  readonly free: () => void
}

/** What of Web Locks the store uses: exclusive locks, granted in the order they were asked for. */
const makeLocks = () => {
  const held = new Map<string, Held>()
  const waiting = new Map<string, Array<() => void>>()
  const next = (name: string) => {
    held.delete(name)
    waiting.get(name)?.shift()?.()
  }
  return () => {
    const mine = new Set<Held>()
    const grant = (name: string, hold: () => unknown) =>
      new Promise<unknown>((resolve, reject) => {
        const run = () => {
          const lock: Held = {
            name,
            free: () => {
              if (mine.delete(lock)) next(name)
            }
          }
          mine.add(lock)
          held.set(name, lock)
          Promise.resolve().then(hold).then(resolve, reject).finally(lock.free)
        }
        if (held.has(name)) waiting.set(name, [...waiting.get(name) ?? [], run])
        else run()
      })
    return {
      locks: {
        request: grant as LockManager["request"],
        query: () => Promise.resolve({ held: Array.from(held.values(), ({ name }) => ({ name })), pending: [] })
      },
      /** As when the tab crashes: what it holds is freed, and it is not asked. */
      crash: () => mine.forEach((lock) => lock.free())
    }
  }
}

/** What can be done to the databases of a browser from outside. */
export interface Trouble {
  /** Each transaction fails. */
  down: boolean
  /** Each write is undone, as when the disk is full. */
  full: boolean
  /** No transaction ends. */
  stuck: boolean
}

const troubled = (factory: IDBFactory, trouble: Trouble, opened: Array<IDBDatabase>): Pick<IDBFactory, "open"> => ({
  open: (name, version) => {
    const request = factory.open(name, version)
    request.addEventListener("success", () => {
      const database = request.result
      opened.push(database)
      const transaction = database.transaction.bind(database)
      database.transaction = (...args) => {
        if (trouble.down) throw new DOMException("at-secret in a message", "UnknownError")
        const made = transaction(...args)
        if (trouble.stuck) return Object.defineProperty(made, "oncomplete", { set: () => {} })
        if (trouble.full && args[1] === "readwrite") {
          const rows = made.objectStore(args[0] as string)
          const put = rows.put.bind(rows)
          rows.put = (...row) => {
            const written = put(...row)
            written.addEventListener("success", () => made.abort())
            return written
          }
          made.objectStore = () => rows
        }
        return made
      }
    })
    return request
  }
})

export const makeBrowser = () => {
  const factory = new IDBFactory()
  const locksOfTab = makeLocks()
  const trouble: Trouble = { down: false, full: false, stuck: false }
  const opened: Array<IDBDatabase> = []
  return {
    trouble,
    factory,
    opened,
    /** Options for the store in one more tab. */
    tab: () => {
      const { crash, locks } = locksOfTab()
      return {
        crash,
        options: { indexedDB: troubled(factory, trouble, opened), locks } satisfies BrowserTokenStore.Options
      }
    }
  }
}
