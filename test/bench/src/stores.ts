/**
 * What a refresh costs with each store that processes can share, beside its exchange: one read, one write to claim, one to
 * commit. `DATABASE_URL` and `REDIS_URL` say where the servers are.
 */
import { fork } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { median, middleHalf } from "./measure.ts"
import { report } from "./report.ts"

export type Store =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly filename: string }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "redis"; readonly url: string }

/** Milliseconds each. */
export interface Times {
  readonly refresh: ReadonlyArray<number>
  readonly write: ReadonlyArray<number>
  readonly read: ReadonlyArray<number>
}

/** The drivers need modules of Node that the other figures do without, so they are in a script of their own. */
const inProcess = (store: Store): Promise<Times | string> =>
  new Promise((resolve, reject) => {
    const worker = fork(new URL("./storesWorker.mjs", import.meta.url), [JSON.stringify(store)])
    worker.on("message", (result) => resolve(result as Times | string))
    worker.on("exit", (code) => reject(new Error(`the worker ended with ${code}`)))
  })

const figures = [
  { of: "refresh", name: "a refresh beside its exchange" },
  { of: "write", name: "a write" },
  { of: "read", name: "a read" }
] as const

const measure = async (name: string, store: Store): Promise<void> => {
  const times = await inProcess(store)
  if (typeof times === "string") return void process.stderr.write(`  stores: ${name} is left out: ${times}\n`)
  for (const figure of figures) {
    report({
      name: `stores: ${figure.name}, ${name}`,
      value: median(times[figure.of]),
      unit: "ms",
      goal: null,
      must: null,
      spread: middleHalf(times[figure.of]),
      pairs: times[figure.of].length,
      note: `at best ${Math.min(...times[figure.of]).toPrecision(2)} ms`
    })
  }
}

export const run = async (): Promise<void> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-bench-"))
  try {
    await measure("memory", { kind: "memory" })
    await measure("SQLite", { kind: "sqlite", filename: Path.join(folder, "sessions.db") })
    await measure("PostgreSQL", {
      kind: "postgres",
      url: process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/test"
    })
    await measure("Redis", { kind: "redis", url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" })
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
