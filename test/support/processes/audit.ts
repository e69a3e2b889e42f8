/** What a run of many processes came to, from the server's log and from what the workers told. */
import type { Write } from "./protocol.ts"
import type { Pair, Spend } from "./strictServer.ts"

export interface Interval {
  readonly worker: string
  readonly from: number
  readonly to: number
}

export interface Evidence {
  readonly spends: ReadonlyArray<Spend>
  readonly pairs: ReadonlyMap<number, Pair>
  readonly lifetime: number
  readonly claimTtl: number
  /** How much longer than its deadlines an owner may take before its claim runs out. */
  readonly slack: number
  readonly kills: ReadonlyArray<{ readonly worker: string; readonly at: number }>
  /** By SIGSTOP. */
  readonly pauses: ReadonlyArray<Interval>
  /** By a machine that was busy with something else. */
  readonly stalls: ReadonlyArray<Interval>
  /** Exchanges whose answer did not arrive: cut off by the test, or given up by the client. */
  readonly lost: ReadonlySet<string>
  readonly writes: ReadonlyMap<string, ReadonlyArray<Write>>
}

/**
 * Why a refresh token was presented again. `paused`: one of the two owners stood still beyond its claim · `unknown`: the
 * first owner was killed or lost its answer, and the access token is dead by now · `revoked`: the family was dead already
 * · `forbidden`: as `unknown`, but the access token lives · `running`: none of these.
 */
export type Why = "paused" | "unknown" | "revoked" | "forbidden" | "running"

export interface Repeat {
  readonly why: Why
  readonly first: Spend
  readonly again: Spend
}

/** What may pass between the moment from which a client counts and the one that it tells, on a busy machine. */
const tolerance = 150

const overlaps = (intervals: ReadonlyArray<Interval>, worker: string, from: number, to: number): boolean =>
  intervals.some((one) => one.worker === worker && one.from <= to && one.to >= from)

/** For how long a worker did not run between two moments, all stalls together. */
const stalledFor = (stalls: ReadonlyArray<Interval>, worker: string, from: number, to: number): number =>
  stalls.reduce((sum, one) => {
    const overlap = Math.min(one.to, to) - Math.max(one.from, from)
    return one.worker === worker && overlap > 0 ? sum + overlap : sum
  }, 0)

const stoodStill = (evidence: Evidence, worker: string, from: number, to: number): boolean =>
  overlaps(evidence.pauses, worker, from, to) || stalledFor(evidence.stalls, worker, from, to) >= evidence.slack

const rootOf = (pairs: ReadonlyMap<number, Pair>, number: number): number => {
  let at = number
  for (let pair = pairs.get(at); pair?.from !== undefined; pair = pairs.get(at)) at = pair.from
  return at
}

/** A spend that its owner may not have lived to see answered. */
const isLost = (evidence: Evidence, spend: Spend, until: number): boolean =>
  evidence.lost.has(spend.exchange) ||
  evidence.kills.some((kill) => kill.worker === spend.worker && kill.at >= spend.sentAt && kill.at <= until)

const whyAgain = (
  evidence: Evidence,
  first: Spend,
  again: Spend,
  revokedAt: ReadonlyMap<number, number>
): Why => {
  const { claimTtl, lifetime, pairs } = evidence
  const revoked = revokedAt.get(rootOf(pairs, again.token))
  if (revoked !== undefined && revoked < again.sentAt) return "revoked"
  const since = first.sentAt - claimTtl
  if (stoodStill(evidence, first.worker, since, again.at) || stoodStill(evidence, again.worker, since, again.at)) {
    return "paused"
  }
  if (!isLost(evidence, first, again.at)) return "running"
  const death = (pairs.get(again.token)?.askedAt ?? 0) + lifetime
  return again.sentAt >= death - tolerance ? "unknown" : "forbidden"
}

/** Every presentation of a refresh token that had been exchanged before. */
export const repeats = (evidence: Evidence): ReadonlyArray<Repeat> => {
  // In the order in which they were sent: a request can be overtaken by one that was sent because of its silence.
  const spends = [...evidence.spends].sort((left, right) => left.sentAt - right.sentAt)
  const byToken = new Map<number, Array<Spend>>()
  for (const spend of spends) byToken.set(spend.token, [...byToken.get(spend.token) ?? [], spend])
  const revokedAt = new Map<number, number>()
  const found: Array<Repeat> = []
  const later = spends.filter((spend) => byToken.get(spend.token)![0] !== spend)
  for (const again of later) {
    const presented = byToken.get(again.token)!
    const earlier = presented.slice(0, presented.indexOf(again))
    if (!presented.some((spend) => spend.issued !== undefined)) continue
    const reasons = earlier.map((first) => ({ first, again, why: whyAgain(evidence, first, again, revokedAt) }))
    found.push(reasons.find(({ why }) => why !== "running" && why !== "forbidden") ?? reasons[0]!)
    const root = rootOf(evidence.pairs, again.token)
    const at = Math.max(again.at, ...earlier.map((spend) => spend.at))
    revokedAt.set(root, Math.min(at, revokedAt.get(root) ?? Infinity))
  }
  return found
}

/** The exchanges of one sign-in. */
export const spendsOf = (evidence: Evidence, root: number): ReadonlyArray<Spend> =>
  evidence.spends.filter((spend) => rootOf(evidence.pairs, spend.token) === root)

/** Whether something was done to an owner while it exchanged a token of this sign-in. */
export const wasDisturbed = (evidence: Evidence, root: number): boolean =>
  spendsOf(evidence, root).some((spend) => (isLost(evidence, spend, spend.at + evidence.claimTtl) ||
    stoodStill(evidence, spend.worker, spend.sentAt - evidence.claimTtl, spend.at + evidence.claimTtl))
  )

/** Writes that put an older generation over a newer one, or another one of the same number over it, or that two owners won with the same version. */
export const overwrites = (evidence: Evidence): ReadonlyArray<string> =>
  [...evidence.writes].flatMap(([account, writes]) => {
    const sorted = [...writes].sort((left, right) => left.version - right.version)
    return sorted.flatMap((write, index) => {
      const before = sorted[index - 1]
      if (before === undefined) return []
      if (before.version === write.version) return [`${account}: version ${write.version} was won twice`]
      if (
        write.session === before.session && write.generation === before.generation && write.commitId !== before.commitId
      ) {
        return [`${account}: generation ${write.generation} was written over by another of the same number`]
      }
      return write.generation < before.generation
        ? [`${account}: generation ${write.generation} over ${before.generation} (version ${write.version})`]
        : []
    })
  })
