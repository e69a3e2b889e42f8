/**
 * The rule for doc comments: every public export says in one sentence what it is, since when, and in which category.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { commentText, header, packages, parse, publicModules, root, summary } from "./packages.mjs"

const categories = new Set([
  "combinators",
  "constructors",
  "conversions",
  "errors",
  "getters",
  "guards",
  "layers",
  "models",
  "predicates",
  "schemas",
  "tags",
  "type ids"
])

const tagsOf = (comment, name) =>
  [...comment.matchAll(new RegExp(`^@${name}[ \\t]*(.*)$`, "gm"))].map((match) => match[1].trim())

const isExported = (node) =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)

/** The last doc comment before a node, as plain text; `from` skips the module's own comment. */
const docOf = (sourceFile, node, moduleComment) => {
  const range = (ts.getLeadingCommentRanges(sourceFile.text, node.pos) ?? [])
    .filter((_) => sourceFile.text.startsWith("/**", _.pos)).at(-1)
  const text = range === undefined ? undefined : commentText(sourceFile.text.slice(range.pos, range.end))
  return text !== undefined && text === moduleComment ? undefined : text
}

/** What a module declares and exports: name and the node that carries its comment. Re-exports are documented at home. */
const exportsOf = (sourceFile) =>
  sourceFile.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      return statement.moduleSpecifier !== undefined || statement.exportClause === undefined ?
        [] :
        statement.exportClause.elements.map((element) => ({ name: element.name.text, kind: "name", node: element }))
    }
    if (!isExported(statement)) return []
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name }) =>
        ts.isIdentifier(name) ?
          [{ name: name.text, kind: "value", node: statement }] :
          // One comment for the group, and a sentence for each name.
          [
            { name: "the group", kind: "value", node: statement },
            ...name.elements.map((node) => ({ name: node.name.getText(sourceFile), kind: "element", node }))
          ]
      )
    }
    const kind = ts.isFunctionDeclaration(statement) ? "function" : ts.SyntaxKind[statement.kind]
    return [{ name: statement.name?.text ?? "default", kind, node: statement }]
  })

const faultsOf = (kind, comment) => {
  if (comment === undefined) return ["has no doc comment"]
  if (kind === "element") return summary(comment) === "" ? ["has no first sentence"] : []
  const found = tagsOf(comment, "category")
  return [
    ...(summary(comment) === "" ? ["has no first sentence"] : []),
    ...(tagsOf(comment, "since").filter((version) => /^\d+\.\d+\.\d+$/.test(version)).length === 1 ?
      [] :
      ["needs one @since with a version"]),
    ...(found.length !== 1 ?
      [`needs exactly one @category, has ${found.length}`] :
      categories.has(found[0])
      ? []
      : [`has the unknown @category "${found[0]}"`])
  ]
}

const checkModule = (file) => {
  const sourceFile = parse(file)
  const moduleComment = header(sourceFile)
  const at = (node) =>
    `${path.relative(root, file)}:${sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile)).line + 1}`
  const faults = []
  if (moduleComment === undefined || summary(moduleComment) === "" || tagsOf(moduleComment, "since").length !== 1) {
    faults.push(
      `${path.relative(root, file)}:1 the module needs a comment of its own, with a first sentence and @since`
    )
  }
  const seen = new Set()
  for (const { kind, name, node } of exportsOf(sourceFile)) {
    const comment = docOf(sourceFile, node, moduleComment)
    const overload = kind === "function" && seen.has(name)
    if (kind === "function") seen.add(name)
    if (overload || comment?.includes("@internal") === true) continue
    for (const fault of faultsOf(kind, comment)) faults.push(`${at(node)} ${name} ${fault}`)
  }
  return faults
}

/** Every fault in the doc comments of the public modules, and how many modules were read. */
export const checkDocComments = () => {
  const files = packages().flatMap((pkg) => publicModules(pkg).map((module) => path.join(pkg.dir, "src", module)))
  return { read: files.filter((file) => fs.existsSync(file)).length, faults: files.flatMap(checkModule) }
}
