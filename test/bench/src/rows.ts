/**
 * A store with many rows: what a read, a write and a page of the list cost with a million accounts, beside a thousand. Each
 * statement must find its rows by an index. `DATABASE_URL` says where PostgreSQL is.
 */
import { fork } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { median, middleHalf } from "./measure.ts"
import { report } from "./report.ts"

export type Store =
  | { readonly kind: "sqlite"; readonly filename: string }
  | { readonly kind: "postgres"; readonly url: string }

/** Milliseconds each. */
export interface Times {
  readonly read: ReadonlyArray<number>
  readonly write: ReadonlyArray<number>
  readonly page: ReadonlyArray<number>
  /** Bytes a row, its share of the index included. */
  readonly bytes: number
  /** How often a statement looked through the whole table. PostgreSQL counts it. */
  readonly wholeTable: number | undefined
}

const inProcess = (store: Store, rows: number): Promise<Times | string> =>
  new Promise((resolve, reject) => {
    const worker = fork(new URL("./rowsWorker.mjs", import.meta.url), [JSON.stringify(store), String(rows)])
    worker.on("message", (result) => resolve(result as Times | string))
    worker.on("exit", (code) => reject(new Error(`the worker ended with ${code}`)))
  })

const figures = [
  { of: "read", name: "a read" },
  { of: "write", name: "a write" },
  { of: "page", name: "a page of 100 accounts" }
] as const

const many = 1_000_000

const measure = async (name: string, store: (rows: number) => Store): Promise<void> => {
  const few = await inProcess(store(1_000), 1_000)
  const all = typeof few === "string" ? few : await inProcess(store(many), many)
  if (typeof few === "string" || typeof all === "string") {
    return void process.stderr.write(`  rows: ${name} is left out: ${String(all)}\n`)
  }
  for (const figure of figures) {
    const times = all[figure.of]
    report({
      name: `rows: ${figure.name}, ${name} with 1,000,000 accounts`,
      value: median(times),
      unit: "ms",
      goal: null,
      must: null,
      spread: middleHalf(times),
      pairs: times.length,
      note: `with 1,000 accounts ${median(few[figure.of]).toPrecision(3)} ms`
    })
  }
  report({
    name: `rows: bytes a row, ${name} with 1,000,000 accounts`,
    value: all.bytes,
    unit: "B",
    goal: null,
    must: null,
    note: "an access token of 800 bytes, a refresh token of 200; index included"
  })
  if (all.wholeTable !== undefined) {
    report({
      name: `rows: statements that looked through the whole table, ${name}`,
      value: all.wholeTable,
      goal: 0,
      must: 0
    })
  }
}

export const run = async (): Promise<void> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-bench-"))
  try {
    await measure("SQLite", (rows) => ({ kind: "sqlite", filename: Path.join(folder, `${rows}`, "sessions.db") }))
    await measure("PostgreSQL", () => ({
      kind: "postgres",
      url: process.env.DATABASE_URL ?? "postgres://postgres@127.0.0.1:5432/test"
    }))
  } finally {
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
