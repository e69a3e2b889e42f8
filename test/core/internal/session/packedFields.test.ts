import { assert, describe, it } from "@effect/vitest"
import { Cell } from "../../../../packages/core/src/internal/session/cell.ts"
import { Slab, Slabs } from "../../../../packages/core/src/internal/session/packedFields.ts"

const cellIn = (slabs: Slabs, index: number): Cell => {
  const cell = new Cell(`name-${index}`, slabs.next())
  cell.due = index
  cell.version = index
  return cell
}

const cellsIn = (slabs: Slabs, count: number) => Array.from({ length: count }, (_, index) => cellIn(slabs, index))

const slabsOf = (cells: ReadonlyArray<Cell>): number => new Set(cells.map((cell) => cell["slab"])).size

describe("the numbers of many sessions", () => {
  it("share slabs of 512 rows", () => {
    const slabs = new Slabs()
    assert.strictEqual(slabsOf(cellsIn(slabs, 1_024)), 2)
    assert.isFalse(slabs.isSparse)
  })

  it("leave with an evicted session, which keeps its own", () => {
    const slabs = new Slabs()
    const [first, ...others] = cellsIn(slabs, 512)
    const before = first!["slab"]
    first!.moveTo(new Slab())
    // The row is used again, by somebody else.
    const next = cellIn(slabs, 9_999)
    assert.strictEqual(next["slab"], before)
    assert.deepStrictEqual([first!.due, first!.version], [0, 0])
    assert.notStrictEqual(first!["slab"], before)
    assert.isAtMost(first!["slab"].times.byteLength + first!["slab"].counts.byteLength, 64)
    assert.deepStrictEqual(others.map((cell) => cell.due), others.map((_, index) => index + 1))
    assert.strictEqual(next.due, 9_999)
  })

  it("are nobody else's: a row that is used again begins empty", () => {
    const slabs = new Slabs()
    const [first] = cellsIn(slabs, 512)
    Object.assign(first!, { version: 7, status: "never", born: "sign-in", outdated: true, evicted: true })
    first!.moveTo(new Slab())
    const next = new Cell("next", slabs.next())
    const unused = new Cell("unused")
    assert.deepStrictEqual(
      [next.version, next.status, next.born, next.outdated, next.evicted, next.deadAt],
      [unused.version, unused.status, unused.born, unused.outdated, unused.evicted, unused.deadAt]
    )
  })

  it("let go of a slab without rows in use", () => {
    const slabs = new Slabs()
    const cells = cellsIn(slabs, 1_024)
    for (const cell of cells) cell.moveTo(new Slab())
    assert.isFalse(slabs.isSparse)
    assert.isFalse(cells.some((cell) => cell.isIn(slabs)))
  })

  it("are sparse when few of many stay, and move together", () => {
    const slabs = new Slabs()
    const cells = cellsIn(slabs, 5_120)
    const kept = cells.filter((_, index) => index % 512 === 0)
    for (const cell of cells) if (!kept.includes(cell)) cell.moveTo(new Slab())
    assert.isTrue(slabs.isSparse)
    slabs.renew()
    for (const cell of kept) cell.moveTo(slabs.next())
    assert.strictEqual(slabsOf(kept), 1)
    assert.isFalse(slabs.isSparse)
    assert.deepStrictEqual(kept.map((cell) => cell.due), kept.map((_, index) => index * 512))
  })
})
