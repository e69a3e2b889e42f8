/** What is refused when a store is opened, and whether it may be tried again. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import * as SqlPendingStore from "@effect-auth/store-sql/SqlPendingStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Mysql from "mysql2/promise"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { pathToFileURL } from "node:url"
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"
import { key } from "../support/stores/sample.ts"

const [postgres, mysql] = await Promise.all([backends.postgres(), backends.mysql()])
const run = backends.runName
const root = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-opening-"))
afterAll(() => Fs.rmSync(root, { recursive: true, force: true }))

let tables = 0
const newTable = () => `${run}_open_${++tables}`

/** The reason and the words of the refusal. It comes within two seconds. */
const refusal = (make: Effect.Effect<unknown, TokenStoreError, Scope>) =>
  Effect.scoped(Effect.flip(make)).pipe(
    Effect.timeoutFail({ duration: "2 seconds", onTimeout: () => new Error("it takes too long") }),
    Effect.map((error) => {
      assert.instanceOf(error, TokenStoreError)
      assert.strictEqual(error.isRetryable, error.reason === "unavailable")
      return error
    })
  )

const refused = Effect.fnUntraced(function*(
  make: Effect.Effect<unknown, TokenStoreError, Scope>,
  reason: TokenStoreError["reason"],
  words: RegExp
) {
  const error = yield* refusal(make)
  assert.match(error.detail ?? "", words)
  assert.strictEqual(error.reason, reason)
})

describe.skipIf(postgres.isSkipped)("PostgresTokenStore refuses at once", () => {
  const query = (text: string) =>
    Effect.promise(async () => {
      const pg = new Pg.Client({ connectionString: postgres.url })
      await pg.connect()
      await pg.query(text)
      await pg.end()
    })
  const addressed = (change: (url: URL) => void) => {
    const url = new URL(postgres.url)
    change(url)
    return Redacted.make(url.href)
  }
  const dropped = (table: string) =>
    Effect.addFinalizer(() => query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`))

  it.scopedLive("a database or a schema that is not there, and a server without TLS", () =>
    Effect.gen(function*() {
      const url = addressed((url) => {
        url.pathname = `/${run}_nowhere`
      })
      yield* refused(PostgresTokenStore.make({ url }), "misconfigured", /no database of this name/)
      const right = Redacted.make(postgres.url)
      yield* refused(PostgresTokenStore.make({ url: right, table: "nowhere.x" }), "misconfigured", /schema/)
      yield* refused(PostgresTokenStore.make({ url: right, ssl: true }), "misconfigured", /has no TLS/)
    }))

  it.scopedLive("no other setting of the driver in the url", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* dropped(table)
      const url = addressed((url) => {
        url.search = "?statement_timeout=4000&connect_timeout=10&target_session_attrs=read-write&keepalives=1"
      })
      const store = yield* PostgresTokenStore.make({ url, table })
      assert.isTrue(Option.isNone(yield* store.get(key)))
    }))

  it.scopedLive("a table of the same name with other columns", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* dropped(table)
      yield* query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text)`)
      const opened = PostgresTokenStore.make({ url: Redacted.make(postgres.url), table })
      yield* refused(opened, "misconfigured", /other columns/)
    }))

  it.scopedLive("a server where every transaction is read-only, and it may be tried again", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* dropped(table)
      yield* Effect.scoped(PostgresTokenStore.make({ url: Redacted.make(postgres.url), table }))
      const url = addressed((url) => url.searchParams.set("options", "-c default_transaction_read_only=on"))
      yield* refused(PostgresTokenStore.make({ url, table }), "unavailable", /read-only/)
    }))
})

