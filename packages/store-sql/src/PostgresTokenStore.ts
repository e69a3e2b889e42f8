/**
 * A token store on PostgreSQL, shared by any number of processes on any number of hosts.
 *
 * A compare-and-set is one statement. No transaction or connection is held between two calls. Changes are reported by
 * `NOTIFY`. An owner is alive while its session holds an advisory lock. Both need a database session that stays open,
 * so the store must connect to PostgreSQL directly or through a pooler in session mode.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type { PgClientConfig } from "@effect/sql-pg/PgClient"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { channelOf, makeNews } from "./internal/pgNews.ts"
import { makeUse } from "./internal/pgPool.ts"
import { makeOwner, makePresence } from "./internal/pgPresence.ts"
import { keepSession } from "./internal/pgSession.ts"
import { readSettings } from "./internal/pgSettings.ts"
import { refuseHidden } from "./internal/pgTable.ts"
import { makeRecords } from "./internal/records.ts"
import { refuseUnwritable } from "./internal/writable.ts"

/**
 * The connection to PostgreSQL, and the options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `postgres://user:password@host:port/database`; The fields below complete it or replace it. */
  readonly url?: Redacted.Redacted | undefined
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  /**
   * TLS: `true` checks the certificate like Node; an object holds options of Node's `tls`. Not beside a setting of TLS in
   * the url (`sslmode`). Default: no TLS.
   */
  readonly ssl?: PgClientConfig["ssl"]
  readonly applicationName?: string | undefined
  /**
   * The table's name, with or without a schema and a dot in front: lower-case letters, digits and `_`. Without a schema
   * it is in `public`, whatever the `search_path` is. Default: `public.effect_auth_sessions`.
   */
  readonly table?: string | undefined
  /** The most connections for statements (default: 4). One more connection is kept for changes and presence. */
  readonly maxConnections?: number | undefined
  /** How long connecting may take (default: 5 seconds). */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** How long one statement may take, including the wait for a connection (default: 5 seconds). */
  readonly statementTimeout?: Duration.DurationInput | undefined
}

/**
 * Connects and creates the table; disconnects when the scope closes. Fails with `TokenStoreError`:
 *
 * - `misconfigured`: a setting is invalid (before anything is sent), PostgreSQL refuses the user or the database, or the
 *   table has other columns
 * - `permissions`: this role has no right to use the table, or does not see all of its rows
 * - `unavailable`: PostgreSQL does not answer, or is read-only
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const { pool, statementTimeout, table } = yield* readSettings(options)
    const channel = yield* channelOf(table)
    const owner = makeOwner()
    const news = makeNews()
    const { isSettled, leave } = yield* keepSession({
      settings: pool,
      channel,
      lock: owner.lock,
      heard: news.heard,
      listening: news.listening,
      away: news.away
    })
    const use = yield* Effect.mapError(makeUse(pool, statementTimeout, leave), ofStore("postgresql", "open"))
    yield* migrate(use, { table, backend: "postgresql" })
    yield* refuseHidden(use, table)
    yield* refuseUnwritable(use, table, "postgresql")
    return {
      ...makeRecords(use, { table, channel }),
      changes: news.changes,
      reportsAtOnce: true,
      presence: makePresence({ use, owner: owner.name, isSettled })
    } satisfies { readonly [K in keyof TokenStore.Service]-?: TokenStore.Service[K] }
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
 * The store of {@link make} as a layer, with a `Config` for each option. An optional setting can be a `Config.option`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: ProviderSettings.FromConfig<Options>
): Layer.Layer<TokenStore.TokenStore, TokenStoreError | ConfigError> =>
  Layer.scoped(TokenStore.TokenStore, Effect.flatMap(ProviderSettings.fromConfig(config), make))
