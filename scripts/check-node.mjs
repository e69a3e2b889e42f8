/**
 * Runs the code on each version of Node that we promise (`pnpm check:node`, or with versions: `pnpm check:node 24`): every
 * entry point of the packed packages is imported, the tests of the session machine run, and the demo is told. Node itself
 * comes from npm's `node` package; what it calls itself is looked at inside of it.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./lib/packages.mjs"
import {
  build,
  choose,
  entriesOf,
  inScratch,
  nodeOf,
  nodeVersions,
  npmInstall,
  pack,
  peers,
  project,
  timed,
  tool
} from "./lib/packed.mjs"

const versions = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument))

const isVersion = (version) => {
  const major = process.versions.node.split(".")[0]
  if (major !== version) throw new Error(`this is Node ${process.version}`)
  return process.version
}

/** The packages in an empty project, and a module there that says where it runs and imports every entry point. */
const installed = async (dir) => {
  const packed = []
  for (const pkg of choose().chosen) packed.push(await pack(pkg, dir))
  const user = project(path.join(dir, "user"))
  await npmInstall(user, ...packed.map((pkg) => pkg.tarball), ...peers())
  // What needs an optional peer is left to `check:packages`: vitest's can be imported by its own runner only.
  const entries = packed.flatMap(entriesOf).filter(({ optional }) =>
    [...optional].every((name) => name.startsWith("@effect-auth/"))
  )
  const file = path.join(user, "import.mjs")
  const lines = [
    `const isVersion = ${isVersion}`,
    "const version = isVersion(process.argv[2])",
    `const entries = ${JSON.stringify(entries.map((entry) => entry.specifier))}`,
    "for (const entry of entries) await import(entry)",
    "console.log(`${version}: ${entries.length} entry points`)"
  ]
  fs.writeFileSync(file, lines.join("\n"))
  return file
}

const last = (text, pattern) =>
  text.split("\n").filter((line) => pattern.test(line)).at(-1)?.trim() ?? "nothing was said"

await inScratch("node", async (dir) => {
  await build()
  const importer = await timed("pack and install", () => installed(dir))
  for (const version of versions.length > 0 ? versions : nodeVersions) {
    const node = (...args) => nodeOf(version, root, ...args)
    await timed(`Node ${version}: import`, async () => {
      console.log(`       ${(await node(importer, version)).trim()}`)
    })
    await timed(`Node ${version}: the tests of the session machine`, async () => {
      const output = await node("scripts/test.mjs", "test/core/AuthService.test.ts", "test/core/machine/scenarios")
      console.log(`       ${last(output, /^tests: /)}`)
    })
    await timed(`Node ${version}: demo`, async () => {
      const rows = (await node(tool("tsx", "dist/cli.mjs"), "examples/src/demo.ts", "--json")).trim().split("\n").length
      console.log(`       ${rows} lines, exit code 0`)
    })
  }
})
