/** Two sides measured in turn, so that what the machine does besides hits both. */

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const low = sorted[Math.floor(at)] ?? NaN
  return low + ((sorted[Math.ceil(at)] ?? NaN) - low) * (at - Math.floor(at))
}

export const middleHalf = (values: ReadonlyArray<number>): readonly [number, number] => [
  quantile(values, 0.25),
  quantile(values, 0.75)
]

export type Side = () => Promise<number>

export interface Pairs {
  /** The median of what one pair gives: `a / b`. */
  readonly ratio: number
  readonly spread: readonly [number, number]
  readonly a: number
  readonly b: number
  readonly pairs: number
}

/** A B, B A, A B, …: the median of the ratios, and of each side. */
export const alternate = async (a: Side, b: Side, pairs: number, warmUps = 1): Promise<Pairs> => {
  for (let round = 0; round < warmUps; round++) {
    await a()
    await b()
  }
  const as: Array<number> = []
  const bs: Array<number> = []
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [[a, as], [b, bs]] as const : [[b, bs], [a, as]] as const
    for (const [side, values] of order) values.push(await side())
  }
  const ratios = as.map((value, index) => value / bs[index]!)
  return { ratio: median(ratios), spread: middleHalf(ratios), a: median(as), b: median(bs), pairs }
}

/** CPU microseconds of this process, garbage collection included. */
export const cpu = async (run: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage()
  await run()
  const used = process.cpuUsage(before)
  return used.user + used.system
}

/** Milliseconds on the wall. */
export const wall = async (run: () => Promise<unknown>): Promise<number> => {
  const before = process.hrtime.bigint()
  await run()
  return Number(process.hrtime.bigint() - before) / 1e6
}
