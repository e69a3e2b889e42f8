/** What the store does about servers that can't keep sessions, or that are not what the settings say. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { Redis, type RedisOptions } from "ioredis"
import * as Fs from "node:fs"
import { createServer, type Socket } from "node:net"
import * as Path from "node:path"
import { inspect } from "node:util"
import { isInstalled, redisServer, redisServerWith } from "../support/stores/redisServer.ts"

const secret = "pass-secret"
const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number): SessionRecord.SessionRecord => ({ ...SessionRecord.empty(key), version })

const admin = (port: number, options: RedisOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => new Redis(port, options)),
    (redis) => Effect.sync(() => redis.disconnect())
  )

const run = (redis: Redis, command: string, ...args: ReadonlyArray<string | number>) =>
  Effect.promise(() => redis.call(command, ...args))

/** Opens a store; its error or `undefined`, what was logged, and how long it took (milliseconds). */
const opening = (options: RedisTokenStore.Options, client?: RedisOptions) =>
  Effect.gen(function*() {
    const logged: Array<string> = []
    const since = performance.now()
    const exit = yield* RedisTokenStore.make(options, client).pipe(
      Effect.scoped,
      Effect.either,
      Effect.provide(Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ logLevel, message }) => {
          if (logLevel._tag === "Warning") logged.push(String(message))
        })
      ))
    )
    const error = exit._tag === "Left" ? exit.left : undefined
    assert.notInclude(inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error), secret)
    return { error, logged, took: performance.now() - since }
  })

const refused = Effect.fnUntraced(function*(words: string, options: RedisTokenStore.Options, client?: RedisOptions) {
  const { error, took } = yield* opening(options, client)
  assert.deepStrictEqual([error?._tag, error?.operation, error?.reason], ["TokenStoreError", "open", "misconfigured"])
  assert.include(error?.detail ?? "", words)
  assert.isBelow(took, 2_000)
})

/** A server that says what it is told, or closes each connection. */
const pretender = (says: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<{ readonly port: number; readonly close: () => void }>((resolve) => {
        const sockets = new Set<Socket>()
        const server = createServer((socket) => {
          sockets.add(socket.on("error", () => {}))
          says(socket)
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resolve({
            port: typeof address === "object" && address !== null ? address.port : 0,
            close: () => {
              for (const socket of sockets) socket.destroy()
              server.close()
            }
          })
        })
      })
    ),
    (server) => Effect.sync(server.close)
  )

