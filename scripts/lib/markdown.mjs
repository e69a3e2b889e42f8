/**
 * The rules for the pages: their TypeScript compiles or is quoted from a file that does, their links lead
 * somewhere, and what they tell to install and to run is there.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { packages, root } from "./packages.mjs"

/** The pages that are checked, relative to the root. */
export const pages = () => {
  const below = (dir) => {
    const full = path.join(root, dir)
    return !fs.existsSync(full) ?
      [] :
      fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ?
          (dir === "docs" && entry.name === "api" ? [] : below(path.join(dir, entry.name))) :
          entry.name.endsWith(".md")
          ? [path.join(dir, entry.name)]
          : []
      )
  }
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ".changeset/README.md",
    "site/index.md",
    ...packages().map((pkg) => path.join("packages", pkg.folder, "README.md")),
    ...below("docs")
  ].filter((page) => fs.existsSync(path.join(root, page)))
}

/** The fenced blocks of a page: language, text, line (1-based) and the file it says it is quoted from, if it says so. */
const blocksOf = (text) => {
  const blocks = []
  let open
  let from
  text.split("\n").forEach((line, index) => {
    const fence = /^\s*(`{3,}|~{3,})\s*([^\s`]*)(.*)$/.exec(line)
    if (open !== undefined) {
      if (fence !== null && fence[1].startsWith(open.fence) && fence[2] === "") {
        blocks.push({ ...open, text: open.lines.join("\n") })
        open = undefined
      } else open.lines.push(line)
    } else if (fence !== null) {
      open = { fence: fence[1], language: fence[2], line: index + 1, lines: [], from }
      from = undefined
    } else {
      const quoted = /^<!--\s*from:\s*(\S+)\s*-->$/.exec(line.trim())
      if (quoted !== null) from = quoted[1]
      else if (line.trim() !== "") from = undefined
    }
  })
  return blocks
}

const dedent = (lines) => {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^ */.exec(line)[0].length)
  const least = Math.min(...indents, 120)
  return lines.map((line) => line.slice(Math.min(least, line.length))).join("\n").trim()
}

/** The whole of a file, and each of its regions (`// #region name` … `// #endregion`), without the markers. */
const quotable = (file) => {
  const lines = fs.readFileSync(file, "utf8").split("\n")
  const isMarker = (line) => /^\s*\/\/ #(region|endregion)\b/.test(line)
  const regions = []
  const open = []
  lines.forEach((line, index) => {
    if (/^\s*\/\/ #region\b/.test(line)) open.push(index)
    else if (/^\s*\/\/ #endregion\b/.test(line) && open.length > 0) {
      regions.push(lines.slice(open.pop() + 1, index).filter((_) => !isMarker(_)))
    }
  })
  return [lines.filter((line) => !isMarker(line)), ...regions].map(dedent)
}

const checkQuote = (page, block) => {
  const [file] = block.from.split("#")
  const full = path.join(root, file)
  if (!fs.existsSync(full)) return [`${page}:${block.line} is quoted from ${file}, which does not exist`]
  return quotable(full).includes(block.text.trim()) ?
    [] :
    [`${page}:${block.line} differs from ${file}: quote the whole file or one of its regions as it is`]
}

/**
 * Compiles the blocks in one program, each as a module of its own. They lie in `test/.docs-check` while that goes on, so
 * that they see every package by its name.
 */
const compile = (blocks) => {
  if (blocks.length === 0) return []
  const dir = path.join(root, "test/.docs-check")
  fs.rmSync(dir, { recursive: true, force: true })
  fs.mkdirSync(dir, { recursive: true })
  try {
    const files = blocks.map((block, index) => {
      const file = path.join(dir, `block-${index}.ts`)
      fs.writeFileSync(file, `${block.text}\nexport {}\n`)
      return file
    })
    const base = ts.readConfigFile(path.join(root, "tsconfig.base.json"), ts.sys.readFile).config
    const { options } = ts.convertCompilerOptionsFromJson({
      ...base.compilerOptions,
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      noEmit: true,
      jsx: "react-jsx",
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ["node"],
      typeRoots: [path.join(root, "node_modules/@types")]
    }, root)
    const program = ts.createProgram(files, options)
    return files.flatMap((file, index) => {
      const sourceFile = program.getSourceFile(file)
      return [...program.getSyntacticDiagnostics(sourceFile), ...program.getSemanticDiagnostics(sourceFile)].map(
        (_) => {
          const line = blocks[index].line + 1 + sourceFile.getLineAndCharacterOfPosition(_.start ?? 0).line
          return `${blocks[index].page}:${line} TS${_.code} ${ts.flattenDiagnosticMessageText(_.messageText, " ")}`
        }
      )
    })
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

const anchorsOf = (text) => {
  const count = new Map()
  const fenceless = text.replace(/^(`{3,})[\s\S]*?^\1\s*$/gm, "")
  return new Set(
    [...fenceless.matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => {
      const slug = match[1].replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim().toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-")
      const seen = count.get(slug) ?? 0
      count.set(slug, seen + 1)
      return seen === 0 ? slug : `${slug}-${seen}`
    }).concat([...fenceless.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map((match) => match[1]))
  )
}

const checkLinks = (page, text) => {
  const prose = text.replace(/^(`{3,})[\s\S]*?^\1\s*$/gm, (block) => block.replace(/[^\n]/g, ""))
    .replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length))
  const targets = [
    ...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g),
    ...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm)
  ]
  return targets.flatMap((match) => {
    const target = match[1]
    if (/^[a-z][a-z0-9+.-]*:/i.test(target) || target.startsWith("//")) return []
    const line = prose.slice(0, match.index).split("\n").length
    const [file, anchor] = target.split("#")
    const full = file === ""
      ? path.join(root, page)
      : path.resolve(path.dirname(path.join(root, page)), decodeURI(file))
    if (!fs.existsSync(full)) return [`${page}:${line} links to ${target}, which does not exist`]
    if (anchor === undefined || anchor === "" || !full.endsWith(".md")) return []
    return anchorsOf(fs.readFileSync(full, "utf8")).has(decodeURIComponent(anchor)) ?
      [] :
      [`${page}:${line} links to ${target}, but that page has no such heading`]
  })
}

