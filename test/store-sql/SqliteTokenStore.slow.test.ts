import * as SqliteTokenStore from "@effect-auth/store-sql/SqliteTokenStore"
import { lawOfManyAccounts, lawOfProcesses } from "@effect-auth/testing/TokenStoreLaws"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as children from "../support/stores/children.ts"

const newFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-sqlite-"))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

// Ten thousand commits that are on the disk each.
it.scopedLive(`SQLite: ${lawOfManyAccounts.name}`, () =>
  Effect.gen(function*() {
    const store = SqliteTokenStore.layer({ filename: Path.join(yield* newFolder, "sessions.db") })
    yield* Effect.provide(lawOfManyAccounts.run, store)
  }), 300_000)

it.scopedLive(
  "SQLite: no write of eight processes is lost or read old, whatever was opened and closed before",
  () =>
    Effect.gen(function*() {
      const filename = Path.join(yield* newFolder, "sessions.db")
      const layer = SqliteTokenStore.layer({ filename })
      const law = lawOfProcesses(children.processToItsEnd(() => ({ kind: "sqlite", filename })))
      // One round: each of its processes loads the library anew, which takes most of the time.
      const body = Effect.zipRight(Effect.scoped(Layer.build(Layer.fresh(layer))), law.run)
      assert.deepStrictEqual(yield* Effect.exit(Effect.provide(body, Layer.fresh(layer))), Exit.void)
    }),
  120_000
)
