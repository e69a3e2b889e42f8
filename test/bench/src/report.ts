/** Figures as they are printed: a table for people, one JSON object a line for programs. */

export interface Figure {
  readonly name: string
  /** One side over the other, inside this run. */
  readonly ratio?: number
  /** A plain measurement. */
  readonly value?: number
  readonly unit?: string
  /** What to reach, and what must be reached; `null`: for comparison only. */
  readonly goal: number | null
  readonly must: number | null
  /** Which side of the goal is the good one. */
  readonly better?: "lower" | "higher"
  /** The middle half of what was measured. */
  readonly spread?: readonly [number, number]
  readonly pairs?: number
  readonly note?: string
}

const figures: Array<Figure> = []
const asJson = process.argv.includes("--json")

export const report = (figure: Figure): void => {
  figures.push(figure)
  if (asJson) console.log(JSON.stringify({ ...figure, ...rounded(figure) }))
  else process.stderr.write(`  ${figure.name}: ${shown(figure)}\n`)
}

const round = (value: number): number => Number(value.toPrecision(4))

const rounded = ({ ratio, spread, value }: Figure) => ({
  ...(ratio === undefined ? {} : { ratio: round(ratio) }),
  ...(value === undefined ? {} : { value: round(value) }),
  ...(spread === undefined ? {} : { spread: spread.map(round) })
})

const number = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))

const shown = ({ ratio, unit, value }: Figure): string =>
  ratio === undefined ? `${number(value ?? NaN)}${unit === undefined ? "" : ` ${unit}`}` : `${number(ratio)} ×`

const verdict = ({ better = "lower", goal, must, ratio, value }: Figure): string => {
  const reached = (bound: number) => better === "lower" ? (ratio ?? value)! <= bound : (ratio ?? value)! >= bound
  if (goal !== null && reached(goal)) return "goal"
  if (must === null) return goal === null ? "" : "**missed**"
  return reached(must) ? (goal === null ? "yes" : "must") : "**missed**"
}

/** The table, as `docs/performance.md` shows it. */
const table = (): string => {
  const bound = (figure: Figure, value: number | null) =>
    value === null ? "" : `${figure.better === "higher" ? "≥" : "≤"} ${number(value)}`
  const rows = figures.map((figure) => [
    figure.name,
    shown(figure),
    figure.spread === undefined ? "" : `${number(figure.spread[0])} – ${number(figure.spread[1])}`,
    bound(figure, figure.goal),
    bound(figure, figure.must),
    verdict(figure),
    figure.note ?? ""
  ])
  const head = ["figure", "measured", "middle half", "goal", "must", "reached", "note"]
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n")
}

export const finish = (): void => {
  if (!asJson) console.log(`\n${table()}`)
}