/** What pnpm itself knows, and what it finds in `node_modules/.bin`, beside the scripts. */
const pnpmCommands = new Set(["install", "exec", "pack", "run", "add", "changeset"])

const manifest = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"))

/** `name: version` of each line of a catalog. */
const catalogOf = (file) =>
  new Map(
    [...fs.readFileSync(path.join(root, file), "utf8").matchAll(/^ {2}"?([@\w/-]+)"?: \^?(\d\S*)$/gm)]
      .map((match) => [match[1], match[2]])
  )

const catalog = catalogOf("pnpm-workspace.yaml")
const catalogOf4 = catalogOf("packages-v4/pnpm-workspace.yaml")

/** A package of the catalog that `npm i` is told without its version may be another major: Effect 4, by now. */
const faultOfPackage = (word) => {
  const [, name, version] = /^(@?[^@]+)(?:@(.+))?$/.exec(word) ?? []
  // The packages for Effect 4 are installed by a range that names it.
  const of4 = catalogOf4.get(name ?? "")
  if (of4 !== undefined && version?.startsWith("~4.") && of4.startsWith(version.slice(1).replace(/\d+$/, ""))) {
    return undefined
  }
  const pinned = /^(effect|@effect\/|vitest$)/.test(name ?? "") ? catalog.get(name) : undefined
  return pinned === undefined || (version !== undefined && `${pinned}.`.startsWith(`${version}.`))
    ? undefined
    : `installs ${word}, but the catalog has ${name} ${pinned}`
}

/** Commands that a reader copies: the scripts exist, pnpm is the one of the manifest, packages come in our versions. */
const checkCommands = (page, text) =>
  text.split("\n").flatMap((line, index) => {
    // What a fault is told with ("a plain `npm i effect` gives 4.x") is no line to copy.
    const installs = /\bnpm i (?!effect`)([^`#]+)/.exec(line)?.[1].trim().split(/\s+/) ?? []
    const scripts = [...line.matchAll(/(?:^|`|--yes )pnpm(?:@[\d.]+)?(?: -s)? ([a-z][\w:-]*)/g)].map((match) =>
      match[1]
    )
    return [
      ...installs.map(faultOfPackage).filter((fault) => fault !== undefined),
      ...[...line.matchAll(/pnpm@[\d.]+\d/g)].map((match) => match[0])
        .filter((pnpm) => pnpm !== manifest.packageManager).map((pnpm) =>
          `names ${pnpm}, not ${manifest.packageManager}`
        ),
      ...scripts.filter((script) => manifest.scripts[script] === undefined && !pnpmCommands.has(script))
        .map((script) => `runs pnpm ${script}, which is no script of the workspace`)
    ].map((fault) => `${page}:${index + 1} ${fault}`)
  })

/** Every fault in the pages, and how much was looked at. */
export const checkPages = () => {
  const read = pages().map((page) => ({ page, text: fs.readFileSync(path.join(root, page), "utf8") }))
  const blocks = read.flatMap(({ page, text }) =>
    blocksOf(text).filter((block) => ["ts", "typescript"].includes(block.language) || block.from !== undefined).map((
      block
    ) => ({ ...block, page }))
  )
  const quoted = blocks.filter((block) => block.from !== undefined)
  return {
    pages: read.length,
    quoted: quoted.length,
    compiled: blocks.length - quoted.length,
    faults: [
      ...quoted.flatMap((block) => checkQuote(block.page, block)),
      ...compile(blocks.filter((block) => block.from === undefined)),
      ...read.flatMap(({ page, text }) => [...checkLinks(page, text), ...checkCommands(page, text)])
    ]
  }
}
