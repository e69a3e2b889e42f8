import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
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
})
