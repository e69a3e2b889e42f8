/** Starts processes that share a store, and tests that need them. */
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { execPath } from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath, pathToFileURL } from "node:url"
import { Worker } from "node:worker_threads"
import { storeLayer, type StoreSpec } from "./spec.ts"

const script = fileURLToPath(new URL("./child.ts", import.meta.url))

/** A worker thread has no `--import`. */
const inThread = `import("tsx/esm/api").then((tsx) => (tsx.register(), import(${
  JSON.stringify(pathToFileURL(script).href)
})))`

const start = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(execPath, ["--import", "tsx", script, ...args], { stdio: ["ignore", "pipe", "inherit"] })),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, "exit")
        child.kill("SIGKILL")
        await exited
      })
  )

const firstLine = (child: ChildProcess) =>
  Effect.promise(async () => {
    for await (const line of createInterface({ input: child.stdout! })) {
      return line
    }
    throw new Error("the child ended without an answer")
  })

/** Has another process do its part of a law. */
export const process = (spec: () => StoreSpec) => (task: string): Effect.Effect<string> =>
  Effect.scoped(Effect.flatMap(start("part", JSON.stringify(spec()), task), firstLine))

/** The same, and waits until that process has ended by itself and closed what it had open. */
export const processToItsEnd = (spec: () => StoreSpec) => (task: string): Effect.Effect<string> =>
  Effect.scoped(Effect.gen(function*() {
    const child = yield* start("part", JSON.stringify(spec()), task)
    const exited = once(child, "exit")
    const answer = yield* firstLine(child)
    yield* Effect.promise(() => exited)
    return answer
  }))

/** A process that owns a claim in the store; it lives until the scope ends or it is killed. */
const startOwner = Effect.fnUntraced(function*(spec: StoreSpec) {
  const child = yield* start("stay", JSON.stringify(spec))
  const { owner }: { readonly owner: string } = JSON.parse(yield* firstLine(child))
  return { child, owner }
})

/** The same as a worker thread of this process, over an SQLite file. */
export const startThread = Effect.fnUntraced(function*(filename: string) {
  const argv = ["stay", JSON.stringify({ kind: "sqlite", filename } satisfies StoreSpec)]
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(inThread, { eval: true, argv, stdout: true })),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const line = yield* Effect.promise(() => once(createInterface({ input: worker.stdout }), "line"))
  const { owner }: { readonly owner: string } = JSON.parse(String(line[0]))
  return { worker, owner }
})

/** Milliseconds until the owner is called gone; fails the test if that takes longer than `within`. */
export const goneAfter = Effect.fnUntraced(function*(store: Service, owner: string, within: number) {
  const since = yield* Clock.currentTimeMillis
  const passed = Effect.map(Clock.currentTimeMillis, (now) => now - since)
  while ((yield* passed) < within) {
    if (!(yield* store.presence!.isAlive(owner))) return yield* passed
    yield* Effect.sleep(10)
  }
  return assert.fail(`the owner is not called gone within ${within} ms`)
})

/** Fails the test if the owner is not called alive within so many milliseconds. */
export const thereWithin = Effect.fnUntraced(function*(store: Service, owner: string, within: number) {
  const since = yield* Clock.currentTimeMillis
  while (!(yield* store.presence!.isAlive(owner))) {
    assert.isBelow((yield* Clock.currentTimeMillis) - since, within, "the owner is called gone")
  }
})

const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, "").slice(0, 1)

/** The tests that every store shared by processes passes. */
export const processSuite = (name: string, spec: () => StoreSpec) => {
  const withStore = <A, E>(body: Effect.Effect<A, E, TokenStore | Scope>) =>
    Effect.suspend(() => Effect.provide(body, storeLayer(spec())))

  describe(`${name}: shared by processes`, () => {
    it.scopedLive("an owner killed by SIGKILL is called gone within 500 ms", () =>
      withStore(Effect.gen(function*() {
        const store = yield* TokenStore
        const { child, owner } = yield* startOwner(spec())
        assert.notStrictEqual(owner, store.presence!.owner)
        assert.isTrue(yield* store.presence!.isAlive(owner))
        const exited = once(child, "exit")
        child.kill("SIGKILL")
        yield* Effect.promise(() => exited)
        assert.isBelow(yield* goneAfter(store, owner, 2_000), 500)
      })), 60_000)

    it.scopedLive(
      "an owner stopped by SIGSTOP is there, and one that ended by itself is not",
      () =>
        withStore(Effect.gen(function*() {
          const store = yield* TokenStore
          const { child, owner } = yield* startOwner(spec())
          child.kill("SIGSTOP")
          while (stateOf(child.pid!) !== "T") yield* Effect.sleep(5)
          for (let look = 0; look < 20; look++) {
            assert.isTrue(yield* store.presence!.isAlive(owner))
            yield* Effect.sleep(75)
          }
          child.kill("SIGCONT")
          assert.isTrue(yield* store.presence!.isAlive(owner))
          child.kill("SIGTERM")
          yield* goneAfter(store, owner, 2_000)
        })),
      60_000
    )
  })
}
