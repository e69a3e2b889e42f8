/** The tokens that a client holds: when they may be used, and when the keeper is asked again. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { hardMargin } from "@effect-auth/core/TokenSet"
import type * as Clock from "effect/Clock"
import type * as Deferred from "effect/Deferred"
import type { Token } from "../SessionRpcs.ts"
import * as limits from "./limits.ts"
import type { Trouble } from "./trouble.ts"

/** Both clocks, in milliseconds. Either may end a token: the wall clock can jump, the other one may stand in a sleep. */
export interface Now {
  readonly wall: number
  readonly mono: number
}

let lastClock: Clock.Clock | undefined
let lastWall = 0
let lastMono = 0

/** The monotonic clock is read at most once in a millisecond: reading it costs as much as all the rest of a look. */
export const nowOf = (clock: Clock.Clock): Now => {
  const wall = clock.unsafeCurrentTimeMillis()
  return { wall, mono: coarseMonoOf(clock, wall) }
}

const coarseMonoOf = (clock: Clock.Clock, wall: number): number => {
  if (wall !== lastWall || clock !== lastClock) {
    lastMono = Number(clock.unsafeCurrentTimeNanos()) / 1e6
    lastWall = wall
    lastClock = clock
  }
  return lastMono
}

/** When a call was sent, and how many changes had been heard until then. */
export interface Heard extends Now {
  readonly changes: number
}

/** What is held for one account, or for one further API of it. */
export class Held {
  token: AccessToken | undefined = undefined
  /** Monotonic: from when the keeper is asked again. */
  dueAt = -Infinity
  /** Monotonic: from when callers wait for the answer. */
  marginAt = -Infinity
  /** Monotonic: its end. */
  deadAt = -Infinity
  /** Monotonic: when the call that brought it was sent. */
  obtainedAt = 0
  /** The keeper said that the token changed. */
  isOutdated = false
  /** How often it said so: an answer that such a report overtook is outdated. */
  changes = 0
  /** The questions that are under way, each for all who need its answer. */
  readonly asking = new Map<string, Deferred.Deferred<AccessToken, Trouble>>()
  /** A sign-in or sign-out of this process makes every earlier question void. */
  turn = 0
  /** The connection on which changes are heard when it was brought. */
  epoch = -1

  /**
   * Lengths count from when the call was sent. Without events a change is not heard, so it is asked for more often.
   */
  take(token: Token, sent: Heard, late: number, hears: boolean, epoch: number): AccessToken {
    const left = token.left ?? Infinity
    const expiresAt = sent.wall + left
    const fresh = Math.min(token.freshFor + late, hears ? Infinity : limits.pollEach)
    const margin = hardMargin(left < Infinity ? left : undefined)
    const before = this.token
    if (before?.session === token.session && before.generation > token.generation) return before
    const made: AccessToken = {
      value: token.value,
      session: token.session,
      generation: token.generation,
      expiresAt,
      scopes: token.scopes,
      subject: token.subject,
      principal: token.principal
    }
    this.token = made
    this.obtainedAt = sent.mono
    this.deadAt = sent.mono + left
    this.marginAt = this.deadAt - margin
    this.dueAt = Math.min(sent.mono + fresh, this.marginAt)
    this.isOutdated = this.changes !== sent.changes
    this.epoch = epoch
    return made
  }

  outdate(): void {
    this.isOutdated = true
    this.changes++
  }

  /** The keeper could not be asked: a live token serves until then. */
  askAgainAt(mono: number, epoch: number): void {
    this.isOutdated = false
    this.epoch = epoch
    this.dueAt = Math.min(mono, this.marginAt)
  }

  /** There is no session any more, as far as this process knows. */
  drop(): void {
    this.token = undefined
    this.dueAt = this.marginAt = this.deadAt = -Infinity
    this.isOutdated = false
    this.turn++
  }

  /** `stale`: used, and asked for behind · `dead`: callers wait · `none`: there is no token. */
  freshness(at: Now): "fresh" | "stale" | "dead" | "none" {
    const { token } = this
    if (token === undefined) return "none"
    if (at.mono >= this.marginAt || at.wall >= token.expiresAt - (this.deadAt - this.marginAt || 0)) return "dead"
    return at.mono < this.dueAt ? "fresh" : "stale"
  }

  /** Whether the API would still take it. */
  isAlive(at: Now): boolean {
    return this.token !== undefined && at.mono < this.deadAt && at.wall < this.token.expiresAt
  }
}

/** The fast path: no call, nothing allocated. */
export const peek = (held: Held | undefined, clock: Clock.Clock, epoch: number): AccessToken | undefined => {
  if (held === undefined || held.token === undefined || held.isOutdated || held.epoch !== epoch) return undefined
  const wall = clock.unsafeCurrentTimeMillis()
  return wall < held.token.expiresAt && coarseMonoOf(clock, wall) < held.dueAt ? held.token : undefined
}
