/**
 * Checks the packages as their users get them: packed, linted (publint strict, attw for `import` and `require`), installed with plain npm
 * into an empty folder, imported by plain Node, required by each version of Node that we promise, and type-checked there, one entry point after the other.
 *
 * A package without any public module yet is named and left out; so are the packages that need such a one.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { packages, root } from "./lib/packages.mjs"
import {
  build,
  catalog,
  choose,
  entriesOf,
  inScratch,
  node,
  nodeOf,
  nodeVersions,
  nodeWith,
  npmInstall,
  pack,
  peers as pinnedPeers,
  project,
  strictOptions,
  timed,
  tool
} from "./lib/packed.mjs"

const lint = async (pkg) => {
  await node(root, tool("publint", "src/cli.js"), "run", "--strict", pkg.tarball)
  const entries = entriesOf(pkg).map((entry) => entry.key)
  await node(
    root,
    tool("@arethetypeswrong/cli", "dist/index.js"),
    pkg.tarball,
    // The `node10` view knows no `exports`. A `require` gives the ES module: Node 20.19 and later can do that.
    "--profile",
    "node16",
    "--ignore-rules",
    "cjs-resolves-to-esm",
    "--no-emoji",
    "--no-color",
    "--entrypoints",
    ...entries
  )
}

/** Imports the entry points in this Node, and requires them in each one that we promise; vitest and what needs it can only be imported by vitest's own runner. */
const load = async (dir, entries, imports, names) => {
  const loaded = `[${names}].every((_) => typeof _ === "object")`
  if (fs.existsSync(path.join(dir, "node_modules/vitest"))) {
    const test = [...imports, `import { expect, it } from "vitest"`, `it("loads", () => expect(${loaded}).toBe(true))`]
    fs.writeFileSync(path.join(dir, "load.test.mjs"), test.join("\n"))
    await node(dir, "node_modules/vitest/vitest.mjs", "run")
  } else {
    fs.writeFileSync(path.join(dir, "load.mjs"), [...imports, `if (!${loaded}) process.exit(1)`].join("\n"))
    await node(dir, "load.mjs")
    const required = entries.map(({ specifier }) => `require(${JSON.stringify(specifier)})`).join(", ")
    fs.writeFileSync(
      path.join(dir, "load.cjs"),
      [
        `if (process.versions.node.split(".")[0] !== process.argv[2]) throw new Error("this is Node " + process.version)`,
        `if (![${required}].every((_) => typeof _ === "object")) process.exit(1)\n`
      ].join("\n")
    )
    for (const version of nodeVersions) await nodeOf(version, dir, "load.cjs", version)
  }
}

/**
 * Installs the tarballs, and what they need of others, into an empty folder and uses the entry points there.
 */
const use = async (dir, tarballs, others, entries) => {
  project(dir)
  await npmInstall(dir, ...tarballs, ...others)

  const imports = entries.map((entry, index) => `import * as M${index} from ${JSON.stringify(entry.specifier)}`)
  const names = entries.map((_, index) => `M${index}`).join(", ")
  await load(dir, entries, imports, names)

  fs.writeFileSync(path.join(dir, "types.ts"), `${imports.join("\n")}\nexport const all = [${names}] as const\n`)
  fs.writeFileSync(
    path.join(dir, "tsconfig.json"),
    JSON.stringify({ compilerOptions: strictOptions, files: ["types.ts"] })
  )
  await node(dir, tool("typescript", "bin/tsc"), "-p", "tsconfig.json")

  for (
    const { manifest } of packages().filter((pkg) => fs.existsSync(path.join(dir, "node_modules", pkg.manifest.name)))
  ) {
    fs.writeFileSync(path.join(dir, "inside.mjs"), `await import("${manifest.name}/internal/any")\n`)
    const refused = await node(dir, "inside.mjs").then(
      () => false,
      (error) => /ERR_PACKAGE_PATH_NOT_EXPORTED/.test(error.message)
    )
    if (!refused) throw new Error(`${manifest.name}/internal/* can be imported`)
  }
}

/** A provider of the user's own, in plain JavaScript over the installed packages. */
const providerModule = `
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
export const provider = ({ settings }) => PitchpointAuth.provider(settings)
export const credentials = ({ secret }) => ({ password: secret })
`

