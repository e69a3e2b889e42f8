import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"
import { transactionPooler } from "../support/stores/transactionPooler.ts"

const backend = await backends.postgres()
const run = backends.runName

const key = { provider: "placewise", realm: "club", account: "member-42" }
const record = (version: number): SessionRecord.SessionRecord => ({ ...SessionRecord.empty(key), version })

const query = (text: string) =>
  Effect.promise(async () => {
    const pg = new Pg.Client(backend.url)
    await pg.connect()
    await pg.query(text).finally(() => pg.end())
  })

const addressed = (change: (url: URL) => void) => {
  const url = new URL(backend.url)
  change(url)
  return Redacted.make(url.href)
}
const through = (port: number) =>
  addressed((url) => {
    url.host = `127.0.0.1:${port}`
  })

/** An owner that nobody ever was. */
const stranger = "postgresql:0123456789abcdef"

describe.skipIf(backend.isSkipped)("the sessions of PostgresTokenStore", () => {
  const table = `${run}_sessions`
  afterAll(() => Effect.runPromise(query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)))

  it.scopedLive("a role that may not create tables is enough once they are there", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(PostgresTokenStore.make({ url: Redacted.make(backend.url), table }))
      const role = `${run}_role`
      yield* Effect.acquireRelease(
        query(
          `CREATE ROLE ${role}; GRANT ${role} TO CURRENT_USER;
GRANT SELECT, INSERT, UPDATE ON ${table} TO ${role}; GRANT SELECT ON ${table}_migrations TO ${role}`
        ),
        () => query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      )
      const url = addressed((url) => url.searchParams.set("options", `-c role=${role}`))
      const store = yield* PostgresTokenStore.make({ url, table })
      assert.isTrue(yield* store.compareAndSet(key, 0, record(1)))
      assert.isTrue(yield* store.compareAndSet(key, 1, record(2)))
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).version, 2)
      assert.isFalse(yield* store.presence!.isAlive(stranger))
    }), 20_000)

  it.scopedLive(
    "a pooler in transaction mode is refused at once, one in session mode is not",
    () =>
      Effect.gen(function*() {
        const lending = yield* transactionPooler(backend.url, "transaction")
        const error = yield* Effect.flip(PostgresTokenStore.make({ url: through(lending.port), table }))
        assert.include(error.detail ?? "", "transaction mode")
        const keeping = yield* transactionPooler(backend.url, "session")
        const store = yield* PostgresTokenStore.make({ url: through(keeping.port), table })
        assert.isTrue(yield* store.presence!.isAlive(store.presence!.owner))
        assert.isFalse(yield* store.presence!.isAlive(stranger))
      }),
    20_000
  )

  it.scopedLive("an owner whose own lock is not seen calls nobody gone", () =>
    Effect.gen(function*() {
      const pooler = yield* transactionPooler(backend.url, "session")
      const store = yield* PostgresTokenStore.make({ url: through(pooler.port), table })
      assert.isFalse(yield* store.presence!.isAlive(stranger))
      // The session ends behind the pooler, and the connection to the pooler stays.
      yield* query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
AND ((classid::bigint << 32) | objid::bigint) = ${
          BigInt.asIntN(64, BigInt(`0x${store.presence!.owner.slice("postgresql:".length)}`))
        }`
      )
      assert.isTrue(yield* store.presence!.isAlive(stranger))
    }), 20_000)

  it.scopedLive("a pooler that lends one connection only is named", () =>
    Effect.gen(function*() {
      for (const mode of ["session", "transaction"] as const) {
        const pooler = yield* transactionPooler(backend.url, mode, 1)
        const error = yield* Effect.flip(PostgresTokenStore.make({ url: through(pooler.port), table }))
        assert.include(error.detail ?? "", "only one connection")
      }
    }), 20_000)

  /** A role that may log in on `connections` connections, and use the table. */
  const withRole = Effect.fnUntraced(function*(role: string, connections: number) {
    yield* Effect.scoped(PostgresTokenStore.make({ url: Redacted.make(backend.url), table }))
    yield* Effect.acquireRelease(
      query(
        `CREATE ROLE ${role} LOGIN CONNECTION LIMIT ${connections};
GRANT SELECT, INSERT, UPDATE ON ${table} TO ${role}; GRANT SELECT ON ${table}_migrations TO ${role}`
      ),
      () => query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    )
    return addressed((url) => {
      url.username = role
    })
  })

  const occupy = (url: Redacted.Redacted) =>
    Effect.promise(async () => {
      const pg = new Pg.Client(Redacted.value(url)).on("error", () => {})
      await pg.connect()
      return pg
    })

  it.scopedLive(
    "where no connection is left a call waits a moment for one, and says so when that was not enough",
    () =>
      Effect.gen(function*() {
        const url = yield* withRole(`${run}_full`, 2)
        const others = yield* Effect.all([occupy(url), occupy(url)])
        const full = yield* Effect.flip(Effect.scoped(PostgresTokenStore.make({ url, table, connectTimeout: 300 })))
        assert.include(full.detail ?? "", "no free connection")
        const opening = yield* Effect.fork(PostgresTokenStore.make({ url, table, maxConnections: 1 }))
        yield* Effect.sleep(400)
        assert.isNull(opening.unsafePoll())
        yield* Effect.promise(() => Promise.all(others.map((other) => other.end())))
        const store = yield* Fiber.join(opening)
        // The one connection for statements is taken away, and somebody else is faster.
        yield* query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${run}_full' AND query NOT LIKE 'LISTEN%' AND query NOT LIKE '%advisory%'`
        )
        const faster = yield* Effect.retry(occupy(url), { times: 20 })
        const reading = yield* Effect.fork(store.get({ ...key, account: "nobody" }))
        yield* Effect.sleep(300)
        yield* Effect.promise(() => faster.end())
        assert.isTrue(Option.isNone(yield* Fiber.join(reading)))
      }),
    20_000
  )

  it.scopedLive(
    "a table whose rows are hidden from this role, or that it may not write, is refused",
    () =>
      Effect.gen(function*() {
        const role = `${run}_hidden`
        const url = yield* withRole(role, 20)
        const opened = Effect.either(Effect.scoped(PostgresTokenStore.make({ url, table })))
        const refused = Effect.map(Effect.flip(Effect.flatMap(opened, (either) => either)), (error) => [
          error.reason,
          /row level security|no right to UPDATE/.exec(error.detail ?? "")?.[0]
        ])
        yield* query(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`)
        yield* Effect.addFinalizer(() => query(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`))
        assert.deepStrictEqual(yield* refused, ["permissions", "row level security"])
        yield* query(`CREATE POLICY reading ON ${table} FOR SELECT TO ${role} USING (true)`)
        assert.deepStrictEqual(yield* refused, ["permissions", "row level security"])
        yield* query(`CREATE POLICY all_of_them ON ${table} TO ${role} USING (true)`)
        assert.strictEqual((yield* opened)._tag, "Right")
        yield* query(`REVOKE UPDATE ON ${table} FROM ${role}`)
        assert.deepStrictEqual(yield* refused, ["permissions", "no right to UPDATE"])
      }),
    20_000
  )

  it.scopedLive(
    "a table of the same name that is earlier in the search path is not taken",
    () =>
      Effect.gen(function*() {
        const schema = `${run}_planted`
        const mine = yield* PostgresTokenStore.make({ url: Redacted.make(backend.url), table })
        const owned = { ...key, account: "planted" }
        assert.isTrue(yield* mine.compareAndSet(owned, 0, { ...record(1), account: "planted" }))
        yield* Effect.acquireRelease(query(`CREATE SCHEMA ${schema}`), () => query(`DROP SCHEMA ${schema} CASCADE`))
        yield* Effect.scoped(PostgresTokenStore.make({ url: Redacted.make(backend.url), table: `${schema}.${table}` }))
        const url = addressed((url) => url.searchParams.set("options", `-c search_path=${schema},public`))
        const store = yield* PostgresTokenStore.make({ url, table })
        assert.strictEqual(Option.getOrThrow(yield* store.get(owned)).version, 1)
        assert.isTrue(yield* store.compareAndSet(owned, 1, { ...record(2), account: "planted" }))
        assert.strictEqual(Option.getOrThrow(yield* mine.get(owned)).version, 2)
      }),
    20_000
  )
})
