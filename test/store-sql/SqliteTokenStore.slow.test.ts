import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import { lawOfManyAccounts } from "@effect-auth/testing/TokenStoreLaws"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"

// Ten thousand commits that are on the disk each.
it.scopedLive(`SQLite: ${lawOfManyAccounts.name}`, () =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-sqlite-"))),
      (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
    )
    const store = SqliteTokenStore.layer({ filename: Path.join(folder, "sessions.db") })
    yield* Effect.provide(lawOfManyAccounts.run, store)
  }), 300_000)
