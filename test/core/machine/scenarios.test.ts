import { assert, describe, it } from "@effect/vitest"
import { rotations } from "./arbitrary.ts"
import { runHistory } from "./history.ts"
import { scenarios } from "./scenarios.ts"

describe("the session machine keeps its promises when", () => {
  for (const [name, history] of Object.entries(scenarios)) {
    for (const scheduled of [false, true]) {
      for (const rotation of rotations) {
        it(`${name} (${JSON.stringify(rotation)}, ${scheduled ? "scheduled" : "on demand"})`, () => {
          const config = { ...history.config, rotation }
          assert.deepStrictEqual(runHistory({ ...history, config, scheduled }), [])
        })
      }
    }
  }
})
