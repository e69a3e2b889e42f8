/** The two connections: one for commands, one for subscriptions. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import { type Failure, isTimeout, misconfigured, ofStore, refusal } from "./failures.ts"
import type { Settings } from "./settings.ts"

export interface Connection {
  /** Sends a command when the connection is ready; fails if that takes too long. A command is never sent twice. */
  readonly send: <A>(command: (redis: Redis) => Promise<A>, failure: Failure) => Effect.Effect<A, TokenStoreError>
}

/** A stream that is ending is not closed yet, but refuses writes. */
const isReady = (redis: Redis): boolean => redis.status === "ready" && redis.stream.writable

const whenReady = (redis: Redis): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (isReady(redis)) return resume(Effect.void)
    const done = () => resume(Effect.void)
    redis.once("ready", done)
    return Effect.sync(() => redis.off("ready", done))
  })

/**
 * Without these settings ioredis queues commands. It would send a write that was already reported as failed, or send a
 * write twice. A second send of a compare-and-set would lose against its own first send.
 */
const forCommands = (commandTimeout: number, onReadOnly: () => void): RedisOptions => ({
  commandTimeout,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times) => Math.min(times * 25, 500),
  // After a failover the old primary may still answer, and refuses writes. Before Redis 7, an error of a script wraps
  // this code.
  reconnectOnError: (error) => {
    if (!/(^|-)READONLY /.test(error.message)) return false
    onReadOnly()
    return 1
  }
})

/** A subscription may be sent several times. It must come back quickly, because presence depends on it. */
const forSubscriptions: RedisOptions = {
  enableOfflineQueue: true,
  autoResubscribe: true,
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(times * 20, 100)
}

/** Options of ioredis that this store relies on, so callers can't change them. */
const ours: RedisOptions = {
  lazyConnect: false,
  enableReadyCheck: true,
  enableAutoPipelining: false,
  monitor: false,
  readOnly: false,
  showFriendlyErrorStack: false,
  keepAlive: 10_000,
  // ioredis would add its prefix to keys but not to channels. This store adds its own to both.
  keyPrefix: ""
}

/** Milliseconds. The retry time for a refused or closed connection. Only a silent host gets the full timeout. */
const refusedFor = 700

const open = Effect.fnUntraced(function*(settings: RedisOptions, timeout: number) {
  let last: unknown = "Redis did not answer in time"
  const failed = yield* Deferred.make<never, TokenStoreError>()
  const fail = (error: TokenStoreError) => void Deferred.doneUnsafe(failed, Effect.fail(error))
  const since = performance.now()
  const redis = yield* Effect.acquireRelease(
    Effect.try({ try: () => new Redis(settings), catch: ofStore("open") }),
    (client) => Effect.sync(() => client.disconnect())
  )
  // Without a listener, ioredis prints each failure.
  redis.on("error", (error) => {
    last = error
    const wrong = refusal(error)
    if (wrong !== undefined) fail(misconfigured(wrong))
  })
  redis.on("close", () => {
    if (performance.now() - since > refusedFor) fail(ofStore("open")(last))
  })
  yield* Effect.raceFirst(
    Deferred.await(failed),
    Effect.timeoutOrElse(whenReady(redis), { duration: timeout, orElse: () => Effect.fail(ofStore("open")(last)) })
  )
  return redis
})

/** How often the subscriptions are checked, and how long an answer may take. */
export const heartbeat = Duration.seconds(10)
const patience = Duration.seconds(5)

/**
 * A lost host sends nothing, and TCP needs a quarter of an hour to notice it. So a connection without an answer is
 * abandoned, and ioredis opens a new one.
 */
const leave = (redis: Redis, stream: Redis["stream"]): void => {
  if (redis.stream === stream) stream.destroy()
}

const leavingWhenSilent = async <A>(redis: Redis, command: (redis: Redis) => Promise<A>): Promise<A> => {
  const { stream } = redis
  try {
    return await command(redis)
  } catch (error) {
    if (isTimeout(error)) leave(redis, stream)
    throw error
  }
}

const beat = (redis: Redis): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!isReady(redis)) return Effect.void
    const { stream } = redis
    return Effect.tryPromise(() => redis.ping()).pipe(
      (self) =>
        Effect.timeoutOrElse(Effect.map(self, () => {}), {
          duration: patience,
          orElse: () => Effect.succeed(leave(redis, stream))
        }),
      Effect.ignore
    )
  })

export interface Connections {
  readonly commands: Connection
  readonly subscriber: Redis
  /** Abandons both connections. ioredis opens new ones, and the host's name may lead to another server. */
  readonly leave: Effect.Effect<void>
}

export const connect = (
  { client, commandTimeout, connectTimeout }: Settings
): Effect.Effect<Connections, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const settings = { ...client, ...ours, connectTimeout }
    let onReadOnly = () => {}
    const [redis, subscriber] = yield* Effect.all([
      open({ ...settings, ...forCommands(commandTimeout, () => onReadOnly()) }, connectTimeout),
      open({ ...settings, ...forSubscriptions }, connectTimeout)
    ], { concurrency: 2 })
    // Presence is asked on the connection for commands, so both must reach the same server.
    onReadOnly = () => leave(subscriber, subscriber.stream)
    yield* Effect.forkScoped(Effect.schedule(beat(subscriber), Schedule.spaced(heartbeat)))
    return {
      subscriber,
      leave: Effect.sync(() => {
        for (const each of [redis, subscriber]) leave(each, each.stream)
      }),
      commands: {
        send: (command, failure) =>
          Effect.andThen(
            Effect.suspend(() =>
              isReady(redis)
                ? Effect.void
                : Effect.timeoutOrElse(whenReady(redis), {
                  duration: commandTimeout,
                  orElse: () => Effect.fail(failure("Redis is away"))
                })
            ),
            Effect.tryPromise({ try: () => leavingWhenSilent(redis, command), catch: failure })
          )
      }
    }
  })
