/**
 * A token store in the SQLite database of one Durable Object of Cloudflare Workers.
 *
 * A Durable Object runs one thread and its SQL is synchronous, so each call of the store is atomic. A response leaves
 * the object only when its writes are durable (output gates). The session machine runs in the object, and Workers send
 * their requests to the object of the account.
 *
 * ```ts
 * import * as DurableObjectTokenStore from "@effect-auth/store-sql/DurableObjectTokenStore"
 *
 * // In the class of the object, with its `ctx.storage.sql`:
 * export const sessionsIn = (sql: DurableObjectTokenStore.SqlStorage) => DurableObjectTokenStore.layer({ sql })
 * ```
 *
 * Don't call the store inside `ctx.storage.transaction` or `transactionSync`: an object has only one connection, so a
 * rollback would also take back a new pair of tokens.
 *
 * @see https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 * @since 0.1.0
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as RecordPages from "@effect-auth/core/RecordPages"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as checks from "./internal/checks.ts"

/**
 * The used part of `ctx.storage.sql`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlStorage {
  readonly exec: (query: string, ...bindings: Array<string | number>) => {
    readonly toArray: () => ReadonlyArray<unknown>
  }
}

/**
 * The options of this store.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** `ctx.storage.sql` of a class with the SQLite backend (`new_sqlite_classes`). */
  readonly sql: SqlStorage
  /** The table's name: lower-case letters, digits and `_`. Default: `effect_auth_sessions`. */
  readonly table?: string | undefined
}

/**
 * The parts that all stores over one storage share. A Durable Object has only one instance, so no other process writes.
 */
interface Shared {
  readonly owner: string
  readonly hub: RecordChanges.Hub
}

const shared = new WeakMap<SqlStorage, Shared>()

const sharedOf = (sql: SqlStorage): Shared => {
  const known = shared.get(sql)
  if (known !== undefined) return known
  const made = {
    owner: `durable-object:${Hex.encode(crypto.getRandomValues(new Uint8Array(16)))}`,
    hub: RecordChanges.makeHub()
  }
  made.hub.listening()
  shared.set(sql, made)
  return made
}

const failure = (operation: string, key?: RecordKey.RecordKey) => (cause: unknown) =>
  new TokenStoreError({
    provider: key?.provider ?? "durable-object",
    account: key?.account ?? "",
    operation,
    reason: "unavailable",
    // The message of the error may quote a statement, so only its name is kept.
    detail: cause instanceof Error ? cause.name : "failed"
  })

const isStorage = (value: unknown): value is SqlStorage =>
  Predicate.hasProperty(value, "exec") && typeof value.exec === "function"

const settings = Effect.fnUntraced(function*(options: Options) {
  const refused = (detail: string) =>
    new TokenStoreError({ provider: "durable-object", account: "", operation: "open", reason: "misconfigured", detail })
  yield* Effect.mapError(Effect.fromResult(checks.known(options, ["sql", "table"])), refused)
  if (!isStorage(options.sql)) return yield* refused("sql: give ctx.storage.sql of a class with the SQLite backend")
  return { sql: options.sql, table: yield* Effect.mapError(Effect.fromResult(checks.table(options.table)), refused) }
})

/** A column of a row. A row that the store did not write gives a record that can't be read. */
const textIn = (row: unknown, name: string): unknown => Predicate.hasProperty(row, name) ? row[name] : undefined

/** Runs one statement and returns its rows. */
type Run = (
  operation: string,
  key: RecordKey.RecordKey | undefined,
  query: string,
  ...bindings: Array<string | number>
) => Effect.Effect<ReadonlyArray<unknown>, TokenStoreError>

const records = (run: Run, table: string, hub: RecordChanges.Hub) => {
  const written = (key: RecordKey.RecordKey, rows: ReadonlyArray<unknown>, version: number): boolean => {
    const isWritten = rows.length === 1
    if (isWritten) hub.changed(RecordKey.hash(key), version)
    return isWritten
  }
  return {
    get: Effect.fnUntraced(function*(key) {
      const name = yield* RecordKey.check(key)
      const [row] = yield* run("read", key, `SELECT version, record FROM ${table} WHERE key = ?`, name)
      if (row === undefined) return Option.none()
      return Option.some(yield* SessionRecord.decode(key, textIn(row, "record"), Number(textIn(row, "version"))))
    }),
    compareAndSet: Effect.fnUntraced(function*(key, expected, next) {
      const name = yield* RecordKey.check(key)
      const text = SessionRecord.encode(next)
      const rows = yield* expected === 0
        ? run(
          "write",
          key,
          `INSERT INTO ${table} (key, version, record) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING version`,
          name,
          next.version,
          text
        )
        : run(
          "write",
          key,
          `UPDATE ${table} SET version = ?, record = ? WHERE key = ? AND version = ? RETURNING version`,
          next.version,
          text,
          name,
          expected
        )
      return written(key, rows, next.version)
    }),
    erase: Effect.fnUntraced(function*(key) {
      const name = yield* RecordKey.check(key)
      return written(key, yield* run("erase", key, `DELETE FROM ${table} WHERE key = ? RETURNING version`, name), 0)
    })
  } satisfies Pick<TokenStore.Service, "get" | "compareAndSet" | "erase">
}

const makeScan = (run: Run, table: string): NonNullable<TokenStore.Service["scan"]> =>
  Effect.fnUntraced(function*(prefix, page) {
    const { after, begin, limit } = yield* RecordPages.check(prefix, page)
    const isLater = after !== undefined && after >= begin
    const rows = yield* run(
      "scan",
      undefined,
      `SELECT key FROM ${table} WHERE key ${isLater ? ">" : ">="} ? AND key < ? ORDER BY key LIMIT ?`,
      isLater ? after : begin,
      // Names are ASCII, so all names with the prefix come before the prefix with 0x7f.
      `${begin}\x7f`,
      limit + 1
    )
    return RecordPages.fromSorted(rows.map((row) => String(textIn(row, "key"))), limit)
  })

/**
 * Makes the store, and creates its table if it does not exist. Fails with `TokenStoreError`: `misconfigured` if an
 * option is invalid, `unavailable` if the storage throws.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(
  function*(options: Options): Effect.fn.Return<TokenStore.Service, TokenStoreError> {
    const { sql, table } = yield* settings(options)
    const { hub, owner } = sharedOf(sql)
    const run: Run = (operation, key, query, ...bindings) =>
      Effect.try({ try: () => sql.exec(query, ...bindings).toArray(), catch: failure(operation, key) })
    yield* run(
      "open",
      undefined,
      `CREATE TABLE IF NOT EXISTS ${table} (key TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, record TEXT NOT NULL)`
    )
    return {
      ...records(run, table, hub),
      scan: makeScan(run, table),
      changes: hub.changes,
      reportsAtOnce: true,
      presence: {
        owner,
        watches: "process",
        // While this instance runs, an earlier instance of the object is surely gone.
        isAlive: (other) => Effect.succeed(other === owner || !/^durable-object:[0-9a-f]{32}$/.test(other))
      }
    } satisfies { readonly [K in keyof TokenStore.Service]-?: TokenStore.Service[K] }
  }
)

/**
 * The store of {@link make} as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenStore.TokenStore, TokenStoreError> =>
  Layer.effect(TokenStore.TokenStore, make(options))
