/** The stores of waiting sign-ins on SQLite and MySQL, under the same laws as PendingStore.test.ts. */
import * as SqlPendingStore from "@effect-auth/store-sql/SqlPendingStore"
import * as PendingStoreLaws from "@effect-auth/testing/PendingStoreLaws"
import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as MysqlClient from "@effect/sql-mysql2/MysqlClient"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Mysql from "mysql2/promise"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as backends from "../support/stores/backends.ts"

const mysql = await backends.mysql()
const name = backends.runName
const capacity = 5

const file = join(tmpdir(), `${name}.db`)

PendingStoreLaws.suite(
  "SQLite",
  Layer.provide(SqlPendingStore.layer({ capacity }), LibsqlClient.layer({ url: `file:${file}` })),
  { capacity, shared: true }
)

afterAll(() => {
  for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true })
})

describe.skipIf(mysql.isSkipped)("MySQL", () => {
  const table = `${name}_pending`
  PendingStoreLaws.suite(
    "MySQL",
    Layer.provide(
      SqlPendingStore.layer({ capacity, table }),
      MysqlClient.layer({ url: Redacted.make(mysql.url), maxConnections: 4 })
    ),
    { capacity, shared: true }
  )

  it.scopedLive("sixteen sign-ins at once are all kept and all taken, each once", () =>
    Effect.gen(function*() {
      const store = yield* SqlPendingStore.make({ table, capacity: 100 })
      const expiresAt = (yield* Clock.currentTimeMillis) + 600_000
      const pending = { browser: "b", realm: "r", redirectUri: "u", verifier: Redacted.make("v"), expiresAt }
      const one = (index: number) =>
        Effect.gen(function*() {
          const id = `${name}-${index}`
          const kept = yield* store.put(id, pending)
          const again = yield* store.put(id, pending)
          const another = yield* store.take(id, "B")
          const taken = yield* Effect.all([store.take(id, "b"), store.take(id, "b")], { concurrency: "unbounded" })
          return { kept, again, another, taken: taken.filter((one) => one !== undefined).length }
        })
      const all = yield* Effect.all(Array.from({ length: 16 }, (_, index) => one(index)), { concurrency: "unbounded" })
      for (const outcome of all) {
        assert.deepStrictEqual(outcome, { kept: true, again: false, another: undefined, taken: 1 })
      }
    }).pipe(
      Effect.provide(MysqlClient.layer({ url: Redacted.make(mysql.url), maxConnections: 8 }))
    ), 30_000)

  afterAll(async () => {
    const client = await Mysql.createConnection(mysql.url)
    await client.query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)
    await client.end()
  })
})
