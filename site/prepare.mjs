/**
 * Copies the pages of the repository to where VitePress reads them, and points their links at the site: a public module leads to its
 * page in the API reference, another file to its text. Nothing is written by hand below `pages/`.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { packages, publicModules, root } from "../scripts/lib/packages.mjs"

export const target = path.join(root, "site/pages")

const filesBelow = (dir) =>
  fs.readdirSync(path.join(root, dir), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(path.join(dir, entry.name)) : [path.join(dir, entry.name)]
  )

/** Each page of the repository, with its path on the site. */
const sitePages = () =>
  new Map([
    ["site/index.md", "index.md"],
    ["README.md", "overview.md"],
    ["CONTRIBUTING.md", "contributing.md"],
    ["SECURITY.md", "security-policy.md"],
    ...packages().map(({ folder }) => [`packages/${folder}/README.md`, `packages/${folder}.md`]),
    ...filesBelow("docs").filter((file) => file.endsWith(".md")).map((file) => [file, path.relative("docs", file)])
  ])

/** The public modules that the API reference has, with their pages. */
const apiPages = () =>
  new Map(
    packages().filter(({ folder }) => folder !== "cli").flatMap((pkg) =>
      publicModules(pkg).filter((module) => !module.includes("/")).map((module) => [
        `packages/${pkg.folder}/src/${module}`,
        `api/${pkg.folder}/${module.replace(/\.ts$/, ".md")}`
      ])
    )
  )

/** Copies a file of the repository as text, once, and says where it is. */
const source = (file) => {
  const copy = path.join(target, "public/source", `${file}.txt`)
  fs.mkdirSync(path.dirname(copy), { recursive: true })
  fs.copyFileSync(path.join(root, file), copy)
  return `/source/${file}.txt`
}

/** Where a link of a page leads on the site; nothing for a folder that has no page. */
const targetOf = (page, pages, apis) => (link) => {
  const [relative, anchor] = link.split("#")
  const file = path.normalize(path.join(path.dirname(page), decodeURI(relative))).replace(/\/$/, "")
  const suffix = anchor === undefined ? "" : `#${anchor}`
  const found = pages.get(file) ?? pages.get(path.join(file, "README.md")) ?? apis.get(file)
  if (found !== undefined) return `/${found}${suffix}`
  const stat = fs.statSync(path.join(root, file), { throwIfNoEntry: false })
  // A text that only looks like a link stays as it is.
  if (stat === undefined) return link
  return stat.isDirectory() ? undefined : source(file)
}

/** Applies a function to the parts of a page that are not blocks of code. */
const outsideOfCode = (text, change) =>
  text.split(/(^`{3,}[^\n]*\n[\s\S]*?^`{3,}[ \t]*$)/m)
    .map((part, index) => index % 2 === 0 ? change(part) : part).join("")

const rewrite = (page, text, pages, apis) => {
  const lead = targetOf(page, pages, apis)
  return outsideOfCode(
    text,
    (prose) =>
      prose.replace(/\[((?:[^\][]|\[[^\]]*\])*)\]\((?![a-z]+:|#|\/)([^)\s]+)\)/g, (_, label, link) => {
        const url = lead(link)
        return url === undefined ? label : `[${label}](${url})`
      })
  )
}

/** The marks of quotations are for this repository's own check. */
const withoutComments = (text) => text.replace(/^<!-- from: .* -->\n/gm, "")

export const preparePage = (page, pages = sitePages(), apis = apiPages()) => {
  const file = path.join(target, pages.get(page))
  const text = fs.readFileSync(path.join(root, page), "utf8")
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, rewrite(page, withoutComments(text), pages, apis))
}

export const prepare = () => {
  const pages = sitePages()
  const apis = apiPages()
  fs.rmSync(target, { recursive: true, force: true })
  for (const page of pages.keys()) preparePage(page, pages, apis)
  fs.cpSync(path.join(root, "site/public"), path.join(target, "public"), { recursive: true })
}

if (process.argv[1] === import.meta.filename || process.argv[1]?.endsWith("site/prepare.mjs")) prepare()
