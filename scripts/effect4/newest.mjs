/**
 * Tries the packages for Effect 4 with the newest version of it, in a copy of `packages-v4`, and says what broke. By hand or by
 * schedule: it asks the registry, and its answer changes without a change here.
 *
 *   node scripts/effect4/newest.mjs [file filters of vitest]
 */
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))
execFileSync(process.execPath, [path.join(root, "scripts/effect4/generate.mjs"), "--check"], { stdio: "inherit" })

const copy = fs.mkdtempSync(path.join(os.tmpdir(), "effect-auth-newest-"))
const workspace = path.join(copy, "packages-v4")
const filter = (from) => !/\/(node_modules|dist|build|pnpm-lock\.yaml)$/.test(from)
fs.cpSync(path.join(root, "packages-v4"), workspace, { recursive: true, filter })
fs.cpSync(path.join(root, "scripts/lib"), path.join(copy, "scripts/lib"), { recursive: true })

const newest = (name) => execFileSync("npm", ["view", `${name}@4`, "version", "--json"], { encoding: "utf8" })
const yaml = path.join(workspace, "pnpm-workspace.yaml")
let catalog = fs.readFileSync(yaml, "utf8")
for (const name of ["effect", "@effect/platform-node", "@effect/sql-pg", "@effect/vitest"]) {
  const version = [JSON.parse(newest(name))].flat().at(-1)
  catalog = catalog.replace(new RegExp(`^(  "?${name}"?): .*$`, "m"), `$1: ${version}`)
  console.log(`${name} ${version}`)
}
fs.writeFileSync(yaml, catalog)

const steps = [
  ["install", "npx", ["--yes", "pnpm@10.34.9", "install", "--no-frozen-lockfile"]],
  ["types", process.execPath, ["node_modules/typescript/bin/tsc", "-b"]],
  ["tests", "npx", [
    "--yes",
    "-p",
    "node@24",
    "node",
    "node_modules/vitest/vitest.mjs",
    "run",
    ...process.argv.slice(2)
  ]]
]
const failed = steps.filter(([, command, args]) =>
  spawnSync(command, args, { cwd: workspace, stdio: "inherit" }).status !== 0
)
fs.rmSync(copy, { recursive: true, force: true })
console.log(
  failed.length === 0
    ? "the newest Effect 4: ok"
    : `the newest Effect 4 broke: ${failed.map(([name]) => name).join(", ")}`
)
process.exitCode = failed.length === 0 ? 0 : 1
