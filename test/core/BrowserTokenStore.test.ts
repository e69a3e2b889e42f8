import * as AuthService from "@effect-auth/core/AuthService"
import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import type { RecordKey } from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { inspect } from "node:util"
import { listenTo } from "../support/stores/changesOf.ts"
import { makeBrowser } from "./fakeBrowser.ts"

const key: RecordKey = { provider: "placewise", realm: "club", account: "member-42" }

const record = (version: number, fields?: Partial<SessionRecord.SessionRecord>): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  session: "s",
  generation: version,
  state: { _tag: "active" },
  tokens: { accessToken: Redacted.make(`at-secret-${version}`), obtainedAt: 1 },
  ...fields
})

const shared = makeBrowser()

TokenStoreLaws.suite("browser", BrowserTokenStore.layer(shared.tab().options), {
  durable: true,
  manyAccounts: false,
  outage: {
    begin: Effect.sync(() => {
      shared.trouble.down = true
    }),
    end: Effect.sync(() => {
      shared.trouble.down = false
    })
  }
})

TokenStoreLaws.suite(
  "encrypted browser",
  EncryptedTokenStore.layer([{ id: "k", key: Redacted.make(new Uint8Array(32).fill(7)) }]).pipe(
    Layer.provide(BrowserTokenStore.layer(makeBrowser().tab().options))
  ),
  { durable: true, manyAccounts: false }
)

