import * as SessionRecord from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { Redis } from "ioredis"
import { connect, createServer } from "node:net"
import { changesOf } from "../support/stores/changesOf.ts"
import { proxy } from "../support/stores/proxy.ts"
import { isInstalled, redisServer } from "../support/stores/redisServer.ts"

const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number): SessionRecord.SessionRecord => ({ ...SessionRecord.empty(key), version })

const at = (port: number, user = "") => Redacted.make(`redis://${user}127.0.0.1:${port}`)

const client = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => new Redis(port)),
    (redis) => Effect.sync(() => redis.disconnect())
  )

/** A hop that is told where each connection goes, and what becomes of each answer. */
const hop = (options: {
  readonly port: (connection: number) => number
  readonly answer?: (question: string, answer: Buffer) => Buffer | string
}) =>
  Effect.gen(function*() {
    const state = { connections: 0 }
    const server = createServer((front) => {
      const back = connect(options.port(state.connections++), "127.0.0.1")
      let question = ""
      for (const socket of [front, back]) {
        socket.on("error", () => {}).on("close", () => {
          front.destroy()
          back.destroy()
        })
      }
      front.on("data", (bytes) => {
        question = bytes.toString("latin1")
        back.write(bytes)
      })
      back.on("data", (bytes) => front.write(options.answer?.(question, bytes) ?? bytes))
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () => Effect.sync(() => server.close())
    )
    const address = server.address()
    return { state, port: typeof address === "object" && address !== null ? address.port : 0 }
  })

/** A listener; what comes back waits until it hears of version 2, or that it missed something. */
const listening = Effect.fnUntraced(function*(store: TokenStore.Service) {
  const isListening = yield* Effect.makeLatch()
  const waiter = yield* changesOf(store, key).pipe(
    Stream.tap(() => isListening.open),
    Stream.drop(1),
    Stream.runHead,
    Effect.fork
  )
  yield* isListening.await
  return (duration: Duration.DurationInput) =>
    Effect.map(
      Effect.timeoutOption(Fiber.join(waiter), duration),
      (heard) => assert.isTrue(Option.isSome(heard), "the waiter is deaf")
    )
})

describe.skipIf(!isInstalled && process.env.CI !== "true")("the connections of RedisTokenStore", () => {
  it.scopedLive(
    "a host that is gone without a word fails in time, and its successor is found",
    () =>
      Effect.gen(function*() {
        const server = yield* redisServer
        const through = yield* proxy({ host: "127.0.0.1", port: server.port })
        const store = yield* RedisTokenStore.make({ url: at(through.port), commandTimeout: "500 millis" })
        yield* store.compareAndSet(key, 0, record(1))
        yield* through.silence
        const since = yield* Clock.currentTimeMillis
        for (let call = 0; call < 3; call++) {
          assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "unavailable")
        }
        assert.isBelow((yield* Clock.currentTimeMillis) - since, 3_000)
        yield* through.mend
        const found = yield* Effect.retry(store.get(key), { times: 3 })
        assert.strictEqual(Option.getOrThrow(found).version, 1)
      }),
    20_000
  )

  it.scopedLive(
    "a listener whose host is gone without a word hears again",
    () =>
      Effect.gen(function*() {
        const server = yield* redisServer
        const through = yield* proxy({ host: "127.0.0.1", port: server.port })
        const waiting = yield* RedisTokenStore.make({ url: at(through.port) })
        const writing = yield* RedisTokenStore.make({ url: at(server.port) })
        yield* writing.compareAndSet(key, 0, record(1))
        const heard = yield* listening(waiting)
        yield* through.silence
        yield* writing.compareAndSet(key, 1, record(2))
        yield* Effect.sleep(300)
        yield* through.mend
        yield* heard("25 seconds")
      }),
    40_000
  )

  it.scopedLive("who listens and leaves, however often, takes no channel more", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const store = yield* RedisTokenStore.make({ url: at(server.port) })
      const redis = yield* client(server.port)
      for (let waiter = 0; waiter < 20; waiter++) {
        const waiting = yield* Effect.fork(Stream.runDrain(changesOf(store, { ...key, account: `${waiter}` })))
        yield* Effect.yieldNow()
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(waiting)
      }
      yield* store.get(key)
      yield* Effect.sleep(100)
      const channels = yield* Effect.promise(() => redis.pubsub("CHANNELS", "*"))
      assert.deepStrictEqual(channels.sort(), ["effect-auth:changes", `effect-auth:owner:${store.presence!.owner}`])
    }))

  it.scopedLive("a prefix of ioredis for keys makes nobody deaf", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const store = yield* RedisTokenStore.make({ url: at(server.port) }, { keyPrefix: "app:" })
      yield* store.compareAndSet(key, 0, record(1))
      const heard = yield* listening(store)
      yield* store.compareAndSet(key, 1, record(2))
      yield* heard("3 seconds")
    }))

  it.scopedLive("a primary that became a replica is left, also where the script's error wraps that", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const through = yield* hop({
        port: () => server.port,
        answer: (question, answer) =>
          question.includes("evalsha")
            ? "-ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write against a replica.\r\n"
            : answer
      })
      const store = yield* RedisTokenStore.make({ url: at(through.port) })
      const before = through.state.connections
      yield* Effect.flip(store.compareAndSet(key, 0, record(1)))
      assert.isTrue(Option.isNone(yield* store.get(key)))
      yield* Effect.sleep("300 millis")
      // The connections for commands and for subscriptions.
      assert.strictEqual(through.state.connections, before + 2)
    }))

  it.scopedLive("what two servers see of an owner is not trusted: two of them are refused at once", () =>
    Effect.gen(function*() {
      const servers = yield* Effect.all([redisServer, redisServer])
      const through = yield* hop({ port: (connection) => servers[connection % 2]!.port })
      const error = yield* Effect.flip(RedisTokenStore.make({ url: at(through.port) }))
      assert.deepStrictEqual([error.operation, error.reason], ["presence", "unavailable"])
      assert.include(error.detail ?? "", "does not see the subscription")
    }))

  it.scopedLive("the rights in the README are enough, and any one less shows at once", () =>
    Effect.gen(function*() {
      const server = yield* redisServer
      const redis = yield* client(server.port)
      const acl = (...rules: ReadonlyArray<string>) =>
        Effect.promise(() => redis.call("ACL", "SETUSER", "app", ...rules))
      const rights =
        "+ping +info +hget +hmget +hset +persist +pexpire +publish +eval +evalsha +subscribe +unsubscribe +pubsub|numsub"
          .split(" ")
      yield* acl("on", ">pw", "~effect-auth:*", "&effect-auth:*", ...rights)
      const url = at(server.port, "app:pw@")
      const open = Effect.scoped(Effect.gen(function*() {
        const [store, other] = yield* Effect.all([RedisTokenStore.make({ url }), RedisTokenStore.make({ url })])
        const version = Option.match(yield* store.get(key), { onNone: () => 0, onSome: (found) => found.version })
        assert.isTrue(yield* store.compareAndSet(key, version, record(version + 1)))
        assert.deepStrictEqual(yield* Stream.runHead(changesOf(other, key)), Option.some("listening" as const))
        assert.isTrue(yield* store.presence!.isAlive(other.presence!.owner))
      }))
      yield* open
      for (const right of ["pubsub|numsub", "subscribe"]) {
        yield* acl(`-${right}`)
        const error = yield* Effect.flip(Effect.scoped(RedisTokenStore.make({ url })))
        assert.strictEqual(error.operation, "presence", right)
        yield* acl(`+${right}`)
      }
      yield* open
    }))
})
