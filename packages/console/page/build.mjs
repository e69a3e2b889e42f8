/** Bundles the page: its script with all it needs, and its style. */
import { build } from "esbuild"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

const file = (name) => fileURLToPath(new URL(name, import.meta.url))

/** What is served, as three texts. */
export const buildPage = async () => {
  const bundled = await build({
    entryPoints: [file("main.tsx"), file("console.css")],
    outdir: "page",
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning"
  })
  const text = (ending) => bundled.outputFiles.find((output) => output.path.endsWith(ending)).text
  return { html: fs.readFileSync(file("index.html"), "utf8"), script: text(".js"), style: text(".css") }
}

/** The page as the text of a module. */
export const pageModule = async () =>
  Object.entries(await buildPage()).map(([name, text]) => `export const ${name} = ${JSON.stringify(text)}\n`).join("")