describe("BrowserTokenStore", () => {
  it.scopedLive("tabs counting up by compare-and-set lose nothing", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const tabs = yield* Effect.all(Array.from({ length: 4 }, () => BrowserTokenStore.make(browser.tab().options)))
      const increment = Effect.fnUntraced(function*(store: (typeof tabs)[number]) {
        while (true) {
          const current = Option.getOrUndefined(yield* store.get(key))
          const version = current?.version ?? 0
          if (yield* store.compareAndSet(key, version, record(version + 1))) return
        }
      })
      yield* Effect.forEach(tabs, (store) => Effect.repeatN(increment(store), 24), { concurrency: "unbounded" })
      assert.strictEqual(Option.getOrThrow(yield* tabs[0]!.get(key)).version, 100)
    }))

  it.scopedLive("writes are seen by the tab that made them and by the others, each key its own", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const left = yield* BrowserTokenStore.make({ ...browser.tab().options, database: "changes" })
      const right = yield* BrowserTokenStore.make({ ...browser.tab().options, database: "changes" })
      const elsewhere = yield* BrowserTokenStore.make({ ...browser.tab().options, database: "another" })
      const seen = yield* Effect.forEach(
        [left, right],
        (store) => listenTo(store, key, (version) => version === 2)
      )
      const unseen = yield* listenTo(elsewhere, key, () => true)
      const other = { ...key, account: "member-43" }
      yield* left.compareAndSet(other, 0, record(1, other))
      yield* left.compareAndSet(key, 0, record(1))
      yield* left.compareAndSet(key, 0, record(1))
      yield* right.compareAndSet(key, 1, record(2))
      for (const fiber of seen) assert.include([...yield* Fiber.join(fiber)], 2)
      assert.isTrue(Option.isNone(yield* Fiber.poll(unseen)))
      yield* Fiber.interrupt(unseen)
    }))

  it.scopedLive("anything that another script posts on the channel is no write", () =>
    Effect.gen(function*() {
      const store = yield* BrowserTokenStore.make({ ...makeBrowser().tab().options, database: "posted" })
      const seen = yield* listenTo(store, key, () => true)
      const channel = new BroadcastChannel("posted")
      for (const message of [null, "x", 1, {}, { key: "placewise/club/member-42" }, { key: 1, version: 1 }]) {
        channel.postMessage(message)
      }
      channel.postMessage({ key: "placewise/club/member-42", version: 5 })
      assert.deepStrictEqual([...yield* Fiber.join(seen)], ["listening", 5])
      channel.close()
    }))

  it.scopedLive("presence: a tab is there until it is closed or crashes", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const [closing, crashing] = [browser.tab(), browser.tab()]
      const scope = yield* Scope.make()
      const closed = yield* Scope.extend(BrowserTokenStore.make(closing.options), scope)
      const crashed = yield* BrowserTokenStore.make(crashing.options)
      const watcher = yield* BrowserTokenStore.make(browser.tab().options)
      const { isAlive, owner } = watcher.presence!
      assert.isTrue(yield* isAlive(owner))
      assert.isTrue(yield* isAlive(closed.presence!.owner))
      assert.isTrue(yield* isAlive(crashed.presence!.owner))
      assert.isFalse(yield* isAlive("web-lock.nobody"))
      crashing.crash()
      assert.isFalse(yield* isAlive(crashed.presence!.owner))
      assert.isTrue(yield* isAlive(closed.presence!.owner))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* isAlive(closed.presence!.owner))
      assert.isTrue(yield* isAlive(owner))
    }))

  it.scopedLive("a write that the browser undoes is an error, and the old record is intact", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      yield* store.compareAndSet(key, 0, record(1))
      browser.trouble.full = true
      const failure = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(failure._tag, "TokenStoreError")
      assert.strictEqual(failure.reason, "unavailable")
      assert.strictEqual(failure.detail, "failed")
      browser.trouble.full = false
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 1)
      assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
    }))

  it.scopedLive("what the browser throws is told by name only", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      browser.trouble.down = true
      const failure = yield* Effect.flip(store.compareAndSet(key, 0, record(1)))
      assert.strictEqual(failure.detail, "UnknownError")
      assert.notInclude(inspect(failure, { depth: 20, showHidden: true }), "secret")
    }))

  it.scopedLive("a browser that does not answer is an error in bounded time", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make({ ...browser.tab().options, timeout: "1 second" })
      browser.trouble.stuck = true
      const calls = [Effect.flip(store.get(key)), Effect.flip(store.compareAndSet(key, 0, record(1)))]
      const failures = yield* Effect.all(calls, { concurrency: "unbounded" })
      assert.deepStrictEqual(failures.map(({ detail }) => detail), ["no answer in time", "no answer in time"])
    }))

  it.scopedLive("a connection that the browser closed is opened again, and a deletion is not blocked", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      yield* store.compareAndSet(key, 0, record(1))
      browser.opened[0]!.onclose?.(new Event("close"))
      browser.opened[0]!.close()
      assert.isTrue(Option.isSome(yield* store.get(key)))
      yield* Effect.async<void, Error>((resume) => {
        const request = browser.factory.deleteDatabase("effect-auth")
        request.onsuccess = () => resume(Effect.void)
        request.onblocked = () => resume(Effect.fail(new Error("blocked")))
      })
      assert.isTrue(Option.isNone(yield* store.get(key)))
      assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
    }))

  it.scopedLive("a connection that is dead without an event is opened again: for reads, for writes, and many at once", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      const kill = Effect.sync(() => browser.opened.forEach((database) => database.close()))
      yield* store.compareAndSet(key, 0, record(1))
      yield* kill
      assert.isTrue(Option.isSome(yield* store.get(key)))
      yield* kill
      assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
      yield* kill
      const before = browser.opened.length
      const found = yield* Effect.all(Array.from({ length: 10 }, () => store.get(key)), { concurrency: "unbounded" })
      assert.isTrue(found.every((record) => Option.getOrThrow(record).version === 2))
      assert.strictEqual(browser.opened.length, before + 1)
    }))

  it.scopedLive("a connection on which transactions break or never end is left, and nothing is written twice", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make({ ...browser.tab().options, timeout: "1 second" })
      yield* store.compareAndSet(key, 0, record(1))
      browser.trouble.full = true
      yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(browser.opened.length, 1)
      browser.trouble.full = false
      assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(browser.opened.length, 2)
      browser.trouble.stuck = true
      yield* Effect.flip(store.get(key))
      browser.trouble.stuck = false
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 2)
      assert.strictEqual(browser.opened.length, 3)
    }))

  it.scopedLive("a late event of a connection that was left does not close the next one", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      browser.opened[0]!.close()
      yield* store.get(key)
      browser.opened[0]!.onclose?.(new Event("close"))
      yield* store.get(key)
      assert.strictEqual(browser.opened.length, 2)
    }))

  it.scopedLive("after a sign-out no row holds an old token", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      const script = yield* ScriptedProvider.make<string>()
      yield* Effect.scoped(
        Effect.gen(function*() {
          const auth = yield* AuthService.make(script.provider)
          yield* auth.signIn("secret")
          yield* auth.refresh
          yield* auth.signOut
        }).pipe(Effect.provideService(TokenStore, store))
      )
      const rows = yield* Effect.async<ReadonlyArray<unknown>>((resume) => {
        const request = browser.opened[0]!.transaction("sessions").objectStore("sessions").getAll()
        request.onsuccess = () => resume(Effect.succeed(request.result))
      })
      assert.strictEqual(rows.length, 1)
      assert.notMatch(JSON.stringify(rows), /access-\d|refresh-\d/)
    }))

  it.scopedLive("a name that is too long is refused", () =>
    Effect.gen(function*() {
      const store = yield* BrowserTokenStore.make(makeBrowser().tab().options)
      const long = { ...key, account: "x".repeat(4_097) }
      assert.strictEqual((yield* Effect.flip(store.get(long))).reason, "misconfigured")
      assert.strictEqual((yield* Effect.flip(store.compareAndSet(long, 0, record(1)))).reason, "misconfigured")
    }))

  const wrong: ReadonlyArray<readonly [string, unknown]> = [
    ["an empty name", { database: "" }],
    ["a name that is no text", { database: 7 }],
    ["a name with a NUL", { database: "a\0" }],
    ["a long name", { database: "a".repeat(201) }],
    ...[0, -1, NaN, "5 parsecs", Infinity, "31 days"].map((timeout) =>
      [`a timeout of ${timeout}`, { timeout }] as const
    )
  ]
  for (const [name, options] of wrong) {
    it.scopedLive(`refused at once: ${name}`, () =>
      Effect.gen(function*() {
        const browser = makeBrowser()
        const whole = { ...browser.tab().options, ...options as BrowserTokenStore.Options }
        const failure = yield* Effect.flip(BrowserTokenStore.make(whole))
        assert.deepStrictEqual([failure.operation, failure.reason], ["open", "misconfigured"])
        assert.strictEqual(browser.opened.length, 0)
      }))
  }

  it.scopedLive("a row that this library did not write is corrupt, and can be replaced", () =>
    Effect.gen(function*() {
      const browser = makeBrowser()
      const store = yield* BrowserTokenStore.make(browser.tab().options)
      const database = browser.opened[0]!
      yield* Effect.async<void>((resume) => {
        const transaction = database.transaction("sessions", "readwrite")
        transaction.objectStore("sessions").put("at-secret", "placewise/club/member-42")
        transaction.oncomplete = () => resume(Effect.void)
      })
      const failure = yield* Effect.flip(store.get(key))
      assert.strictEqual(failure.reason, "corrupt")
      assert.notInclude(inspect(failure, { depth: 20, showHidden: true }), "secret")
      assert.strictEqual(failure.version, 0)
      assert.isFalse(yield* store.compareAndSet(key, 1, record(2)))
      assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
      assert.deepStrictEqual(Option.getOrThrow(yield* store.get(key)), record(1))
    }))

  const missing: Array<[string, (whole: BrowserTokenStore.Options) => BrowserTokenStore.Options, string]> = [
    ["IndexedDB", ({ indexedDB: _, ...rest }) => rest, "no IndexedDB"],
    ["Web Locks", ({ locks: _, ...rest }) => rest, "no Web Locks"]
  ]
  for (const [name, without, words] of missing) {
    it.scopedLive(`refused at once: no ${name}`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(BrowserTokenStore.make(without(makeBrowser().tab().options)))
        assert.strictEqual(failure._tag, "TokenStoreError")
        assert.include(failure.message, words)
      }))
  }

  it.scopedLive("refused at once: an IndexedDB that can't be opened", () =>
    Effect.gen(function*() {
      const { options } = makeBrowser().tab()
      const open = () => {
        throw new DOMException("no", "SecurityError")
      }
      const failure = yield* Effect.flip(BrowserTokenStore.make({ ...options, indexedDB: { open } }))
      assert.strictEqual(failure.detail, "SecurityError")
    }))

  it.scopedLive("refused at once: a lock that is not given", () =>
    Effect.gen(function*() {
      const { options } = makeBrowser().tab()
      const request = () => Promise.reject(new DOMException("no", "SecurityError"))
      const failure = yield* Effect.flip(BrowserTokenStore.make({ ...options, locks: { ...options.locks, request } }))
      assert.strictEqual(failure.detail, "SecurityError")
    }))
})
