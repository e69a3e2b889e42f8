/** Many processes over one store keep the sessions of a club alive while some of them are killed and paused. */
import type { ReusePolicy } from "@effect-auth/testing/TokenAuthority"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { StoreSpec } from "../stores/spec.ts"
import {
  type Evidence,
  type Interval,
  overwrites,
  type Repeat,
  repeats,
  spendsOf,
  wasDisturbed,
  type Why
} from "./audit.ts"
import { paced } from "./pace.ts"
import type { Message, Result, WorkerConfig, Write } from "./protocol.ts"
import { type NetworkFault, startProxy } from "./proxy.ts"
import { members, type Spend, startServer } from "./strictServer.ts"
import { startWorker, type Worker } from "./workers.ts"

/** Times are those of a machine that has nothing else to do: a busy one gets up to five times as long. */
export interface ClusterOptions {
  readonly store: StoreSpec
  readonly workers: number
  readonly sessions: number
  /** Seconds, as the wire tells them; absent: as short as this machine can keep up with. */
  readonly lifetime?: number
  readonly seconds: number
  /** So many lives of an access token at least. Default: 2.5. */
  readonly lives?: number
  readonly claimTtl: number
  readonly reuse?: ReusePolicy
  /** Default: scheduled. On demand all processes want a new token at once. */
  readonly mode?: "scheduled" | "onDemand"
  /** Up to so many milliseconds pass before and after the server looks at a refresh token. Default: 30 and 60, always. */
  readonly slow?: readonly [before: number, after: number]
  /** What is done to the workers, each time one of them is in the middle of an exchange. */
  readonly chaos?: { readonly kill: boolean; readonly pause: boolean }
  /** How many of a hundred exchanges meet a fault of the network. */
  readonly networkFaults?: number
}

export interface Loss {
  readonly account: string
  readonly tag: string
  /** Whether an owner was killed, stood still or lost an answer while it exchanged a token of this sign-in. */
  readonly explained: boolean
  readonly spends: ReadonlyArray<Spend>
}

export interface Report {
  readonly exchanges: number
  /** How much slower than it could be the machine was. */
  readonly pace: number
  /** Milliseconds. */
  readonly lifetime: number
  /** One for each lifetime of each session. */
  readonly ideal: number
  readonly repeats: Readonly<Record<Why, number>>
  readonly violations: ReadonlyArray<Repeat>
  readonly losses: ReadonlyArray<Loss>
  /** Accounts of which nobody could say in the end whether they are alive or over. */
  readonly unreported: ReadonlyArray<{ readonly account: string; readonly last: Result | undefined }>
  readonly overwrites: ReadonlyArray<string>
  readonly kills: number
  readonly pauses: number
  readonly networkFaults: number
  readonly calls: number
  readonly longest: number
  readonly failures: Readonly<Record<string, number>>
}

/** Shorter claims are meant not to hold. */
const shortestClaim = 100

/** An owner that is not stopped has this long for its exchange, and then for its commit: less than its claim lasts. */
const boundsOf = (claimTtl: number, pace: number) =>
  claimTtl < shortestClaim
    ? { deadline: 5_000 * pace, commitPatience: 1_000 * pace }
    : { deadline: Math.max(1_000, claimTtl * 0.5), commitPatience: Math.max(300, claimTtl * 0.15) }

const lossTags = new Set(["RefreshOutcomeUnknown", "RefreshTokenRejected"])

