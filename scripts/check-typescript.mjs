/**
 * Type-checks a user's program, and every entry point of what it uses, against the packed packages with each version of
 * TypeScript that users may have (`pnpm check:typescript`). Prints the exact version of each compiler.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { packages, root } from "./lib/packages.mjs"
import { build, entriesOf, inScratch, node, npmInstall, pack, peers, project, timed } from "./lib/packed.mjs"

const used = ["core", "placewise", "priava", "pitchpoint", "wallet-app"]

/** With `skipLibCheck` our own declarations are read as they are used; without it they are checked themselves, too. */
const versions = [
  { range: "5.4", skipLibCheck: [true] },
  { range: "5.9", skipLibCheck: [true, false] },
  { range: "6.0", skipLibCheck: [true, false] },
  { range: "7.0", skipLibCheck: [true, false] }
]

const resolutions = [
  { module: "NodeNext", moduleResolution: "NodeNext" },
  { module: "ESNext", moduleResolution: "Bundler" }
]

const alias = (range) => `typescript-${range}`

const entryFile = (entries) =>
  [
    ...entries.map((entry, index) => `import * as M${index} from ${JSON.stringify(entry.specifier)}`),
    `export const all = [${entries.map((_, index) => `M${index}`).join(", ")}] as const`
  ].join("\n")

const check = async (dir, range, skipLibCheck, tried = resolutions) => {
  for (const resolution of tried) {
    const compilerOptions = {
      ...resolution,
      target: "ES2022",
      lib: ["ES2022", "DOM", "DOM.Iterable"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck,
      noEmit: true
    }
    const files = ["program.ts", "entries.ts"]
    fs.writeFileSync(path.join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files }))
    await node(dir, compiler(dir, range), "-p", "tsconfig.json")
  }
}

const compiler = (dir, range) => {
  const home = path.join(dir, "node_modules", alias(range))
  return path.join(home, JSON.parse(fs.readFileSync(path.join(home, "package.json"), "utf8")).bin.tsc)
}

/** A program with a fault has to be refused, or the check would say nothing. */
const mustRefuse = async (dir, range) => {
  const file = path.join(dir, "program.ts")
  const text = fs.readFileSync(file, "utf8")
  const broken = text.replace("SignInRequired: told,", "SignInRequired: told,\n    NoSuchError: told,")
  if (broken === text) throw new Error("the program changed: there is nothing to break any more")
  fs.writeFileSync(file, broken)
  const refused = await check(dir, range, true, resolutions.slice(0, 1)).then(() => "", (error) => error.message)
  fs.writeFileSync(file, text)
  if (!/program\.ts\(\d+,\d+\): error TS/.test(refused)) {
    throw new Error(`TypeScript ${range} did not refuse a handler of an unknown tag`)
  }
}

await inScratch("typescript", async (dir) => {
  await build()
  const packed = []
  for (const pkg of packages().filter((pkg) => used.includes(pkg.folder))) packed.push(await pack(pkg, dir))
  const user = project(path.join(dir, "user"))
  await timed("install", () =>
    npmInstall(
      user,
      ...packed.map((pkg) => pkg.tarball),
      ...peers(),
      ...versions.map(({ range }) => `${alias(range)}@npm:typescript@~${range}.0`)
    ))
  fs.copyFileSync(path.join(root, "examples/src/user-program.ts"), path.join(user, "program.ts"))
  fs.writeFileSync(path.join(user, "entries.ts"), entryFile(packed.flatMap(entriesOf)))
  for (const { range, skipLibCheck } of versions) {
    const version = (await node(user, compiler(user, range), "--version")).trim().replace("Version ", "")
    for (const skip of skipLibCheck) {
      // The declarations themselves are the same ones either way.
      const tried = skip ? resolutions : resolutions.slice(0, 1)
      await timed(`TypeScript ${version}${skip ? ", skipLibCheck" : ""}`, () => check(user, range, skip, tried))
    }
    await mustRefuse(user, range)
  }
})