describe.skipIf(!isInstalled && process.env.CI !== "true")("servers that can't keep sessions", () => {
  it.scopedLive("a node of a Redis Cluster is refused", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServerWith("--cluster-enabled", "yes")
      yield* refused("Redis Cluster", { port })
    }))

  it.scopedLive("a Sentinel is refused", () =>
    Effect.gen(function*() {
      const info = "# Server\r\nredis_mode:sentinel\r\n"
      const answer = `$${info.length}\r\n${info}\r\n`
      const { port } = yield* pretender((socket) =>
        socket.on("data", (bytes) => {
          const commands = bytes.toString().match(/^\*\d/gm)?.length ?? 0
          for (let n = 0; n < commands; n++) socket.write(bytes.includes("info") ? answer : "+OK\r\n")
        })
      )
      yield* refused("this is a Sentinel", { port })
    }))

  it.scopedLive("a replica is refused", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServerWith("--replicaof", "127.0.0.1", "1")
      yield* refused("this is a replica", { port })
    }))

  it.scopedLive("a user without one of the rights that reading and writing need is refused, and nothing is written", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServer
      const redis = yield* admin(port)
      const words =
        "+ping +info +hget +hmget +hset +persist +pexpire +publish +eval +evalsha +subscribe +unsubscribe +pubsub|numsub"
      const rights = words.split(" ")
      const user = { port, username: "app", password: Redacted.make(secret) }
      const grant = (granted: ReadonlyArray<string>) =>
        run(redis, "ACL", "SETUSER", "app", "reset", "on", `>${secret}`, "~effect-auth:*", "&effect-auth:*", ...granted)
      for (const missing of ["+hmget", "+hset", "+persist", "+pexpire", "+publish", "+eval"]) {
        yield* grant(rights.filter((right) => right !== missing))
        yield* refused("too few rights", user)
        assert.deepStrictEqual(yield* run(redis, "KEYS", "*"), [], missing)
      }
      yield* grant(rights)
      const store = yield* RedisTokenStore.make(user)
      assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
      // A right that is taken away later: what fails has written nothing.
      yield* run(redis, "ACL", "SETUSER", "app", "-publish")
      const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(error.detail, "NOPERM")
      assert.strictEqual(yield* run(redis, "HGET", "effect-auth:{placewise/club/member-42}", "version"), "1")
    }))

  it.scopedLive("a policy that drops sessions is refused, or warned of where it is only dangerous", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServer
      const redis = yield* admin(port)
      const set = (policy: string, limit: string) =>
        Effect.zipRight(
          run(redis, "CONFIG", "SET", "maxmemory-policy", policy),
          run(redis, "CONFIG", "SET", "maxmemory", limit)
        )
      const warned = Effect.fnUntraced(function*(words: string | undefined, options: RedisTokenStore.Options) {
        const { error, logged } = yield* opening({ port, ...options })
        assert.isUndefined(error)
        assert.strictEqual(logged.length, words === undefined ? 0 : 1)
        if (words !== undefined) assert.include(logged[0]!, words)
      })
      for (const policy of ["allkeys-lru", "allkeys-lfu", "allkeys-random"]) {
        yield* set(policy, "100mb")
        yield* refused(`drops sessions when its memory is full (${policy})`, { port })
      }
      yield* warned("drops sessions", { eviction: "warn" })
      yield* set("allkeys-lru", "0")
      yield* warned("as soon as its memory is limited", {})
      for (const policy of ["volatile-lru", "volatile-ttl"]) {
        yield* set(policy, "100mb")
        yield* warned(undefined, {})
        yield* warned("drops records that expire", { timeToLive: "1 day" })
      }
      yield* set("noeviction", "100mb")
      yield* warned(undefined, { timeToLive: "1 day" })
    }))

  it.scopedLive("a database that the server does not have is refused, and nothing lands in another", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServer
      yield* refused("no database of this number", { port, database: 99 })
      yield* refused("no database of this number", { url: Redacted.make(`redis://127.0.0.1:${port}/99`) })
      const store = yield* RedisTokenStore.make({ url: Redacted.make(`redis://127.0.0.1:${port}/1`), database: 3 })
      yield* store.compareAndSet(key, 0, record(1))
      const keys = yield* Effect.forEach(
        [0, 1, 3],
        (db) => Effect.flatMap(admin(port, { db }), (redis) => Effect.promise(() => redis.dbsize()))
      )
      assert.deepStrictEqual(keys, [0, 0, 1])
    }))

  it.scopedLive("a wrong user or password is refused at once, and not tried again and again", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServerWith("--requirepass", "right/#?@: %")
      const url = (userinfo: string) => ({ url: Redacted.make(`redis://${userinfo}127.0.0.1:${port}`) })
      yield* refused("WRONGPASS", url(`:${secret}@`))
      yield* refused("WRONGPASS", url(`nobody:${secret}@`))
      yield* refused("WRONGPASS", { port, password: Redacted.make(secret) })
      yield* refused("NOAUTH", { port })
      // An empty setting is none.
      yield* refused("NOAUTH", { port, password: Redacted.make("") })
      const right = encodeURIComponent("right/#?@: %")
      assert.isUndefined((yield* opening(url(`:${right}@`))).error)
      assert.isUndefined((yield* opening(url(`default:${right}@`))).error)
      assert.isUndefined((yield* opening({ ...url(`:${secret}@`), password: Redacted.make("right/#?@: %") })).error)
    }))
})

