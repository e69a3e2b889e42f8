/** Starts workers and steers them: messages, SIGSTOP, SIGCONT and SIGKILL, each by its pid. None outlives its scope. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import type { Command, Message, Point, Result, WorkerConfig } from "./protocol.ts"

/** `late`: how much of `took` the machine did not let the worker run. */
export interface Answer {
  readonly result: Result
  readonly took: number
  readonly late: number
}

export interface Worker {
  readonly config: WorkerConfig
  readonly pid: number
  /** Completed when it stands at its point. */
  readonly at: Deferred.Deferred<Point>
  readonly ask: (
    command: { readonly do: "signIn" | "get" | "call"; readonly account: string } | { readonly do: "rest" }
  ) => Effect.Effect<Answer>
  readonly arm: Effect.Effect<void>
  readonly work: Effect.Effect<void>
  readonly pause: () => void
  readonly resume: () => void
  readonly kill: Effect.Effect<void>
  readonly isRunning: () => boolean
}

const isGone = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

const end = (child: ChildProcess) =>
  Effect.promise(async () => {
    if (isGone(child)) return
    const exited = once(child, "exit")
    // SIGKILL ends a stopped process too.
    child.kill("SIGKILL")
    await exited
  })

export const startWorker = Effect.fnUntraced(function*(
  script: string,
  config: WorkerConfig,
  hear: (message: Message, worker: string) => void = () => {}
) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, ["--enable-source-maps", script, JSON.stringify(config)], {
        stdio: ["ignore", "inherit", "inherit", "ipc"]
      })
    ),
    end
  )
  const ready = yield* Deferred.make<void>()
  const at = yield* Deferred.make<Point>()
  const waiting = new Map<number, Deferred.Deferred<Answer>>()
  let ids = 0
  child.on("message", (message: Message) => {
    if (message.said === "ready") Deferred.unsafeDone(ready, Effect.void)
    else if (message.said === "at") Deferred.unsafeDone(at, Effect.succeed(message.point))
    else if (message.said === "error") {
      Deferred.unsafeDone(ready, Effect.die(new Error(`${config.name}: ${message.text}`)))
    } else if (message.said === "done") {
      const one = waiting.get(message.id)
      waiting.delete(message.id)
      if (one !== undefined) Deferred.unsafeDone(one, Effect.succeed(message))
    }
    hear(message, config.name)
  })
  child.on("exit", () => Deferred.unsafeDone(ready, Effect.die(new Error(`${config.name} ended before it was ready`))))
  const send = (command: Command) =>
    Effect.sync(() => {
      if (child.connected) child.send(command, () => {})
    })
  yield* Deferred.await(ready)
  const worker: Worker = {
    config,
    pid: child.pid!,
    at,
    ask: (command) =>
      Effect.gen(function*() {
        const id = ++ids
        const done = yield* Deferred.make<Answer>()
        waiting.set(id, done)
        yield* send({ ...command, id })
        return yield* Deferred.await(done)
      }),
    arm: send({ do: "arm" }),
    work: send({ do: "work" }),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill: end(child),
    isRunning: () => !isGone(child)
  }
  return worker
})
