/**
 * The embedded durable store: one SQLite database, shared by the processes of one host.
 *
 * Its files are 0600 in a 0700 folder from their first byte. A commit is on the disk before it is acknowledged
 * (`synchronous = FULL`), because a rotated pair that a loss of power takes back can't be had again. A killed owner is
 * seen as gone at once. The driver works synchronously, so a write holds the event loop for the time of one fsync.
 *
 * @since 0.1.0
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import * as Path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { ofStore } from "./internal/failures.ts"
import { migrate } from "./internal/migrations.ts"
import { preparePrivateFile } from "./internal/privateFiles.ts"
import { makePresence } from "./internal/processPresence.ts"
import { defaultTable, makeRecords } from "./internal/records.ts"
import { makeUse } from "./internal/sqliteConnection.ts"

/**
 * Where the database is, and how this store treats it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The database: a path, or a `file:` URL. Its folder should hold nothing else; it is created with mode 0700. */
  readonly filename: string | URL
  /** The table's name (default: `effect_auth_sessions`). */
  readonly table?: string | undefined
  /** What to do about files that others can read: close them with a warning (default), or fail (`permissions`). */
  readonly permissions?: "repair" | "refuse" | undefined
  /** For how long a call waits for other processes' writes before it fails with `unavailable` (default: 5 seconds). */
  readonly patience?: Duration.DurationInput | undefined
}

/**
 * Opens (and creates) the database; it is closed with the scope. Fails with `TokenStoreError`: `permissions` where its
 * files can be read by others, `corrupt` where the file is no database, else `unavailable`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<TokenStore.Service, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const file = yield* pathOf(options.filename)
    yield* preparePrivateFile(file, options.permissions ?? "repair")
    const use = yield* makeUse(pathToFileURL(file).href)
    const table = options.table ?? defaultTable
    yield* migrate(use, { table, backend: "sqlite" })
    return { ...makeRecords(use, { table, patience: options.patience }), presence: yield* makePresence }
  })

/** SQLite would take some names for something else (`:memory:`, a query), so the driver only ever gets an absolute URL. */
const pathOf = (filename: string | URL): Effect.Effect<string, TokenStoreError> =>
  Effect.try({
    try: () => {
      if (filename instanceof URL || filename.startsWith("file:")) return fileURLToPath(filename)
      if (filename === "" || filename === ":memory:" || filename.includes("\0")) throw new Error("no file")
      return Path.resolve(filename)
    },
    catch: () => ofStore("sqlite", "open", { detail: "filename is neither a path nor a file: URL" })()
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
