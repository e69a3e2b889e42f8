/** N calls on a token that the server has just expired; and rejections that come late. */
import * as Effect from "effect/Effect"
import { type Loopback, type Rejection, start } from "./loopback.ts"
import { median, middleHalf, wall } from "./measure.ts"
import * as ours from "./ours.ts"
import { report } from "./report.ts"

interface Storm {
  /** Drain time over the drain time with a live token. */
  readonly ratio: number
  readonly drain: number
  readonly exchanges: number
  readonly failed: number
}

/** A token born from a rejection is not refreshed again in its youth, so a new one is asked for between two storms. */
const once = async (server: Loopback, client: ours.Client, calls: number): Promise<Storm> => {
  await Effect.runPromise(client.auth.refresh)
  const live = await wall(() => client.withAuth(calls, "unbounded"))
  await server.expire()
  await server.counters()
  let failed = 0
  const drain = await wall(async () => {
    failed = await client.withAuth(calls, "unbounded")
  })
  const { exchanges } = await server.counters()
  return { ratio: drain / live, drain, exchanges, failed }
}

const storms = async (
  server: Loopback,
  client: ours.Client,
  calls: number,
  rejection: Rejection,
  rounds: number
): Promise<ReadonlyArray<Storm>> => {
  await server.reject(rejection)
  if (rounds > 1) await once(server, client, calls)
  const all: Array<Storm> = []
  for (let round = 0; round < rounds; round++) all.push(await once(server, client, calls))
  return all
}

const most = (values: ReadonlyArray<number>): number => Math.max(...values)

const tell = (name: string, all: ReadonlyArray<Storm>, bounded: boolean): number => {
  const ratios = all.map((storm) => storm.ratio)
  const drain = median(all.map((storm) => storm.drain))
  report({
    name: `${name}: exchanges a storm`,
    value: most(all.map((storm) => storm.exchanges)),
    goal: 1,
    must: 1,
    pairs: all.length
  })
  report({ name: `${name}: failures`, value: most(all.map((storm) => storm.failed)), goal: 0, must: 0 })
  report({
    name: `${name}: drain ÷ drain with a live token`,
    ratio: median(ratios),
    goal: bounded ? 2 : null,
    must: bounded ? 2.3 : null,
    spread: middleHalf(ratios),
    pairs: all.length,
    note: `${drain.toFixed(drain < 10 ? 1 : 0)} ms`
  })
  return drain
}

const small: Rejection = { status: 460, bytes: 20, delay: 0 }

/** What holds on any machine: one exchange a storm, and no failure. */
export const check = async (): Promise<void> => {
  const server = await start()
  const client = await ours.make(server.url, { connections: 64 })
  for (const calls of [100, 1_000]) tell(`storm of ${calls}`, await storms(server, client, calls, small, 2), false)
  await client.close()
  server.close()
}

export const run = async (): Promise<void> => {
  const server = await start()
  const client = await ours.make(server.url, { connections: 64 })
  const drains: Array<number> = []
  for (const [calls, rounds] of [[1, 21], [100, 21], [1_000, 15], [10_000, 9]] as const) {
    const all = await storms(server, client, calls, small, rounds)
    // With one call the floor is three round trips over one.
    drains.push(tell(`storm of ${calls}`, all, calls > 1) / calls)
  }
  report({
    name: "growth: storm, time per call, 10,000 ÷ 100 calls",
    ratio: drains[3]! / drains[1]!,
    goal: 1.2,
    must: 2,
    note: drains.slice(1).map((each) => `${Math.round(each * 1000)} µs`).join(" · ")
  })
  for (const status of [401, 460] as const) {
    const large = await storms(server, client, 1_000, { status, bytes: 65_536, delay: 0 }, 9)
    tell(`storm of 1,000, ${status} with 64 kB`, large, false)
    const largest = await storms(server, client, 10_000, { status, bytes: 65_536, delay: 0 }, 1)
    tell(`storm of 10,000, ${status} with 64 kB`, largest, false)
  }
  const late = await storms(server, client, 200, { status: 460, bytes: 20, delay: 300 }, 9)
  report({
    name: "late rejections, 200 calls: exchanges a storm",
    value: most(late.map((storm) => storm.exchanges)),
    goal: 1,
    must: 1,
    pairs: late.length
  })
  report({
    name: "late rejections, 200 calls: failures",
    value: most(late.map((storm) => storm.failed)),
    goal: 0,
    must: 0
  })
  await client.close()
  server.close()
}
