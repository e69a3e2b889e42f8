/** One process refreshes and is killed with SIGKILL at a step of the protocol; another one goes on. */
import type { ReusePolicy } from "@effect-auth/testing/TokenAuthority"
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { StoreSpec } from "../stores/spec.ts"
import { watchLateness } from "./lateness.ts"
import type { Point, Result, WorkerConfig } from "./protocol.ts"
import { members, startServer, type StrictServer } from "./strictServer.ts"
import { startWorker, type Worker } from "./workers.ts"

export type CrashPoint = Point | "rotated"

/** In the order of the protocol. `rotated`: the server has decided, and its answer is still on the way. */
export const crashPoints: ReadonlyArray<CrashPoint> = [
  "read",
  "claimed",
  "sending",
  "rotated",
  "answered",
  "committing",
  "committed"
]

export interface CrashCase {
  readonly point: CrashPoint
  readonly reuse: ReusePolicy
  /** Whether the access token lives when the refresh is cut off. */
  readonly access: "alive" | "dead"
  /** Default: SQLite, in a folder of its own. */
  readonly store?: Effect.Effect<StoreSpec, never, Scope>
}

/** What the survivors may find. */
const outcomes = ({ point, reuse }: CrashCase): ReadonlyArray<"valid" | "unknown"> => {
  if (typeof reuse === "object") return ["valid"]
  if (point === "rotated" || point === "answered") return ["unknown"]
  return point === "committing" ? ["valid", "unknown"] : ["valid"]
}

const account = "member-1"

/**
 * Longer than this nobody may stand still, in milliseconds. Where presence is a connection, an owner must stay away for up
 * to 3 s before its claim is taken: a connection that breaks comes back.
 */
const patience = 5_000

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-crash-"))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

const sqlite = Effect.map(
  temporaryFolder,
  (folder): StoreSpec => ({ kind: "sqlite", filename: Path.join(folder, "store", "sessions.db") })
)

const lateHere = Effect.acquireRelease(
  Effect.sync(() => watchLateness(() => {})),
  (lateness) => Effect.sync(lateness.stop)
)

/** The kill, at the step. */
const crash = Effect.fnUntraced(function*(point: CrashPoint, server: StrictServer, worker: Worker) {
  const held = yield* Deferred.make<void>()
  yield* server.onRefresh((spend) =>
    point === "rotated" && spend.worker === worker.config.name
      ? Effect.zipRight(Deferred.succeed(held, void 0), Effect.never)
      : Effect.void
  )
  yield* worker.arm
  yield* Effect.fork(worker.ask({ do: "get", account }))
  yield* point === "rotated" ? Deferred.await(held) : Deferred.await(worker.at)
  if (point === "committing") yield* Effect.sleep(Math.random() * 4)
  yield* worker.kill
})

const nameOf = (result: Result): string =>
  !result.ok ? result.tag : result.status === undefined ? "token" : `HTTP ${result.status}`

/** No refresh token is presented again while the access token that came with it lives, and none more than twice. */
const assertNoForbiddenReplay = (server: StrictServer) => {
  const tokens = new Set(server.spends.map((spend) => spend.token))
  for (const token of tokens) {
    const [first, ...again] = server.spends.filter((spend) => spend.token === token)
    assert.isAtMost(again.length, 1, `refresh ${token} is presented once more at most`)
    // The client counts the life from the moment it sends. On a busy machine that is well before the token is issued.
    const death = server.pairs.get(token)!.askedAt + server.lifetime()
    for (const replay of again) {
      assert.isAtLeast(replay.at, death - 150, `refresh ${token} was replayed while its access token lived`)
      assert.notStrictEqual(replay.worker, first!.worker)
    }
  }
}

const warmUp = (worker: Worker) => {
  const own = `member-${worker.config.name.length}`
  return Effect.zipRight(worker.ask({ do: "signIn", account: own }), worker.ask({ do: "call", account: own }))
}

/** Runs one case and says what came of it. */
export const crashCase = Effect.fnUntraced(function*(script: string, self: CrashCase) {
  const lateness = yield* lateHere
  const store = yield* self.store ?? sqlite
  const isAlive = self.access === "alive"
  const server = yield* startServer({ accounts: members(9), lifetime: isAlive ? 3 : 1, reuse: self.reuse })
  const config = (name: string): WorkerConfig => ({
    name,
    store,
    host: server.url,
    accounts: [account],
    every: 0,
    refresh: { mode: "onDemand", fraction: 0.2, deadline: 5_000, commitPatience: 1_000, claimTtl: 30_000 }
  })
  const first = yield* startWorker(
    script,
    self.point === "rotated" ? config("first") : { ...config("first"), stopAt: self.point }
  )
  const survivors = [yield* startWorker(script, config("second")), yield* startWorker(script, config("third"))] as const
  // What a process does for the first time takes longer, and that is not what is measured.
  yield* Effect.forEach([first, ...survivors], (worker) => warmUp(worker), { concurrency: "unbounded", discard: true })
  // The client counts the life from its send, which is later than this.
  const born = Date.now()
  yield* first.ask({ do: "signIn", account })
  yield* Effect.sleep(isAlive ? 700 : server.lifetime() + 50)
  yield* crash(self.point, server, first)

  let longest = 0
  const callFrom = (worker: Worker) =>
    Effect.gen(function*() {
      const lateBefore = lateness.sum()
      const { late, result, took } = yield* worker.ask({ do: "call", account })
      const still = took - late - (lateness.sum() - lateBefore)
      longest = Math.max(longest, still)
      assert.isBelow(still, patience, `stood still for ${still} ms: ${nameOf(result)}`)
      return result
    })
  const until = Date.now() + (isAlive ? server.lifetime() + 300 : 300)
  while (Date.now() < until) {
    const result = yield* callFrom(survivors[0])
    // Looked at after the answer: on a busy machine the token may die between the question and the answer.
    if (Date.now() < born + server.lifetime() - 200) {
      assert.strictEqual(nameOf(result), "HTTP 200", "the live token is served")
    }
    yield* Effect.sleep(100)
  }
  const ends = new Set<string>()
  for (const worker of survivors) ends.add(nameOf(yield* callFrom(worker)))
  assert.strictEqual(ends.size, 1, `all processes see the same end, not ${[...ends].join(" and ")}`)
  const [end = ""] = ends
  const outcome = end === "HTTP 200" ? "valid" : end === "RefreshOutcomeUnknown" ? "unknown" : end
  assert.include(outcomes(self), outcome)
  assertNoForbiddenReplay(server)
  return { outcome, spends: server.spends.length, longest }
})
