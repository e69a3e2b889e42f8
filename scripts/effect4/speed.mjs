/**
 * The figures of the fast path, of storms and of idle sessions, on both majors in turn, on Node 24. By hand: a busy machine
 * spoils them. Only what is printed for one major beside the other counts.
 *
 *   node scripts/effect4/speed.mjs [rounds, 3 by default] [parts: fast-path storm sessions]
 */
import { build } from "esbuild"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { format } from "./lib/format.mjs"
import { rewrite } from "./lib/rewrite.mjs"

const root = fileURLToPath(new URL("../..", import.meta.url))
const source = path.join(root, "test/bench/src")
const modules = ["fastPath", "storm", "sessions", "measure", "report", "stub", "loopback", "server", "ours", "worker"]
const parts = { "fast-path": "fastPath", storm: "storm", sessions: "sessions" }

const [rounds = "3", ...named] = process.argv.slice(2)
const wanted = named.length === 0 ? ["fast-path", "storm"] : named

const entry = `${wanted.map((part) => `import * as ${parts[part]} from "./${parts[part]}.ts"`).join("\n")}
import { finish } from "./report.ts"
${wanted.map((part) => `await ${parts[part]}.run()`).join("\n")}
finish()
process.exit(0)
`

const program = () => {
  const config = ts.readConfigFile(path.join(root, "test/bench/tsconfig.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, path.join(root, "test/bench"))
  const files = modules.map((name) => path.join(source, `${name}.ts`))
  return ts.createProgram(files, { ...options, noEmit: true, composite: false, incremental: false, skipLibCheck: true })
}

/** Writes the sources for one major and builds them there. */
const prepare = async (home, textOf) => {
  fs.rmSync(home, { recursive: true, force: true })
  fs.mkdirSync(path.join(home, "src"), { recursive: true })
  for (const name of modules) fs.writeFileSync(path.join(home, "src", `${name}.ts`), textOf(name))
  fs.writeFileSync(path.join(home, "src/main.ts"), entry)
  await build({
    entryPoints: ["main", "server", "worker"].map((name) => path.join(home, "src", `${name}.ts`)),
    outdir: path.join(home, "run"),
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node22",
    external: ["effect", "@effect/*", "undici"],
    logLevel: "warning"
  })
}

const run = (name, home) => {
  const { stderr, stdout } = spawnSync(
    "npx",
    ["--yes", "-p", "node@24", "node", "--expose-gc", path.join(home, "run/main.js"), "--json"],
    { cwd: home, encoding: "utf8", timeout: 300_000 }
  )
  const figures = stdout.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
  if (figures.length === 0) throw new Error(`${name} printed no figure:\n${stderr}`)
  return figures
}

const typed = program()
const checker = typed.getTypeChecker()
const homes = {
  "Effect 3": path.join(root, "test/bench/build/majors"),
  "Effect 4": path.join(root, "packages-v4/test/bench")
}
await prepare(homes["Effect 3"], (name) => fs.readFileSync(path.join(source, `${name}.ts`), "utf8"))
await prepare(homes["Effect 4"], (name) => {
  const file = typed.getSourceFile(path.join(source, `${name}.ts`))
  return format(file.fileName, rewrite(file, checker, `test/bench/src/${name}.ts`))
})

const all = new Map()
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, home] of Object.entries(homes)) {
    for (const figure of run(name, home)) {
      const row = all.get(figure.name) ?? { "Effect 3": [], "Effect 4": [] }
      row[name].push(figure)
      all.set(figure.name, row)
    }
  }
}
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const valueOf = (figures) => middle(figures.map(({ ratio, value }) => ratio ?? value))
for (const [figure, sides] of all) {
  const texts = Object.entries(sides).map(([name, figures]) => `${name}: ${valueOf(figures) ?? "-"}`)
  console.log(`${figure.padEnd(56)} ${texts.join("   ")}   ${sides["Effect 4"].at(-1)?.note ?? ""}`)
}
