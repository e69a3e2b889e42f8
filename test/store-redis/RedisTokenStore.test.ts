import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { Redis } from "ioredis"
import { connect, createServer, type Socket } from "node:net"
import { inspect } from "node:util"
import * as backends from "../support/stores/backends.ts"
import { changesOf } from "../support/stores/changesOf.ts"
import * as children from "../support/stores/children.ts"
import { isInstalled, redisServer } from "../support/stores/redisServer.ts"

const shared = await backends.redis()
const prefix = backends.runName
const url = Redacted.make(shared.url)

const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number, more: Partial<SessionRecord.SessionRecord> = {}): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  version,
  state: { _tag: "active" },
  tokens: {
    accessToken: Redacted.make("access-secret"),
    refreshToken: Redacted.make("refresh-secret"),
    obtainedAt: 0
  },
  ...more
})
const rowName = (of: string) => `${of}:{placewise/club/member-42}`
const isSecret = (error: unknown) =>
  /-secret/.test(inspect(error, { showHidden: true, depth: 12 }) + JSON.stringify(error))

const client = (address: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new Redis(address)),
    (redis) => Effect.sync(() => redis.disconnect())
  )

describe.skipIf(shared.isSkipped)("on a shared Redis", () => {
  afterAll(async () => {
    const redis = new Redis(shared.url)
    for await (const names of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (names.length > 0) await redis.del(...names)
    }
    await redis.quit()
  })

  const spec = () => ({ kind: "redis", url: shared.url, prefix }) as const
  TokenStoreLaws.suite("Redis", RedisTokenStore.layer({ url, prefix }), {
    durable: true,
    process: children.process(spec)
  })
  children.processSuite("Redis", spec)

  describe("RedisTokenStore", () => {
    it.scopedLive("keeps a record for ever, unless told otherwise, and never shorter than its session", () =>
      Effect.gen(function*() {
        const redis = yield* client(shared.url)
        const now = yield* Clock.currentTimeMillis
        const hour = 3_600_000
        const lifeOf = (timeToLive: number | undefined, more: Partial<SessionRecord.SessionRecord>) =>
          Effect.gen(function*() {
            const of = `${prefix}:ttl`
            yield* Effect.promise(() => redis.del(rowName(of)))
            const store = yield* RedisTokenStore.make({ url, prefix: of, timeToLive })
            yield* store.compareAndSet(key, 0, record(1, more))
            return Math.round((yield* Effect.promise(() => redis.pttl(rowName(of)))) / hour * 10) / 10
          }).pipe(Effect.scoped)
        const access = Redacted.make("access-secret")
        const refresh = Redacted.make("refresh-secret")
        const never = 0
        const kept = { tokens: { accessToken: access, obtainedAt: now, lifetime: 5 * hour } }
        assert.strictEqual(yield* lifeOf(undefined, kept), never)
        assert.strictEqual(yield* lifeOf(2 * hour, kept), 5)
        assert.strictEqual(yield* lifeOf(9 * hour, kept), 9)
        assert.strictEqual(yield* lifeOf(2 * hour, { tokens: undefined, state: { _tag: "signedOut" } }), 2)
        assert.strictEqual(yield* lifeOf(2 * hour, { tokens: { ...kept.tokens, refreshToken: refresh } }), never)
        // A told end may be too early, or come from a clock that was set since: the record outlives it.
        for (const refreshExpiresAt of [now + 3 * hour, now + 30 * hour, now - 400_000 * hour, 0]) {
          const tokens = { ...kept.tokens, refreshToken: refresh, refreshExpiresAt }
          assert.strictEqual(yield* lifeOf(2 * hour, { tokens }), never)
        }
        assert.strictEqual(yield* lifeOf(2 * hour, { tokens: undefined, sealed: "…" }), never)
        // Redis knows no such time, and its script would fail after the record is written.
        assert.strictEqual(yield* lifeOf(2 * hour, { tokens: { ...kept.tokens, lifetime: 1e21 } }), never)
        const claim = { id: "c", owner: "o", at: now, ttl: 7 * hour, kind: "refresh" as const }
        assert.strictEqual(yield* lifeOf(2 * hour, { tokens: undefined, claim }), 7)
      }))

    it.scopedLive("a longer life replaces a shorter one", () =>
      Effect.gen(function*() {
        const redis = yield* client(shared.url)
        const of = `${prefix}:persist`
        const short = yield* RedisTokenStore.make({ url, prefix: of, timeToLive: "1 hour" })
        yield* short.compareAndSet(key, 0, record(1, { tokens: undefined }))
        assert.isAbove(yield* Effect.promise(() => redis.pttl(rowName(of))), 0)
        yield* short.compareAndSet(key, 1, record(2))
        assert.strictEqual(yield* Effect.promise(() => redis.pttl(rowName(of))), -1)
      }))

    it.scopedLive("a key that holds something else, and a record that was altered, are errors that tell no secret", () =>
      Effect.gen(function*() {
        const redis = yield* client(shared.url)
        const of = `${prefix}:damage`
        const store = yield* RedisTokenStore.make({ url, prefix: of })
        yield* Effect.promise(() => redis.set(rowName(of), "text"))
        const write = yield* Effect.flip(store.compareAndSet(key, 0, record(1)))
        assert.deepStrictEqual([write.reason, write.detail], ["unavailable", "WRONGTYPE"])
        assert.isFalse(isSecret(write))
        yield* Effect.promise(() => redis.del(rowName(of)))
        yield* store.compareAndSet(key, 0, record(1))
        yield* Effect.promise(() => redis.hset(rowName(of), "version", "9"))
        assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "corrupt")
        yield* Effect.promise(() => redis.hset(rowName(of), { version: "1", record: "access-secret" }))
        const read = yield* Effect.flip(store.get(key))
        assert.strictEqual(read.reason, "corrupt")
        assert.isFalse(isSecret(read))
        assert.strictEqual(read.version, 1)
        yield* Effect.promise(() => redis.hdel(rowName(of), "record"))
        const half = yield* Effect.flip(store.get(key))
        assert.deepStrictEqual([half.reason, half.version], ["corrupt", 1])
        assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
        assert.deepStrictEqual(Option.getOrThrow(yield* store.get(key)), record(2))
        yield* Effect.promise(() => redis.hdel(rowName(of), "version"))
        assert.strictEqual((yield* Effect.flip(store.get(key))).version, 0)
        assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
        yield* Effect.promise(() => redis.hset(rowName(of), "version", "1x"))
        assert.isUndefined((yield* Effect.flip(store.get(key))).version)
      }))

    it.scopedLive("an owner whose connections are cut is back before it is called gone", () =>
      Effect.gen(function*() {
        const redis = yield* client(shared.url)
        const name = `${prefix}-cut`
        const owner = yield* RedisTokenStore.make({ url, prefix }, { connectionName: name })
        const other = yield* RedisTokenStore.make({ url, prefix })
        for (let cut = 0; cut < 5; cut++) {
          const list = String(yield* Effect.promise(() => redis.client("LIST")))
          const ids = [...list.matchAll(/^id=(\d+) .* name=(\S+) /gm)].filter((match) => match[2] === name)
          assert.strictEqual(ids.length, 2)
          for (const [, id] of ids) yield* Effect.promise(() => redis.client("KILL", "ID", Number(id)))
          assert.isTrue(yield* other.presence!.isAlive(owner.presence!.owner))
          yield* Effect.sleep(150)
        }
        assert.isTrue(Option.isNone(yield* owner.get({ ...key, account: "nobody" })))
      }))

    it.scopedLive("an owner whose layer was closed is gone", () =>
      Effect.gen(function*() {
        const other = yield* RedisTokenStore.make({ url, prefix })
        const owner = yield* Effect.scoped(
          Effect.map(RedisTokenStore.make({ url, prefix }), (store) => store.presence!.owner)
        )
        assert.isBelow(yield* children.goneAfter(other, owner, 3_000), 3_000)
      }))

    it.scopedLive("takes its options from Config", () =>
      Effect.gen(function*() {
        const provider = ConfigProvider.fromMap(new Map([["URL", shared.url], ["PREFIX", `${prefix}:config`]]))
        const layer = RedisTokenStore.layerConfig({
          url: Config.redacted("URL"),
          prefix: Config.string("PREFIX"),
          connectTimeout: Config.option(Config.duration("ABSENT"))
        })
          .pipe(
            Layer.provide(Layer.setConfigProvider(provider))
          )
        const won = yield* Effect.provide(
          Effect.flatMap(TokenStore, (store) => store.compareAndSet(key, 0, record(1))),
          layer
        )
        assert.isTrue(won)
        const redis = yield* client(shared.url)
        assert.strictEqual(yield* Effect.promise(() => redis.hget(rowName(`${prefix}:config`), "version")), "1")
      }))
  })
})

