/**
 * Effect 3 and Effect 4 side by side: the bytes of every call, and processes of both over one store. Runs in the check of
 * the packages for Effect 4, because it needs those.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import { sharedStores } from "../support/processes/sharedStores.ts"
import { bundledScript, runKept } from "../support/processes/suite.ts"

const of3 = (path: string) => bundledScript(new URL(`../${path}`, import.meta.url))
const of4 = (path: string) => bundledScript(new URL(`../../packages-v4/test/${path}`, import.meta.url))

describe("the wire", () => {
  const [wire3, wire4] = [of3("majors/wire.ts"), of4("majors/wire.ts")]

  const lines = (script: string): ReadonlyArray<string> =>
    execFileSync(process.execPath, [script], { encoding: "utf8" }).trim().split("\n")

  it("every call of every provider is the same, byte for byte", () => {
    const [before, after] = [lines(wire3()), lines(wire4())]
    assert.isAbove(before.length, 60)
    assert.deepStrictEqual(after, before)
  })
})

describe("processes of both majors", async () => {
  const [worker3, worker4] = [of3("support/processes/worker.ts"), of4("support/processes/worker.ts")]

  for (const { isSkipped, name, store } of (await sharedStores()).filter(({ name }) => name !== "MySQL")) {
    it.skipIf(isSkipped)(
      `on ${name}: killed and paused, they spend no refresh token twice and lose no session in silence`,
      () =>
        Effect.runPromise(
          Effect.scoped(Effect.flatMap(store, (store) =>
            runKept([worker3(), worker4()], `${name}, both majors`, {
              store,
              workers: 6,
              sessions: 4,
              lifetime: 1,
              seconds: 15,
              claimTtl: 1_500,
              chaos: { kill: true, pause: true }
            })))
        ),
      120_000
    )
  }
})
