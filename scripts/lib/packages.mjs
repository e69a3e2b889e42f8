/**
 * What the scripts know about the packages: their folders, their public modules, and which modules need an optional peer.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** The published packages: folder name, directory, manifest. */
export const packages = () =>
  fs.readdirSync(path.join(root, "packages"))
    .filter((folder) => fs.existsSync(path.join(root, "packages", folder, "package.json")))
    .map((folder) => {
      const dir = path.join(root, "packages", folder)
      return { folder, dir, manifest: JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8")) }
    })

/** Every `.ts` file below a directory, as sorted paths relative to it; `skip` names folders that are left out. */
export const sources = (dir, skip = []) =>
  !fs.existsSync(dir) ? [] : fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      return skip.includes(entry.name) ? [] : sources(path.join(dir, entry.name), skip).map((_) => `${entry.name}/${_}`)
    }
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts") ? [entry.name] : []
  }).sort()

/** The public modules of a package: what stands in src, but not below internal, and is neither the index nor the program. */
export const publicModules = (pkg) =>
  sources(path.join(pkg.dir, "src"), ["internal", "node_modules"]).filter((file) =>
    file !== "index.ts" && file !== "bin.ts"
  )

export const parse = (file) =>
  ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.Latest, /* setParentNodes */ true)

/** The specifiers of imports and re-exports that exist at run time. */
const runtimeImports = (file) =>
  parse(file).statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) {
      return statement.importClause?.isTypeOnly === true ? [] : [statement.moduleSpecifier.text]
    }
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      return statement.isTypeOnly ? [] : [statement.moduleSpecifier.text]
    }
    return []
  })

const packageOf = (specifier) => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/")

/**
 * The optional peers that a module of the package needs at run time, directly or through its own package's files. Such a
 * module is reached by its sub-path only: the index must load where the peer is not installed.
 */
export const optionalPeersOf = (pkg, module) => {
  const meta = pkg.manifest.peerDependenciesMeta ?? {}
  const optional = new Set(Object.keys(meta).filter((name) => meta[name].optional === true))
  const found = new Set()
  const seen = new Set()
  const visit = (file) => {
    if (seen.has(file) || !fs.existsSync(file)) return
    seen.add(file)
    for (const specifier of runtimeImports(file)) {
      if (specifier.startsWith(".")) visit(path.resolve(path.dirname(file), specifier))
      else if (optional.has(packageOf(specifier))) found.add(packageOf(specifier))
    }
  }
  visit(path.join(pkg.dir, "src", module))
  return found
}

/** The text of the comment at the head of a module (not that of its first declaration), or undefined. */
export const header = (sourceFile) => {
  const text = sourceFile.text
  const first = sourceFile.statements[0]
  const comments = (ts.getLeadingCommentRanges(text, first?.pos ?? 0) ?? [])
    .filter((range) => text.startsWith("/**", range.pos))
  const documentsFirst = first !== undefined && !ts.isImportDeclaration(first) && !ts.isExportDeclaration(first)
  if (comments.length === 0 || (documentsFirst && comments.length === 1)) return undefined
  return commentText(text.slice(comments[0].pos, comments[0].end))
}

/** A doc comment without its stars: one string, lines kept. */
export const commentText = (comment) =>
  comment.replace(/^\/\*\*/, "").replace(/\*\/$/, "").split("\n").map((line) => line.replace(/^\s*\*? ?/, "")).join(
    "\n"
  ).trim()

/** The part of a comment before its first tag, as one line. */
export const summary = (comment) => comment.split(/^@/m)[0].trim().replace(/\s*\n\s*/g, " ")

/** The first sentence of a text. */
export const firstSentence = (text) => /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text
