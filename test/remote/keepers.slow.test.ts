/** Three keepers over one store, one killed every few seconds. `keepers.soak.test.ts` is the same for two minutes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type KeepersReport, runKeepers } from "../support/processes/keepers.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { bundledScript, sqliteShared } from "../support/processes/suite.ts"
import { kept } from "./kept.ts"

const script = bundledScript(new URL("../support/processes/keeperProcess.ts", import.meta.url))

const stores = [sqliteShared, ...(await sharedStores()).filter(({ name }) => name === "PostgreSQL")]

describe("keepers that are killed", () => {
  for (const { isSkipped, name, store } of stores) {
    it.scopedLive.skipIf(isSkipped)(
      `over ${name}: nothing is spent twice, and no call fails that has a token`,
      () =>
        Effect.gen(function*() {
          const report: KeepersReport = yield* runKeepers(script(), {
            store: yield* store,
            keepers: 3,
            clients: 30,
            accounts: 20,
            lifetime: 8,
            seconds: 20,
            killEach: 5_000,
            claimTtl: 4_000,
            every: 200
          })
          kept(name, report)
          assert.isAbove(report.kills, 0)
        }),
      120_000
    )
  }
})
