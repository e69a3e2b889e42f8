import * as PostgresTokenStore from "@effect-auth/store-sql/PostgresTokenStore"
import { lawOfManyAccounts } from "@effect-auth/testing/TokenStoreLaws"
import { afterAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Pg from "pg"
import * as backends from "../support/stores/backends.ts"

const backend = await backends.postgres()
const table = `${backends.runName}_many`

// Ten thousand commits that are on the disk each.
describe.skipIf(backend.isSkipped)("PostgreSQL", () => {
  afterAll(async () => {
    const pg = new Pg.Client({ connectionString: backend.url })
    await pg.connect()
    await pg.query(`DROP TABLE IF EXISTS ${table}, ${table}_migrations`)
    await pg.end()
  })

  it.live(lawOfManyAccounts.name, () =>
    Effect.provide(
      lawOfManyAccounts.run,
      PostgresTokenStore.layer({ url: Redacted.make(backend.url), table, statementTimeout: "30 seconds" })
    ), 300_000)
})
