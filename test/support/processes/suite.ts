/** What a run of many processes must come to, and where the runs find their stores. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, beforeAll } from "vitest"
import type { StoreSpec } from "../stores/spec.ts"
import { bundle } from "./bundle.ts"
import { type ClusterOptions, type Report, runCluster, summary } from "./cluster.ts"
import type { SharedStore } from "./sharedStores.ts"

/** A worker's script, bundled before the tests of a file and removed after them. */
export const bundledScript = (script: URL): () => string => {
  const worker = bundle(script)
  let path = ""
  beforeAll(async () => {
    path = await worker.make()
  })
  afterAll(() => worker.remove())
  return () => path
}

/** The script of the workers that sign in at Placewise. */
export const workerScript = (): () => string => bundledScript(new URL("./worker.ts", import.meta.url))

/** A folder of its own for each SQLite database. */
export const sqliteStore = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-processes-"))),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
  ),
  (folder): StoreSpec => ({ kind: "sqlite", filename: Path.join(folder, "store", "sessions.db") })
)

/** As the shared backends are listed; it is always there. */
export const sqliteShared: SharedStore = { name: "SQLite", isSkipped: false, store: sqliteStore }

/** Holds in every run, whatever was done to the processes, and whether or not their claims hold. */
const assertKept = (report: Report): void => {
  assert.deepStrictEqual(report.overwrites, [], "no older generation overwrites a newer one")
  assert.deepStrictEqual(report.unreported, [], "no session is lost without being reported")
  assert.deepStrictEqual(report.losses.filter(({ explained }) => !explained), [], "no session is lost without a cause")
  assert.isAbove(report.exchanges, 0)
  assert.isUndefined(report.failures["SignInRequired never"])
}

/** Runs the processes, prints what they came to, and asserts what holds in every run. */
export const runKept = (script: string | ReadonlyArray<string>, title: string, options: ClusterOptions) =>
  Effect.scoped(runCluster(script, options)).pipe(
    Effect.tap((report) => Effect.sync(() => console.log(summary(title, report)))),
    Effect.tap((report) =>
      Effect.sync(() => {
        assertKept(report)
        if (options.claimTtl >= 100) {
          assert.deepStrictEqual(report.violations, [], "no running owner spends a refresh token twice")
        }
      })
    )
  )
