/**
 * Sign-ins that wait in one tab of a browser, for a single-page application: the page goes to the authorization server and
 * comes back as a new page, so its memory is gone. The entries are in `sessionStorage`, which other tabs and other origins
 * can't read, and which ends with the tab.
 *
 * ```ts
 * import * as BrowserPendingStore from "@effect-auth/oauth2/BrowserPendingStore"
 *
 * const waiting = BrowserPendingStore.layer()
 * ```
 *
 * **Any script on the page can read it**, as it can read all else that the page holds. An entry alone is of no use: it is the
 * proof of one sign-in that has not come back yet.
 *
 * @since 0.1.0
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PendingStore from "./PendingStore.ts"

/**
 * What is used of `sessionStorage`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TabStorage extends Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length"> {}

/**
 * How the store behaves. Everything has a default in a browser.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The first part of each key. Default: `effect-auth:pending:`. */
  readonly prefix?: string | undefined
  /** How many sign-ins may wait in this tab. Default: 20. */
  readonly capacity?: number | undefined
  /** Default: `sessionStorage` of the page. */
  readonly storage?: TabStorage | undefined
}

const failed = (operation: string) => () =>
  new TokenStoreError({ provider: "oauth2", account: "", operation, reason: "unavailable" })

/**
 * The store of this tab. A browser that forbids the page to keep anything fails each use with `TokenStoreError`, reason
 * `unavailable`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): PendingStore.Service => {
  const { capacity = 20, prefix = "effect-auth:pending:" } = options
  // Asked for at each use: a browser that forbids it throws already here.
  const storage = () => options.storage ?? globalThis.sessionStorage
  const use = <A>(operation: string, work: (storage: TabStorage) => A) =>
    Effect.try({ try: () => work(storage()), catch: failed(operation) })
  const keys = (storage: TabStorage) =>
    Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) =>
      key.startsWith(prefix)
    )
  const ended = (text: string | null, now: number) =>
    Effect.match(PendingStore.decode(text), {
      // What can't be read takes no room either.
      onFailure: () => true,
      onSuccess: ({ expiresAt }) => expiresAt <= now
    })
  return {
    put: Effect.fnUntraced(function*(id, pending) {
      const now = yield* Clock.currentTimeMillis
      const all = yield* use("write", (storage) => keys(storage).map((key) => ({ key, text: storage.getItem(key) })))
      const old = yield* Effect.filter(all, ({ text }) => ended(text, now))
      return yield* use("write", (storage) => {
        for (const { key } of old) storage.removeItem(key)
        if (keys(storage).length >= capacity) return false
        storage.setItem(prefix + id, PendingStore.encode(pending))
        return true
      })
    }),
    take: Effect.fnUntraced(function*(id, browser) {
      const key = prefix + id
      const text = yield* use("read", (storage) => storage.getItem(key))
      if (text === null) return undefined
      const pending = yield* PendingStore.decode(text)
      if (pending.browser !== browser) return undefined
      // One tab has one thread, but other fibers may have run since: who removes it has it.
      const isMine = yield* use("read", (storage) => {
        const isThere = storage.getItem(key) === text
        storage.removeItem(key)
        return isThere
      })
      return isMine && pending.expiresAt > (yield* Clock.currentTimeMillis) ? pending : undefined
    })
  }
}

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<PendingStore.PendingStore> =>
  Layer.sync(PendingStore.PendingStore, () => make(options))