it.scopedLive("RedisTokenStore: no Redis is a typed error in time, without the password", () =>
  Effect.gen(function*() {
    const since = yield* Clock.currentTimeMillis
    for (
      const address of ["redis://user:pass-secret@127.0.0.1:1/0", "redis://192.0.2.1:6379", "rediss://127.0.0.1:1"]
    ) {
      const error = yield* Effect.flip(
        RedisTokenStore.make({ url: Redacted.make(address), connectTimeout: "500 millis" })
      )
      assert.instanceOf(error, TokenStoreError)
      assert.strictEqual(error.reason, "unavailable")
      assert.isFalse(isSecret(error))
    }
    assert.isBelow((yield* Clock.currentTimeMillis) - since, 4_000)
  }))

/** Passes everything on, unless it is down; when armed it breaks the connection instead of answering the next `EVALSHA`. */
const lossyProxy = (port: number) =>
  Effect.gen(function*() {
    const state = { isArmed: false, isDown: false, lost: 0, scripts: 0 }
    const sockets = new Set<Socket>()
    const server = createServer((front) => {
      if (state.isDown) return void front.destroy()
      const back = connect(port, "127.0.0.1")
      let isLosing = false
      for (const socket of [front, back]) {
        sockets.add(socket)
        socket.on("error", () => {}).on("close", () => {
          front.destroy()
          back.destroy()
        })
      }
      front.on("data", (bytes) => {
        if (bytes.includes("evalsha")) {
          state.scripts++
          if (state.isArmed) {
            state.isArmed = false
            isLosing = true
          }
        }
        back.write(bytes)
      })
      back.on("data", (bytes) => {
        if (!isLosing) return void front.write(bytes)
        state.lost++
        front.destroy()
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.promise(() =>
          new Promise<void>((resolve) => {
            for (const socket of sockets) socket.destroy()
            server.close(() => resolve())
          })
        )
    )
    const address = server.address()
    const cut = Effect.sync(() => {
      state.isDown = true
      for (const socket of sockets) socket.destroy()
    })
    const mend = Effect.sync(() => void (state.isDown = false))
    return {
      state,
      cut,
      mend,
      url: Redacted.make(`redis://127.0.0.1:${typeof address === "object" ? address?.port : 0}`)
    }
  })

describe.skipIf(!isInstalled && process.env.CI !== "true")("on a Redis that goes away", () => {
  it.scopedLive("the law of outages holds when it is killed, and when it is paused", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const layer = RedisTokenStore.layer({ url: Redacted.make(server.url), commandTimeout: "500 millis" })
      for (
        const outage of [
          { begin: server.kill, end: server.start, within: "2 seconds" },
          { begin: server.pause, end: server.resume, within: "2 seconds" }
        ] as const
      ) {
        yield* Effect.provide(TokenStoreLaws.lawOfOutage(outage).run, layer)
      }
    }), 60_000)

  it.scopedLive("a short outage is waited for: reads and writes of that time succeed", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const store = yield* RedisTokenStore.make({ url: Redacted.make(server.url), commandTimeout: "5 seconds" })
      yield* store.compareAndSet(key, 0, record(1))
      yield* server.kill
      yield* Effect.sleep(100)
      const calls = yield* Effect.fork(
        Effect.all([store.get(key), store.compareAndSet(key, 1, record(2))], { concurrency: 2 })
      )
      yield* Effect.sleep(500)
      yield* server.start
      const [found, won] = yield* Fiber.join(calls)
      assert.isTrue(Option.isSome(found))
      assert.isTrue(won)
    }), 30_000)

  it.scopedLive(
    "a listener whose connection was away hears that it missed something",
    () =>
      Effect.gen(function*() {
        const server = yield* redisServer
        const proxy = yield* lossyProxy(server.port)
        const waiting = yield* RedisTokenStore.make({ url: proxy.url })
        const writing = yield* RedisTokenStore.make({ url: Redacted.make(server.url) })
        yield* writing.compareAndSet(key, 0, record(1))
        const isBack = yield* Deferred.make<void>()
        let isDown = false
        const waiter = yield* changesOf(waiting, key).pipe(
          Stream.tap((heard) => isDown && heard === "listening" ? Deferred.succeed(isBack, undefined) : Effect.void),
          Stream.takeUntil((heard) => heard === 3),
          Stream.runCollect,
          Effect.fork
        )
        yield* Effect.sleep(100)
        isDown = true
        yield* proxy.cut
        yield* writing.compareAndSet(key, 1, record(2))
        yield* Effect.sleep(300)
        yield* proxy.mend
        yield* Effect.timeoutFail(Deferred.await(isBack), {
          duration: "5 seconds",
          onTimeout: () => "it does not say that it missed something"
        })
        yield* writing.compareAndSet(key, 2, record(3))
        const heard = yield* Effect.timeoutFail(Fiber.join(waiter), { duration: "5 seconds", onTimeout: () => "deaf" })
        assert.deepStrictEqual([...heard].filter((what) => what !== 1), ["listening", "listening", 3])
      }),
    30_000
  )

  it.scopedLive(
    "after a restart of the server nobody is called gone until all had time to come back",
    () =>
      Effect.gen(function*() {
        const server = yield* redisServer
        const proxy = yield* lossyProxy(server.port)
        const slow = yield* RedisTokenStore.make({ url: proxy.url })
        const other = yield* RedisTokenStore.make({ url: Redacted.make(server.url) })
        const isAlive = other.presence!.isAlive(slow.presence!.owner)
        yield* server.kill
        yield* proxy.cut
        yield* Effect.sleep(2_000)
        assert.strictEqual((yield* Effect.flip(isAlive)).reason, "unavailable")
        yield* server.start
        assert.isTrue(yield* Effect.retry(isAlive, { times: 50, schedule: Schedule.spaced(50) }))
        yield* proxy.mend
        yield* Effect.sleep(500)
        assert.isTrue(yield* isAlive)
        yield* Effect.sleep(5_500)
        assert.isTrue(yield* isAlive)
        yield* proxy.cut
        yield* children.goneAfter(other, slow.presence!.owner, 3_000)
      }),
    30_000
  )

  it.scopedLive(
    "an owner that was cut off itself gives the others time to come back",
    () =>
      Effect.gen(function*() {
        const server = yield* redisServer
        const [proxy, slowProxy] = yield* Effect.all([lossyProxy(server.port), lossyProxy(server.port)])
        const store = yield* RedisTokenStore.make({ url: proxy.url })
        const slow = yield* RedisTokenStore.make({ url: slowProxy.url })
        const isAlive = store.presence!.isAlive(slow.presence!.owner)
        // The server is not a young one any more.
        yield* Effect.sleep(6_000)
        yield* Effect.zipRight(proxy.cut, slowProxy.cut)
        assert.strictEqual((yield* Effect.flip(isAlive)).reason, "unavailable")
        yield* proxy.mend
        assert.isTrue(yield* Effect.retry(isAlive, { times: 50, schedule: Schedule.spaced(50) }))
        yield* Effect.sleep(1_000)
        assert.isTrue(yield* isAlive)
        yield* children.goneAfter(store, slow.presence!.owner, 8_000)
        yield* slowProxy.mend
        yield* Effect.sleep(500)
        assert.isTrue(yield* isAlive)
      }),
    30_000
  )

  it.scopedLive("a server that forgot the script gets it again", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const store = yield* RedisTokenStore.make({ url: Redacted.make(server.url) })
      const redis = yield* client(server.url)
      for (let version = 0; version < 3; version++) {
        yield* Effect.promise(() => redis.script("FLUSH"))
        assert.isTrue(yield* store.compareAndSet(key, version, record(version + 1)))
      }
    }))

  it.scopedLive("a write whose answer is lost is an error and is not sent again: it would take itself for another's", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const proxy = yield* lossyProxy(server.port)
      const store = yield* RedisTokenStore.make({ url: proxy.url, commandTimeout: "1 second" })
      yield* store.compareAndSet(key, 0, record(1))
      const before = proxy.state.scripts
      proxy.state.isArmed = true
      const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.instanceOf(error, TokenStoreError)
      assert.strictEqual(error.reason, "unavailable")
      yield* Effect.sleep(300)
      assert.deepStrictEqual([proxy.state.lost, proxy.state.scripts - before], [1, 1])
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 2)
    }))

  it.scopedLive("a full Redis refuses the write and keeps the old record", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const store = yield* RedisTokenStore.make({ url: Redacted.make(server.url) })
      const redis = yield* client(server.url)
      yield* store.compareAndSet(key, 0, record(1))
      yield* Effect.promise(() => redis.config("SET", "maxmemory", "1"))
      const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(error.detail, "OOM")
      assert.isFalse(isSecret(error))
      yield* Effect.promise(() => redis.config("SET", "maxmemory", "0"))
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 1)
    }))
})
