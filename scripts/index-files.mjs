/**
 * Writes `each package's src/index.ts`: one line for each public module, with the first sentence of the module's own comment.
 * A module that needs an optional peer is left out: it is reached by its sub-path.
 *
 *   node scripts/index-files.mjs           writes
 *   node scripts/index-files.mjs --check   says what would change, and fails if anything would
 */
import * as fs from "node:fs"
import * as path from "node:path"
import {
  firstSentence,
  header,
  optionalPeersOf,
  packages,
  parse,
  publicModules,
  root,
  summary
} from "./lib/packages.mjs"

const wrap = (text, width) => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1]
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`
  }
  return lines
}

const docComment = (text) =>
  text.length <= 112 ? `/** ${text} */` : ["/**", ...wrap(text, 116).map((line) => ` * ${line}`), " */"].join("\n")

/** The text that a package's index has to have. */
const indexOf = (pkg) => {
  const lines = publicModules(pkg)
    .filter((module) => !module.includes("/") && optionalPeersOf(pkg, module).size === 0)
    .map((module) => {
      const comment = header(parse(path.join(pkg.dir, "src", module)))
      const doc = comment === undefined ? "" : `${docComment(firstSentence(summary(comment)))}\n`
      return `${doc}export * as ${path.basename(module, ".ts")} from "./${module}"\n`
    })
  return lines.length === 0 ? "export {}\n" : lines.join("\n")
}

const check = process.argv.includes("--check")
const stale = packages().flatMap((pkg) => {
  const file = path.join(pkg.dir, "src/index.ts")
  const wanted = indexOf(pkg)
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === wanted) return []
  if (!check) fs.writeFileSync(file, wanted)
  return [path.relative(root, file)]
})

if (check && stale.length > 0) {
  console.error(`Not what their folders hold (run \`pnpm fix\`):\n${stale.map((file) => `  ${file}`).join("\n")}`)
  process.exitCode = 1
} else {
  console.log(
    check
      ? "index files: up to date"
      : `index files: ${stale.length === 0 ? "up to date" : `wrote ${stale.join(", ")}`}`
  )
}