/** What the workers tell, gathered. */
const makeRecorder = () => {
  const stalls: Array<Interval> = []
  const lost = new Set<string>()
  const writes = new Map<string, Array<Write>>()
  const failures: Record<string, number> = {}
  const totals = { calls: 0, longest: 0 }
  let onLoss: (account: string, session: string, tag: string, began: number) => void = () => {}
  const hear = (message: Message, worker: string): void => {
    switch (message.said) {
      case "stalled":
        stalls.push({ worker, from: message.from, to: message.to })
        break
      case "lost":
        lost.add(message.exchange)
        break
      case "wrote":
        writes.set(message.account, [...writes.get(message.account) ?? [], message.write])
        break
      case "worked":
        totals.calls += message.calls
        totals.longest = Math.max(totals.longest, message.longest)
        break
      case "failed": {
        const { account, result, session } = message
        const what = result.ok ? `HTTP ${result.status}` : `${result.tag} ${result.reason ?? ""}`.trim()
        failures[what] = (failures[what] ?? 0) + 1
        if (!result.ok && lossTags.has(result.tag)) onLoss(account, session, result.tag, message.at - message.took)
      }
    }
  }
  return {
    stalls,
    lost,
    writes,
    failures,
    totals,
    hear,
    setOnLoss: (next: typeof onLoss) => {
      onLoss = next
    }
  }
}

const faults: ReadonlyArray<NetworkFault> = ["unsent", "lost", "cut", "late"]

const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(Math.random() * from.length)]!

/** Keeps so many workers at work, and does harm to them. */
const makeFleet = Effect.fnUntraced(function*(
  start: (name: string) => Effect.Effect<Worker, never, Scope.Scope>,
  claimTtl: number
) {
  const scope = yield* Effect.scope
  const running = new Map<string, Worker>()
  const kills: Array<{ readonly worker: string; readonly at: number }> = []
  const pauses: Array<Interval> = []
  let started = 0
  let isWorking = false
  const work = Effect.suspend(() => {
    isWorking = true
    return Effect.forEach([...running.values()], (worker) => worker.work, { discard: true })
  })
  const add = Effect.gen(function*() {
    const worker = yield* Scope.extend(start(`w${++started}`), scope)
    running.set(worker.config.name, worker)
    if (isWorking) yield* worker.work
  })
  const kill = Effect.fnUntraced(function*(worker: Worker) {
    running.delete(worker.config.name)
    kills.push({ worker: worker.config.name, at: Date.now() })
    yield* worker.kill
    yield* add
  })
  const pause = Effect.fnUntraced(function*(worker: Worker) {
    running.delete(worker.config.name)
    const from = Date.now()
    worker.pause()
    const open = { worker: worker.config.name, from, to: Infinity }
    pauses.push(open)
    yield* Effect.sleep(claimTtl + 300 + Math.random() * 1_000)
    worker.resume()
    open.to = Date.now()
    running.set(worker.config.name, worker)
  })
  return { running, kills, pauses, add, work, kill, pause }
})

type Fleet = Effect.Effect.Success<ReturnType<typeof makeFleet>>

/** Strikes the worker of an exchange, up to a moment after the server has decided. */
const strike = Effect.fnUntraced(function*(
  fleet: Fleet,
  chaos: NonNullable<ClusterOptions["chaos"]>,
  spend: Spend
) {
  yield* Effect.sleep(Math.random() * 80)
  const worker = fleet.running.get(spend.worker)
  if (worker === undefined) return
  const kills = chaos.kill && (!chaos.pause || Math.random() < 0.5)
  yield* kills ? fleet.kill(worker) : fleet.pause(worker)
})

/** Seconds in which this machine, busy as it is, can refresh all sessions: an exchange costs it about four sign-ins. */
const fittingLifetime = <A>(accounts: ReadonlyArray<string>, signIn: (account: string) => Effect.Effect<A>) =>
  Effect.gen(function*() {
    const probes = accounts.slice(0, 24)
    yield* Effect.forEach(probes, signIn, { concurrency: 8, discard: true })
    const since = Date.now()
    yield* Effect.forEach(probes, signIn, { concurrency: 8, discard: true })
    const each = (Date.now() - since) / probes.length
    return Math.min(16, Math.max(4, Math.ceil(each * accounts.length * 4 / 750)))
  })

