/** A primary becomes a replica without cutting its connections, as an administrator can do it. */
import * as RedisTokenStore from "@effect-auth/store-redis/RedisTokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { Redis } from "ioredis"
import { connect, createServer } from "node:net"
import { isInstalled, redisServerWith } from "../support/stores/redisServer.ts"
import { key, record } from "../support/stores/sample.ts"

const client = (port: number) =>
  Effect.acquireRelease(Effect.sync(() => new Redis(port)), (redis) => Effect.sync(() => redis.disconnect()))

/** Two servers, and an address that leads to the primary. */
const pair = Effect.gen(function*() {
  const old = yield* redisServerWith()
  const next = yield* redisServerWith("--replicaof", "127.0.0.1", `${old.port}`)
  const [first, second] = [yield* client(old.port), yield* client(next.port)]
  let target = old.port
  const server = createServer((front) => {
    const back = connect(target, "127.0.0.1")
    front.on("error", () => {}).on("close", () => back.destroy())
    back.on("error", () => {}).on("close", () => front.destroy())
    front.pipe(back).pipe(front)
  })
  yield* Effect.acquireRelease(
    Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
    () => Effect.sync(() => server.close())
  )
  const address = server.address()
  const isReplicated = Effect.map(
    Effect.promise(() => second.info("replication")),
    (info) => info.includes("master_link_status:up")
  )
  yield* Effect.repeat(isReplicated, { until: (is) => is, schedule: Schedule.spaced(50) })
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    old: first,
    failOver: Effect.promise(async () => {
      await second.replicaof("NO", "ONE")
      await first.replicaof("127.0.0.1", next.port)
      target = next.port
    })
  }
})

/** Redis calls nobody gone in its first five seconds. */
const untilGrown = Effect.sleep("6 seconds")

describe.skipIf(!isInstalled && process.env.CI !== "true")("a failover that cuts no connection", () => {
  it.scopedLive(
    "an owner whose write was refused is alive for others at the new primary",
    () =>
      Effect.gen(function*() {
        const { failOver, port } = yield* pair
        const one = yield* RedisTokenStore.make({ port })
        assert.isTrue(yield* one.compareAndSet(key, 0, record(1)))
        yield* untilGrown
        yield* failOver
        assert.strictEqual((yield* Effect.flip(one.compareAndSet(key, 1, record(2)))).detail, "READONLY")
        assert.isTrue(yield* one.compareAndSet(key, 1, record(2)))
        yield* Effect.sleep("500 millis")
        const two = yield* RedisTokenStore.make({ port })
        assert.isTrue(yield* two.presence!.isAlive(one.presence!.owner))
      }),
    30_000
  )

  it.scopedLive(
    "an owner with its subscription at the old primary notices it within ten seconds",
    () =>
      Effect.gen(function*() {
        const { failOver, old, port } = yield* pair
        const one = yield* RedisTokenStore.make({ port })
        yield* untilGrown
        yield* failOver
        // The connection for commands has no subscription.
        yield* Effect.promise(() => old.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        const two = yield* RedisTokenStore.make({ port })
        assert.isFalse(yield* two.presence!.isAlive(one.presence!.owner))
        yield* Effect.sleep("11 seconds")
        assert.isTrue(yield* two.presence!.isAlive(one.presence!.owner))
      }),
    40_000
  )
})
