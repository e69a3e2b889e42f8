/** Keepers over one store, killed and paused while many clients use their tokens. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Callers from "@effect-auth/remote/Callers"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { storeLayer, type StoreSpec } from "../stores/spec.ts"
import { deadlineOf, type KeeperConfig } from "./keeperProtocol.ts"
import { paced } from "./pace.ts"
import { headers } from "./protocol.ts"
import { members, type Spend, startServer } from "./strictServer.ts"

export interface KeepersOptions {
  readonly store: StoreSpec
  readonly keepers: number
  readonly clients: number
  readonly accounts: number
  /** Seconds. */
  readonly lifetime: number
  readonly seconds: number
  /** Milliseconds between two calls of one client. */
  readonly every: number
  /** Milliseconds between two kills. */
  readonly killEach: number
  /** Milliseconds; one keeper is paused for longer, once. */
  readonly claimTtl: number
}

/** Milliseconds. */
export interface Times {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

export interface KeepersReport {
  readonly kills: number
  readonly exchanges: number
  /** How much slower than it could be the machine was, from 1 to 5. */
  readonly pace: number
  /** A refresh token that was spent again without a cause. */
  readonly doubleSpends: ReadonlyArray<string>
  /** One that was spent again after its first spender was killed, or paused beyond its claim. */
  readonly afterStop: number
  /** One that was spent again after the first answer did not come before the deadline: a lost answer. */
  readonly afterLoss: number
  readonly calls: number
  /** Calls that failed although the client held a live token. */
  readonly failedWithToken: ReadonlyArray<string>
  readonly failedWithout: Readonly<Record<string, number>>
  readonly apiCalls: number
  readonly apiFailures: Readonly<Record<string, number>>
  readonly ended: number
  readonly warm: Times
  readonly cold: Times
  /** From a kill until a call that needs a keeper succeeds, at each of ten clients. */
  readonly recovery: Times
}

const timesOf = (all: ReadonlyArray<number>): Times => {
  const sorted = Array.from(all).sort((one, other) => one - other)
  const at = (part: number) => Math.round((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) * 1000) / 1000
  return { count: all.length, p50: at(0.5), p99: at(0.99), most: at(1) }
}

interface Running {
  readonly config: KeeperConfig
  readonly child: ChildProcess
}

const isGone = ({ child }: Running) => child.exitCode !== null || child.signalCode !== null

const startKeeper = (script: string, config: KeeperConfig) =>
  Effect.promise(async (): Promise<Running> => {
    const child = spawn(process.execPath, ["--enable-source-maps", script, JSON.stringify(config)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"]
    })
    await once(child, "message")
    return { config, child }
  })

const end = (keeper: Running) =>
  Effect.promise(async () => {
    if (isGone(keeper)) return
    const exited = once(keeper.child, "exit")
    keeper.child.kill("SIGKILL")
    await exited
  })

const now = (): number => Number(process.hrtime.bigint()) / 1e6

const settings = (host: string) => ({
  host,
  club: "infinity-mall",
  clientToken: Redacted.make("sandbox-client-token"),
  userAgent: "client",
  productName: "sandbox"
})

/** Signs everybody in, in this process, before any keeper starts: spread over a life, so that refreshes are spread too. */
const signInAll = (options: KeepersOptions, host: string) =>
  Effect.gen(function*() {
    const sessions = yield* AuthSessions.make(yield* PlacewiseAuth.provider(settings(host)))
    yield* Effect.forEach(members(options.accounts), (account) =>
      Effect.flatMap(sessions.get(account), (auth) =>
        auth.signIn({
          _tag: "Password",
          identifier: { id: account.replace("member-", "") },
          password: Redacted.make("correct horse")
        })).pipe(Effect.delay(700 * options.lifetime / options.accounts)))
  }).pipe(
    Effect.scoped,
    Effect.provide(storeLayer(options.store)),
    Effect.provideServiceEffect(
      HttpClient.HttpClient,
      Effect.map(
        HttpClient.HttpClient,
        HttpClient.mapRequest(HttpClientRequest.setHeader(headers.sentAt, String(Date.now())))
      )
    )
  )

const add = (counts: Record<string, number>, what: string): void => {
  counts[what] = (counts[what] ?? 0) + 1
}

const makeNotes = () => ({
  calls: 0,
  apiCalls: 0,
  failedWithToken: [] as Array<string>,
  failedWithout: {} as Record<string, number>,
  apiFailures: {} as Record<string, number>,
  warm: [] as Array<number>,
  cold: [] as Array<number>,
  recovery: [] as Array<number>
})

type Sessions = Effect.Effect.Success<ReturnType<typeof makeClient>>

const makeClient = (host: string, sockets: ReadonlyArray<string>, bearer: Redacted.Redacted<string>) =>
  Effect.gen(function*() {
    const provider = yield* PlacewiseAuth.provider(settings(host))
    const sessions = yield* RemoteSessions.make(provider, {
      endpoints: sockets.map((socket) => UnixSocket.endpoint(socket, bearer))
    })
    return yield* AuthHttpClient.fromSessions(sessions)
  })

const pick = <A>(all: ReadonlyArray<A>): A => all[Math.floor(Math.random() * all.length)]!

/** One client's life: tokens, and now and then a call of the API. */
const live = (
  sessions: Sessions,
  accounts: ReadonlyArray<string>,
  notes: ReturnType<typeof makeNotes>,
  options: KeepersOptions
) => {
  const held = new Map<string, number>()
  return Effect.forever(Effect.gen(function*() {
    const account = pick(accounts)
    const { auth, client } = yield* sessions.get(account)
    const clock = yield* Effect.clock
    const isWarm = auth.unsafePeek(clock) !== undefined
    notes.calls++
    const begun = now()
    const token = yield* Effect.either(auth.accessToken)
    const took = now() - begun
    if (token._tag === "Right") {
      if (isWarm) notes.warm.push(took)
      else if (!held.has(account)) notes.cold.push(took)
      held.set(account, token.right.expiresAt)
    } else if ((held.get(account) ?? 0) > Date.now()) notes.failedWithToken.push(token.left.message)
    else add(notes.failedWithout, token.left._tag)
    if (Math.random() < 0.05) {
      notes.apiCalls++
      const answer = yield* Effect.either(Effect.scoped(client.get("/members/me/rewards-program/status")))
      if (answer._tag === "Left") add(notes.apiFailures, answer.left._tag)
      else if (answer.right.status !== 200) add(notes.apiFailures, String(answer.right.status))
    }
    yield* Effect.sleep(options.every * (0.5 + Math.random()))
  }))
}

/** From now until a call that needs a keeper works again. */
const recovered = (sessions: Sessions, account: string) =>
  Effect.gen(function*() {
    const begun = now()
    const { auth } = yield* sessions.get(account)
    yield* Effect.retry(auth.state, { times: 100 })
    return now() - begun
  })

export const runKeepers = Effect.fnUntraced(function*(script: string, options: KeepersOptions) {
  const accounts = members(options.accounts)
  const server = yield* startServer({ accounts, lifetime: options.lifetime, reuse: "revoke-family" })
  yield* server.slowDown(15, 15)
  yield* signInAll(options, server.url)
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-keepers-"))),
    (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
  )
  const { bearer, digest } = yield* Callers.makeBearer
  const sockets = Array.from({ length: options.keepers }, (_, index) => Path.join(folder, `k${index + 1}.sock`))
  let started = 0
  const start = (socket: string) =>
    Effect.suspend(() => {
      const { claimTtl, store } = options
      return startKeeper(script, { name: `k${++started}`, store, host: server.url, socket, digest, claimTtl })
    })
  const [first, begun] = yield* paced(start(sockets[0] ?? ""))
  let pace = begun
  const running = yield* Effect.acquireRelease(
    Effect.map(Effect.forEach(sockets.slice(1), start), (others) => [first, ...others]),
    (all) => Effect.forEach(all, end, { discard: true })
  )
  const clients = yield* Effect.forEach(
    Array.from({ length: options.clients }),
    () => makeClient(server.url, sockets, bearer)
  )
  const notes = makeNotes()
  const work = yield* Effect.fork(
    Effect.forEach(clients, (client) => live(client, accounts, notes, options), {
      concurrency: "unbounded",
      discard: true
    })
  )
  const killed = new Map<string, number>()
  const paused: Array<{ readonly worker: string; readonly from: number }> = []
  const until = Date.now() + options.seconds * 1000
  let round = 0
  yield* Effect.sleep(1_000)
  while (Date.now() < until) {
    const index = round++ % running.length
    const victim = running[index]!
    if (round === 2) {
      const other = running[(index + 1) % running.length]!
      paused.push({ worker: other.config.name, from: Date.now() })
      other.child.kill("SIGSTOP")
      yield* Effect.fork(Effect.delay(Effect.sync(() => other.child.kill("SIGCONT")), options.claimTtl + 1_500))
    }
    killed.set(victim.config.name, Date.now())
    yield* end(victim)
    const restarted = yield* Effect.fork(Effect.delay(paced(start(victim.config.socket)), 500))
    const took = yield* Effect.forEach(clients.slice(0, 10), (client) => recovered(client, pick(accounts)), {
      concurrency: "unbounded"
    })
    for (const one of took) notes.recovery.push(one)
    const [next, now] = yield* Fiber.join(restarted)
    running[index] = next
    pace = Math.max(pace, now)
    yield* Effect.sleep(Math.max(0, options.killEach - 1_500))
  }
  yield* Fiber.interrupt(work)
  const byToken = new Map<number, Array<Spend>>()
  for (const spend of server.spends) byToken.set(spend.token, [...byToken.get(spend.token) ?? [], spend])
  const doubleSpends: Array<string> = []
  let afterStop = 0
  let afterLoss = 0
  const wasStopped = (worker: string, at: number): boolean =>
    (killed.get(worker) ?? Infinity) <= at || paused.some((one) => one.worker === worker && one.from <= at)
  for (const [token, spends] of byToken) {
    const [first, ...more] = spends
    if (first === undefined || more.length === 0) continue
    const [second] = more
    // Once its answer was lost, every further try is one of the same doubt.
    if (second !== undefined && wasStopped(first.worker, second.at)) afterStop++
    else if (second !== undefined && second.sentAt - first.sentAt >= 0.9 * deadlineOf(options.claimTtl)) afterLoss++
    else {
      doubleSpends.push(
        `${token}: ${spends.map(({ sentAt, worker }) => `${worker} ${sentAt - first.sentAt}`).join(", ")}`
      )
    }
  }
  const states = yield* Effect.forEach(
    accounts,
    (account) => Effect.flatMap(clients[0]!.get(account), ({ auth }) => auth.state)
  )
  const report: KeepersReport = {
    kills: killed.size,
    exchanges: server.spends.length,
    pace,
    doubleSpends,
    afterStop,
    afterLoss,
    calls: notes.calls,
    failedWithToken: notes.failedWithToken,
    failedWithout: notes.failedWithout,
    apiCalls: notes.apiCalls,
    apiFailures: notes.apiFailures,
    ended: states.filter((state) => state._tag !== "Active").length,
    warm: timesOf(notes.warm),
    cold: timesOf(notes.cold),
    recovery: timesOf(notes.recovery)
  }
  return report
}, Effect.provide(FetchHttpClient.layer))
