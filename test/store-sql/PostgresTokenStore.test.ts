import { TokenStoreError } from "@effect-auth/core/AuthError"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import * as SqlTokenStore from "@effect-auth/store-sql/SqlTokenStore"
import * as TokenStoreLaws from "@effect-auth/testing/TokenStoreLaws"
import * as PgClient from "@effect/sql-pg/PgClient"
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
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"
import { changesOf } from "../support/stores/changesOf.ts"
import * as children from "../support/stores/children.ts"
import { proxy } from "../support/stores/proxy.ts"
import { key, record, showsSecret } from "../support/stores/sample.ts"

const backend = await backends.postgres()
const run = backends.runName
const url = Redacted.make(backend.url)

const client = Effect.acquireRelease(
  Effect.promise(async () => {
    const pg = new Pg.Client({ connectionString: backend.url })
    await pg.connect()
    return pg
  }),
  (pg) => Effect.promise(() => pg.end())
)

const rows = (pg: Pg.Client, text: string, values: ReadonlyArray<unknown> = []) =>
  Effect.map(
    Effect.promise(() => pg.query<Record<string, unknown>>(text, [...values])),
    (result) => result.rows
  )

/** Ends every connection of one application, as an administrator would. */
const terminate = (pg: Pg.Client, applicationName: string) =>
  Effect.map(
    rows(pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", [applicationName]),
    (ended) => ended.length
  )

let tables = 0
const newTable = () => `${run}_${++tables}`

/** The address of the server, as seen through a hop. */
const through = (port: number) => {
  const address = new URL(backend.url)
  address.host = `127.0.0.1:${port}`
  return Redacted.make(address.href)
}
const target = () => {
  const address = new URL(backend.url)
  return { host: address.hostname, port: Number(address.port || 5432) }
}

describe.skipIf(backend.isSkipped)("on PostgreSQL", () => {
  afterAll(async () => {
    const pg = new Pg.Client({ connectionString: backend.url })
    await pg.connect()
    const found = await pg.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE $1",
      [`${run}%`]
    )
    for (const { name } of found.rows) await pg.query(`DROP TABLE ${Pg.escapeIdentifier(name)}`)
    await pg.end()
  })

  /** Another transaction holds the table from `begin` to `end`: statements wait, and time out. */
  const lockedTable = (table: string): TokenStoreLaws.Outage => {
    let scope: Scope.CloseableScope | undefined
    return {
      begin: Effect.gen(function*() {
        scope = yield* Scope.make()
        const pg = yield* Scope.extend(client, scope)
        yield* rows(pg, "BEGIN")
        yield* rows(pg, `LOCK TABLE ${Pg.escapeIdentifier(table)} IN ACCESS EXCLUSIVE MODE`)
      }),
      end: Effect.suspend(() => scope === undefined ? Effect.void : Scope.close(scope, Exit.void)),
      within: "3 seconds"
    }
  }

  const shared = newTable()
  const spec = () => ({ kind: "postgres", url: backend.url, table: shared }) as const
  TokenStoreLaws.suite(
    "PostgreSQL",
    PostgresTokenStore.layer({ url, table: shared, statementTimeout: "15 seconds" }),
    { durable: true, manyAccounts: false, process: children.process(spec) }
  )
  TokenStoreLaws.suite(
    "any SqlClient of PostgreSQL",
    Layer.provide(SqlTokenStore.layer({ table: `${run}_generic` }), PgClient.layer({ url })),
    { durable: true, manyAccounts: false }
  )
  children.processSuite("PostgreSQL", spec)

  describe("PostgresTokenStore", () => {
    it.scopedLive("sixteen opens of a new table at once create it once", () =>
      Effect.gen(function*() {
        const table = newTable()
        yield* Effect.all(
          Array.from({ length: 16 }, () => Effect.scoped(PostgresTokenStore.make({ url, table }))),
          { concurrency: 8 }
        )
        const pg = yield* client
        assert.deepStrictEqual(yield* rows(pg, `SELECT migration_id FROM "${table}_migrations"`), [{ migration_id: 1 }])
      }), 60_000)

    it.scopedLive("holds no transaction and no connection between two calls", () =>
      Effect.gen(function*() {
        const applicationName = `${run}-idle`
        const store = yield* PostgresTokenStore.make({ url, table: newTable(), applicationName, maxConnections: 1 })
        const keys = Array.from({ length: 20 }, (_, index) => ({ ...key, account: `${index}` }))
        // Twenty sessions are claimed at once over the one connection there is, and none is committed yet.
        for (const each of keys) {
          assert.isTrue(yield* store.compareAndSet(each, 0, { ...record(1), account: each.account }))
        }
        const pg = yield* client
        const states = yield* rows(
          pg,
          "SELECT state, xact_start FROM pg_stat_activity WHERE application_name = $1",
          [applicationName]
        )
        assert.deepStrictEqual(states, [{ state: "idle", xact_start: null }, { state: "idle", xact_start: null }])
      }))

    it.scopedLive("two schemas hold two stores", () =>
      Effect.gen(function*() {
        const pg = yield* client
        const schema = `${run}_schema`
        yield* Effect.acquireRelease(
          rows(pg, `CREATE SCHEMA ${schema}`),
          () => rows(pg, `DROP SCHEMA ${schema} CASCADE`)
        )
        const table = newTable()
        const inPublic = yield* PostgresTokenStore.make({ url, table })
        const inSchema = yield* PostgresTokenStore.make({ url, table: `${schema}.${table}` })
        assert.isTrue(yield* inPublic.compareAndSet(key, 0, record(1)))
        assert.isTrue(Option.isNone(yield* inSchema.get(key)))
        assert.isTrue(yield* inSchema.compareAndSet(key, 0, record(1)))
      }))

    it.scopedLive(
      "a serialization failure is tried again, whatever the database's default isolation",
      () =>
        Effect.gen(function*() {
          const serializable = new URL(backend.url)
          serializable.searchParams.set("options", "-c default_transaction_isolation=serializable")
          const layer = PostgresTokenStore.layer({ url: Redacted.make(serializable.href), table: newTable() })
          const laws = TokenStoreLaws.laws.filter((law) => /fibers|first writes/.test(law.name))
          assert.isAtLeast(laws.length, 2)
          for (const law of laws) yield* Effect.provide(law.run, layer)
        }),
      60_000
    )

    it.scopedLive("damaged rows are errors that tell no secret", () =>
      Effect.gen(function*() {
        const table = newTable()
        const pg = yield* client
        const store = yield* PostgresTokenStore.make({ url, table })
        yield* store.compareAndSet(key, 0, record(1))
        yield* rows(pg, `UPDATE "${table}" SET version = 5`)
        assert.strictEqual((yield* Effect.flip(store.get(key))).reason, "corrupt")
        yield* rows(pg, `UPDATE "${table}" SET version = 1, record = 'access-secret'`)
        const read = yield* Effect.flip(store.get(key))
        assert.strictEqual(read.reason, "corrupt")
        yield* rows(pg, `ALTER TABLE "${table}" ADD CONSTRAINT small CHECK (length(record) < 20) NOT VALID`)
        const write = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
        assert.deepStrictEqual([write.reason, write.detail], ["unavailable", "23514"])
        assert.isFalse(showsSecret(read) || showsSecret(write))
      }))

    it.scopedLive("a table that was dropped: the error says what to do, and then it is made again", () =>
      Effect.gen(function*() {
        const table = newTable()
        const pg = yield* client
        const store = yield* PostgresTokenStore.make({ url, table })
        yield* rows(pg, `DROP TABLE "${table}"`)
        const { detail, reason } = yield* Effect.flip(store.get(key))
        assert.strictEqual(reason, "unavailable")
        assert.match(detail ?? "", /drop its migrations table too/)
        yield* rows(pg, `DROP TABLE "${table}_migrations"`)
        const again = yield* PostgresTokenStore.make({ url, table })
        assert.isTrue(yield* again.compareAndSet(key, 0, record(1)))
      }))

    it.scopedLive("takes its options from Config", () =>
      Effect.gen(function*() {
        const table = newTable()
        const provider = ConfigProvider.fromMap(new Map([["URL", backend.url], ["TABLE", table]]))
        const layer = PostgresTokenStore.layerConfig({
          url: Config.redacted("URL"),
          table: Config.string("TABLE"),
          connectTimeout: Config.option(Config.duration("ABSENT"))
        })
          .pipe(
            Layer.provide(Layer.setConfigProvider(provider))
          )
        yield* Effect.provide(Effect.flatMap(TokenStore, (store) => store.compareAndSet(key, 0, record(1))), layer)
        assert.strictEqual((yield* rows(yield* client, `SELECT 1 FROM "${table}"`)).length, 1)
      }))
  })

  describe("PostgresTokenStore: connections that break", () => {
    it.live("the law of outages holds while another transaction holds the table", () => {
      const table = newTable()
      const law = TokenStoreLaws.lawOfOutage(lockedTable(table))
      return Effect.provide(law.run, PostgresTokenStore.layer({ url, table, statementTimeout: "1 second" }))
    })

    it.scopedLive(
      "a write whose connection is ended in the middle is an error, and the old record is intact",
      () =>
        Effect.gen(function*() {
          const table = newTable()
          const applicationName = `${run}-middle`
          const pg = yield* client
          const store = yield* PostgresTokenStore.make({ url, table, applicationName })
          yield* store.compareAndSet(key, 0, record(1))
          yield* rows(pg, "BEGIN")
          yield* rows(pg, `SELECT * FROM "${table}" FOR UPDATE`)
          const writer = yield* Effect.fork(Effect.flip(store.compareAndSet(key, 1, record(2))))
          const other = yield* client
          yield* Effect.repeat(
            rows(other, "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'", [
              applicationName
            ]),
            { until: (waiting) => waiting.length > 0, schedule: Schedule.spaced(20) }
          )
          yield* terminate(other, applicationName)
          const error = yield* Fiber.join(writer)
          yield* rows(pg, "ROLLBACK")
          assert.instanceOf(error, TokenStoreError)
          assert.strictEqual(error.reason, "unavailable")
          assert.isFalse(showsSecret(error))
          assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 1)
          assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
        }),
      20_000
    )

    it.scopedLive(
      "an owner whose connections are ended is back before a fresh claim of it may be taken (3 s)",
      () =>
        Effect.gen(function*() {
          const applicationName = `${run}-cut`
          const pg = yield* client
          const owner = yield* PostgresTokenStore.make({ url, table: shared, applicationName })
          const other = yield* PostgresTokenStore.make({ url, table: shared })
          yield* owner.get(key)
          for (let cut = 0; cut < 5; cut++) {
            assert.isAtLeast(yield* terminate(pg, applicationName), 1)
            yield* children.thereWithin(other, owner.presence!.owner, 3_000)
            yield* Effect.sleep(200)
          }
          assert.isTrue(Option.isNone(yield* owner.get({ ...key, account: "nobody" })))
        }),
      20_000
    )

    it.scopedLive(
      "an owner whose layer was closed, and one that stays cut off, are gone",
      () =>
        Effect.gen(function*() {
          const other = yield* PostgresTokenStore.make({ url, table: shared })
          const closed = yield* Effect.scoped(
            Effect.map(PostgresTokenStore.make({ url, table: shared }), (store) => store.presence!.owner)
          )
          yield* children.goneAfter(other, closed, 3_000)
          const hop = yield* proxy(target())
          const cut = yield* PostgresTokenStore.make({ url: through(hop.port), table: shared })
          yield* hop.cut
          yield* children.goneAfter(other, cut.presence!.owner, 3_000)
          yield* hop.mend
          yield* Effect.sleep(1_500)
          assert.isTrue(yield* other.presence!.isAlive(cut.presence!.owner))
        }),
      20_000
    )

    it.scopedLive(
      "an owner that was cut off itself gives the others time to come back",
      () =>
        Effect.gen(function*() {
          const [hop, slowHop] = yield* Effect.all([proxy(target()), proxy(target())])
          const store = yield* PostgresTokenStore.make({ url: through(hop.port), table: shared })
          const slow = yield* PostgresTokenStore.make({ url: through(slowHop.port), table: shared })
          const isAlive = store.presence!.isAlive(slow.presence!.owner)
          yield* Effect.zipRight(hop.cut, slowHop.cut)
          assert.strictEqual((yield* Effect.flip(isAlive)).reason, "unavailable")
          yield* hop.mend
          assert.isTrue(yield* Effect.retry(isAlive, { times: 50, schedule: Schedule.spaced(50) }))
          yield* Effect.sleep(1_000)
          assert.isTrue(yield* isAlive)
          yield* children.goneAfter(store, slow.presence!.owner, 8_000)
          yield* slowHop.mend
          yield* Effect.sleep(1_500)
          assert.isTrue(yield* isAlive)
        }),
      30_000
    )

    it.scopedLive(
      "a listener whose connection was away hears that it missed something",
      () =>
        Effect.gen(function*() {
          const table = newTable()
          const hop = yield* proxy(target())
          const waiting = yield* PostgresTokenStore.make({ url: through(hop.port), table })
          const writing = yield* PostgresTokenStore.make({ url, table })
          yield* writing.compareAndSet(key, 0, record(1))
          const isBack = yield* Deferred.make<void>()
          let isDown = false
          const waiter = yield* changesOf(waiting, key).pipe(
            Stream.tap((heard) => isDown && heard === "listening" ? Deferred.succeed(isBack, undefined) : Effect.void),
            Stream.takeUntil((heard) => heard === 3),
            Stream.runCollect,
            Effect.fork
          )
          yield* Effect.sleep(100)
          isDown = true
          yield* hop.cut
          yield* writing.compareAndSet(key, 1, record(2))
          yield* Effect.sleep(300)
          yield* hop.mend
          yield* Effect.timeoutFail(Deferred.await(isBack), {
            duration: "5 seconds",
            onTimeout: () => "it does not say that it missed something"
          })
          yield* writing.compareAndSet(key, 2, record(3))
          const heard = yield* Effect.timeoutFail(Fiber.join(waiter), {
            duration: "5 seconds",
            onTimeout: () => "deaf"
          })
          assert.deepStrictEqual([...heard].filter((what) => what !== 1), ["listening", "listening", 3])
        }),
      20_000
    )

    it.scopedLive(
      "a server that became read-only is left: the next write goes where the name leads then",
      () =>
        Effect.gen(function*() {
          const [pg, table, role] = [yield* client, newTable(), `${run}_demoted`]
          yield* Effect.acquireRelease(
            rows(pg, `CREATE ROLE ${role} LOGIN; GRANT ALL ON SCHEMA public TO ${role}`),
            () => rows(pg, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
          )
          const address = new URL(backend.url)
          address.username = role
          const store = yield* PostgresTokenStore.make({ url: Redacted.make(address.href), table, maxConnections: 1 })
          const connections = Effect.map(
            rows(pg, "SELECT pid FROM pg_stat_activity WHERE usename = $1", [role]),
            (found) => found.map(({ pid }) => Number(pid))
          )
          yield* store.compareAndSet(key, 0, record(1))
          yield* rows(pg, `ALTER ROLE ${role} SET default_transaction_read_only = on`)
          yield* rows(pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [role])
          yield* Effect.retry(store.get(key), { times: 20, schedule: Schedule.spaced(100) })
          yield* Effect.sleep(600)
          const before = yield* connections
          assert.strictEqual(before.length, 2)
          yield* rows(pg, `ALTER ROLE ${role} RESET default_transaction_read_only`)
          const error = yield* Effect.flip(store.compareAndSet(key, 1, record(2)))
          assert.match(error.detail ?? "", /read-only/)
          assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
          yield* Effect.sleep(600)
          const after = yield* connections
          assert.deepStrictEqual(after.filter((pid) => before.includes(pid)), [])
        }),
      20_000
    )

    it.scopedLive(
      "a host that is gone without a word fails in time, and its successor is found",
      () =>
        Effect.gen(function*() {
          const hop = yield* proxy(target())
          const store = yield* PostgresTokenStore.make({
            url: through(hop.port),
            table: newTable(),
            statementTimeout: "500 millis",
            maxConnections: 2
          })
          yield* store.compareAndSet(key, 0, record(1))
          yield* hop.silence
          const since = yield* Clock.currentTimeMillis
          for (let call = 0; call < 3; call++) {
            const error = yield* Effect.flip(store.get(key))
            assert.deepStrictEqual([error.reason, error.detail], ["unavailable", "TIMEOUT"])
          }
          assert.isBelow((yield* Clock.currentTimeMillis) - since, 3_000)
          yield* hop.mend
          assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 1)
        }),
      20_000
    )
  })
})

it.scopedLive(
  "PostgresTokenStore: no PostgreSQL is a typed error in time, without the password",
  () =>
    Effect.gen(function*() {
      const since = yield* Clock.currentTimeMillis
      for (
        const address of [
          "postgres://u:pass-secret@127.0.0.1:1/x",
          "postgres://u:pass-secret@192.0.2.1/x"
        ]
      ) {
        const error = yield* Effect.flip(
          PostgresTokenStore.make({ url: Redacted.make(address), connectTimeout: "500 millis" })
        )
        assert.instanceOf(error, TokenStoreError)
        assert.strictEqual(error.reason, "unavailable")
        assert.isFalse(showsSecret(error))
      }
      assert.isBelow((yield* Clock.currentTimeMillis) - since, 5_000)
    }),
  20_000
)
