import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ClusterOptions, Report } from "../support/processes/cluster.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { runKept, sqliteStore, workerScript } from "../support/processes/suite.ts"

const script = workerScript()

const stores = [
  { name: "SQLite", isSkipped: false, store: sqliteStore },
  ...await sharedStores()
]

const chaos = { kill: true, pause: true }

const spentAgain = ({ repeats }: Report) => Object.values(repeats).reduce((sum, count) => sum + count, 0)

/** Eight processes, ten seconds. */
const settings = { workers: 8, seconds: 10 }

for (const { isSkipped, name, store } of stores) {
  const run = (title: string, options: Omit<ClusterOptions, "store" | "workers" | "seconds">) =>
    Effect.flatMap(store, (store) => runKept(script(), `${name}, ${title}`, { store, ...settings, ...options }))

  describe.skipIf(isSkipped)(`eight processes on ${name}`, () => {
    it.scopedLive(
      "left alone, spend no refresh token twice and lose nothing",
      () => run("left alone", { sessions: 1, lifetime: 2, claimTtl: 2_000 }),
      240_000
    )

    it.scopedLive(
      "killed and paused, keep one session or say that it is lost",
      () => run("1 session", { sessions: 1, lifetime: 1, claimTtl: 1_500, chaos }),
      240_000
    )

    it.scopedLive(
      "killed and paused, keep 200 sessions or say which are lost",
      () => run("200 sessions", { sessions: 200, claimTtl: 8_000, chaos }),
      240_000
    )

    it.scopedLive("without claims that hold, never put an older generation over a newer one", () =>
      Effect.map(
        run("claims of 1 ms", {
          sessions: 1,
          lifetime: 1,
          claimTtl: 1,
          reuse: "grace",
          mode: "onDemand",
          slow: [200, 300]
        }),
        (report) => assert.isAbove(spentAgain(report), 0, "claims that do not hold are seen not to hold")
      ), 240_000)

    it.scopedLive(
      "over a bad network, keep their sessions or say which are lost",
      () => run("bad network", { sessions: 8, lifetime: 2, claimTtl: 2_000, networkFaults: 25 }),
      240_000
    )
  })
}
