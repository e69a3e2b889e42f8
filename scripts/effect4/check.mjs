/**
 * The packages for Effect 4: generating changes nothing, types, their own tests on Node 24, both majors side by side, and the
 * packages as their users install them.
 *
 *   node scripts/effect4/check.mjs [--all] [file filters and arguments of vitest]
 *
 * `--all` adds the slow tests. The last line but one says how many tests do not run here; left-out.mjs says why.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as leftOut from "./left-out.mjs"

const here = path.dirname(fileURLToPath(import.meta.url))
const workspace = path.join(here, "../../packages-v4")

const run = (name, command, args, options = {}) => {
  const started = performance.now()
  const { status } = spawnSync(command, args, { cwd: workspace, stdio: "inherit", ...options })
  console.log(
    `effect 4, ${name}: ${status === 0 ? "ok" : "FAILED"}, ${((performance.now() - started) / 1000).toFixed(0)} s`
  )
  if (status !== 0) process.exit(1)
}

/** `npx -p node@24 node` answers with another Node where install scripts are switched off. */
const vitest = (args) => [
  "--yes",
  "-p",
  "node@24",
  "node",
  "-e",
  `if (!process.version.startsWith("v24.")) throw new Error("this is Node " + process.version)
process.argv.splice(1, 0, "vitest")
import(${JSON.stringify(`file://${workspace}/node_modules/vitest/vitest.mjs`)})`,
  "--",
  "run",
  ...args
]

const isAll = process.argv.includes("--all")
const args = process.argv.slice(2).filter((arg) => arg !== "--all")
const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "effect-auth-v4-")), "report.json")

run("generated", process.execPath, [path.join(here, "generate.mjs"), "--check"])
run("install", "npx", ["--yes", "pnpm@10.34.9", "install", "--frozen-lockfile", "--prefer-offline"])
run("types", process.execPath, ["node_modules/typescript/bin/tsc", "-b"])
run("tests", "npx", vitest(args), {
  env: { ...process.env, EFFECT_AUTH_TESTS: isAll ? "all" : "quick", EFFECT_AUTH_TEST_REPORT: report }
})
run("both majors", process.execPath, ["node_modules/vitest/vitest.mjs", "run"], {
  cwd: path.join(workspace, ".."),
  env: { ...process.env, EFFECT_AUTH_TESTS: "majors" }
})
run("packages", process.execPath, [path.join(here, "packages.mjs")])
const { failed, passed, skipped } = JSON.parse(fs.readFileSync(report, "utf8"))
fs.rmSync(path.dirname(report), { recursive: true })
console.log(
  `left out on Effect 4: ${Object.keys(leftOut.tests).length} files and folders, ${leftOut.singleTests.length} tests`
)
console.log(`tests on Effect 4: ${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed === 0 ? 0 : 1