describe.skipIf(mysql.isSkipped)("MysqlTokenStore refuses at once", () => {
  const query = (text: string) =>
    Effect.promise(async () => {
      const connection = await Mysql.createConnection(mysql.url)
      await connection.query(text)
      await connection.end()
    })
  const addressed = (change: (url: URL) => void) => {
    const url = new URL(mysql.url)
    change(url)
    return Redacted.make(url.href)
  }
  const dropped = (table: string) =>
    Effect.addFinalizer(() => query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`))
  const right = Redacted.make(mysql.url)

  it.scopedLive("a wrong password, and a database that is not there", () =>
    Effect.gen(function*() {
      const nobody = addressed((url) => {
        url.username = "nobody_here"
        url.password = "wrong"
      })
      yield* refused(MysqlTokenStore.make({ url: nobody }), "misconfigured", /refused the user, the password/)
      const nowhere = addressed((url) => {
        url.pathname = `/${run}_nowhere`
      })
      yield* refused(MysqlTokenStore.make({ url: nowhere }), "misconfigured", /no database of this name/)
    }))

  it.scopedLive("a table of the same name with other columns", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* dropped(table)
      yield* query(`CREATE TABLE ${table} (id int PRIMARY KEY, name text)`)
      yield* refused(MysqlTokenStore.make({ url: right, table }), "misconfigured", /other columns/)
    }))

  it.scopedLive("a user who may only read, or only change", () =>
    Effect.gen(function*() {
      const [table, user] = [newTable(), `o${run.slice(-20)}`.replace(/[^a-z0-9]/g, "")]
      yield* dropped(table)
      yield* Effect.scoped(MysqlTokenStore.make({ url: right, table }))
      yield* Effect.acquireRelease(
        query(`CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`),
        () => query(`DROP USER ${user}@'%'`)
      )
      const database = new URL(mysql.url).pathname.slice(1)
      yield* query(`GRANT SELECT ON ${database}.${table}_migrations TO ${user}@'%'`)
      const url = addressed((url) => {
        url.username = user
        url.password = "pw"
      })
      for (const rights of ["SELECT", "UPDATE"]) {
        yield* query(`GRANT ${rights} ON ${database}.${table} TO ${user}@'%'`)
        yield* refused(MysqlTokenStore.make({ url, table }), "permissions", /lacks a right/)
      }
      yield* query(`GRANT INSERT ON ${database}.${table} TO ${user}@'%'`)
      yield* MysqlTokenStore.make({ url, table })
    }))
})

describe("stores on SQLite refuse at once", () => {
  it.scopedLive("a table that SQLite keeps for itself, or in another schema", () =>
    Effect.gen(function*() {
      const filename = Path.join(root, "names", "sessions.db")
      for (const table of ["sqlite_sessions", "nowhere.sessions", "temp.sessions"]) {
        yield* refused(SqliteTokenStore.make({ filename, table }), "misconfigured", /^table: /)
      }
      yield* SqliteTokenStore.make({ filename, table: "sessions" })
    }))

  it.scopedLive("a table with other columns", () =>
    Effect.gen(function*() {
      const filename = Path.join(root, "columns.db")
      const layer = LibsqlClient.layer({ url: pathToFileURL(filename).href })
      const generic = Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const on = (table: string) => Effect.provideService(SqlTokenStore.make({ table }), SqlClient.SqlClient, sql)
        yield* sql`CREATE TABLE strangers (id int PRIMARY KEY, name text)`
        yield* refused(on("nowhere.sessions"), "misconfigured", /SQLITE_ERROR/)
        yield* refused(on("strangers"), "misconfigured", /other columns/)
      })
      yield* Effect.provide(generic, layer)
    }))

  it.scopedLive("a capacity of pending sign-ins that is no number of sign-ins", () =>
    Effect.gen(function*() {
      const layer = LibsqlClient.layer({ url: pathToFileURL(Path.join(root, "pending.db")).href })
      for (const capacity of [Number.NaN, 0, 1.5, Number.POSITIVE_INFINITY]) {
        yield* refused(Effect.provide(SqlPendingStore.make({ capacity }), layer), "misconfigured", /^capacity: /)
      }
    }))
})

describe("a database that does not answer yet", () => {
  it.scoped("SqlTokenStore waits twenty seconds for it when it is opened", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const isAwake = yield* Deferred.make<void>()
      // The transaction holds the only connection.
      yield* Effect.fork(sql.withTransaction(Deferred.await(isAwake)))
      yield* TestClock.adjust(1)
      const fiber = yield* Effect.fork(SqlTokenStore.make())
      yield* TestClock.adjust("20 seconds")
      yield* Deferred.succeed(isAwake, undefined)
      const store = yield* Fiber.join(fiber)
      assert.isTrue(Option.isNone(yield* store.get(key)))
    }).pipe(Effect.provide(LibsqlClient.layer({ url: pathToFileURL(Path.join(root, "asleep.db")).href }))))
})

/** MySQL commits the row of a migration before its table is there. */
describe("a table that another process creates at this moment", () => {
  const clients = {
    PostgreSQL: PgClient.layer({ url: Redacted.make(postgres.url) }),
    MySQL: MysqlClient.layer({ url: Redacted.make(mysql.url) }),
    SQLite: LibsqlClient.layer({ url: pathToFileURL(Path.join(root, "late.db")).href })
  }
  const url = Redacted.make(mysql.url)
  const on = (sql: SqlClient.SqlClient) => ({
    SqlTokenStore: (table: string) => Effect.provideService(SqlTokenStore.make({ table }), SqlClient.SqlClient, sql),
    MysqlTokenStore: (table: string) => MysqlTokenStore.make({ url, table })
  })
  const isSkipped = { PostgreSQL: postgres.isSkipped, MySQL: mysql.isSkipped, SQLite: false }

  for (
    const [name, database] of [
      ["SqlTokenStore", "PostgreSQL"],
      ["SqlTokenStore", "MySQL"],
      ["SqlTokenStore", "SQLite"],
      ["MysqlTokenStore", "MySQL"]
    ] as const
  ) {
    it.scopedLive.skipIf(isSkipped[database])(`${name} on ${database} waits for it`, () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [table, hidden] = [newTable(), newTable()]
        yield* Effect.addFinalizer(() =>
          Effect.ignore(Effect.forEach([table, `${table}_migrations`], (each) => sql`DROP TABLE ${sql(each)}`))
        )
        const make = on(sql)[name](table)
        yield* Effect.scoped(make)
        yield* sql`ALTER TABLE ${sql(table)} RENAME TO ${sql(hidden)}`
        const fiber = yield* Effect.fork(make)
        yield* Effect.sleep("300 millis")
        yield* sql`ALTER TABLE ${sql(hidden)} RENAME TO ${sql(table)}`
        const store = yield* Fiber.join(fiber)
        assert.isTrue(Option.isNone(yield* store.get(key)))
      }).pipe(Effect.provide(clients[database])))
  }
})
