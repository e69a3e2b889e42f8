/** Those figures of the bench that hold on any machine: how many exchanges a storm costs, and what an idle session weighs. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

interface Figure {
  readonly name: string
  readonly value?: number
  readonly must: number | null
}

const bench = fileURLToPath(new URL("../bench/run.mjs", import.meta.url))

describe("the bench", () => {
  let figures: ReadonlyArray<Figure> = []

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [bench, "--json", "checks"], { timeout: 110_000 })
    figures = stdout.trim().split("\n").map((line) => JSON.parse(line) as Figure)
  }, 120_000)

  const values = (part: string) => figures.filter(({ name }) => name.includes(part)).map(({ value }) => value)

  it("counts one exchange and no failure in a storm of 100 and of 1,000 calls", () => {
    assert.deepStrictEqual(values("exchanges a storm"), [1, 1])
    assert.deepStrictEqual(values("failures"), [0, 0])
  })

  it("weighs an idle session at no more than twice the goal of 256 bytes", () => {
    const [bytes = Infinity, ...others] = values("bytes each")
    assert.deepStrictEqual(others, [])
    assert.isAbove(bytes, 32)
    assert.isAtMost(bytes, 512)
  })
})
