/** The demo's lines fit the terminal, also with letters that take two columns. */
import { describe, expect, it } from "@effect/vitest"
import stringWidth from "string-width"
import { jsonLines, table } from "../../../examples/src/demo/print.ts"
import type { Row } from "../../../examples/src/demo/story.ts"

const row: Row = {
  chapter: "Placewise",
  at: 14.07,
  step: "1,000 calls at once, at expiry",
  caller: "1000 × 200",
  server: {
    calls: { 200: 1000, 460: 1000 },
    exchanges: { refresh_token: { granted: 1, refused: 0, unhandled: 0 } },
    revocations: 0,
    spent: 0
  },
  session: "active, generation 4, fresh"
}

const wide: Row = {
  ...row,
  step: "会員カードの更新 👩‍👩‍👧 ".repeat(4).trim(),
  caller: "資格情報が間違っています".repeat(6),
  session: "終了 (refresh-token-rejected)",
  problem: "問題".repeat(90)
}

const widths = [80, 100, 120, 200] as const

const linesAt = (width: number, rows: ReadonlyArray<Row>) => {
  const printer = table({ colour: false, width })
  return [printer.chapter("Placewise"), ...rows.map(printer.row), printer.closing(rows)].join("\n").split("\n")
}

describe("the printer of the demo", () => {
  for (const width of widths) {
    it(`fits ${width} columns`, () => {
      const lines = linesAt(width, [row, wide])
      expect(lines.filter((line) => stringWidth(line) > width)).toEqual([])
      for (const text of ["1,000 calls at once", "1000 × 460", "refresh_token: 1 granted", "generation 4", "終了"]) {
        expect(lines.join(" ").replaceAll(/\s+/g, " ")).toContain(text)
      }
      // Nothing is lost in the breaks.
      const letters = (text: string) => text.replaceAll(/\s+/g, "")
      expect(letters(lines.join(""))).toContain(letters(wide.caller))
      expect(letters(lines.join(""))).toContain(letters(wide.problem ?? ""))
    })
  }

  it("one line a row where there is room, two where there is not", () => {
    const printed = (width: number) => table({ colour: false, width }).row(row).split("\n").length
    expect([printed(200), printed(120), printed(100)]).toEqual([1, 2, 2])
  })

  it("colour changes no width", () => {
    const plain = table({ colour: false, width: 100 }).row(row).split("\n").map((line) => stringWidth(line))
    expect(table({ colour: true, width: 100 }).row(row).split("\n").map((line) => stringWidth(line))).toEqual(plain)
  })

  it("the last sentence says what was shown and how often", () => {
    const text = linesAt(100, [row, { ...row, chapter: "Priava" }]).slice(-4).join(" ")
    expect(text).toContain("Shown: 2 steps at 2 providers, each as it should be.")
    expect(text).toContain(
      "4,000 calls, 2 exchanges granted, 0 refused, 0 unanswered, 0 revocations and 0 double spends."
    )
    expect(linesAt(100, [wide]).join(" ")).toContain("1 step not as it should be")
    expect(JSON.parse(jsonLines.closing([row]))).toEqual({
      total: expect.objectContaining({ providers: 1, steps: 1, failed: 0, calls: 2000, granted: 1 })
    })
  })
})
