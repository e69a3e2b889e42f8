/**
 * Numbers of many sessions side by side. As properties of an object, times and counts would cost 8 to 24 bytes each; here
 * it is 8 and 4. A row that is given back is used again, and sparse slabs are replaced by full ones.
 */

/** So many sessions share one slab. */
const rows = 512

export const times = 4
export const counts = 4

export class Slab {
  readonly times: Float64Array
  readonly counts: Int32Array
  /** Rows in use. */
  live = 0
  private readonly owner: Slabs | undefined
  private untouched = 0
  private given: Array<number> | undefined

  constructor(owner?: Slabs) {
    this.owner = owner
    this.times = new Float64Array((owner === undefined ? 1 : rows) * times)
    this.counts = new Int32Array((owner === undefined ? 1 : rows) * counts)
  }

  get isFull(): boolean {
    return this.live * times === this.times.length
  }

  /** The number of a free row. Its numbers are zero, whoever had it before. */
  take(): number {
    this.live++
    const row = this.given?.pop() ?? this.untouched++
    this.times.fill(0, row * times, (row + 1) * times)
    this.counts.fill(0, row * counts, (row + 1) * counts)
    this.owner?.changed(this, 1)
    return row
  }

  /** Gives the row back: it is not read or written from now on. */
  give(row: number): void {
    this.live--
    const given = this.given ??= []
    given.push(row)
    this.owner?.changed(this, -1)
  }

  /** Copies one row of another slab. */
  copy(row: number, from: Slab, source: number): void {
    for (let field = 0; field < times; field++) this.times[row * times + field] = from.times[source * times + field]!
    for (let field = 0; field < counts; field++) {
      this.counts[row * counts + field] = from.counts[source * counts + field]!
    }
  }
}

/** The slabs of one group of sessions. */
export class Slabs {
  private readonly all = new Set<Slab>()
  private readonly withRoom = new Set<Slab>()
  private live = 0

  /** A slab with a free row. */
  next(): Slab {
    for (const slab of this.withRoom) return slab
    const slab = new Slab(this)
    this.all.add(slab)
    this.withRoom.add(slab)
    return slab
  }

  /** Half of the rows or more are free, and more than one slab of them. */
  get isSparse(): boolean {
    return (this.all.size - 1) * rows > 2 * this.live
  }

  /** Forgets the slabs. Each row that is still in use is moved to a new slab by its session. */
  renew(): void {
    this.all.clear()
    this.withRoom.clear()
    this.live = 0
  }

  /** Whether the slab was made since the slabs were renewed. */
  has(slab: Slab): boolean {
    return this.all.has(slab)
  }

  /** A slab lost or gained so many rows in use. An empty one is let go. */
  changed(slab: Slab, by: number): void {
    if (!this.all.has(slab)) return
    this.live += by
    if (slab.isFull) this.withRoom.delete(slab)
    else if (slab.live > 0) this.withRoom.add(slab)
    else {
      this.all.delete(slab)
      this.withRoom.delete(slab)
    }
  }
}
