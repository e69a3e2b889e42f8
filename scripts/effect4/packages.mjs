/**
 * The packages for Effect 4 as their users get them: packed, installed with plain npm beside `effect@~4.1.0`, imported by Node 24,
 * type-checked with two versions of TypeScript, and bundled. The example of the README is part of each.
 *
 *   node scripts/effect4/packages.mjs
 */
import { build as bundle } from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import {
  inScratch,
  node,
  nodeOf,
  npmInstall,
  packedManifest,
  pnpm,
  project,
  strictOptions,
  timed
} from "../lib/packed.mjs"
import * as leftOut from "./left-out.mjs"

const here = path.dirname(fileURLToPath(import.meta.url))
const workspace = path.join(here, "../../packages-v4")
const typescripts = ["5.9.3", "7.0.2"]

const pack = async (folder, to) => {
  const dir = path.join(workspace, folder)
  const said = await pnpm(dir, "pack", "--json", "--pack-destination", to)
  return { folder, dir, tarball: path.resolve(to, JSON.parse(said.slice(said.indexOf("{"))).filename) }
}

/** The public modules: one a file in `src`, and the sub-paths with names of their own. */
const entriesOf = async (pkg) => {
  const { exports, name } = await packedManifest(pkg)
  const own = Object.keys(exports).filter((key) => !key.includes("*") && key !== "./package.json")
  const files = fs.readdirSync(path.join(pkg.dir, "src")).filter((file) => /^[A-Z]\w+\.ts$/.test(file))
  return [...own, ...files.map((file) => `./${file.replace(/\.ts$/, "")}`)].map((key) => path.posix.join(name, key))
}

const compile = (dir, version) => {
  const home = project(path.join(dir, "../typescript", version), {})
  return npmInstall(home, `typescript@${version}`).then(() =>
    node(dir, path.join(home, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json")
  )
}

const main = async (dir) => {
  await timed("build for Effect 4", () => node(workspace, "node_modules/typescript/bin/tsc", "-b"))
  const packed = []
  for (const folder of leftOut.packages) packed.push(await pack(folder, dir))
  const user = project(path.join(dir, "user"), {})
  await timed(`install ${packed.length} packages with npm`, async () => {
    await npmInstall(
      user,
      ...packed.map((pkg) => pkg.tarball),
      "effect@~4.1.0",
      "@effect/platform-node@~4.1.0",
      "@effect/sql-pg@^4.0.5",
      "@effect/vitest@^4.0.5",
      "vitest@^5.0.0",
      "@types/node@24",
      "ioredis@5",
      "pg@8"
    )
    const { version } = JSON.parse(fs.readFileSync(path.join(user, "node_modules/effect/package.json"), "utf8"))
    if (!version.startsWith("4.")) throw new Error(`effect ${version} is installed`)
  })
  const entries = (await Promise.all(packed.map(entriesOf))).flat()
  const imports = entries.map((entry, index) => `import * as M${index} from ${JSON.stringify(entry)}`)
  const names = entries.map((_, index) => `M${index}`).join(", ")
  fs.copyFileSync(path.join(here, "quick-start.ts"), path.join(user, "quick-start.ts"))
  fs.writeFileSync(path.join(user, "types.ts"), `${imports.join("\n")}\nexport const all = [${names}] as const\n`)
  fs.writeFileSync(
    path.join(user, "tsconfig.json"),
    JSON.stringify({ compilerOptions: strictOptions, files: ["types.ts", "quick-start.ts"] })
  )
  for (const version of typescripts) {
    await timed(`TypeScript ${version}: ${entries.length} entry points and the README`, () => compile(user, version))
  }
  await timed("import on Node 24", async () => {
    fs.writeFileSync(
      path.join(user, "load.mjs"),
      `${imports.join("\n")}\nif (![${names}].every((_) => typeof _ === "object")) process.exit(1)\n`
    )
    await nodeOf("24", user, "load.mjs")
  })
  await timed("bundle the README", async () => {
    const { outputFiles, warnings } = await bundle({
      entryPoints: [path.join(user, "quick-start.ts")],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false
    })
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join("\n"))
    console.log(`       ${(gzipSync(outputFiles[0].contents).length / 1000).toFixed(1)} kB, minified and gzipped`)
  })
}

await inScratch("packages for Effect 4", main)
