/**
 * Writes `packages-v4/*`, the packages for Effect 4, from `packages/*` and `test/*`.
 *
 *   node scripts/effect4/generate.mjs             writes
 *   node scripts/effect4/generate.mjs --check     says what would change, and fails if anything would
 *
 * A file below `files/` stands for the one of the same path, as a whole. Every other source goes through the codemod
 * (lib/rewrite.mjs) and the formatter. left-out.mjs says what is not generated, and why.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import * as leftOut from "./left-out.mjs"
import { format } from "./lib/format.mjs"
import { manifest, tsconfig } from "./lib/manifest.mjs"
import { rewrite } from "./lib/rewrite.mjs"
import { page, reworded } from "./lib/words.mjs"
import { edits } from "./test-edits.mjs"

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.join(here, "../..")
const target = path.join(root, "packages-v4")
const whole = path.join(here, "files")

const filesBelow = (dir, skipped = new Set(["node_modules", "dist", "build", ".docs-check"])) =>
  fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    skipped.has(entry.name) ? [] : entry.isDirectory()
      ? filesBelow(path.join(dir, entry.name), skipped)
      : [path.join(dir, entry.name)]
  )

const isLeftOut = (list, file) =>
  Object.keys(list).some((entry) => entry.endsWith("/") ? file.startsWith(entry) : file === entry)

/** Sources → their place in the generated tree. */
const sources = () => {
  const found = new Map()
  const add = (file, to, list) => {
    const relative = path.relative(root, file)
    if (!isLeftOut(list, relative)) found.set(file, to)
  }
  for (const name of leftOut.packages) {
    const dir = path.join(root, "packages", name)
    for (const file of filesBelow(path.join(dir, "src"))) {
      add(file, path.join(name, path.relative(dir, file)), leftOut.sources)
    }
  }
  for (const file of filesBelow(path.join(root, "test"))) {
    if (/\/(package|tsconfig)\.json$/.test(file)) continue
    add(file, path.relative(root, file), leftOut.tests)
  }
  return found
}

/** The reporter asks for a reason for each file with a skipped test. */
const exceptions = (text) => {
  const { skips, ...others } = JSON.parse(text)
  return `${JSON.stringify({ ...others, skips: [...skips, ...leftOut.singleTests] }, undefined, 2)}\n`
}

/** Edits of tests whose left text is not there exactly once. */
const misses = []

/** One file through the codemod, the formatter and, if it is a test, its edits. */
const generated = (file, checker, place) => {
  const skipped = leftOut.singleTests.filter((test) => test.file === place).map((test) => test.name)
  const written = rewrite(file, checker, place, skipped)
  let text = format(file.fileName, place.startsWith("test/") ? written : reworded(written))
  for (const [from, to] of edits[place] ?? []) {
    if (text.split(from).length !== 2) misses.push(`${place}: ${from}`)
    text = text.replace(from, () => to)
  }
  return text
}

const program = (files) => {
  const config = ts.readConfigFile(path.join(root, "test/tsconfig.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, path.join(root, "test"))
  return ts.createProgram(files, { ...options, noEmit: true, composite: false, incremental: false, skipLibCheck: true })
}

/** The whole generated tree: path → text. */
export const generate = () => {
  const tree = new Map()
  const from = sources()
  const replaced = new Map(filesBelow(whole).map((file) => [path.relative(whole, file), fs.readFileSync(file, "utf8")]))
  const scripts = [...from.keys()].filter((file) => file.endsWith(".ts"))
  const typed = program(scripts)
  const checker = typed.getTypeChecker()
  for (const [file, to] of from) {
    if (replaced.has(to)) continue
    const text = to === "test/exceptions.json"
      ? exceptions(fs.readFileSync(file, "utf8"))
      : file.endsWith(".ts")
      ? generated(typed.getSourceFile(file), checker, path.relative(root, file))
      : fs.readFileSync(file, "utf8")
    tree.set(to, text)
  }
  if (misses.length > 0) throw new Error(`test-edits.mjs changes what is not there once:\n${misses.join("\n")}`)
  for (const [to, text] of replaced) tree.set(to, text)
  for (const name of leftOut.packages) {
    const dir = path.join(root, "packages", name)
    tree.set(`${name}/package.json`, manifest(JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8"))))
    tree.set(`${name}/tsconfig.json`, tsconfig(JSON.parse(fs.readFileSync(path.join(dir, "tsconfig.json"), "utf8"))))
    for (const other of ["LICENSE", "README.md", "CHANGELOG.md"]) {
      const text = fs.readFileSync(path.join(dir, other), "utf8")
      if (!tree.has(`${name}/${other}`)) tree.set(`${name}/${other}`, other === "README.md" ? page(text) : text)
    }
  }
  return tree
}

/** The lockfile is pnpm's; the tests are generated where they run, and are not in git. */
const isOwn = (file) => file === "pnpm-lock.yaml" || file.endsWith(".tsbuildinfo")

const main = () => {
  const check = process.argv.includes("--check")
  const tree = generate()
  const present = fs.existsSync(target) ? filesBelow(target).map((file) => path.relative(target, file)) : []
  const stale = []
  for (const [file, text] of tree) {
    const to = path.join(target, file)
    if (fs.existsSync(to) && fs.readFileSync(to, "utf8") === text) continue
    if (!file.startsWith("test/")) stale.push(file)
    if (check && !file.startsWith("test/")) continue
    fs.mkdirSync(path.dirname(to), { recursive: true })
    fs.writeFileSync(to, text)
  }
  for (const file of present) {
    if (tree.has(file) || isOwn(file)) continue
    if (!file.startsWith("test/")) stale.push(file)
    if (!check || file.startsWith("test/")) fs.rmSync(path.join(target, file))
  }
  if (check && stale.length > 0) {
    console.error(
      `Not what is generated (run \`pnpm effect4\`):\n${stale.map((file) => `  packages-v4/${file}`).join("\n")}`
    )
    process.exitCode = 1
  } else console.log(check ? "packages-v4 is what is generated" : `packages-v4: ${stale.length} files changed`)
}

main()
