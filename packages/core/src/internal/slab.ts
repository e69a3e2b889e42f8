/**
 * Numbers of many sessions side by side. As properties of an object, times and counts would cost 8 to 24 bytes each; here
 * it is 8 and 4. A slab lives as long as one of its sessions does: nothing has to be given back.
 */

/** So many sessions share one slab. */
const rows = 512

export const times = 4
export const counts = 4

export class Slab {
  readonly times: Float64Array
  readonly counts: Int32Array
  private used = 0

  constructor() {
    const bytes = new ArrayBuffer(rows * (8 * times + 4 * counts))
    this.times = new Float64Array(bytes, 0, rows * times)
    this.counts = new Int32Array(bytes, this.times.byteLength)
  }

  get isFull(): boolean {
    return this.used === rows
  }

  /** The number of a row that nobody has. */
  take(): number {
    return this.used++
  }
}

let newest = new Slab()

/** A slab with a free row. */
export const withRoom = (): Slab => {
  if (newest.isFull) newest = new Slab()
  return newest
}
