/**
 * The embedded durable store: one SQLite database, shared by the processes of one host.
 *
 * Its files have mode 0600 in a folder with mode 0700 from the start; for a link, the target is checked. A commit is on
 * the disk before it is acknowledged (`synchronous = FULL`), because a rotated pair can't be obtained again after a
 * loss of power. A killed owner is recognised at once. The driver works synchronously, so a write blocks the event loop
 * for the time of one fsync.
 *
 * Only this store may use the files: if other code in the process opens and closes them (a copy, another driver),
 * SQLite's locks are lost. If the files are deleted or replaced, the store notices it and the call fails.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import * as checks from "./internal/checks.ts"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { preparePrivateFile } from "./internal/privateFiles.ts"
import { makePresence } from "./internal/processPresence.ts"
import { makeRecords } from "./internal/records.ts"
import { makeSqliteChanges } from "./internal/sqliteChanges.ts"
import { makeConnection } from "./internal/sqliteConnection.ts"
import { refuseUnwritable } from "./internal/writable.ts"

/**
 * The place of the database, and the options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The database: a path, or a `file:` URL. Its folder should hold nothing else; it is created with mode 0700. */
  readonly filename: string | URL
  /** The table's name (default: `effect_auth_sessions`): lower-case letters, digits and `_`. */
  readonly table?: string | undefined
  /**
   * How to handle files that other users can read: `repair` (default) changes their mode and logs a warning, `refuse`
   * fails (reason `permissions`).
   */
  readonly permissions?: "repair" | "refuse" | undefined
  /** How long a call waits for other processes' writes before it fails with `unavailable` (default: 5 seconds). */
  readonly patience?: Duration.DurationInput | undefined
  /** How often the store polls for other processes' changes while there are listeners (default: 50 milliseconds). */
  readonly pollInterval?: Duration.DurationInput | undefined
}

/**
 * Opens the database, and creates it if needed; closes it when the scope closes. Fails with `TokenStoreError`:
 * `misconfigured` if an option is invalid or the table has other columns, `permissions` if other users can read its
 * files, `corrupt` if the file is not a database, otherwise `unavailable`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const { patience, path, permissions, pollInterval, table } = yield* Effect.mapError(
      read(options),
      (detail) => ofStore("sqlite", "open", { reason: "misconfigured", detail })()
    )
    const prepare = (name: string) => preparePrivateFile(name, permissions)
    const file = yield* prepare(path)
    const { purge, use } = yield* makeConnection({
      file,
      prepare: prepare(file),
      migrate: (use) =>
        Effect.zipRight(migrate(use, { table, backend: "sqlite" }), refuseUnwritable(use, table, "sqlite"))
    })
    const { changes, onWritten } = makeSqliteChanges(use, table, pollInterval)
    const records = makeRecords(use, { table, patience, onWritten })
    return {
      ...records,
      compareAndSet: (key, expected, next) =>
        records.compareAndSet(key, expected, next).pipe(
          Effect.tap((won) => won && expected > 0 && isDeparture(next) ? purge : Effect.void)
        ),
      erase: (key) => Effect.tap(records.erase(key), (isErased) => isErased ? purge : Effect.void),
      changes,
      reportsAtOnce: false,
      presence: yield* makePresence
    } satisfies { readonly [K in keyof TokenStore.Service]-?: TokenStore.Service[K] }
  })

/** Whether the record has no tokens. It may have replaced one with tokens, and those must be removed from the files. */
const isDeparture = (record: SessionRecord): boolean =>
  record.state._tag !== "active" || (record.tokens === undefined && record.sealed === undefined)

const read = (options: Options) =>
  Either.gen(function*() {
    yield* checks.known(options, ["filename", "table", "permissions", "patience", "pollInterval"])
    return {
      path: yield* pathOf(options.filename),
      table: yield* Either.filterOrLeft(
        checks.table(options.table),
        (name) => !name.includes("."),
        () => "table: give a name without a schema and a dot in front"
      ),
      permissions: (yield* checks.optional("permissions", options.permissions, isPolicy, "give repair or refuse")) ??
        "repair",
      patience: yield* checks.millis("patience", options.patience, 5_000),
      pollInterval: yield* checks.millis("pollInterval", options.pollInterval, 50)
    }
  })

const isPolicy = (value: unknown): value is "repair" | "refuse" => value === "repair" || value === "refuse"

/** Some names have a special meaning in SQLite (`:memory:`, a query), so the driver always gets an absolute URL. */
const pathOf = (filename: unknown): checks.Checked<string> =>
  Either.try({
    try: () => {
      if (filename instanceof URL) return fileURLToPath(filename)
      if (!checks.isText(filename) || filename === ":memory:") throw new Error("no file")
      if (/^[a-z][a-z0-9+.-]+:\/\//i.test(filename) || filename.startsWith("file:")) return fileURLToPath(filename)
      return Path.resolve(filename)
    },
    catch: () => "filename: give a path or a file: URL"
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
