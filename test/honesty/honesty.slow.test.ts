/** Runs the planted tests as `pnpm test` runs the real ones: each rule of honest testing is seen to fail. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

describe("the test command", () => {
  let code: number | null = null
  let output = ""

  beforeAll(() => {
    const { NO_COLOR: _, VITEST: __, ...env } = process.env
    const run = spawnSync(process.execPath, ["scripts/test.mjs", "--planted", "--no-color"], {
      cwd: root,
      env: { ...env, EFFECT_AUTH_TESTS: "" },
      encoding: "utf8",
      timeout: 50_000
    })
    code = run.status
    output = `${run.stdout}\n${run.stderr}`
  })

  const rules = "test/honesty/rules.planted.ts"

  it("fails, and says how many on a line of its own", () => {
    assert.strictEqual(code, 1)
    assert.match(output, /^tests: 7 passed, 12 failed, 1 skipped$/m)
    assert.match(output, /^order: --sequence\.seed=\d+$/m)
  })

  it("fails a test that passed only when it was tried again, and shows its first failure", () => {
    assert.include(output, `passed only when tried again: ${rules} > flaky`)
    assert.include(output, "first failure: the first failure: expected 1 to be above 1")
  })

  it("fails a test without an assertion", () => {
    assert.include(output, `FAIL  ${rules} > no assertion\n`)
    assert.include(output, `FAIL  ${rules} > expect without a matcher\n`)
    assert.include(output, `FAIL  ${rules} > no assertion in an effect\n`)
    assert.include(output, "This test made no assertion.")
  })

  for (const name of ["skipped", "skipped from inside", "left for later", "a skipped suite > inside"]) {
    it(`fails a skip that no list allows: ${name}`, () => {
      assert.include(output, `skipped, and test/exceptions.json does not list its file: ${rules} > ${name}`)
    })
  }

  it("allows a skip in a listed file", () => {
    assert.notInclude(output, "does not list its file: test/honesty/listed.planted.ts")
  })

  it("fails an .only, and a file that does not load", () => {
    assert.include(output, "FAIL  test/honesty/only.planted.ts > only this one")
    assert.include(output, "Unexpected .only modifier")
    assert.include(output, "FAIL  test/honesty/broken.planted.ts")
  })
})