export const runCluster = Effect.fnUntraced(function*(
  script: string | ReadonlyArray<string>,
  options: ClusterOptions
) {
  const accounts = members(options.sessions)
  const server = yield* startServer({
    accounts,
    lifetime: 60,
    reuse: options.reuse ?? "revoke-family"
  })
  const recorder = makeRecorder()
  const rate = options.networkFaults ?? 0
  const proxy = yield* startProxy({
    target: { host: "127.0.0.1", port: Number(new URL(server.url).port) },
    choose: (worker) => worker !== "keeper" && Math.random() * 100 < rate ? pick(faults) : undefined
  })
  let claimTtl = options.claimTtl
  let pace = 1
  const configOf = (name: string): WorkerConfig => ({
    name,
    store: options.store,
    host: `http://127.0.0.1:${proxy.port}`,
    accounts,
    // Who refreshes on demand must ask often for many to ask at once.
    every: options.mode === "onDemand" ? 100 : 50 * options.workers,
    refresh: name === "keeper"
      ? { mode: "onDemand", deadline: 20_000, commitPatience: 5_000, claimTtl: 30_000 }
      : { mode: options.mode ?? "scheduled", ...boundsOf(claimTtl, pace), claimTtl }
  })
  const scripts = typeof script === "string" ? [script] : script
  let started = 0
  /** With several scripts, processes take them in turn. */
  const start = (name: string) => startWorker(scripts[started++ % scripts.length] ?? "", configOf(name), recorder.hear)
  const [keeper, measured] = yield* paced(start("keeper"))
  pace = measured
  if (claimTtl >= shortestClaim) claimTtl *= pace
  const bounds = boundsOf(claimTtl, pace)
  const signIn = (account: string) => keeper.ask({ do: "signIn", account })

  const current = new Map<string, { readonly session: string; readonly since: number }>()
  const losses: Array<{ readonly account: string; readonly tag: string; readonly root: number }> = []
  const rootOf = (account: string) =>
    Math.max(
      ...[...server.pairs.values()].flatMap((pair) =>
        pair.member === account && pair.from === undefined ? [pair.number] : []
      )
    )
  const begin = (account: string) =>
    Effect.map(signIn(account), ({ result }) => {
      if (!result.ok) throw new Error(`signing in failed: ${JSON.stringify(result)}`)
      current.set(account, { session: result.session, since: Date.now() })
    })
  let isOver = false
  recorder.setOnLoss((account, session, tag, began) => {
    const known = current.get(account)
    // A call that began before the last sign-in may tell of the session before it.
    if (known === undefined || began <= known.since || (session !== "" && session !== known.session)) return
    losses.push({ account, tag, root: rootOf(account) })
    current.delete(account)
    if (!isOver) Effect.runFork(begin(account))
  })

  const fleet = yield* makeFleet(start, claimTtl)
  yield* Effect.forEach(
    Array.from({ length: options.workers }),
    () => fleet.add,
    { concurrency: "unbounded", discard: true }
  )
  yield* server.setLifetime(
    options.lifetime === undefined ? yield* fittingLifetime(accounts, signIn) : Math.ceil(options.lifetime * pace)
  )
  yield* Effect.forEach(accounts, begin, { concurrency: 8, discard: true })
  yield* fleet.work
  const began = Date.now()
  const [before, after] = options.slow?.map((most) => most * pace) ?? []
  yield* server.slowDown(before ?? 30, after ?? 60)

  const chaos = options.chaos
  const harm = new Set<Fiber.RuntimeFiber<void>>()
  let nextStrike = began + 300
  yield* server.onRefresh((spend) =>
    Effect.suspend(() => {
      if (
        chaos === undefined || Date.now() < nextStrike || Math.random() > 0.6 ||
        fleet.running.size <= options.workers / 2
      ) return Effect.void
      nextStrike = Date.now() + (250 + Math.random() * 500) * pace
      return Effect.map(Effect.forkDaemon(strike(fleet, chaos, spend)), (fiber) => {
        harm.add(fiber)
      })
    })
  )
  const until = began + options.seconds * 1_000 * Math.min(3, pace)
  yield* Effect.sleep(Math.max(until - Date.now(), server.lifetime() * (options.lives ?? 2.5)))
  const took = Date.now() - began
  const exchanges = server.spends.filter((spend) => spend.issued !== undefined && spend.at >= began).length
  yield* server.onRefresh(() => Effect.void)
  yield* proxy.calm
  yield* Effect.forEach([...harm], Fiber.await, { discard: true })
  // Whoever was paused finishes what it had begun.
  yield* Effect.sleep(1_000)
  isOver = true
  yield* Effect.forEach([...fleet.running.values()], (worker) => worker.ask({ do: "rest" }), { discard: true })

  const unreported: Array<{ readonly account: string; readonly last: Result | undefined }> = []
  const lastLook = Date.now() + 60_000
  yield* Effect.forEach(accounts, (account) =>
    Effect.gen(function*() {
      let last: Result | undefined
      const until = Math.min(Date.now() + 20_000, lastLook)
      do {
        const { result } = yield* keeper.ask({ do: "call", account })
        last = result
        if (result.ok && result.status === 200) return
        if (!result.ok && lossTags.has(result.tag)) {
          const isKnown = !current.has(account)
          if (!isKnown) losses.push({ account, tag: result.tag, root: rootOf(account) })
          return
        }
        yield* Effect.sleep(200)
      } while (Date.now() < until)
      unreported.push({ account, last })
    }), { concurrency: 8, discard: true })

  const evidence: Evidence = {
    spends: server.spends,
    pairs: server.pairs,
    lifetime: server.lifetime(),
    claimTtl,
    slack: Math.max(100, claimTtl - bounds.deadline - bounds.commitPatience),
    kills: fleet.kills,
    pauses: fleet.pauses,
    stalls: recorder.stalls,
    lost: new Set([...recorder.lost, ...proxy.struck.keys()]),
    writes: recorder.writes
  }
  const found = repeats(evidence)
  const counted: Record<Why, number> = { paused: 0, unknown: 0, revoked: 0, forbidden: 0, running: 0 }
  for (const repeat of found) counted[repeat.why]++
  return {
    exchanges,
    pace,
    lifetime: server.lifetime(),
    ideal: options.sessions * took / server.lifetime(),
    repeats: counted,
    violations: found.filter(({ why }) => why === "running" || why === "forbidden"),
    losses: losses.map(({ account, root, tag }) => ({
      account,
      tag,
      explained: wasDisturbed(evidence, root),
      spends: spendsOf(evidence, root)
    })),
    unreported,
    overwrites: overwrites(evidence),
    kills: fleet.kills.length,
    pauses: fleet.pauses.length,
    networkFaults: proxy.struck.size,
    calls: recorder.totals.calls,
    longest: recorder.totals.longest,
    failures: recorder.failures
  } satisfies Report as Report
})

