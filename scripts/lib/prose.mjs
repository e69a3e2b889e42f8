/**
 * The prose of the project as Markdown, line by line: pages as they are, the comments of a source file, and its messages. A line of
 * such a text has the number of its line in the file.
 */
import ts from "typescript"

const stripped = (line) => line.replace(/^\s*(?:\/\*\*?|\*(?!\/)|\/\/)?[ \t]?/, "").replace(/\s*\*\/\s*$/, "")

/** Tags without prose, and the lines of an example, which its own checks read. */
const isSilent = (line) =>
  /^@(?:since|category|internal|type|import)\b/.test(line) || /^(?:eslint|@ts)-/.test(line) ||
  /^#(?:end)?region\b/.test(line)

const commentsOf = (text) => {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, /* skipTrivia */ false, ts.LanguageVariant.Standard, text)
  const found = []
  const templates = []
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.TemplateHead) templates.push(0)
    else if (templates.length > 0 && kind === ts.SyntaxKind.OpenBraceToken) templates[templates.length - 1] += 1
    else if (templates.length > 0 && kind === ts.SyntaxKind.CloseBraceToken) {
      if (templates.at(-1) > 0) templates[templates.length - 1] -= 1
      else if (scanner.reScanTemplateToken(false) === ts.SyntaxKind.TemplateTail) templates.pop()
    }
    if (kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia) {
      found.push({ start: scanner.getTokenPos?.() ?? scanner.getTokenStart(), text: scanner.getTokenText() })
    }
  }
  return found
}

const lineOf = (text, position) => text.slice(0, position).split("\n").length - 1

/** The comments of a file, each line where it stands in the file. */
export const commentsAsMarkdown = (text) => {
  const lines = text.split("\n").map(() => "")
  for (const comment of commentsOf(text)) {
    const first = lineOf(text, comment.start)
    comment.text.split("\n").forEach((line, index) => {
      const prose = stripped(line)
      lines[first + index] = isSilent(prose)
        ? ""
        : prose.replace(/^@(?:see|param \S+|returns|deprecated|default)\s+(?:-\s+)?/, "")
    })
  }
  return lines.join("\n")
}

/** Texts of a file that people read: at least three words with spaces between them. Each in a paragraph of its own. */
export const messagesAsMarkdown = (file, text) => {
  const lines = text.split("\n").map(() => "")
  const visit = (node) => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)
    if (isText) {
      const value = ts.isTemplateExpression(node)
        ? node.head.text + node.templateSpans.map((span) => `\`x\`${span.literal.text}`).join("")
        : node.text
      if (/[A-Za-z]{2,} [a-z]+ [a-z]+/.test(value) && !/\b(?:SELECT|INSERT|UPDATE|DELETE|CREATE)\b/.test(value)) {
        lines[lineOf(text, node.getStart())] += ` ${value.replaceAll("\n", " ")}`
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  return lines.map((line) => line.trim()).join("\n\n")
}
