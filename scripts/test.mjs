/**
 * Runs the tests and closes with one line, alone: `tests: N passed, M failed` (`, K skipped` if any), taken from the
 * runner's own report.
 *
 *   node scripts/test.mjs [--all | --soak] [arguments of vitest, such as file filters]
 *
 * Without a flag `*.slow.test.ts` and `*.soak.test.ts` are left out; `--all` adds the slow ones; `--soak` runs the soaks
 * alone. What failed outside a test (a file that does not load, a hook, an unhandled error, the runner itself) counts too.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const readReport = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}

const count = (report) => {
  if (report === undefined) return { passed: 0, failed: 0, skipped: 0 }
  const brokenFiles =
    report.testResults.filter((file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")
    ).length
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests
  }
}

const run = (env, args) =>
  new Promise((resolve) => {
    const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
    const child = spawn(process.execPath, [vitest, "run", ...args], { cwd: root, env, stdio: "inherit" })
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal))
    child.on("error", (error) => {
      console.error(error.message)
      resolve(1)
    })
    child.on("close", (code) => resolve(code ?? 1))
  })

const main = async () => {
  const flags = ["--all", "--soak"]
  const which = process.argv.includes("--soak") ? "soak" : process.argv.includes("--all") ? "all" : "quick"
  const passedThrough = process.argv.slice(2).filter((arg) => !flags.includes(arg) && arg !== "--")
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "effect-auth-tests-"))
  const report = path.join(dir, "report.json")
  try {
    const code = await run(
      { ...process.env, EFFECT_AUTH_TESTS: which },
      ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...passedThrough]
    )
    const { failed, passed, skipped } = count(readReport(report))
    const ranNothing = passed + failed === 0
    if (ranNothing) console.error("No test ran.")
    const failures = failed === 0 && (code !== 0 || ranNothing) ? 1 : failed
    process.exitCode = failures > 0 ? 1 : 0
    console.log(`tests: ${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

await main()
