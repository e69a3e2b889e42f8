/**
 * A token store on Redis, shared by any number of processes on any number of hosts.
 *
 * A compare-and-set is one Lua script; changes are published; an owner is present while it is subscribed to a channel of
 * its own. While Redis is away calls fail with `TokenStoreError` within a bounded time, and the connections come back by
 * themselves. One server, or Sentinel; not Redis Cluster, where a node does not count the subscribers of the others.
 *
 * Redis keeps what its configuration says it keeps: without persistence (`appendonly yes`, `appendfsync always` for every
 * write) a restart or a failover loses sessions, and a `maxmemory-policy` other than `noeviction` drops them.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import type { RedisOptions } from "ioredis"
import { makeChannels } from "./internal/channels.ts"
import { expiresIn } from "./internal/expiry.ts"
import { ofRecord } from "./internal/failures.ts"
import { makePresence } from "./internal/presence.ts"
import { connect, type Connection } from "./internal/redis.ts"
import { compareAndSetScript, makeScript } from "./internal/script.ts"

/**
 * Where Redis is, and how this store uses it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `redis://` or `rediss://`, with user, password and database; the fields below win over it. */
  readonly url?: Redacted.Redacted | undefined
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  /** Default: 6379. */
  readonly port?: number | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  readonly database?: number | undefined
  /** What every key and channel begins with (default: `effect-auth`). */
  readonly prefix?: string | undefined
  /**
   * How long a record is kept after its last write; never shorter than its session, and for ever where the end of the
   * session is not known. Default: for ever.
   */
  readonly timeToLive?: Duration.DurationInput | undefined
  /** How long one command may take, waiting for the connection included (default: 2 seconds). */
  readonly commandTimeout?: Duration.DurationInput | undefined
  /** How long the first connection may take (default: 5 seconds). */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** How often a waiter looks for itself, in case a message was lost (default: 1 second). */
  readonly pollInterval?: Duration.DurationInput | undefined
}

/**
 * Connects (two connections: commands, subscriptions) and disconnects with the scope. Fails with `TokenStoreError`
 * (`unavailable`) where Redis does not answer. `client` is for what only ioredis knows (TLS, Sentinel); what this store
 * relies on can't be changed by it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {},
  client: RedisOptions = {}
): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const { commands, subscriber } = yield* connect(options, client)
    const prefix = options.prefix ?? "effect-auth"
    const channels = yield* makeChannels(subscriber)
    const presence = yield* makePresence({ commands, channels, prefix })
    // In a hash tag, so that all that belongs to a record is in one slot. Its text holds no brace: it is percent-encoded.
    const nameOf = (key: RecordKey.RecordKey) => `${prefix}:{${RecordKey.toString(key)}}`
    return {
      get: (key) => read(commands, key, nameOf(key)),
      compareAndSet: yield* makeWrite(commands, nameOf, options),
      changes: (key) =>
        channels.versions(nameOf(key), {
          look: Effect.map(
            commands.send((redis) => redis.hget(nameOf(key), "version"), ofRecord(key, "watch")),
            (version) => version === null ? undefined : Number(version)
          ),
          every: options.pollInterval ?? Duration.seconds(1)
        }),
      presence
    }
  })

const read = Effect.fnUntraced(function*(commands: Connection, key: RecordKey.RecordKey, name: string) {
  // Both fields in one command: never torn.
  const [version, text] = yield* commands.send(
    (redis) => redis.hmget(name, "version", "record"),
    ofRecord(key, "read")
  )
  if (version === null && text === null) return Option.none()
  const record = yield* SessionRecord.decode(key, text)
  if (String(record.version) === version) return Option.some(record)
  // Such a record could never be written again: each compare-and-set would expect the other version.
  return yield* ofRecord(key, "read", "corrupt")("the fields of the hash differ in their version")
})

const makeWrite = Effect.fnUntraced(function*(
  commands: Connection,
  nameOf: (key: RecordKey.RecordKey) => string,
  options: Options
) {
  const run = yield* makeScript(commands, compareAndSetScript)
  const timeToLive = options.timeToLive === undefined ? undefined : Duration.toMillis(options.timeToLive)
  return Effect.fnUntraced(function*(key: RecordKey.RecordKey, expected: number, next: SessionRecord.SessionRecord) {
    const name = nameOf(key)
    const life = expiresIn(next, timeToLive, yield* Clock.currentTimeMillis)
    const answer = yield* run(
      [name],
      [expected, next.version, SessionRecord.encode(next), life === undefined ? 0 : Math.ceil(life)],
      ofRecord(key, "write")
    )
    return answer === 1
  })
})

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {},
  client: RedisOptions = {}
): Layer.Layer<TokenStore.TokenStore, TokenStoreError> => Layer.scoped(TokenStore.TokenStore, make(options, client))

/**
 * The store of {@link make} as a layer, with its options from `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>,
  client: RedisOptions = {}
): Layer.Layer<TokenStore.TokenStore, TokenStoreError | ConfigError> =>
  Layer.scoped(TokenStore.TokenStore, Effect.flatMap(Config.unwrap(config), (options) => make(options, client)))
