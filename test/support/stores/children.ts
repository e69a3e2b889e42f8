/** Starts processes that share a store, and laws that need them. */
import { type Service, TokenStore } from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Scope } from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { storeLayer, type StoreSpec } from "./spec.ts"

const script = fileURLToPath(new URL("./child.ts", import.meta.url))

const start = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: ["ignore", "pipe", "inherit"] })
    ),
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
      return JSON.parse(line) as Record<string, unknown>
    }
    throw new Error("the child ended without an answer")
  })

/** Eight processes count one record up: every version is won once, and no increment is lost. */
export const countTogether = Effect.fnUntraced(function*(spec: StoreSpec, processes: number, each: number) {
  const account = `${process.pid}-${yield* Clock.currentTimeNanos}`
  const children = yield* Effect.forEach(
    Array.from({ length: processes }),
    () => start("count", JSON.stringify(spec), account, String(each))
  )
  const answers = yield* Effect.forEach(children, firstLine, { concurrency: "unbounded" })
  const won = answers.flatMap((answer) => answer.won as ReadonlyArray<number>).sort((left, right) => left - right)
  assert.deepStrictEqual(won, Array.from({ length: processes * each }, (_, index) => index + 1))
  const store = yield* TokenStore
  const found = Option.getOrThrow(yield* store.get({ provider: "processes", realm: "count", account }))
  assert.strictEqual(found.version, processes * each)
  assert.strictEqual(found.count, processes * each)
})

/** A process that owns a claim in the store; it lives until the scope ends or it is killed. */
export const startOwner = Effect.fnUntraced(function*(spec: StoreSpec) {
  const child = yield* start("stay", JSON.stringify(spec))
  const { owner } = yield* firstLine(child)
  return { child, owner: owner as string }
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

const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "latin1").replace(/^.*\) /s, "").slice(0, 1)

/** The tests that every store shared by processes passes. */
export const processSuite = (name: string, spec: () => StoreSpec) => {
  const withStore = <A, E>(body: Effect.Effect<A, E, TokenStore | Scope>) =>
    Effect.suspend(() => Effect.provide(body, storeLayer(spec())))

  describe(`${name}: shared by processes`, () => {
    it.scopedLive(
      "8 processes count one record up and lose no update",
      () => withStore(countTogether(spec(), 8, 15)),
      180_000
    )

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
