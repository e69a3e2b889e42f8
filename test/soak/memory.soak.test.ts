/** Nothing is left behind, whatever many callers do at once: each scenario in a process of its own with a small heap. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { bundle } from "../support/processes/bundle.ts"

const MB = 1_048_576

/** How many bytes may stay beyond those that stay without this project, and the heap in which it is done, in MB. */
const limits: { readonly [name: string]: { readonly bytes: number; readonly heap?: number } } = {
  // A sign-in under way takes about 50 kB, so that 10,000 at once need half a gigabyte.
  "sign-ins": { bytes: 2 * MB, heap: 1_024 },
  "cancelled callers": { bytes: 2 * MB },
  "layers": { bytes: 2 * MB },
  "close during everything": { bytes: 2 * MB },
  "names that only were looked up": { bytes: MB },
  "names that never signed in": { bytes: MB },
  "a few held of many evicted": { bytes: MB },
  "requests": { bytes: 2 * MB }
}

describe("what stays in memory", () => {
  const worker = bundle(new URL("./scenarios.ts", import.meta.url))
  let script = ""
  beforeAll(async () => {
    script = await worker.make()
  })
  afterAll(worker.remove)

  for (const [name, { bytes, heap = 512 }] of Object.entries(limits)) {
    it(`${name}: less than ${bytes / MB} MB`, { timeout: 190_000 }, async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--expose-gc", `--max-old-space-size=${heap}`, script, name],
        { timeout: 180_000, killSignal: "SIGKILL" }
      )
      const { ours, took, without } = JSON.parse(stdout)
      console.log(`${name}: ${ours} B stay, ${without} B without us, ${Math.round(took)} ms`)
      assert.isNumber(ours)
      assert.isBelow(ours - Math.max(0, without), bytes)
    })
  }
})