/** Uses the installed program as people do: a sandbox, a session at it, and a session of a provider from a module. */
const start = async (dir) => {
  const file = path.join(dir, "node_modules/.bin/effect-auth")
  const env = { ...process.env, EFFECT_AUTH_HOME: path.join(dir, "home"), EFFECT_AUTH_KEY_STORE: "file" }
  const sandbox = spawn(process.execPath, [file, "sandbox", "--env", "--quiet"], { cwd: dir, env })
  try {
    const text = await new Promise((resolve, reject) => {
      let printed = ""
      sandbox.stdout.on("data", (chunk) => {
        printed += chunk
        if (printed.includes("WALLET_APP_PASSWORD")) resolve(printed)
      })
      sandbox.on("exit", (code) => reject(new Error(`effect-auth sandbox ended with ${code}`)))
      setTimeout(() => reject(new Error("effect-auth sandbox did not start in 20 s")), 20_000).unref()
    })
    const value = (name) => new RegExp(`^EFFECT_AUTH_${name}='?(.*?)'?$`, "m").exec(text)?.[1] ?? ""
    const settings = JSON.stringify({ host: value("PITCHPOINT_HOST"), username: value("PITCHPOINT_USERNAME") })
    const password = value("PITCHPOINT_PASSWORD")
    const program = (...args) =>
      nodeWith(
        { ...env, EFFECT_AUTH_PITCHPOINT_PASSWORD: password, EFFECT_AUTH_MODULE_PASSWORD: password },
        dir,
        file,
        ...args
      )
    fs.writeFileSync(path.join(dir, "provider.mjs"), providerModule)
    const flags = ["--host", value("PITCHPOINT_HOST"), "--username", value("PITCHPOINT_USERNAME")]
    await program("sign-in", "pitchpoint", ...flags)
    await program("sign-in", "module", "--module", "./provider.mjs", "--settings", settings)
    for (const name of ["pitchpoint", "module"]) {
      const token = await program("token", name)
      if (!/^\S+\n$/.test(token)) throw new Error(`effect-auth token ${name} printed no token`)
      await program("refresh", name).catch((error) => {
        if (!error.message.includes("gave no refresh token")) throw error
      })
    }
    const states = JSON.parse(await program("status", "--json")).map((row) => `${row.provider} ${row.state}`)
    if (states.join() !== "module Active,pitchpoint Active") throw new Error(`effect-auth status says: ${states}`)
  } finally {
    sandbox.removeAllListeners("exit")
    sandbox.kill()
  }
}

const isOurs = (name) => name.startsWith("@effect-auth/")

const main = async (dir) => {
  const { chosen, left } = choose()
  if (chosen.length === 0) throw new Error("no package has a public module")
  for (const pkg of left) {
    console.log(`left out: ${pkg.manifest.name} (it, or a package it needs, has no public module yet)`)
  }
  await build()
  const packed = []
  for (const pkg of chosen) {
    packed.push(
      await timed(`pack, publint, attw: ${pkg.manifest.name}`, async () => {
        const result = await pack(pkg, dir)
        await lint(result)
        return result
      })
    )
  }

  // A program that wants one provider: core, that provider, and the two peers.
  const pins = catalog()
  const peers = pinnedPeers()
  const small = packed.filter((pkg) => ["core", "placewise"].includes(pkg.folder))
  const smallEntries = small.flatMap(entriesOf)
  await timed(
    `install, import and type-check: ${
      small.map((pkg) => pkg.folder).join(" + ")
    } (${smallEntries.length} entry points)`,
    () => use(path.join(dir, "small"), small.map((pkg) => pkg.tarball), peers, smallEntries)
  )

  // All packages together, once without and once with what they only need for some of their sub-paths.
  const entries = packed.flatMap(entriesOf)
  const plain = entries.filter((entry) => [...entry.optional].every(isOurs))
  if (packed.length > small.length) {
    await timed(
      `install, import and type-check: all ${packed.length} packages (${plain.length} entry points)`,
      () => use(path.join(dir, "all"), packed.map((pkg) => pkg.tarball), peers, plain)
    )
    await timed("start the installed program", () => start(path.join(dir, "all")))
  }
  const rest = entries.filter((entry) => !plain.includes(entry))
  if (rest.length > 0) {
    const wanted = rest.flatMap((entry) => [...entry.optional]).filter((name) => !isOurs(name))
    const names = [...new Set(wanted.flatMap((name) => name === "@effect/vitest" ? [name, "vitest"] : [name]))]
    const optional = names.map((name) => {
      if (pins[name] === undefined) throw new Error(`${name} is not in the catalog of pnpm-workspace.yaml`)
      return `${name}@${pins[name]}`
    })
    await timed(
      `the same with ${names.join(", ")} (${rest.length} entry points)`,
      () => use(path.join(dir, "optional"), packed.map((pkg) => pkg.tarball), [...peers, ...optional], rest)
    )
  }
}

await inScratch("packages", main)
