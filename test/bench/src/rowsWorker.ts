/** One store with many rows, measured in a process of its own. */
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { pathToFileURL } from "node:url"
import * as Pg from "pg"
import type { Store, Times } from "./rows.ts"

const store = JSON.parse(process.argv[2] ?? "") as Store
const rows = Number(process.argv[3])

const rounds = 300
const warmUp = 50

const table = "effect_auth_bench_rows"

type Query = (text: string) => Effect.Effect<ReadonlyArray<Record<string, unknown>>, unknown>

/** The database itself, beside the store. */
interface Database {
  readonly layer: Layer.Layer<TokenStore.TokenStore, unknown>
  readonly query: Query
  readonly numbers: string
  readonly bytes: string
}

const postgres = (url: string): Database => {
  const client = new Pg.Client({ connectionString: url })
  const connected = client.connect()
  return {
    layer: PostgresTokenStore.layer({ url: Redacted.make(url), table }),
    query: (text) => Effect.tryPromise(() => connected.then(() => client.query(text)).then(({ rows }) => rows)),
    numbers: `SELECT generate_series(1, ${rows - 1}) AS n`,
    bytes: `SELECT pg_total_relation_size('${table}') AS bytes`
  }
}

const sqlite = (filename: string): Database => ({
  layer: SqliteTokenStore.layer({ filename, table }),
  query: (text) =>
    Effect.scoped(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe<Record<string, unknown>>(text))).pipe(
      Effect.provide(LibsqlClient.layer({ url: pathToFileURL(filename).href }))
    ),
  numbers: `WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows - 1})
    SELECT n FROM numbers`,
  bytes: "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
})

const keyOf = (index: number) => ({ provider: "bench", realm: "rows", account: `account-${index}` })

/** As long as those of real servers. */
const record = (index: number, version: number): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(keyOf(index)),
  version,
  state: { _tag: "active" },
  tokens: {
    accessToken: Redacted.make("a".repeat(800)),
    refreshToken: Redacted.make("r".repeat(200)),
    obtainedAt: 0,
    lifetime: 3_600_000
  }
})

const measure = Effect.fnUntraced(function*<E>(call: (round: number) => Effect.Effect<unknown, E>) {
  const times: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const since = performance.now()
    yield* call(round)
    if (round >= warmUp) times.push(performance.now() - since)
  }
  return times
})

const anyone = (): number => Math.floor(Math.random() * rows)

const wholeTable = (query: Query) =>
  Effect.map(
    query(`SELECT seq_scan FROM pg_stat_user_tables WHERE relname = '${table}'`),
    (found) => Number(found[0]?.seq_scan)
  )

const program = ({ bytes, layer, numbers, query }: Database) =>
  Effect.gen(function*() {
    const sessions = yield* TokenStore.TokenStore
    yield* sessions.compareAndSet(keyOf(0), 0, record(0, 1))
    const columns = "key, version, record"
    yield* query(
      `INSERT INTO ${table} (${columns})
SELECT replace(key, 'account-0', 'account-' || n), version, replace(record, 'account-0', 'account-' || n)
FROM ${table}, (${numbers}) AS numbers`
    )
    const isCounted = store.kind === "postgres"
    if (isCounted) yield* query(`VACUUM ANALYZE ${table}`)
    // PostgreSQL counts a moment later.
    yield* Effect.sleep(1_500)
    const before = isCounted ? yield* wholeTable(query) : 0
    const scan = sessions.scan!
    const read = yield* measure(() => sessions.get(keyOf(anyone())))
    const versions = new Map<number, number>()
    const write = yield* measure(() => {
      const index = anyone()
      const version = versions.get(index) ?? 1
      versions.set(index, version + 1)
      return Effect.filterOrFail(
        sessions.compareAndSet(keyOf(index), version, record(index, version + 1)),
        (isWritten) => isWritten,
        () => "a write was lost"
      )
    })
    const page = yield* measure(() =>
      scan({ provider: "bench", realm: "rows" }, { after: `bench/rows/account-${anyone()}`, limit: 100 })
    )
    yield* Effect.sleep(1_500)
    const times: Times = {
      read,
      write,
      page,
      bytes: Number((yield* query(bytes))[0]?.bytes) / rows,
      wholeTable: isCounted ? (yield* wholeTable(query)) - before : undefined
    }
    if (isCounted) yield* query(`DROP TABLE ${table}, ${table}_migrations`)
    return times
  }).pipe(
    Effect.scoped,
    Effect.provide(layer),
    Effect.catchAll((error) => Effect.succeed(String(error)))
  )

const result = await Effect.runPromise(program(store.kind === "sqlite" ? sqlite(store.filename) : postgres(store.url)))
process.send?.(result, () => process.exit(0))
