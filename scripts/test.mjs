/**
 * Runs the tests and closes with one line, alone: `tests: N passed, M failed` (`, K skipped` if any), taken from the
 * reporter's counts (lib/honest-reporter.mjs says what fails a run besides a failed test).
 *
 *   node scripts/test.mjs [--all | --soak | --planted] [arguments of vitest, such as file filters]
 *
 * Without a flag `*.slow.test.ts` and `*.soak.test.ts` are left out. `--all` adds the slow ones, and runs those of many
 * processes last, one file at a time: they keep every core busy, and other tests measure time. `--soak` runs the soaks
 * alone; `--planted` runs test/honesty/*.planted.ts, which break the rules of testing on purpose. Files and tests run in a
 * random order. The seed is printed; `--sequence.seed=N` gives the same order again.
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
    return { passed: 0, failed: 0, skipped: 0, faults: [] }
  }
}

/** The arguments that shuffle, and the seed that they use. */
const shuffled = (args) => {
  const seed = args.find((arg) => arg.startsWith("--sequence.seed="))?.split("=")[1] ??
    String(1 + Math.floor(Math.random() * 99_999))
  const others = args.filter((arg) => !arg.startsWith("--sequence.seed="))
  return { seed, args: ["--sequence.shuffle", `--sequence.seed=${seed}`, ...others] }
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
  const kinds = ["all", "soak", "planted"]
  const which = kinds.find((kind) => process.argv.includes(`--${kind}`)) ?? "quick"
  const passedThrough = process.argv.slice(2).filter((arg) => arg !== "--" && arg !== `--${which}`)
  const { args, seed } = shuffled(passedThrough)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "effect-auth-tests-"))
  try {
    const total = { passed: 0, failed: 0, skipped: 0 }
    const allFaults = []
    for (const group of which === "all" ? ["all", "processes"] : [which]) {
      const report = path.join(dir, `${group}.json`)
      const code = await run({ ...process.env, EFFECT_AUTH_TESTS: group, EFFECT_AUTH_TEST_REPORT: report }, args)
      const { failed, faults, passed, skipped } = readReport(report)
      total.passed += passed
      total.skipped += skipped
      allFaults.push(...faults)
      total.failed += failed === 0 && code !== 0 ? 1 : failed
    }
    const { failed, passed, skipped } = total
    const ranNothing = passed + failed === 0
    if (ranNothing) console.error("No test ran.")
    // Whoever sees only the end of a long output finds here what failed.
    if (allFaults.length > 0) console.log(`\n${allFaults.map((fault) => `  ${fault}`).join("\n")}\n`)
    const failures = ranNothing ? 1 : failed
    process.exitCode = failures > 0 ? 1 : 0
    console.log(`order: --sequence.seed=${seed}`)
    console.log(`tests: ${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

await main()
