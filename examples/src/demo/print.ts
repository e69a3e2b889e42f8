/**
 * Prints the rows of the story: lines for people, as wide as their terminal and with colour on it, or JSON lines for
 * programs.
 */
import stringWidth from "string-width"
import type { Counted, Row } from "./story.ts"

export interface Printer {
  readonly chapter: (name: string) => string
  readonly row: (row: Row) => string
  /** The last words: what was shown, and how often. */
  readonly closing: (rows: ReadonlyArray<Row>) => string
}

export interface Look {
  readonly colour: boolean
  /** Columns. Letters such as 会 take two. */
  readonly width: number
}

const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`

const counted = (server: Counted): string => {
  const calls = Object.entries(server.calls).map(([status, count]) => `${count} × ${status}`)
  const exchanges = Object.entries(server.exchanges).flatMap(([grant, { granted, refused, unhandled }]) => [
    ...(granted > 0 ? [`${grant}: ${granted} granted`] : []),
    ...(refused > 0 ? [`${grant}: ${refused} refused`] : []),
    ...(unhandled > 0 ? [`${grant}: ${unhandled} unanswered`] : [])
  ])
  const revocations = server.revocations > 0 ? [plural(server.revocations, "revocation")] : []
  const spent = server.spent > 0 ? [plural(server.spent, "double spend")] : []
  const all = [...calls, ...exchanges, ...revocations, ...spent]
  return all.length === 0 ? "nothing" : all.join(", ")
}

/** Cuts a word that is wider than a line. */
const pieces = (word: string, width: number): ReadonlyArray<string> => {
  const all: Array<string> = [""]
  for (const letter of word) {
    const last = all[all.length - 1] ?? ""
    if (last !== "" && stringWidth(last + letter) > width) all.push(letter)
    else all[all.length - 1] = last + letter
  }
  return all
}

/** Lines that are no wider than that. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ").flatMap((word) => pieces(word, width))) {
    const last = lines[lines.length - 1]
    if (last !== undefined && stringWidth(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - stringWidth(text)))

const mark = 2
const time = 8
const gap = 2
const indent = mark + time + gap
/** The widths of step, caller and server where all stands in one line; the session has the rest. */
const columns = [44, 34, 50] as const
/** The session's words take this much. */
const sessionWidth = 30
const oneLine = indent + columns.reduce((sum, width) => sum + width + gap, 0) + sessionWidth

interface Cells {
  readonly at: string
  readonly cells: readonly [step: string, caller: string, server: string, session: string]
}

/** One line, if the terminal is wide enough and every cell fits. */
const inOneLine = ({ at, cells }: Cells, width: number): string | undefined => {
  const [session, ...others] = [cells[3], cells[0], cells[1], cells[2]]
  const isWide = width >= oneLine && others.every((cell, index) => stringWidth(cell) <= (columns[index] ?? 0))
  if (!isWide) return undefined
  const line = `${at.padStart(time)}  ${
    others.map((cell, index) => padded(cell, columns[index] ?? 0)).join("  ")
  }  ${session}`
  return mark + stringWidth(line) <= width ? line : undefined
}

/** The step in the first line, with what the caller got if there is room; the rest below. */
const inLines = ({ at, cells: [step, caller, server, session] }: Cells, width: number): ReadonlyArray<string> => {
  const room = width - indent
  const [stepWidth] = columns
  const top = `${padded(step, stepWidth)}  ${caller}`
  const isRoomy = stringWidth(step) <= stepWidth && stringWidth(top) <= room
  const [first = "", ...rest] = isRoomy ? [top] : wrapped(step, room)
  const below = wrapped([...(isRoomy ? [] : [caller]), `server: ${server}`, session].join(" · "), room)
  return [`${at.padStart(time)}  ${first}`, ...[...rest, ...below].map((line) => " ".repeat(time + gap) + line)]
}

const total = (rows: ReadonlyArray<Row>) => {
  const exchanges = rows.flatMap(({ server }) => Object.values(server.exchanges))
  const sum = (all: ReadonlyArray<number>) => all.reduce((result, one) => result + one, 0)
  return {
    providers: new Set(rows.map(({ chapter }) => chapter)).size,
    steps: rows.length,
    failed: rows.filter(({ problem }) => problem !== undefined).length,
    calls: sum(rows.flatMap(({ server }) => Object.values(server.calls))),
    granted: sum(exchanges.map(({ granted }) => granted)),
    refused: sum(exchanges.map(({ refused }) => refused)),
    unanswered: sum(exchanges.map(({ unhandled }) => unhandled)),
    revocations: sum(rows.map(({ server }) => server.revocations)),
    doubleSpends: sum(rows.map(({ server }) => server.spent))
  }
}

const sentence = (rows: ReadonlyArray<Row>): string => {
  const all = total(rows)
  const verdict = all.failed === 0 ? "each as it should be" : `${plural(all.failed, "step")} not as it should be`
  return `Shown: ${plural(all.steps, "step")} at ${
    plural(all.providers, "provider")
  }, ${verdict}. The servers counted ` +
    `${plural(all.calls, "call")}, ${plural(all.granted, "exchange")} granted, ${all.refused} refused, ` +
    `${all.unanswered} unanswered, ${plural(all.revocations, "revocation")} and ${
      plural(all.doubleSpends, "double spend")
    }.`
}

/** For people. */
export const table = ({ colour, width }: Look): Printer => {
  const paint = (code: number) => (text: string) => colour ? `\u001b[${code}m${text}\u001b[0m` : text
  const [bold, dim, red, green] = [paint(1), paint(2), paint(31), paint(32)]
  const linesOf = (row: Cells): ReadonlyArray<string> => {
    const line = inOneLine(row, width)
    return line === undefined ? inLines(row, width) : [line]
  }
  const server = width < oneLine ? "what it counted" : "the server counted"
  const heading: Cells = { at: "time", cells: ["step", "the caller got", server, "the session"] }
  return {
    chapter: (name) => [`\n${bold(name)}`, ...linesOf(heading).map((line) => dim(`  ${line}`))].join("\n"),
    row: (row) => {
      const cells: Cells = {
        at: `${row.at.toFixed(2)} s`,
        cells: [row.step, row.caller, counted(row.server), row.session]
      }
      const [first = "", ...rest] = linesOf(cells)
      const isRight = row.problem === undefined
      return [
        `${isRight ? green("✓") : red("✗")} ${first}`,
        ...rest.map((line) => dim(`  ${line}`)),
        ...(row.problem === undefined ? [] : wrapped(row.problem, width - mark).map((line) => red(`  ${line}`)))
      ].join("\n")
    },
    closing: (rows) => `\n${wrapped(sentence(rows), width).join("\n")}`
  }
}

/** For programs: one object a line. */
export const jsonLines: Printer = {
  chapter: (name) => JSON.stringify({ chapter: name }),
  row: (row) => JSON.stringify({ ...row, ok: row.problem === undefined }),
  closing: (rows) => JSON.stringify({ total: total(rows) })
}
