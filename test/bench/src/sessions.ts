/** Many sessions in one process: what an idle one weighs, and what happens when all fall due. */
import { fork } from "node:child_process"
import { median, middleHalf, quantile } from "./measure.ts"
import { report } from "./report.ts"

export interface Heap {
  /** Bytes each, and CPU microseconds each, once a round. */
  readonly bytes: ReadonlyArray<number>
  readonly created: ReadonlyArray<number>
}

export interface Due {
  /** Milliseconds: the longest time that the event loop stood still. */
  readonly stall: number
  /** The same, in CPU milliseconds of the process. */
  readonly stallCpu: number
  /** The same of a program that works 4 ms at a time, just before. */
  readonly control: number
  /** Milliseconds: how long after its due time each exchange was sent. */
  readonly late: ReadonlyArray<number>
  /** CPU microseconds a refresh. */
  readonly cpu: number
}

const inProcess = <A>(...task: ReadonlyArray<string | number>): Promise<A> =>
  new Promise((resolve, reject) => {
    const worker = fork(new URL("./worker.js", import.meta.url), task.map(String), {
      execArgv: ["--expose-gc"],
      serialization: "advanced"
    })
    worker.on("message", (result) => resolve(result as A))
    worker.on("exit", (code) => reject(new Error(`the worker ended with ${code}`)))
  })

const heaps = async (): Promise<void> => {
  const bytes: Array<number> = []
  const created: Array<number> = []
  for (const [count, rounds] of [[1_000, 9], [10_000, 9], [100_000, 3], [1_000_000, 1]] as const) {
    const heap = await inProcess<Heap>("heap", count, rounds)
    bytes.push(median(heap.bytes))
    created.push(median(heap.created))
    const named = count.toLocaleString("en")
    report({
      name: `sessions: bytes each, ${named} idle ones`,
      value: median(heap.bytes),
      unit: "B",
      goal: 256,
      must: 700,
      spread: middleHalf(heap.bytes),
      pairs: rounds,
      note: "account name, session id, map and schedule entry included"
    })
    report({
      name: `sessions: CPU to load each, ${named}`,
      value: median(heap.created),
      unit: "µs",
      goal: null,
      must: null,
      spread: middleHalf(heap.created),
      pairs: rounds
    })
  }
  report({ name: "growth: bytes a session, 100,000 ÷ 1,000", ratio: bytes[2]! / bytes[0]!, goal: 1.1, must: 1.5 })
  report({ name: "growth: CPU to load one, 100,000 ÷ 1,000", ratio: created[2]! / created[0]!, goal: 1.2, must: 2 })
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((all, value) => all + value, 0)

const dues = async (): Promise<void> => {
  const cpus: Array<number> = []
  for (const count of [1_000, 10_000, 100_000, 1_000_000]) {
    const rounds: Array<Due> = []
    // A hundred thousand refreshes take longer than anybody wants to watch: the stall is that of the first seconds.
    for (let round = 0; round < (count > 100_000 ? 1 : 3); round++) {
      rounds.push(await inProcess<Due>("due", count, count, 0, 4_000))
    }
    const stalls = rounds.map((due) => due.stall)
    cpus.push(median(rounds.map((due) => due.cpu)))
    const named = count.toLocaleString("en")
    report({
      name: `sessions: longest stall of the event loop, ${named} due at one instant`,
      value: median(stalls),
      unit: "ms",
      goal: 20,
      must: 30,
      spread: middleHalf(stalls),
      pairs: rounds.length,
      note: `${
        median(rounds.map((due) => due.stallCpu)).toFixed(1)
      } ms of it CPU; a program that works 4 ms at a time: ` +
        `${Math.round(median(rounds.map((due) => due.control)))} ms; ` +
        `${Math.round(sum(rounds.map((due) => due.late.length)) / rounds.length)} refreshed in 4 s`
    })
  }
  report({
    name: "growth: CPU per refresh, 100,000 ÷ 1,000 due",
    ratio: cpus[2]! / cpus[0]!,
    goal: 1.2,
    must: 2,
    note: cpus.map((cpu) => `${Math.round(cpu)} µs`).join(" · ")
  })
  for (const [count, due] of [[1_000, 1_000], [100_000, 10_000]] as const) {
    const rounds: Array<Due> = []
    for (let round = 0; round < 3; round++) rounds.push(await inProcess<Due>("due", count, due, 5_000, 5_500))
    const worst = rounds.map(({ late }) => quantile(late, 0.99))
    report({
      name: `sessions: lateness p99, ${due.toLocaleString("en")} due over 5 s, ${count.toLocaleString("en")} held`,
      value: median(worst),
      unit: "ms",
      goal: 10,
      must: null,
      spread: middleHalf(worst),
      pairs: rounds.length,
      note: `until the exchange is sent; ${Math.round(median(rounds.map(({ cpu }) => cpu)))} µs CPU a refresh`
    })
  }
}

/** What holds on any machine, within a factor of two. */
export const check = async (): Promise<void> => {
  const { bytes } = await inProcess<Heap>("heap", 10_000, 3)
  report({ name: "sessions: bytes each, 10,000 idle ones", value: median(bytes), unit: "B", goal: 256, must: 512 })
}

export const run = async (): Promise<void> => {
  await heaps()
  await dues()
}
