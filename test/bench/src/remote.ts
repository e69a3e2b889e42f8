/**
 * What a session at a keeper costs its client: a token that is held, beside one of a local session, and one that is asked
 * for, over a socket and over HTTP. The keeper is a process of its own.
 */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Endpoint from "@effect-auth/remote/Endpoint"
import * as RemoteSessions from "@effect-auth/remote/RemoteSessions"
import * as UnixSocket from "@effect-auth/remote/UnixSocket"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { fork } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { alternate, median, middleHalf, quantile } from "./measure.ts"
import { makeProvider } from "./remoteProvider.ts"
import { report } from "./report.ts"

const accounts = 4_000
const bearer = "the-bearer-of-the-benchmark"

interface Serving {
  readonly url: string
  readonly end: () => void
}

const start = (socket: string): Promise<Serving> =>
  new Promise((resolve, reject) => {
    const worker = fork(new URL("./remoteWorker.mjs", import.meta.url), [socket, bearer, String(accounts)])
    worker.once("message", (url) => resolve({ url: String(url), end: () => worker.kill("SIGKILL") }))
    worker.once("exit", (code) => reject(new Error(`the keeper ended with ${code}`)))
  })

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Milliseconds of each first call for an account. */
const cold = (endpoint: Endpoint.Endpoint) =>
  Effect.gen(function*() {
    const sessions = yield* RemoteSessions.make(makeProvider(), { endpoints: [endpoint], events: false })
    const times: Array<number> = []
    for (let index = 0; index < accounts; index++) {
      const auth = yield* sessions.get(`account-${index}`)
      const begun = now()
      yield* auth.accessToken
      times.push(now() - begun)
    }
    // The first ones are compiled.
    return times.slice(accounts / 4)
  }).pipe(Effect.scoped)

const reportCold = (way: string, times: ReadonlyArray<number>, must: number | null): void => {
  report({
    name: `remote: a token that is asked for, ${way}, p50`,
    value: median(times),
    unit: "ms",
    goal: null,
    must: null,
    spread: middleHalf(times),
    pairs: times.length
  })
  report({
    name: `remote: the same, p99`,
    value: quantile(times, 0.99),
    unit: "ms",
    goal: null,
    must,
    pairs: times.length
  })
}

const rounds = 200_000

const reading = <E>(accessToken: Effect.Effect<unknown, E>) => async (): Promise<number> => {
  const begun = now()
  await Effect.runPromise(Effect.repeatN(accessToken, rounds))
  return (now() - begun) * 1e6 / rounds
}

const warm = (endpoint: Endpoint.Endpoint) =>
  Effect.gen(function*() {
    const remote = yield* (yield* RemoteSessions.make(makeProvider(), { endpoints: [endpoint] })).get("account-0")
    const sessions = yield* Effect.provide(AuthSessions.make(makeProvider()), TokenStore.layerMemory)
    const local = yield* sessions.get("account-0")
    yield* local.signIn("password")
    yield* remote.accessToken
    yield* Effect.sleep(200)
    yield* remote.accessToken
    const pairs = yield* Effect.promise(() => alternate(reading(remote.accessToken), reading(local.accessToken), 11))
    report({
      name: "remote: a token that is held, over a local one",
      ratio: pairs.ratio,
      goal: 1.1,
      must: 1.5,
      spread: pairs.spread,
      pairs: pairs.pairs,
      note: `${Math.round(pairs.a)} ns, local ${Math.round(pairs.b)} ns`
    })
    const single: Array<number> = []
    for (let index = 0; index < 20_000; index++) {
      const begun = now()
      yield* remote.accessToken
      single.push(now() - begun)
    }
    report({
      name: "remote: a token that is held, p99",
      value: quantile(single.slice(5_000), 0.99),
      unit: "ms",
      goal: null,
      must: 0.1,
      pairs: 15_000
    })
  }).pipe(Effect.scoped)

export const run = async (): Promise<void> => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-auth-bench-"))
  const socket = Path.join(folder, "keeper.sock")
  const serving = await start(socket)
  try {
    const overSocket = UnixSocket.endpoint(socket, Redacted.make(bearer))
    const overHttp = await Effect.runPromise(
      Effect.provide(Endpoint.http(serving.url, Redacted.make(bearer)), FetchHttpClient.layer)
    )
    await Effect.runPromise(warm(overSocket))
    reportCold("over a socket", await Effect.runPromise(cold(overSocket)), 5)
    reportCold("over HTTP", await Effect.runPromise(cold(overHttp)), null)
  } finally {
    serving.end()
    Fs.rmSync(folder, { recursive: true, force: true })
  }
}
