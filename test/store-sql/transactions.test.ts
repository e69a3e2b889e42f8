/** No store joins a transaction of the application, of the same database or of another one. */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as SqlPendingStore from "@effect-auth/store-sql/SqlPendingStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import * as Mysql from "mysql2/promise"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"
import { listenTo } from "../support/stores/changesOf.ts"
import { key, record } from "../support/stores/sample.ts"

const [postgres, mysql] = await Promise.all([backends.postgres(), backends.mysql()])
const isSkipped = postgres.isSkipped || mysql.isSkipped
const run = backends.runName
const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-transactions-"))
const file = Path.join(root, "application.db")

const clients = {
  postgres: PgClient.layer({ url: Redacted.make(postgres.url), maxConnections: 3 }),
  mysql: MysqlClient.layer({ url: Redacted.make(mysql.url), maxConnections: 3 }),
  sqlite: LibsqlClient.layer({ url: pathToFileURL(file).href })
}

const clientOf = (name: keyof typeof clients) =>
  Effect.map(
    Layer.build(Layer.orDie(clients[name])),
    (context) => Context.get(context, SqlClient.SqlClient)
  )

let tables = 0
const newTable = () => `${run}_tx_${++tables}`

/** Makes two instances over one table, so that the second one shows what was committed. */
type MakeTwo = Effect.Effect<readonly [TokenStore.Service, TokenStore.Service], unknown, Scope>

const twice = (make: () => Effect.Effect<TokenStore.Service, unknown, Scope>): MakeTwo =>
  Effect.suspend(() => {
    const same = make()
    return Effect.all([same, same])
  })

const generic = (name: keyof typeof clients) =>
  twice(() => {
    const table = newTable()
    return Effect.flatMap(
      clientOf(name),
      (sql) => Effect.provideService(SqlTokenStore.make({ table }), SqlClient.SqlClient, sql)
    )
  })

const stores: Readonly<Record<string, MakeTwo>> = {
  PostgresTokenStore: twice(() => PostgresTokenStore.make({ url: Redacted.make(postgres.url), table: newTable() })),
  MysqlTokenStore: twice(() => MysqlTokenStore.make({ url: Redacted.make(mysql.url), table: newTable() })),
  SqliteTokenStore: twice(() => SqliteTokenStore.make({ filename: Path.join(root, newTable(), "sessions.db") })),
  "SqlTokenStore on PostgreSQL": generic("postgres"),
  "SqlTokenStore on MySQL": generic("mysql")
}

describe.skipIf(isSkipped)("a transaction of the application around a call", () => {
  afterAll(async () => {
    Fs.rmSync(root, { recursive: true, force: true })
    const pg = new Pg.Client({ connectionString: postgres.url })
    await pg.connect()
    const found = await pg.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE $1",
      [`${run}%`]
    )
    for (const { name } of found.rows) await pg.query(`DROP TABLE ${Pg.escapeIdentifier(name)}`)
    await pg.end()
    const my = await Mysql.createConnection(mysql.url)
    const [rows] = await my.query<Array<Mysql.RowDataPacket>>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?",
      [`${run}%`]
    )
    for (const { name } of rows) await my.query(`DROP TABLE \`${String(name)}\``)
    await my.end()
  })

  for (const [name, makeTwo] of Object.entries(stores)) {
    for (const database of ["postgres", "mysql", "sqlite"] as const) {
      it.scopedLive(
        `${name}: a write stays when a transaction on ${database} is rolled back`,
        () =>
          Effect.gen(function*() {
            const app = yield* clientOf(database)
            const [store, other] = yield* makeTwo
            yield* store.compareAndSet(key, 0, record(1))
            const failed = yield* Effect.flip(app.withTransaction(Effect.gen(function*() {
              assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
              // It is committed before the transaction ends.
              assert.strictEqual(Option.getOrThrow(yield* other.get(key)).version, 2)
              return yield* Effect.fail("the application's own failure")
            })))
            assert.strictEqual(failed, "the application's own failure")
            assert.strictEqual(Option.getOrThrow(yield* other.get(key)).version, 2)
          }),
        20_000
      )
    }

    it.scopedLive(
      `${name}: a refresh keeps its new generation when the transaction is rolled back`,
      () =>
        Effect.gen(function*() {
          const app = yield* clientOf("postgres")
          const [store, other] = yield* makeTwo
          const script = yield* ScriptedProvider.make({ expiresIn: 3_600 })
          const sessions = yield* Effect.provideService(
            AuthSessions.make(script.provider),
            TokenStore.TokenStore,
            store
          )
          const auth = yield* sessions.get("anna")
          yield* auth.signIn({})
          yield* Effect.flip(app.withTransaction(Effect.zipRight(auth.refresh, Effect.fail("rolled back"))))
          const { realm } = script.provider
          const stored = Option.getOrThrow(yield* other.get({ provider: script.provider.name, realm, account: "anna" }))
          assert.deepStrictEqual([stored.generation, stored.claim], [2, undefined])
        }),
      20_000
    )
  }

  for (const name of ["PostgresTokenStore", "MysqlTokenStore", "SqliteTokenStore"]) {
    it.scopedLive(
      `${name}: a listener that began inside hears what is written after the transaction`,
      () =>
        Effect.gen(function*() {
          const app = yield* clientOf("postgres")
          const [store, other] = yield* stores[name]!
          const heard = yield* app.withTransaction(listenTo(store, key, (version) => version === 1))
          yield* other.compareAndSet(key, 0, record(1))
          const all = yield* Effect.timeout(Fiber.join(heard), "5 seconds")
          assert.include([...all], 1)
        }),
      20_000
    )
  }

  it.scopedLive("a store that is made inside keeps its table when the transaction is rolled back", () =>
    Effect.gen(function*() {
      const app = yield* clientOf("postgres")
      const table = newTable()
      const make = Effect.provideService(SqlTokenStore.make({ table }), SqlClient.SqlClient, app)
      yield* Effect.flip(app.withTransaction(Effect.zipRight(make, Effect.fail("rolled back"))))
      assert.strictEqual((yield* app`SELECT 1 FROM ${app(`${table}_migrations`)}`).length, 1)
    }))

  it.scopedLive("SqlPendingStore: a sign-in that was taken stays taken", () =>
    Effect.gen(function*() {
      const app = yield* clientOf("postgres")
      const store = yield* Effect.provideService(
        SqlPendingStore.make({ table: newTable() }),
        SqlClient.SqlClient,
        app
      )
      const expiresAt = (yield* Clock.currentTimeMillis) + 600_000
      yield* store.put("id", { browser: "b", realm: "r", redirectUri: "u", verifier: Redacted.make("v"), expiresAt })
      yield* Effect.flip(app.withTransaction(Effect.zipRight(store.take("id", "b"), Effect.fail("rolled back"))))
      assert.isUndefined(yield* store.take("id", "b"))
    }))

  it.scopedLive(
    "SqlTokenStore on SQLite: a call inside fails in time and says why, and a call after it works",
    () =>
      Effect.gen(function*() {
        const app = yield* clientOf("sqlite")
        const store = yield* Effect.provideService(
          SqlTokenStore.make({ table: newTable() }),
          SqlClient.SqlClient,
          app
        )
        const error = yield* Effect.flip(app.withTransaction(store.compareAndSet(key, 0, record(1))))
        assert.propertyVal(error, "_tag", "TokenStoreError")
        assert.match(error.message, /inside a transaction of the application, move it outside/)
        assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
      }),
    20_000
  )
})
