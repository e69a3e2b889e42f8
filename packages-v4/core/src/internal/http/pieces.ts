/** Finds runs of letters that two texts share, because servers often show the beginning or the end of a token. */

/** The length of a run, in letters. */
export const pieceLength = 8
const longWord = 12

const base = 31
/** The factor of the letter that leaves the window, in the rolling sum. */
const leaving = Math.imul(
  Math.imul(Math.imul(base, base), Math.imul(base, base)),
  Math.imul(Math.imul(base, base), base)
)

/** Calls `at` with the place and the sum of each run of letters of a text. A run with a space in it is skipped. */
const eachRun = (text: string, at: (place: number, sum: number) => void): void => {
  let sum = 0
  let word = 0
  for (let end = 0; end < text.length; end++) {
    const unit = text.charCodeAt(end)
    if (end >= pieceLength) sum -= Math.imul(text.charCodeAt(end - pieceLength), leaving)
    sum = (Math.imul(sum, base) + unit) | 0
    word = unit === 32 || (unit >= 9 && unit <= 13) ? 0 : word + 1
    if (word >= pieceLength) at(end - pieceLength + 1, sum)
  }
}

/** The runs of a short text. A long text is then compared with them in one pass. */
export class Pieces {
  readonly #places = new Map<string, Array<number>>()
  /** A filter by sum. Most runs of another text are not in this one, and this check is much cheaper than a map. */
  readonly #sums = new Uint8Array(65_536)

  constructor(text: string) {
    eachRun(text, (place, sum) => {
      this.#sums[sum >>> 16] = 1
      const run = text.slice(place, place + pieceLength)
      const known = this.#places.get(run)
      if (known === undefined) this.#places.set(run, [place])
      else known.push(place)
    })
  }

  /** The places in the short text where a run of a long word of `text` is; each place is returned once. */
  takeSharedWith(text: string): ReadonlyArray<number> {
    if (text.length < longWord || this.#places.size === 0) return []
    const found: Array<number> = []
    eachRun(text, (place, sum) => {
      if (this.#sums[sum >>> 16] === 0) return
      const run = text.slice(place, place + pieceLength)
      const places = this.#places.get(run)
      if (places === undefined || !isInLongWord(text, place)) return
      for (const one of places) found.push(one)
      this.#places.delete(run)
    })
    return found
  }
}

/** Whether the run at `place` is inside a long word. The run itself has no space. */
const isInLongWord = (text: string, place: number): boolean => {
  const around = text.slice(Math.max(0, place - longWord + pieceLength), place + longWord)
  return /\S{12}/.test(around)
}
