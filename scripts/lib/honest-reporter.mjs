/**
 * A reporter of vitest that counts honestly. These fail the run, each named on a line of its own:
 * - a test that passed only when it was tried again, with its first failure;
 * - a test that was skipped, or left for later, in a file that test/exceptions.json does not list;
 * - a test that never ended, and a failure outside a test (a file that does not load, a hook, an unhandled error).
 *
 * Writes `{ passed, failed, skipped, faults }` to the file that EFFECT_AUTH_TEST_REPORT names; `faults` has a text for
 * each failure, those of ordinary tests too.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const listedSkips = () =>
  JSON.parse(fs.readFileSync(path.join(process.cwd(), "test/exceptions.json"), "utf8")).skips.map(({ file }) => file)

/** What went wrong, with the seed and the counterexample of a property: it may not come again. */
const told = (error) => String(error?.message ?? error).split("\n").slice(0, 12).join("\n    ").slice(0, 4_000)

export default class HonestReporter {
  onInit(vitest) {
    this.vitest = vitest
  }

  onTestRunEnd(modules, unhandled) {
    const listed = listedSkips()
    // With `-t`, or a line number behind the file, the tests that were not asked for count as skipped.
    const isNarrowed = this.vitest.config.testNamePattern !== undefined || process.argv.some((arg) => /:\d+$/.test(arg))
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    const faults = []
    const failures = unhandled.map((error) => `outside a test: ${told(error)}`)
    const count = (test, file) => {
      const { errors, state } = test.result()
      const name = `${file} > ${test.fullName}`
      if (state === "failed") {
        counts.failed++
        failures.push(`failed: ${name}\n    ${told(errors?.[0])}`)
      } else if (state === "pending") {
        counts.failed++
        faults.push(`did not end: ${name}`)
      } else if (state === "skipped") {
        counts.skipped++
        if (isNarrowed || listed.includes(file)) return
        counts.failed++
        counts.skipped--
        faults.push(`skipped, and test/exceptions.json does not list its file: ${name}`)
      } else if (test.diagnostic()?.retryCount > 0) {
        counts.failed++
        faults.push(`passed only when tried again: ${name}\n    first failure: ${told(errors?.[0])}`)
      } else counts.passed++
    }
    for (const module of modules) {
      const file = path.relative(process.cwd(), module.moduleId)
      const before = counts.failed
      for (const test of module.children.allTests()) count(test, file)
      if (module.state() === "failed" && counts.failed === before) {
        counts.failed++
        failures.push(`a file that fails outside its tests: ${file}\n    ${told(module.errors()[0])}`)
      }
    }
    if (faults.length > 0) {
      process.exitCode = 1
      console.error(`\nNot honest:\n${faults.map((fault) => `  ${fault}`).join("\n")}`)
    }
    const report = process.env.EFFECT_AUTH_TEST_REPORT
    if (report !== undefined) fs.writeFileSync(report, JSON.stringify({ ...counts, faults: [...failures, ...faults] }))
  }
}
