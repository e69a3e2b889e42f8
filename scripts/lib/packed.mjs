/**
 * The packages as their users get them: built, packed, and in a scratch folder that is removed afterwards.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"
import { optionalPeersOf, packages, publicModules, root } from "./packages.mjs"

const exec = promisify(execFile)
const manager = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).packageManager

/** Runs a program and gives what it printed; fails with all that it said. */
const runWith = async (options, command, ...args) => {
  try {
    const { stdout } = await exec(command, args, { ...options, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    throw new Error(
      `${[path.basename(command), ...args].join(" ")}\n${error.stdout ?? ""}${error.stderr ?? error.message}`
    )
  }
}

const run = (cwd, command, ...args) => runWith({ cwd }, command, ...args)

/** This Node with an environment, a file and its arguments. */
export const nodeWith = (env, cwd, ...args) => runWith({ env, cwd }, process.execPath, ...args)

/** This Node with a file and its arguments. */
export const node = (cwd, ...args) => run(cwd, process.execPath, ...args)

/** The versions of Node that we promise. */
export const nodeVersions = ["20", "22", "24"]

/** Another Node, from npm's `node` package, with a file and its arguments. */
export const nodeOf = (version, cwd, ...args) => run(cwd, "npx", "--yes", "-p", `node@${version}`, "node", ...args)

/** The program of a package that is installed at the root. */
export const tool = (name, entry) => path.join(root, "node_modules", name, entry)

/** The pnpm that runs this script, or the pinned one. */
export const pnpm = (cwd, ...args) =>
  /pnpm\.c?js$/.test(process.env.npm_execpath ?? "")
    ? node(cwd, process.env.npm_execpath, ...args)
    : run(cwd, "npx", "--yes", manager, ...args)

/** Prints one line with the time that a piece of work took. */
export const timed = async (what, work) => {
  const started = performance.now()
  const result = await work()
  console.log(`ok     ${what.padEnd(60)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`)
  return result
}

/** The names of our own packages that a manifest can't do without. */
const needs = (manifest) =>
  Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    .filter((name) => name.startsWith("@effect-auth/") && manifest.peerDependenciesMeta?.[name]?.optional !== true)

/** The packages that can be checked now, and the names of the others. */
export const choose = () => {
  let chosen = packages().filter((pkg) =>
    publicModules(pkg).length > 0 || fs.existsSync(path.join(pkg.dir, "src/bin.ts"))
  )
  for (let before = -1; before !== chosen.length;) {
    before = chosen.length
    const names = new Set(chosen.map((pkg) => pkg.manifest.name))
    chosen = chosen.filter((pkg) => needs(pkg.manifest).every((name) => names.has(name)))
  }
  return { chosen, left: packages().filter((pkg) => !chosen.some((_) => _.folder === pkg.folder)) }
}

/** Every entry point of a package as its users write it: `.`, each public module, and each sub-path with a name of its own. */
export const entriesOf = (pkg) => {
  const named = Object.entries(pkg.manifest.exports)
    .filter(([key, target]) => typeof target === "string" && !key.includes("*") && key !== "./package.json")
    .map(([key, target]) => ({ key, module: path.posix.relative("./src", target) }))
  const modules = publicModules(pkg).map((module) => ({ key: `./${module.replace(/\.ts$/, "")}`, module }))
  return [...named, ...modules].map((entry) => ({
    ...entry,
    specifier: path.posix.join(pkg.manifest.name, entry.key),
    optional: optionalPeersOf(pkg, entry.module)
  }))
}

/** Compiles what a package holds. */
export const build = async () => {
  await timed("build", () => node(root, tool("typescript", "bin/tsc"), "-b", "tsconfig.build.json"))
}

/** Packs one package and checks what is in it. */
export const pack = async (pkg, dir) => {
  const stray = fs.readdirSync(path.join(pkg.dir, "dist"), { recursive: true }).map(String)
    .filter((file) => file.endsWith(".js") && !fs.existsSync(path.join(pkg.dir, "src", file.replace(/\.js$/, ".ts"))))
  if (stray.length > 0) {
    throw new Error(
      `${pkg.manifest.name}: dist holds files without a source (remove it, build again): ${stray.join(", ")}`
    )
  }

  // What a package's own `prepack` says comes first.
  const said = await pnpm(pkg.dir, "pack", "--json", "--pack-destination", dir)
  const packed = JSON.parse(said.slice(said.indexOf("{")))
  const files = packed.files.map((file) => file.path)
  for (const wanted of ["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts", "src/index.ts"]) {
    if (!files.includes(wanted)) throw new Error(`${pkg.manifest.name}: the package holds no ${wanted}`)
  }
  const unwanted = files.filter((file) => /tsbuildinfo|(^|\/)node_modules\/|\.test\.|(^|\/)\.env/.test(file))
  if (unwanted.length > 0) throw new Error(`${pkg.manifest.name}: the package holds ${unwanted.join(", ")}`)
  return { ...pkg, tarball: path.resolve(dir, packed.filename) }
}

/** The pinned versions of the workspace's catalog. */
export const catalog = () =>
  Object.fromEntries(
    [
      ...fs.readFileSync(path.join(root, "pnpm-workspace.yaml"), "utf8").matchAll(
        /^ {2}"?([@\w/.-]+)"?: ([\^~\d][\w.-]*)$/gm
      )
    ]
      .map((match) => [match[1], match[2]])
  )

/** The two peers that every program brings along, in their pinned versions. */
export const peers = () => {
  const pins = catalog()
  return ["effect", "@effect/platform"].map((name) => `${name}@${pins[name]}`)
}

/** How a strict program compiles against the packages. */
export const strictOptions = {
  target: "ES2022",
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  types: []
}

/** Does the work in a scratch folder, prints how it ended and sets the exit code. */
export const inScratch = async (name, work) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `effect-auth-${name.replaceAll(" ", "-")}-`))
  try {
    await work(dir)
    console.log(`${name}: ok`)
  } catch (error) {
    console.error(error.message)
    console.log(`${name}: failed`)
    process.exitCode = 1
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

/** Makes an empty project that can import, and gives its folder. */
export const project = (dir, manifest) => {
  fs.mkdirSync(dir, { recursive: true })
  const all = { name: "consumer", private: true, type: "module", ...manifest }
  fs.writeFileSync(path.join(dir, "package.json"), JSON.stringify(all, null, 2))
  return dir
}

/** Installs with plain npm. */
export const npmInstall = (dir, ...what) =>
  run(dir, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...what)

/** The manifest as it is published. */
export const packedManifest = async (pkg) =>
  JSON.parse(await run(pkg.dir, "tar", "-xzOf", pkg.tarball, "package/package.json"))
