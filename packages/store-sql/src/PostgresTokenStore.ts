/**
 * A token store on PostgreSQL, shared by any number of processes on any number of hosts.
 *
 * A compare-and-set is one statement, and no transaction or connection is held between two calls. Changes are told by
 * `NOTIFY`, with polling behind it; an owner is present while its session holds an advisory lock. Both need a session of
 * their own, so the store must reach PostgreSQL directly or through a pooler in session mode.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type { PgClientConfig } from "@effect/sql-pg/PgClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import type { PoolConfig } from "pg"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { makeNews } from "./internal/pgNews.ts"
import { makeUse } from "./internal/pgPool.ts"
import { makeOwner, makePresence } from "./internal/pgPresence.ts"
import { keepSession } from "./internal/pgSession.ts"
import { defaultTable, makeRecords, versionOf } from "./internal/records.ts"
import { digest, rowKey } from "./internal/rowKey.ts"

/**
 * Where PostgreSQL is, and how this store uses it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `postgres://user:password@host:port/database`; the fields below are for those who have no URL. */
  readonly url?: Redacted.Redacted | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  readonly ssl?: PgClientConfig["ssl"]
  readonly applicationName?: string | undefined
  /** The table's name, with or without its schema: lower-case letters, digits and `_` (default: `effect_auth_sessions`). */
  readonly table?: string | undefined
  /** Connections for statements (default: 4); one more is kept for changes and presence. */
  readonly maxConnections?: number | undefined
  /** How long a connection may take to be made (default: 5 seconds). */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** How long one statement may take, waiting for a connection included (default: 5 seconds). */
  readonly statementTimeout?: Duration.DurationInput | undefined
  /** How often a waiter looks for itself, in case a notification was lost (default: 1 second). */
  readonly pollInterval?: Duration.DurationInput | undefined
}

const settingsOf = (options: Options): PoolConfig => ({
  keepAlive: true,
  max: options.maxConnections ?? 4,
  connectionTimeoutMillis: Duration.toMillis(options.connectTimeout ?? Duration.seconds(5)),
  application_name: options.applicationName ?? "@effect-auth/store-sql",
  ...(options.url === undefined ? {} : { connectionString: Redacted.value(options.url) }),
  ...(options.host === undefined ? {} : { host: options.host }),
  ...(options.port === undefined ? {} : { port: options.port }),
  ...(options.database === undefined ? {} : { database: options.database }),
  ...(options.username === undefined ? {} : { user: options.username }),
  ...(options.password === undefined ? {} : { password: Redacted.value(options.password) }),
  ...(options.ssl === undefined ? {} : { ssl: options.ssl })
})

/**
 * Connects, creates the table, and disconnects with the scope. Fails with `TokenStoreError` (`unavailable`) where
 * PostgreSQL does not answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const settings = settingsOf(options)
    const table = options.table ?? defaultTable
    const channel = `effect_auth_${(yield* digest(table)).slice(0, 32)}`
    const owner = makeOwner()
    const news = makeNews()
    const { isSettled } = yield* keepSession({ settings, channel, lock: owner.lock, heard: news.heard, up: news.up })
    const use = yield* makeUse(settings, options.statementTimeout ?? Duration.seconds(5)).pipe(
      Effect.mapError(ofStore("postgresql", "open"))
    )
    yield* migrate(use, { table, backend: "postgresql" })
    return {
      ...makeRecords(use, { table, channel }),
      changes: (key) =>
        news.versions({
          row: Effect.flatMap(rowKey(key), digest),
          look: versionOf(use, table, key),
          every: options.pollInterval ?? Duration.seconds(1)
        }),
      presence: makePresence({ use, owner: owner.name, isSettled })
    }
  })

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenStore.TokenStore, TokenStoreError> =>
  Layer.scoped(TokenStore.TokenStore, make(options))

/**
 * The store of {@link make} as a layer, with its options from `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<TokenStore.TokenStore, TokenStoreError | ConfigError> =>
  Layer.scoped(TokenStore.TokenStore, Effect.flatMap(Config.unwrap(config), make))
