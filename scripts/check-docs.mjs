/**
 * Checks what is written about the code: doc comments of the public exports, and the pages (README, docs).
 */
import { checkDocComments } from "./lib/doc-comments.mjs"
import { checkPages } from "./lib/markdown.mjs"

const comments = checkDocComments()
const pages = checkPages()
const faults = [...comments.faults, ...pages.faults]
for (const fault of faults) console.error(fault)
console.log(
  `docs: ${comments.read} modules, ${pages.pages} pages, ${pages.compiled} examples compiled, ${pages.quoted} quoted, ` +
    `${faults.length} faults`
)
if (faults.length > 0) process.exitCode = 1
