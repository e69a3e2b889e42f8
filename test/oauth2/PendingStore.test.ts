/** The stores of waiting sign-ins, each under the same laws. */
import * as BrowserPendingStore from "@effect-auth/oauth2/BrowserPendingStore"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as SealedPendingStore from "@effect-auth/oauth2/SealedPendingStore"
import * as RedisPendingStore from "@effect-auth/store-redis/RedisPendingStore"
import * as SqlPendingStore from "@effect-auth/store-sql/SqlPendingStore"
import * as PendingStoreLaws from "@effect-auth/testing/PendingStoreLaws"
import * as PgClient from "@effect/sql-pg/PgClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { Redis } from "ioredis"
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"
import { base, makeApplication } from "./browser.ts"
import * as fixtures from "./fixtures.ts"
import { makeStorage } from "./tab.ts"

const [postgres, redis] = [await backends.postgres(), await backends.redis()]
const name = backends.runName
const capacity = 5

const keyOf = (byte: number, id = "k1") => ({ id, key: Redacted.make(new Uint8Array(32).fill(byte)) })

PendingStoreLaws.suite("in memory", PendingStore.layerMemory({ capacity }), { capacity })

PendingStoreLaws.suite("in a sealed cookie", SealedPendingStore.layer([keyOf(1)]), { replayable: true, shared: true })

const storage = makeStorage()

PendingStoreLaws.suite("in a tab", BrowserPendingStore.layer({ capacity, storage }), { capacity, shared: true })

describe.skipIf(postgres.isSkipped)("PostgreSQL", () => {
  const table = `${name}_pending`
  PendingStoreLaws.suite(
    "PostgreSQL",
    Layer.provide(
      SqlPendingStore.layer({ capacity, table }),
      PgClient.layer({ url: Redacted.make(postgres.url), maxConnections: 4 })
    ),
    { capacity, shared: true }
  )

  afterAll(async () => {
    const pg = new Pg.Client({ connectionString: postgres.url })
    await pg.connect()
    await pg.query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)
    await pg.end()
  })
})

describe.skipIf(redis.isSkipped)("Redis", () => {
  PendingStoreLaws.suite(
    "Redis",
    RedisPendingStore.layer({ url: Redacted.make(redis.url), prefix: name, capacity }),
    { capacity, shared: true }
  )

  afterAll(async () => {
    const client = new Redis(redis.url)
    const left = await client.keys(`${name}:*`)
    if (left.length > 0) await client.del(...left)
    await client.quit()
  })
})

type Break = (store: PendingStore.Service) => PendingStore.Service

/** Stores that do one thing wrong, and the laws that this breaks. */
const wrong: Record<string, readonly [law: string, by: Break]> = {
  "loses a field": ["gives back every field", (store) => ({
    ...store,
    put: (id, pending) => store.put(id, { ...pending, account: undefined })
  })],
  "asks for no browser": ["another browser gets nothing, and takes nothing away", (store) => ({
    put: (id, pending) => store.put(id, { ...pending, browser: "any" }),
    take: (id) => store.take(id, "any")
  })],
  "keeps what has ended": ["what has ended is gone", (store) => ({
    ...store,
    put: (id, pending) => store.put(id, { ...pending, expiresAt: pending.expiresAt + 60_000 })
  })],
  "goes by the browser alone": ["an id that nobody put, or of another sign-in, gives nothing", (store) => ({
    put: (_, pending) => store.put(pending.browser, pending),
    take: (_, browser) => store.take(browser, browser)
  })],
  "gives it again and again": ["one of many takes it", (store) => ({
    ...store,
    take: (id, browser) =>
      Effect.tap(store.take(id, browser), (taken) => taken === undefined ? Effect.void : store.put(id, taken))
  })],
  "drops the oldest for a new one": [
    "a full one refuses, keeps those that wait, and has room again when one was taken or has ended",
    (store) => {
      const ids: Array<readonly [string, string]> = []
      return {
        ...store,
        put: (id, pending) =>
          Effect.gen(function*() {
            const [oldest] = ids
            if (ids.length === capacity && oldest !== undefined) yield* store.take(...oldest)
            ids.push([id, pending.browser])
            return yield* store.put(id, pending)
          })
      }
    }
  ]
}

describe("the laws of a store of waiting sign-ins", () => {
  for (const [name, [law, by]] of Object.entries(wrong)) {
    it.effect(`a store that ${name} breaks one`, () =>
      Effect.gen(function*() {
        const store = by(yield* PendingStore.makeMemory({ capacity }))
        const [run] = PendingStoreLaws.laws({ capacity }).filter(({ name }) => name === law)
        const error = yield* Effect.flip(
          Effect.provideService(run?.run ?? Effect.void, PendingStore.PendingStore, store)
        )
        assert.strictEqual(error._tag, "LawBroken")
      }))
  }

  it.effect("a seal that is none breaks the law of what the browser carries", () =>
    Effect.gen(function*() {
      const store: PendingStore.Service = {
        put: (_, pending) => Effect.succeed(Redacted.make(encodeURIComponent(PendingStore.encode(pending)))),
        take: () => Effect.succeed(undefined)
      }
      const run = PendingStoreLaws.laws({ replayable: true }).at(-1)?.run ?? Effect.void
      const error = yield* Effect.flip(Effect.provideService(run, PendingStore.PendingStore, store))
      assert.strictEqual(error._tag, "LawBroken")
    }))
})

