/**
 * A token store on Redis, shared by any number of processes on any number of hosts.
 *
 * A compare-and-set is one Lua script. Changes are published. An owner is alive while it is subscribed to its own
 * channel. While Redis can't be reached, calls fail with `TokenStoreError` within a limited time, and the connections
 * come back by themselves. It works with one server or with Sentinel, but not with Redis Cluster, because a node there
 * does not count the subscribers of the other nodes.
 *
 * The durability depends on the configuration of Redis: without persistence (`appendonly yes`, `appendfsync always` for
 * every write) a restart or a failover loses sessions. `make` refuses a server that is configured to drop keys when its
 * memory is full.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import type { ConfigError } from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import type { RedisOptions } from "ioredis"
import { channelOf, makeChanges, message } from "./internal/changes.ts"
import { makeChannels } from "./internal/channels.ts"
import { expiresIn } from "./internal/expiry.ts"
import { ofRecord } from "./internal/failures.ts"
import { makeScan } from "./internal/pages.ts"
import { makePresence } from "./internal/presence.ts"
import { connect, type Connection } from "./internal/redis.ts"
import { compareAndSetScript, eraseScript, makeScript } from "./internal/script.ts"
import { checkServer, refuseReader } from "./internal/server.ts"
import { check, type Settings } from "./internal/settings.ts"

/**
 * The connection to Redis, and the options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * `redis://user:password@host:port/database`, or `rediss://` for TLS. The fields below have priority over it. User
   * and password are percent-encoded.
   */
  readonly url?: Redacted.Redacted | undefined
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  /** Default: 6379. */
  readonly port?: number | undefined
  /** Needs a password as well. */
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  /** The number of the database. Default: 0. */
  readonly database?: number | undefined
  /** The prefix of every key and channel (default: `effect-auth`): 1 to 200 characters without spaces and braces. */
  readonly prefix?: string | undefined
  /**
   * How to handle a `maxmemory-policy` with which the server may drop any record when its memory is full. `refuse`
   * (default): `make` fails. `warn`: it logs a warning.
   */
  readonly eviction?: "refuse" | "warn" | undefined
  /**
   * How long a record is kept after its last write; at least until its access token expires. A record with a refresh
   * token, or with sealed tokens, is kept for ever. Default: for ever.
   */
  readonly timeToLive?: Duration.Input | undefined
  /** How long one command may take, including the wait for the connection (default: 2 seconds, at most a day). */
  readonly commandTimeout?: Duration.Input | undefined
  /**
   * How long the first connect may take if the host does not answer or Redis is loading (default: 5 seconds, at most a
   * day). If the connection is refused or closed, connecting is retried for 0.7 seconds only.
   */
  readonly connectTimeout?: Duration.Input | undefined
}

/**
 * Opens two connections (commands, subscriptions); disconnects when the scope closes. `client` takes further options of
 * ioredis (TLS, Sentinel, the path of a socket). It can't change the options that this store relies on.
 *
 * Fails with `TokenStoreError`:
 *
 * - `misconfigured`: a setting is invalid (before anything is sent), the server refuses the user, or it is a node of a
 *   cluster, a replica, or a server that drops sessions
 * - `unavailable`: the server does not answer
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {},
  client: RedisOptions = {}
): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const settings = yield* check(options, client)
    const connections = yield* connect(settings)
    const { commands, subscriber } = connections
    yield* checkServer(commands, settings)
    const { prefix } = settings
    const channels = yield* makeChannels(subscriber)
    const presence = yield* makePresence({ connections, channels, prefix })
    yield* refuseReader(commands, `${prefix}:{open:${presence.owner}}`, channelOf(prefix))
    // The name is a hash tag, so that all keys of a record are in one slot. It has no braces, because it is
    // percent-encoded.
    const nameOf = (key: RecordKey.RecordKey) => Effect.map(RecordKey.check(key), (text) => `${prefix}:{${text}}`)
    return {
      get: (key) => Effect.flatMap(nameOf(key), (name) => read(commands, key, name)),
      compareAndSet: yield* makeWrite(commands, nameOf, settings),
      changes: yield* makeChanges(channels, prefix),
      reportsAtOnce: true,
      scan: makeScan(commands, prefix),
      erase: yield* makeErase(commands, nameOf, channelOf(prefix)),
      presence
    } satisfies { readonly [K in keyof TokenStore.Service]-?: TokenStore.Service[K] }
  })

const read = Effect.fnUntraced(function*(commands: Connection, key: RecordKey.RecordKey, name: string) {
  // One command reads both fields, so they belong to the same version.
  const [version, text] = yield* commands.send(
    (redis) => redis.hmget(name, "version", "record"),
    ofRecord(key, "read")
  )
  if (version === null && text === null) return Option.none()
  return Option.some(yield* SessionRecord.decode(key, text, versionIn(version)))
})

/**
 * The version as the script compares it: a missing one is 0. A text that is not a version gives `NaN`, which never
 * matches.
 */
const versionIn = (text: string | null | undefined): number =>
  text === null || text === undefined ? 0 : String(Number(text)) === text ? Number(text) : NaN

const makeWrite = Effect.fnUntraced(function*(
  commands: Connection,
  nameOf: (key: RecordKey.RecordKey) => Effect.Effect<string, TokenStoreError>,
  { prefix, timeToLive }: Settings
) {
  const run = yield* makeScript(commands, compareAndSetScript)
  return Effect.fnUntraced(function*(key: RecordKey.RecordKey, expected: number, next: SessionRecord.SessionRecord) {
    const name = yield* nameOf(key)
    const life = expiresIn(next, timeToLive, yield* Clock.currentTimeMillis)
    const answer = yield* run(
      [name],
      [
        expected,
        next.version,
        SessionRecord.encode(next),
        life === undefined ? 0 : Math.ceil(life),
        channelOf(prefix),
        RecordChanges.isNews(next) ? message(next.version, RecordKey.hash(key)) : ""
      ],
      ofRecord(key, "write")
    )
    return answer === 1
  })
})

const makeErase = Effect.fnUntraced(function*(
  commands: Connection,
  nameOf: (key: RecordKey.RecordKey) => Effect.Effect<string, TokenStoreError>,
  channel: string
) {
  const run = yield* makeScript(commands, eraseScript)
  return Effect.fnUntraced(function*(key: RecordKey.RecordKey) {
    const name = yield* nameOf(key)
    return (yield* run([name], [channel, message(0, RecordKey.hash(key))], ofRecord(key, "erase"))) === 1
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
): Layer.Layer<TokenStore.TokenStore, TokenStoreError> => Layer.effect(TokenStore.TokenStore, make(options, client))

/**
 * The store of {@link make} as a layer, with a `Config` for each option. An optional setting can be a `Config.option`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: ProviderSettings.FromConfig<Options>,
  client: RedisOptions = {}
): Layer.Layer<TokenStore.TokenStore, TokenStoreError | ConfigError> =>
  Layer.effect(
    TokenStore.TokenStore,
    Effect.flatMap(ProviderSettings.fromConfig(config), (options) => make(options, client))
  )
