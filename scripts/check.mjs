/**
 * Everything that is checked without running the code: types, type tests, lint and format, arrows and circles, what nothing
 * uses, index files, docs, prose. Prints one line each with its time, then what the failed ones said. Two run at a time.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./lib/packages.mjs"

const bin = (name, entry) => path.join(root, "node_modules", name, entry)

const sourceFolders = fs.readdirSync(path.join(root, "packages"))
  .map((name) => `packages/${name}/src`)
  .filter((dir) => fs.existsSync(path.join(root, dir)))

const steps = [
  ["types", bin("typescript", "bin/tsc"), ["-b", "tsconfig.json"]],
  ["lint and format", bin("eslint", "bin/eslint.js"), ["."]],
  ["docs", "scripts/check-docs.mjs", []],
  ["prose", "scripts/check-prose.mjs", []],
  ["type tests", bin("tstyche", "build/bin.js"), []],
  ["arrows", bin("dependency-cruiser", "bin/dependency-cruise.mjs"), [
    "--config",
    ".dependency-cruiser.cjs",
    ...sourceFolders,
    "examples",
    "test"
  ]],
  ["unused", bin("knip", "bin/knip.js"), ["--no-config-hints"]],
  ["index files", "scripts/index-files.mjs", ["--check"]]
]

const run = ([name, script, args]) =>
  new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (chunk) => output += chunk)
    child.stderr.on("data", (chunk) => output += chunk)
    child.on("error", (error) => output += error.message)
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(16)} ${seconds.padStart(6)} s`)
      resolve({ name, ok: code === 0, output })
    })
  })

const queue = [...steps]
const results = []
const worker = async () => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) results.push(await run(step))
}
await Promise.all([worker(), worker()])

const failed = results.filter((result) => !result.ok)
for (const { name, output } of failed) console.error(`\n── ${name}\n${output.trim()}`)
console.log(failed.length === 0 ? "check: ok" : `check: ${failed.map(({ name }) => name).join(", ")} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