describe("PendingStore in memory", () => {
  it.effect("what has ended makes room in a full store, also behind an entry that lives longer", () =>
    Effect.gen(function*() {
      const store = yield* PendingStore.makeMemory({ capacity: 2 })
      const pending = { browser: "b", realm: "r", redirectUri: "u", verifier: Redacted.make("v") }
      yield* store.put("long", { ...pending, expiresAt: 86_400_000 })
      yield* store.put("short", { ...pending, expiresAt: 1_000 })
      assert.isFalse(yield* store.put("third", { ...pending, expiresAt: 2_000 }))
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* store.put("third", { ...pending, expiresAt: 2_000 }))
      assert.isDefined(yield* store.take("long", "b"))
    }))
})

it.scopedLive("RedisPendingStore: a capacity that is no number of sign-ins is refused", () =>
  Effect.gen(function*() {
    for (const capacity of [Number.NaN, 0, 1.5, Number.POSITIVE_INFINITY]) {
      const error = yield* Effect.flip(RedisPendingStore.make({ capacity }))
      assert.strictEqual(error.reason, "misconfigured")
      assert.match(error.detail ?? "", /^capacity: /)
    }
  }))

describe("BrowserPendingStore", () => {
  it.effect("shares the storage with others, and says so when there is none", () =>
    Effect.gen(function*() {
      const storage = makeStorage()
      storage.setItem("of the page", "kept")
      const store = BrowserPendingStore.make({ storage, capacity: 1 })
      const pending = { browser: "b", realm: "r", redirectUri: "u", verifier: Redacted.make("v"), expiresAt: 1_000 }
      storage.setItem("effect-auth:pending:broken", "{")
      assert.isTrue(yield* store.put("id", pending), "what can't be read takes no room")
      assert.strictEqual(storage.length, 2)
      assert.strictEqual(storage.getItem("of the page"), "kept")
      // Node has no storage of a tab.
      const error = yield* Effect.flip(BrowserPendingStore.make().put("id", pending))
      assert.deepInclude(error, { _tag: "TokenStoreError", reason: "unavailable" })
    }))
})

describe("SealedPendingStore", () => {
  it.scoped("a person signs in with nothing kept by the application", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({ store: yield* SealedPendingStore.make([keyOf(1)]) })
      const browser = application.open()
      const callback = yield* application.leave(browser, "?returnTo=%2Forders")
      const [cookie = ""] = browser.cookies.values()
      assert.isBelow(browser.seen[0]?.length ?? Infinity, 4_096)
      const another = application.open()
      assert.strictEqual((yield* another.get(callback)).status, 400, "another browser")
      for (const key of browser.cookies.keys()) another.cookies.set(key, `${"x".repeat(43)}${cookie.slice(43)}`)
      assert.strictEqual((yield* another.get(callback)).status, 400, "the entry without the secret beside it")
      assert.strictEqual((yield* browser.get(callback)).location, "/orders")
      for (const key of ["oauth2", "x"]) another.cookies.set(key, cookie)
      assert.strictEqual((yield* browser.get(`${base}/auth/callback`)).status, 400)
    }).pipe(Effect.provide(fixtures.world())))

  it.effect("all keys open, the first one seals; keys that can't be used are refused", () =>
    Effect.gen(function*() {
      const pending = {
        browser: "b",
        realm: "r",
        redirectUri: "u",
        verifier: Redacted.make("v"),
        expiresAt: 1_000
      }
      const old = yield* SealedPendingStore.make([keyOf(1, "old")])
      const both = yield* SealedPendingStore.make([keyOf(2, "new"), keyOf(1, "old")])
      const carried = yield* old.put("id", pending)
      if (typeof carried === "boolean") return assert.fail("nothing is carried")
      assert.strictEqual((yield* both.take("id", "b", carried))?.redirectUri, "u")
      const next = yield* both.put("id", pending)
      if (typeof next === "boolean") return assert.fail("nothing is carried")
      assert.match(Redacted.value(next), /^new\./)
      assert.isUndefined(yield* old.take("id", "b", next))
      const long = yield* old.put("id", { ...pending, returnTo: `/${"x".repeat(4_000)}` })
      assert.isFalse(long, "no browser would keep it")
      for (
        const keys of [[], [keyOf(1), keyOf(2)], [{ id: "a b", key: Redacted.make("x") }], [{
          id: "a",
          key: Redacted.make("c2hvcnQ")
        }]]
      ) {
        const error = yield* Effect.flip(SealedPendingStore.make(keys))
        assert.strictEqual(error.reason, "options")
      }
    }))
})
