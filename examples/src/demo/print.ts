/**
 * Prints the rows of the story: a table for people, with colour on a terminal, or JSON lines for programs.
 */
import type { Counted, Row } from "./story.ts"

export interface Printer {
  readonly chapter: (name: string) => string
  readonly row: (row: Row) => string
}

const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

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

const widths = { at: 8, step: 44, caller: 34, server: 50 }

const line = (cells: { at: string; step: string; caller: string; server: string; session: string }): string =>
  `${cells.at.padStart(widths.at)}  ${cells.step.padEnd(widths.step)}  ${cells.caller.padEnd(widths.caller)}  ` +
  `${cells.server.padEnd(widths.server)}  ${cells.session}`

/** For people. */
export const table = (colour: boolean): Printer => {
  const paint = (code: number) => (text: string) => colour ? `\u001b[${code}m${text}\u001b[0m` : text
  const [bold, dim, red, green] = [paint(1), paint(2), paint(31), paint(32)]
  return {
    chapter: (name) =>
      `\n${bold(name)}\n` +
      dim(`  ${
        line({
          at: "time",
          step: "step",
          caller: "the caller got",
          server: "the server counted",
          session: "the session"
        })
      }`),
    row: (row) => {
      const text = line({
        at: `${row.at.toFixed(2)} s`,
        step: row.step,
        caller: row.caller,
        server: counted(row.server),
        session: row.session
      })
      return row.problem === undefined ? `${green("✓")} ${text}` : `${red("✗")} ${text}\n${red(`  ${row.problem}`)}`
    }
  }
}

/** For programs: one object a line. */
export const jsonLines: Printer = {
  chapter: (name) => JSON.stringify({ chapter: name }),
  row: (row) => JSON.stringify({ ...row, ok: row.problem === undefined })
}