describe.skipIf(!isInstalled && process.env.CI !== "true")("names, and what is left after a sign-out", () => {
  it.scopedLive("a name that is too long is refused, and nothing is sent", () =>
    Effect.gen(function*() {
      const { port } = yield* redisServer
      const store = yield* RedisTokenStore.make({ port })
      const long = { ...key, account: "x".repeat(4_097) }
      assert.strictEqual((yield* Effect.flip(store.get(long))).reason, "misconfigured")
      assert.strictEqual((yield* Effect.flip(store.compareAndSet(long, 0, record(1)))).reason, "misconfigured")
      assert.strictEqual((yield* Effect.flip(store.erase!(long))).reason, "misconfigured")
      assert.strictEqual(yield* Effect.flatMap(admin(port), (redis) => Effect.promise(() => redis.dbsize())), 0)
    }))

  it.scopedLive("no key holds an old token, nor does the append-only file once it is rewritten", () =>
    Effect.gen(function*() {
      const { folder, port } = yield* redisServer
      const script = yield* ScriptedProvider.make<string>()
      yield* Effect.gen(function*() {
        const auth = yield* AuthService.make(script.provider)
        yield* auth.signIn("secret")
        yield* auth.refresh
        yield* auth.signOut
      }).pipe(Effect.scoped, Effect.provide(RedisTokenStore.layer({ port })))
      const redis = yield* admin(port)
      const keys = yield* Effect.promise(() => redis.keys("*"))
      assert.strictEqual(keys.length, 1)
      assert.notMatch(JSON.stringify(yield* Effect.promise(() => redis.hgetall(keys[0]!))), token)
      const onDisk = () =>
        Fs.readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => Fs.readFileSync(Path.join(entry.parentPath, entry.name), "latin1"))
          .join()
      // What the README says: the file keeps it until then.
      assert.match(onDisk(), token)
      yield* run(redis, "BGREWRITEAOF")
      yield* Effect.retry(
        Effect.try(() => assert.notMatch(onDisk(), token)),
        { times: 50, schedule: Schedule.spaced("100 millis") }
      )
      assert.match(onDisk(), /signedOut/)
    }))
})

const token = /(?:access|refresh)-\d/

describe("what is not the Redis of the settings", () => {
  it.scopedLive("a port on which nobody listens", () =>
    Effect.gen(function*() {
      const { error, took } = yield* opening({ url: Redacted.make(`redis://u:${secret}@127.0.0.1:1`) })
      assert.deepStrictEqual([error?.reason, error?.detail], ["unavailable", "ECONNREFUSED"])
      assert.isBelow(took, 2_000)
    }))

  it.scopedLive("a server that speaks something else", () =>
    Effect.gen(function*() {
      const { port } = yield* pretender((socket) =>
        socket.on("data", () => socket.write(`HTTP/1.1 400 ${secret}\r\n\r\n`))
      )
      yield* refused("is not Redis", { port })
    }))

  it.scopedLive("TLS to a server without it", () =>
    Effect.gen(function*() {
      const { port } = yield* pretender((socket) => socket.on("data", () => socket.write("-ERR Protocol error\r\n")))
      yield* refused("TLS", { url: Redacted.make(`rediss://u:${secret}@127.0.0.1:${port}`) })
    }))

  it.scopedLive("a server that closes each connection, as one with TLS does", () =>
    Effect.gen(function*() {
      const { port } = yield* pretender((socket) => socket.on("data", () => socket.destroy()))
      const { error, took } = yield* opening({ url: Redacted.make(`redis://u:${secret}@127.0.0.1:${port}`) })
      assert.strictEqual(error?.reason, "unavailable")
      assert.isBelow(took, 2_000)
    }))

  it.scopedLive("a socket that is not there", () => refused("socket", {}, { path: "/nowhere/redis.sock" }))
})
