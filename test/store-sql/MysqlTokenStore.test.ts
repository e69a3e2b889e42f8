import { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as MysqlTokenStore from "@effect-auth/store-sql/MysqlTokenStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Mysql from "mysql2/promise"
import * as backends from "../support/stores/backends.ts"
import { changesOf } from "../support/stores/changesOf.ts"
import * as children from "../support/stores/children.ts"
import { proxy } from "../support/stores/proxy.ts"
import { key, record, showsSecret } from "../support/stores/sample.ts"

const backend = await backends.mysql()
const run = backends.runName
const url = Redacted.make(backend.url)

const client = Effect.acquireRelease(
  Effect.promise(() => Mysql.createConnection(backend.url)),
  (mysql) => Effect.promise(() => mysql.end())
)

const rows = (mysql: Mysql.Connection, text: string, values: ReadonlyArray<string> = []) =>
  Effect.map(
    Effect.promise(() => mysql.query<Array<Mysql.RowDataPacket>>(text, [...values])),
    ([result]) => result
  )

let tables = 0
const newTable = () => `${run}_${++tables}`

const through = (port: number) => {
  const address = new URL(backend.url)
  address.host = `127.0.0.1:${port}`
  return Redacted.make(address.href)
}
const target = () => {
  const address = new URL(backend.url)
  return { host: address.hostname, port: Number(address.port || 3306) }
}

describe.skipIf(backend.isSkipped)("on MySQL", () => {
  afterAll(() =>
    Effect.runPromise(Effect.scoped(Effect.gen(function*() {
      const mysql = yield* client
      const found = yield* rows(
        mysql,
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE ?",
        [`${run}%`]
      )
      for (const { name } of found) yield* rows(mysql, `DROP TABLE \`${String(name)}\``)
    })))
  )

  /** Another connection holds the table from `begin` to `end`: statements wait, and time out. */
  const lockedTable = (table: string): TokenStoreLaws.Outage => {
    let scope: Scope.CloseableScope | undefined
    return {
      begin: Effect.gen(function*() {
        scope = yield* Scope.make()
        const mysql = yield* Scope.extend(client, scope)
        yield* rows(mysql, `LOCK TABLES ${table} WRITE`)
      }),
      end: Effect.suspend(() => scope === undefined ? Effect.void : Scope.close(scope, Exit.void)),
      within: "3 seconds"
    }
  }

  const shared = newTable()
  const spec = () => ({ kind: "mysql", url: backend.url, table: shared }) as const
  TokenStoreLaws.suite("MySQL", MysqlTokenStore.layer({ url, table: shared, statementTimeout: "15 seconds" }), {
    durable: true,
    manyAccounts: false,
    process: children.process(spec)
  })
  TokenStoreLaws.suite(
    "any SqlClient of MySQL",
    Layer.provide(SqlTokenStore.layer({ table: `${run}_generic` }), MysqlClient.layer({ url })),
    { durable: true, manyAccounts: false }
  )
  children.processSuite("MySQL", spec)

  describe("MysqlTokenStore", () => {
    it.scopedLive("sixteen opens of a new table at once create it once", () =>
      Effect.gen(function*() {
        const table = newTable()
        yield* Effect.all(
          Array.from({ length: 16 }, () => Effect.scoped(MysqlTokenStore.make({ url, table }))),
          { concurrency: 8 }
        )
        const found = yield* rows(yield* client, `SELECT migration_id FROM ${table}_migrations`)
        assert.deepStrictEqual(found.map((row) => Number(row["migration_id"])), [1])
      }), 60_000)

    it.scopedLive("holds no transaction between two calls", () =>
      Effect.gen(function*() {
        const table = newTable()
        const store = yield* MysqlTokenStore.make({ url, table, maxConnections: 1 })
        for (let account = 0; account < 20; account++) {
          const each = { ...key, account: `${account}` }
          assert.isTrue(yield* store.compareAndSet(each, 0, { ...record(1), account: each.account }))
        }
        const mysql = yield* client
        const found = yield* rows(mysql, `SELECT count(*) AS n FROM ${table}`)
        // Another connection sees them all: each write was committed by itself.
        assert.strictEqual(Number(found[0]?.["n"]), 20)
      }))

    it.scopedLive("a table that was dropped: the error says what to do, and then it is made again", () =>
      Effect.gen(function*() {
        const table = newTable()
        const mysql = yield* client
        const store = yield* MysqlTokenStore.make({ url, table })
        yield* rows(mysql, `DROP TABLE ${table}`)
        const { detail, reason } = yield* Effect.flip(store.get(key))
        assert.strictEqual(reason, "unavailable")
        assert.match(detail ?? "", /drop its migrations table too/)
        yield* rows(mysql, `DROP TABLE ${table}_migrations`)
        const again = yield* MysqlTokenStore.make({ url, table })
        assert.isTrue(yield* again.compareAndSet(key, 0, record(1)))
      }))

    it.scopedLive("a server that would not commit a write is refused", () =>
      Effect.gen(function*() {
        const address = new URL(backend.url)
        const mysql = yield* client
        const user = `u${run.slice(-20)}`.replace(/[^a-z0-9]/g, "")
        yield* Effect.acquireRelease(
          rows(mysql, `CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`),
          () => rows(mysql, `DROP USER ${user}@'%'`)
        )
        yield* rows(mysql, `GRANT ALL ON ${address.pathname.slice(1)}.* TO ${user}@'%'`)
        const before = (yield* rows(mysql, "SELECT @@global.init_connect AS text"))[0]?.["text"]
        // It is not run for users with all rights.
        yield* Effect.acquireRelease(
          rows(mysql, "SET GLOBAL init_connect = 'SET autocommit = 0'"),
          () => rows(mysql, "SET GLOBAL init_connect = ?", [String(before ?? "")])
        )
        const other = new URL(backend.url)
        other.username = user
        other.password = "pw"
        const error = yield* Effect.flip(MysqlTokenStore.make({ url: Redacted.make(other.href), table: newTable() }))
        assert.strictEqual(error.reason, "misconfigured")
        assert.include(error.detail ?? "", "autocommit")
      }))

    it.scopedLive(
      "a server that became read-only is left: the next write goes where the name leads then",
      () =>
        Effect.gen(function*() {
          const [mysql, address] = [yield* client, new URL(backend.url)]
          const user = `r${run.slice(-20)}`.replace(/[^a-z0-9]/g, "")
          yield* Effect.acquireRelease(
            rows(mysql, `CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`),
            () => rows(mysql, `DROP USER ${user}@'%'`)
          )
          yield* rows(mysql, `GRANT ALL ON ${address.pathname.slice(1)}.* TO ${user}@'%'`)
          address.username = user
          address.password = "pw"
          const store = yield* MysqlTokenStore.make({
            url: Redacted.make(address.href),
            table: newTable(),
            maxConnections: 1
          })
          const connections = Effect.map(
            rows(mysql, "SELECT id FROM information_schema.processlist WHERE user = ?", [user]),
            (found) => found.map((row) => Number(Object.values(row)[0]))
          )
          yield* store.compareAndSet(key, 0, record(1))
          const [version] = yield* rows(mysql, "SELECT version() AS version, @@global.init_connect AS text")
          const setting = String(version?.["version"]).includes("MariaDB") ? "tx_read_only" : "transaction_read_only"
          const begin = (text: string) => rows(mysql, "SET GLOBAL init_connect = ?", [text])
          const end = begin(String(version?.["text"] ?? ""))
          yield* Effect.acquireRelease(
            begin(`SET SESSION ${setting} = IF(user() LIKE '${user}@%', 1, 0)`),
            () => end
          )
          for (const id of yield* connections) yield* rows(mysql, `KILL ${id}`)
          yield* Effect.retry(store.get(key), { times: 20, schedule: Schedule.spaced(100) })
          yield* Effect.sleep(600)
          const before = yield* connections
          assert.strictEqual(before.length, 2)
          yield* end
          const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
          assert.match(error.detail ?? "", /read-only/)
          yield* Effect.retry(store.compareAndSet(key, 1, record(2)), { times: 20, schedule: Schedule.spaced(100) })
          yield* Effect.sleep(600)
          const after = yield* connections
          assert.deepStrictEqual(after.filter((id) => before.includes(id)), [])
        }),
      20_000
    )

    it.scopedLive("damaged rows are errors that tell no secret", () =>
      Effect.gen(function*() {
        const table = newTable()
        const mysql = yield* client
        const store = yield* MysqlTokenStore.make({ url, table })
        yield* store.compareAndSet(key, 0, record(1))
        yield* rows(mysql, `UPDATE ${table} SET record = 'access-secret'`)
        const read = yield* Effect.flip(store.get(key))
        assert.deepStrictEqual([read.reason, read.version], ["corrupt", 1])
        yield* rows(mysql, `ALTER TABLE ${table} MODIFY record varchar(20) NOT NULL`)
        const write = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
        assert.deepStrictEqual([write.reason, write.detail], ["unavailable", "ER_DATA_TOO_LONG"])
        assert.isFalse(showsSecret(read) || showsSecret(write))
      }))

    it.scopedLive("takes its options from Config", () =>
      Effect.gen(function*() {
        const table = newTable()
        const provider = ConfigProvider.fromMap(new Map([["URL", backend.url], ["TABLE", table]]))
        const layer = MysqlTokenStore.layerConfig({ url: Config.redacted("URL"), table: Config.string("TABLE") }).pipe(
          Layer.provide(Layer.setConfigProvider(provider))
        )
        yield* Effect.provide(Effect.flatMap(TokenStore, (store) => store.compareAndSet(key, 0, record(1))), layer)
        assert.strictEqual((yield* rows(yield* client, `SELECT 1 FROM ${table}`)).length, 1)
      }))

    it.scopedLive("two databases hold two stores", () =>
      Effect.gen(function*() {
        const mysql = yield* client
        const database = `${run}_other`
        yield* Effect.acquireRelease(
          rows(mysql, `CREATE DATABASE ${database}`),
          () => rows(mysql, `DROP DATABASE ${database}`)
        )
        const table = newTable()
        const here = yield* MysqlTokenStore.make({ url, table })
        const there = yield* MysqlTokenStore.make({ url, table: `${database}.${table}` })
        assert.isTrue(yield* here.compareAndSet(key, 0, record(1)))
        assert.isTrue(Option.isNone(yield* there.get(key)))
        assert.isTrue(yield* there.compareAndSet(key, 0, record(1)))
      }))

    it.scopedLive("what other processes wrote is found within the poll interval", () =>
      Effect.gen(function*() {
        const table = newTable()
        const listener = yield* MysqlTokenStore.make({ url, table, pollInterval: "100 millis" })
        const writer = yield* MysqlTokenStore.make({ url, table })
        const isListening = yield* Effect.makeLatch()
        const heard = yield* changesOf(listener, key).pipe(
          Stream.tap(() => isListening.open),
          Stream.filter((version) => version === 2),
          Stream.runHead,
          Effect.fork
        )
        yield* isListening.await
        yield* writer.compareAndSet(key, 0, record(1))
        yield* writer.compareAndSet(key, 1, record(2))
        assert.isTrue(Option.isSome(yield* Effect.timeoutOption(Fiber.join(heard), "5 seconds")), "deaf")
      }))
  })

  describe("MysqlTokenStore: connections that break", () => {
    it.live("the law of outages holds while another connection holds the table", () => {
      const table = newTable()
      const law = TokenStoreLaws.lawOfOutage(lockedTable(table))
      return Effect.provide(law.run, MysqlTokenStore.layer({ url, table, statementTimeout: "1 second" }))
    }, 60_000)

    it.scopedLive(
      "a write whose connection is killed in the middle is an error, and the old record is intact",
      () =>
        Effect.gen(function*() {
          const table = newTable()
          const mysql = yield* client
          const store = yield* MysqlTokenStore.make({ url, table })
          yield* store.compareAndSet(key, 0, record(1))
          yield* rows(mysql, "BEGIN")
          yield* rows(mysql, `SELECT * FROM ${table} FOR UPDATE`)
          const writer = yield* Effect.fork(Effect.flip(store.compareAndSet(key, 1, record(2))))
          const other = yield* client
          let waiting: ReadonlyArray<Mysql.RowDataPacket> = []
          while (waiting.length === 0) {
            yield* Effect.sleep(20)
            waiting = yield* rows(other, "SELECT id FROM information_schema.processlist WHERE info LIKE ?", [
              `UPDATE%${table}%`
            ])
          }
          for (const { id } of waiting) yield* rows(other, `KILL ${Number(id)}`)
          const error = yield* Fiber.join(writer)
          yield* rows(mysql, "ROLLBACK")
          assert.instanceOf(error, TokenStoreError)
          assert.strictEqual(error.reason, "unavailable")
          assert.isFalse(showsSecret(error))
          assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 1)
          assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
        }),
      30_000
    )

    it.scopedLive(
      "a host that is gone without a word fails in time, and its successor is found",
      () =>
        Effect.gen(function*() {
          const hop = yield* proxy(target())
          const store = yield* MysqlTokenStore.make({
            url: through(hop.port),
            table: newTable(),
            statementTimeout: "700 millis",
            maxConnections: 2
          })
          yield* store.compareAndSet(key, 0, record(1))
          yield* hop.silence
          const since = yield* Clock.currentTimeMillis
          for (let call = 0; call < 3; call++) {
            assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "unavailable")
          }
          assert.isBelow((yield* Clock.currentTimeMillis) - since, 5_000)
          yield* hop.mend
          const found = yield* Effect.retry(store.get(key), { times: 40, schedule: Schedule.spaced(250) })
          assert.strictEqual(Option.getOrThrow(found).version, 1)
        }),
      40_000
    )

    it.scopedLive(
      "who was cut off and comes back is there, and calls nobody gone until the others had time to come back",
      () =>
        Effect.gen(function*() {
          const table = newTable()
          const hop = yield* proxy(target())
          const cut = yield* MysqlTokenStore.make({ url: through(hop.port), table })
          const other = yield* MysqlTokenStore.make({ url, table })
          const gone = yield* Scope.make()
          const { presence } = yield* Scope.extend(MysqlTokenStore.make({ url, table }), gone)
          assert.isTrue(yield* other.presence!.isAlive(cut.presence!.owner))
          yield* hop.cut
          yield* Effect.sleep(50)
          yield* hop.mend
          yield* children.thereWithin(other, cut.presence!.owner, 3_000)
          yield* Scope.close(gone, Exit.void)
          const isThere = yield* Effect.retry(cut.presence!.isAlive(presence!.owner), { times: 5 })
          assert.isTrue(isThere)
          assert.isFalse(yield* other.presence!.isAlive(presence!.owner))
        }),
      30_000
    )

    it.scopedLive(
      "an outage of the server in the middle of listening is told when it is over",
      () =>
        Effect.gen(function*() {
          const hop = yield* proxy(target())
          const store = yield* MysqlTokenStore.make({
            url: through(hop.port),
            table: newTable(),
            pollInterval: "50 millis"
          })
          const isBack = yield* Deferred.make<void>()
          let isDown = false
          yield* changesOf(store, key).pipe(
            Stream.tap((heard) => isDown && heard === "listening" ? Deferred.succeed(isBack, undefined) : Effect.void),
            Stream.runDrain,
            Effect.forkScoped
          )
          yield* Effect.sleep(300)
          isDown = true
          yield* hop.cut
          yield* Effect.sleep(300)
          yield* hop.mend
          assert.isTrue(Option.isSome(yield* Effect.timeoutOption(Deferred.await(isBack), "10 seconds")))
        }),
      30_000
    )
  })
})
