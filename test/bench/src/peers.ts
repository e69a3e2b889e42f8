/** What others make of the same storms, beside this project and in the same run; for comparison only. */
import { type Loopback, type Rejection, start } from "./loopback.ts"
import { median, middleHalf, wall } from "./measure.ts"
import * as axiosAuthRefresh from "./peers/axiosAuthRefresh.ts"
import * as azureCore from "./peers/azureCore.ts"
import * as effectAuth from "./peers/effectAuth.ts"
import * as googleAuthLibrary from "./peers/googleAuthLibrary.ts"
import * as openidClient from "./peers/openidClient.ts"
import type { Make, Peer } from "./peers/Peer.ts"
import { report } from "./report.ts"

const peers: Record<string, Make> = {
  "effect-auth": effectAuth.make,
  "axios-auth-refresh": axiosAuthRefresh.make,
  "google-auth-library": googleAuthLibrary.make,
  "openid-client": openidClient.make,
  "@azure/core-rest-pipeline": azureCore.make
}

/** Milliseconds after which a storm is cut off; what has not come back by then has failed. */
const patience = 20_000

/** Settles within the patience: whether `work` did. */
const within = async (work: Promise<unknown>): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const cut = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patience, false)
  })
  const done = await Promise.race([work.then(() => true), cut])
  clearTimeout(timer)
  return done
}

interface Drained {
  readonly failed: number
  readonly inTime: boolean
}

const drain = async (peer: Peer, calls: number): Promise<Drained> => {
  let served = 0
  const one = (): Promise<void> =>
    peer.call().then((isServed) => {
      if (isServed) served++
    }, () => undefined)
  const inTime = await within(Promise.all(Array.from({ length: calls }, one)))
  return { failed: calls - served, inTime }
}

const works = async (peer: Peer): Promise<boolean> => {
  let refreshed = false
  await within(
    peer.refresh().then(() => {
      refreshed = true
    }, () => undefined)
  )
  return refreshed
}

interface Storm extends Drained {
  /** Drain time over the drain time with a live token. */
  readonly ratio: number
  readonly exchanges: number
  readonly survived: boolean
}

const once = async (server: Loopback, peer: Peer, calls: number): Promise<Storm> => {
  const live = await wall(() => drain(peer, calls))
  await server.expire()
  await server.counters()
  let drained: Drained = { failed: calls, inTime: false }
  const time = await wall(async () => {
    drained = await drain(peer, calls)
  })
  const { exchanges } = await server.counters()
  return { ...drained, ratio: time / live, exchanges, survived: drained.inTime && await works(peer) }
}

/** A peer whose session is lost signs in anew; one that was cut off is not asked again. */
const storms = async (
  server: Loopback,
  make: Make,
  calls: number,
  rejection: Rejection,
  rounds: number
): Promise<ReadonlyArray<Storm>> => {
  await server.reject(rejection)
  const all: Array<Storm> = []
  let peer: Peer | undefined
  for (let round = 0; round < rounds && all.at(-1)?.inTime !== false; round++) {
    if (peer === undefined) {
      peer = await make(server.url)
      // Connections and compiled code, so that they are not the storm's.
      await drain(peer, 200)
    }
    const storm = await once(server, peer, calls)
    all.push(storm)
    if (storm.survived) continue
    await peer.close()
    peer = undefined
  }
  await peer?.close()
  return all
}

const tell = (name: string, all: ReadonlyArray<Storm>): void => {
  const exchanges = all.map((storm) => storm.exchanges)
  const failed = all.map((storm) => storm.failed)
  const common = { goal: null, must: null, pairs: all.length } as const
  report({
    ...common,
    name: `${name}: exchanges a storm`,
    value: median(exchanges),
    spread: middleHalf(exchanges),
    note: all.every((storm) => storm.inTime) ? "" : "cut off after 20 s"
  })
  report({ ...common, name: `${name}: failures`, value: Math.max(...failed), note: `each: ${failed.join(" · ")}` })
}

export const run = async (): Promise<void> => {
  const server = await start()
  for (const [who, make] of Object.entries(peers)) {
    const name = `peers, storm of 1,000, ${who}`
    const all = await storms(server, make, 1_000, { status: 401, bytes: 20, delay: 0 }, 5)
    tell(name, all)
    const ratios = all.map((storm) => storm.ratio)
    report({
      name: `${name}: drain ÷ drain with a live token`,
      ratio: median(ratios),
      goal: null,
      must: null,
      spread: middleHalf(ratios),
      pairs: all.length
    })
  }
  for (const [who, make] of Object.entries(peers)) {
    const name = `peers, late rejections, 200 calls, ${who}`
    const all = await storms(server, make, 200, { status: 401, bytes: 20, delay: 300 }, 3)
    tell(name, all)
    report({
      name: `${name}: sessions that survived`,
      value: all.filter((storm) => storm.survived).length,
      goal: null,
      must: null,
      better: "higher",
      pairs: all.length,
      note: `of ${all.length}`
    })
  }
  server.close()
}
