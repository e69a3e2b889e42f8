/**
 * The style of the prose: the pages, and in the packages' sources the comments and the messages. A word that is avoided is a
 * fault: prose/terms.yml has the better one, prose/accepted.yml the exceptions. A long sentence is a warning.
 *
 *   node scripts/check-prose.mjs [--warnings]   with the option, each warning is printed
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { createLinter, loadTextlintrc } from "textlint"
import { pages } from "./lib/markdown.mjs"
import { packages, root, sources } from "./lib/packages.mjs"
import { commentsAsMarkdown, messagesAsMarkdown } from "./lib/prose.mjs"

const read = (file) => fs.readFileSync(path.join(root, file), "utf8")

const files = packages().flatMap(({ folder }) =>
  sources(path.join(root, "packages", folder, "src")).map((file) => `packages/${folder}/src/${file}`)
)

/** Texts with the kind that .textlintrc.json knows, and the line of the file that a line of the text stands for. */
const texts = [
  ...pages().map((file) => ({ file, kind: ".md", text: read(file), lineOf: (line) => line })),
  ...files.map((file) => ({ file, kind: ".comments", text: commentsAsMarkdown(read(file)), lineOf: (line) => line })),
  ...files.map((file) => ({
    file,
    kind: ".messages",
    text: messagesAsMarkdown(file, read(file)),
    lineOf: (line) => (line + 1) / 2
  }))
]

const linter = createLinter({
  descriptor: await loadTextlintrc({ configFilePath: path.join(root, ".textlintrc.json") })
})

const found = []
for (const { file, kind, lineOf, text } of texts) {
  const { messages } = await linter.lintText(text, `${file}${kind}`)
  for (const { line, message, ruleId, severity } of messages) {
    // The sentence of a message is as long as what stands in it.
    if (kind === ".messages" && ruleId === "sentence-length") continue
    found.push({ isFault: severity === 2, line: `${file}:${lineOf(line)} ${message.replace(/\s*\n\s*/g, " ")}` })
  }
}

const faults = found.filter(({ isFault }) => isFault)
const warnings = found.filter(({ isFault }) => !isFault)
for (const { line } of faults) console.error(line)
if (process.argv.includes("--warnings")) { for (const { line } of warnings) console.log(line) }
console.log(
  `prose: ${pages().length} pages and ${files.length} source files, ${faults.length} faults, ${warnings.length} long sentences`
)
if (faults.length > 0) process.exitCode = 1
