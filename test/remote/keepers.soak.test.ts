/** Three keepers, a hundred clients, a kill every five seconds for two minutes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { runKeepers } from "../support/processes/keepers.ts"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { bundledScript } from "../support/processes/suite.ts"
import { kept } from "./kept.ts"

const script = bundledScript(new URL("../support/processes/keeperProcess.ts", import.meta.url))

const stores = (await sharedStores()).filter(({ name }) => name === "PostgreSQL")

describe("keepers that are killed for two minutes", () => {
  for (const { isSkipped, name, store } of stores) {
    it.scopedLive.skipIf(isSkipped)(`over ${name}`, () =>
      Effect.gen(function*() {
        const report = yield* runKeepers(script(), {
          store: yield* store,
          keepers: 3,
          clients: 100,
          accounts: 40,
          lifetime: 15,
          seconds: 120,
          killEach: 5_000,
          claimTtl: 10_000,
          every: 800
        })
        kept(name, report)
        assert.isAbove(report.kills, 5)
      }), 300_000)
  }
})
