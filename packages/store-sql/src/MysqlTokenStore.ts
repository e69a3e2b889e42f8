/**
 * A token store on MySQL or MariaDB, shared by any number of processes on any number of hosts.
 *
 * A compare-and-set is one statement. No transaction or connection is held between two calls. The store polls for
 * changes, because the server can't push them. An owner is alive while its connection holds a named lock (`GET_LOCK`).
 * So the store needs a connection to the primary, directly or through a proxy that keeps the connection open.
 *
 * ```ts
 * import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
 * import * as Config from "effect/Config"
 *
 * export const Sessions = MysqlTokenStore.layerConfig({ url: Config.redacted("MYSQL_URL") })
 * ```
 *
 * @see Locking functions: https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import type { SslOptions } from "mysql2"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { makeMysqlChanges } from "./internal/mysqlChanges.ts"
import { makeUse } from "./internal/mysqlPool.ts"
import { lockOf, makeOwner, makePresence } from "./internal/mysqlPresence.ts"
import { keepSession } from "./internal/mysqlSession.ts"
import { readSettings } from "./internal/mysqlSettings.ts"
import { makeRecords } from "./internal/records.ts"
import { refuseUnwritable } from "./internal/writable.ts"

/**
 * The connection to MySQL, and the options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `mysql://user:password@host:port/database`, percent-encoded. The fields below complete it. */
  readonly url?: Redacted.Redacted | undefined
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  /** Default: 3306. */
  readonly port?: number | undefined
  /** The path of a socket, instead of host and port. */
  readonly socketPath?: string | undefined
  readonly database?: string | undefined
  readonly username?: string | undefined
  readonly password?: Redacted.Redacted | undefined
  /**
   * TLS: `true` checks the certificate and the name in it; an object holds options of the driver. The driver can't check
   * an address, so give the name of the host, or `verifyIdentity: false`. Over a socket there is no name to check.
   * Default: no TLS.
   */
  readonly ssl?: boolean | SslOptions | undefined
  /**
   * The table's name (default: `effect_auth_sessions`): lower-case letters, digits and `_`, with or without a database
   * and a dot in front.
   */
  readonly table?: string | undefined
  /** The most connections for statements (default: 4). One more connection is kept for presence. */
  readonly maxConnections?: number | undefined
  /** How long connecting may take (default and maximum: 5 seconds). */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** How long one statement may take, including the wait for a connection (default: 5 seconds). */
  readonly statementTimeout?: Duration.DurationInput | undefined
  /** How often the store polls for changes while there are listeners (default: 500 milliseconds). */
  readonly pollInterval?: Duration.DurationInput | undefined
}

/**
 * Connects and creates the table; disconnects when the scope closes. Fails with `TokenStoreError`:
 *
 * - `misconfigured`: a setting is invalid (before anything is sent), the server refuses the user or the database or would
 *   not keep writes, or the table has other columns
 * - `permissions`: the user has no right to write the table
 * - `unavailable`: the server does not answer, or is read-only
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const settings = yield* readSettings(options)
    const { pollInterval, table } = settings
    const owner = makeOwner()
    const { isSettled, leave } = yield* keepSession(settings, lockOf(owner))
    const use = yield* Effect.mapError(makeUse(settings, leave), ofStore("mysql", "open"))
    yield* migrate(use, { table, backend: "mysql" })
    yield* refuseUnwritable(use, table, "mysql")
    const { changes, onWritten } = makeMysqlChanges(use, table, pollInterval)
    return {
      ...makeRecords(use, { table, onWritten }),
      changes,
      reportsAtOnce: false,
      presence: makePresence({ use, owner, isSettled })
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
 * The store of {@link make} as a layer, with its options from `Config`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<TokenStore.TokenStore, TokenStoreError | ConfigError> =>
  Layer.scoped(TokenStore.TokenStore, Effect.flatMap(Config.unwrap(config), make))
