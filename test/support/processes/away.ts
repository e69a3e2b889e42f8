/** The store's backend goes away for a while in the middle of a refresh. */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type { StoreSpec } from "../stores/spec.ts"
import { paced } from "./pace.ts"
import type { Result, WorkerConfig } from "./protocol.ts"
import { members, type Spend, startServer } from "./strictServer.ts"
import { startWorker, type Worker } from "./workers.ts"

/** A backend that a test can take away. */
export interface Backend {
  readonly store: StoreSpec
  /** Whether nothing at all comes through while it is away, so that nobody can claim. */
  readonly isSilent: boolean
  /** Keeps it away for as long as the scope is open. */
  readonly away: Effect.Effect<void, never, Scope>
}

const outage = 2_000

const nameOf = (result: Result): string =>
  !result.ok ? result.tag : result.status === undefined ? "token" : `HTTP ${result.status}`

/** A call that does not hang, and how it ended. */
const call = (worker: Worker, account: string, pace: number) =>
  Effect.map(worker.ask({ do: "call", account }), ({ late, result, took }) => {
    assert.isBelow(took - late, 3_000 * pace, `${nameOf(result)} after ${took} ms`)
    return result
  })

/** Served with a pair that is newer than the one that was signed in with: until then a live token is served. */
const untilRenewed = Effect.fnUntraced(function*(worker: Worker, account: string, pace: number) {
  let last = ""
  for (const until = Date.now() + 8_000 * pace; Date.now() < until;) {
    const result = yield* call(worker, account, pace)
    if (result.ok && result.status === 200 && result.generation >= 2) return result
    last = result.ok ? `${nameOf(result)} with generation ${result.generation}` : nameOf(result)
    yield* Effect.sleep(100)
  }
  return assert.fail(`${account} does not recover at ${worker.config.name}: ${last}`)
})

export const backendAway = Effect.fnUntraced(function*(script: string, backend: Backend) {
  const [shared = "", alone = ""] = members(2)
  const server = yield* startServer({ accounts: [shared, alone], lifetime: 60, reuse: "revoke-family" })
  let pace = 1
  const start = (name: string, mode: "scheduled" | "onDemand") => {
    const config: WorkerConfig = {
      name,
      store: backend.store,
      host: server.url,
      accounts: [shared],
      every: 0,
      refresh: { mode, fraction: 0.3, deadline: 5_000 * pace, commitPatience: 500, claimTtl: 10_000 * pace }
    }
    return startWorker(script, config)
  }
  const [third, measured] = yield* paced(start("third", "onDemand"))
  pace = measured
  const first = yield* start("first", "scheduled")
  const second = yield* start("second", "scheduled")

  // One of the two refreshes, and its answer is held back.
  const held = yield* Deferred.make<Spend>()
  const answered = yield* Deferred.make<void>()
  yield* server.onRefresh((spend) => Effect.zipRight(Deferred.succeed(held, spend), Deferred.await(answered)))
  yield* server.setLifetime(Math.ceil(4 * pace))
  yield* first.ask({ do: "signIn", account: shared })
  yield* second.ask({ do: "get", account: shared })
  const { token, worker } = yield* Deferred.await(held)
  yield* server.setLifetime(1)
  yield* third.ask({ do: "signIn", account: alone })
  yield* server.setLifetime(Math.ceil(4 * pace))
  const dies = server.pairs.get(token)!.askedAt + Math.ceil(4 * pace) * 1_000

  let served = 0
  /** How often the third was refused, or waited until the store was back. */
  let refusals = 0
  yield* Effect.scoped(Effect.gen(function*() {
    yield* backend.away
    const since = Date.now()
    while (Date.now() < since + outage) {
      for (const one of [first, second]) {
        const result = yield* call(one, shared, pace)
        // Looked at after the answer: on a busy machine the token may die between the question and the answer.
        const isServed = one.config.name === worker || Date.now() < dies - 500
        if (isServed) assert.strictEqual(nameOf(result), "HTTP 200", "a live token is served")
        if (isServed) served++
      }
      const { result } = yield* third.ask({ do: "get", account: alone })
      // On demand, a token that is due is waited for: it may come only when the store is back.
      if (Date.now() > since + outage) refusals++
      if (!result.ok) {
        refusals++
        assert.include(["TokenStoreError", "ProviderUnavailable"], result.tag)
      }
      if (Date.now() > since + 300) yield* Deferred.succeed(answered, void 0)
      yield* Effect.sleep(50)
    }
    if (backend.isSilent) assert.strictEqual(server.spends.length, 1, "nothing is exchanged without a claim")
  }))
  assert.isAbove(served, 0)
  if (backend.isSilent) assert.isAbove(refusals, 0)

  // The pair that came while the store was away is the session's, for everybody.
  const [one, other] = [yield* untilRenewed(first, shared, pace), yield* untilRenewed(second, shared, pace)]
  assert.strictEqual(one.session, other.session)
  yield* untilRenewed(third, alone, pace)
  yield* Effect.sleep(500)
  for (const spend of server.spends) {
    assert.strictEqual(
      server.spends.filter((one) => one.token === spend.token).length,
      1,
      `refresh ${spend.token} is presented once`
    )
    assert.isDefined(spend.issued)
  }
  return { served, refusals, pace, exchanges: server.spends.length }
})
