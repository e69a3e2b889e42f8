/** A server on loopback in a process of its own, and clients of it. */
import { type ChildProcess, fork } from "node:child_process"

export type Fault = "503" | "500" | "reset" | "malformed"

export interface Counters {
  /** Refreshes that came, faults included. */
  attempts: number
  exchanges: number
  refused: number
  rejected: number
  served: number
}

/** `bytes`: of its body. `delay`: milliseconds at most, by chance. */
export interface Rejection {
  readonly status: 401 | 460
  readonly bytes: number
  readonly delay: number
}

type Command =
  | { readonly _tag: "expire" }
  | { readonly _tag: "reject"; readonly rejection: Rejection }
  | { readonly _tag: "fail"; readonly faults: ReadonlyArray<Fault> }
  | { readonly _tag: "counters" }

export type Order = Command & { readonly id: number }

export interface Loopback {
  readonly url: string
  /** No access token lives any more. */
  readonly expire: () => Promise<unknown>
  readonly reject: (rejection: Rejection) => Promise<unknown>
  /** What the next refreshes come to, each once. */
  readonly fail: (...faults: ReadonlyArray<Fault>) => Promise<unknown>
  /** What was counted since the last time. */
  readonly counters: () => Promise<Counters>
  readonly close: () => void
}

const message = <A>(child: ChildProcess, wanted: (message: A) => boolean): Promise<A> =>
  new Promise((resolve) => {
    const listen = (told: A) => {
      if (!wanted(told)) return
      child.off("message", listen)
      resolve(told)
    }
    child.on("message", listen)
  })

export const start = async (): Promise<Loopback> => {
  const child = fork(new URL("./server.js", import.meta.url), { execArgv: [] })
  const { port } = await message<{ readonly port: number }>(child, (told) => "port" in told)
  let id = 0
  const order = async (command: Command): Promise<Counters> => {
    const number = ++id
    const reply = message<{ readonly id: number; readonly counters: Counters }>(child, (told) => told.id === number)
    child.send({ ...command, id: number })
    return (await reply).counters
  }
  return {
    url: `http://127.0.0.1:${port}`,
    expire: () => order({ _tag: "expire" }),
    reject: (rejection) => order({ _tag: "reject", rejection }),
    fail: (...faults) => order({ _tag: "fail", faults }),
    counters: () => order({ _tag: "counters" }),
    close: () => child.disconnect()
  }
}