/** One line for the log of the test. */
export const summary = (title: string, report: Report): string => {
  const { exchanges, failures, ideal, losses, repeats } = report
  const lost = losses.length === 0 ?
    "0" :
    `${losses.length} (${
      [...new Set(losses.map(({ tag }) => tag))].map((tag) =>
        `${losses.filter((one) => one.tag === tag).length} ${tag}`
      )
        .join(", ")
    })`
  return [
    `${title}: pace ${report.pace.toFixed(1)}, life ${report.lifetime / 1000} s, ${exchanges} exchanges, ideal ${
      ideal.toFixed(0)
    } (${(exchanges / ideal).toFixed(2)})`,
    `spent twice by a running owner ${repeats.running}, while the access token lived ${repeats.forbidden},`
    + ` by a paused owner ${repeats.paused}, after an unknown outcome ${repeats.unknown}, of a dead family ${repeats.revoked}`,
    `sessions lost ${lost}, unexplained ${
      losses.filter((loss) => !loss.explained).length
    }, unreported ${report.unreported.length}`,
    `${report.kills} kills, ${report.pauses} pauses, ${report.networkFaults} network faults`,
    `${report.calls} calls, longest ${report.longest} ms, failed ${JSON.stringify(failures)}`
  ].join("\n  ")
}
