/**
 * What each further process costs that shares its sessions over PostgreSQL: exchanges a life, statements and CPU a
 * refresh, and how long a live token takes. `DATABASE_URL` says where the server is.
 */
import { type ChildProcess, fork } from "node:child_process"
import { quantile } from "./measure.ts"
import { report } from "./report.ts"

export interface Task {
  readonly url: string
  readonly accounts: number
  /** Milliseconds that an access token lives. */
  readonly lifetime: number
  /** Milliseconds that an exchange takes. */
  readonly exchange: number
  /** Whether this process signs everybody in. The others load what is there. */
  readonly isFirst: boolean
}

/** What one process did since the last answer. */
export interface Counts {
  readonly exchanges: number
  /** CPU microseconds. */
  readonly cpu: number
  /** Milliseconds that each read of a live token took. */
  readonly reads: ReadonlyArray<number>
}

/** What a worker sends: it is ready, what it counted, what the database counted, or why it can't work. */
export type Answer =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Counted"; readonly counts: Counts; readonly statements: number }
  | { readonly _tag: "Failed"; readonly reason: string }

const lifetime = 10_000
const accounts = 500
const exchange = 20
/** Milliseconds: three lives. */
const measured = 3 * lifetime

const answerOf = (worker: ChildProcess, ask: "count" | undefined): Promise<Answer> =>
  new Promise((resolve, reject) => {
    worker.once("message", (answer) => resolve(answer as Answer))
    worker.once("exit", (code) => reject(new Error(`a worker ended with ${code}`)))
    if (ask !== undefined) worker.send(ask)
  })

const start = async (task: Task): Promise<ChildProcess> => {
  const worker = fork(new URL("./growthWorker.mjs", import.meta.url), [JSON.stringify(task)])
  const answer = await answerOf(worker, undefined)
  if (answer._tag === "Failed") throw new Error(answer.reason)
  return worker
}

const countsOf = async (workers: ReadonlyArray<ChildProcess>) => {
  const answers = await Promise.all(workers.map((worker) => answerOf(worker, "count")))
  const counted = answers.filter((answer) => answer._tag === "Counted")
  return { counts: counted.map(({ counts }) => counts), statements: counted[0]?.statements ?? NaN }
}

interface Cost {
  readonly statements: number
  readonly cpu: number
}

const total = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)

const measure = async (url: string, processes: number, one: Cost | undefined): Promise<Cost> => {
  const workers: Array<ChildProcess> = []
  try {
    for (let index = 0; index < processes; index++) {
      workers.push(await start({ url, accounts, lifetime, exchange, isFirst: index === 0 }))
    }
    // The first life is not measured: code is compiled, and who refreshes whom is not settled yet.
    await new Promise((resolve) => setTimeout(resolve, lifetime))
    const before = await countsOf(workers)
    await new Promise((resolve) => setTimeout(resolve, measured))
    const { counts, statements } = await countsOf(workers)
    const exchanges = total(counts.map((count) => count.exchanges))
    const cost = {
      statements: (statements - before.statements) / exchanges,
      cpu: total(counts.map((count) => count.cpu)) / exchanges / 1_000
    }
    const named = processes === 1 ? "1 process" : `${processes} processes`
    // A token is refreshed when a fifth of its life is left.
    const ideal = accounts * measured / (0.8 * lifetime)
    report({
      name: `growth: exchanges a life, ${named}`,
      value: exchanges / ideal,
      goal: 1.05,
      must: null,
      note: `${exchanges} exchanges; 1 is a refresh of each session at four fifths of its token's life`
    })
    for (const [figure, unit, goal, further] of [["statements", "", 2.2, 1.2], ["cpu", "ms", 1.5, 0.7]] as const) {
      report({
        name: `growth: ${figure === "cpu" ? "CPU" : figure} a refresh, ${named}`,
        value: cost[figure],
        unit,
        goal: goal + (processes - 1) * further,
        must: null,
        ...(one === undefined ? {} : {
          note: `each further process ${((cost[figure] - one[figure]) / (processes - 1)).toFixed(2)} ${unit}`
        })
      })
    }
    const reads = counts.flatMap((count) => count.reads)
    report({
      name: `growth: a live token, p99, ${named}`,
      value: quantile(reads, 0.99),
      unit: "ms",
      goal: 2,
      must: null,
      note: `p50 ${quantile(reads, 0.5).toFixed(3)} ms, ${reads.length} reads`
    })
    return cost
  } finally {
    await Promise.all(workers.map((worker) =>
      new Promise((resolve) => {
        if (worker.exitCode !== null) return resolve(undefined)
        worker.once("exit", resolve)
        worker.kill()
      })
    ))
  }
}

export const run = async (): Promise<void> => {
  const url = process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/test"
  let one: Cost | undefined
  try {
    for (const processes of [1, 2, 4, 8]) {
      const cost = await measure(url, processes, one)
      one ??= cost
    }
  } catch (error) {
    process.stderr.write(`  growth: left out: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}
