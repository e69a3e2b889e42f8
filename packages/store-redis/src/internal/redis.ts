/** The two connections: one for commands, one for subscriptions. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import { Redis, type RedisOptions } from "ioredis"
import type { Options } from "../RedisTokenStore.ts"
import { type Failure, isTimeout, ofStore } from "./failures.ts"

export interface Connection {
  /** Sends a command when the connection is up, and fails where that takes too long. It is never sent twice. */
  readonly send: <A>(command: (redis: Redis) => Promise<A>, failure: Failure) => Effect.Effect<A, TokenStoreError>
}

/** A stream that was just left is not closed yet, and would refuse what is written. */
const isReady = (redis: Redis): boolean => redis.status === "ready" && redis.stream.writable

const whenReady = (redis: Redis): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (isReady(redis)) return resume(Effect.void)
    const done = () => resume(Effect.void)
    redis.once("ready", done)
    return Effect.sync(() => redis.off("ready", done))
  })

/**
 * Without the settings below ioredis keeps commands for later: a write that was reported as failed would be sent after
 * the connection is back, or a second time, and would then take its own first arrival for somebody else's.
 */
const forCommands = (commandTimeout: number): RedisOptions => ({
  commandTimeout,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (times) => Math.min(times * 25, 500),
  // After a failover the old primary may still be there, and refuses writes. Before Redis 7 a script wraps that code.
  reconnectOnError: (error) => /(^|-)READONLY /.test(error.message) ? 1 : false
})

/** Subscriptions say the same however often they are sent. They come back quickly: presence hangs on them. */
const forSubscriptions: RedisOptions = {
  enableOfflineQueue: true,
  autoResubscribe: true,
  maxRetriesPerRequest: null,
  retryStrategy: (times) => Math.min(times * 20, 100)
}

const target = (options: Options): RedisOptions => ({
  ...(options.host === undefined ? {} : { host: options.host }),
  ...(options.port === undefined ? {} : { port: options.port }),
  ...(options.username === undefined ? {} : { username: options.username }),
  ...(options.password === undefined ? {} : { password: Redacted.value(options.password) }),
  ...(options.database === undefined ? {} : { db: options.database })
})

const open = Effect.fnUntraced(function*(options: Options, settings: RedisOptions, timeout: Duration.Duration) {
  let last: unknown = "Redis did not answer in time"
  const redis = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        const client = options.url === undefined
          ? new Redis(settings)
          : new Redis(Redacted.value(options.url), settings)
        // A listener must be there, or ioredis prints each failure.
        return client.on("error", (error) => (last = error))
      },
      catch: ofStore("open")
    }),
    (client) => Effect.sync(() => client.disconnect())
  )
  yield* Effect.timeoutFail(whenReady(redis), { duration: timeout, onTimeout: () => ofStore("open")(last) })
  return redis
})

/** How often the connection that only listens is asked whether it is there, and how long it may take to say so. */
const heartbeat = Duration.seconds(10)
const patience = Duration.seconds(5)

/**
 * A host that is gone says nothing, and TCP takes a quarter of an hour to give it up: a connection on which an answer
 * stays away is left, and ioredis makes the next one.
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
      Effect.timeoutTo({ duration: patience, onTimeout: () => leave(redis, stream), onSuccess: () => {} }),
      Effect.ignore
    )
  })

export const connect = (
  options: Options,
  client: RedisOptions
): Effect.Effect<{ readonly commands: Connection; readonly subscriber: Redis }, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const commandTimeout = Duration.decode(options.commandTimeout ?? Duration.seconds(2))
    const connectTimeout = Duration.decode(options.connectTimeout ?? Duration.seconds(5))
    const settings = {
      ...client,
      ...target(options),
      connectTimeout: Duration.toMillis(connectTimeout),
      keepAlive: 10_000,
      // It would be put before keys and not before channels; ours is in both.
      keyPrefix: ""
    }
    const [redis, subscriber] = yield* Effect.all([
      open(options, { ...settings, ...forCommands(Duration.toMillis(commandTimeout)) }, connectTimeout),
      open(options, { ...settings, ...forSubscriptions }, connectTimeout)
    ], { concurrency: 2 })
    yield* Effect.forkScoped(Effect.schedule(beat(subscriber), Schedule.spaced(heartbeat)))
    return {
      subscriber,
      commands: {
        send: (command, failure) =>
          Effect.zipRight(
            Effect.suspend(() =>
              isReady(redis) ? Effect.void : Effect.timeoutFail(whenReady(redis), {
                duration: commandTimeout,
                onTimeout: () => failure("Redis is away")
              })
            ),
            Effect.tryPromise({ try: () => leavingWhenSilent(redis, command), catch: failure })
          )
      }
    }
  })
