/**
 * One session as this process holds it: a plain object, so that a hundred thousand of them are cheap. What only a few
 * sessions need at a time (a flight, listeners, an unsaved pair) hangs off it and is gone when it is over.
 */
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as PubSub from "effect/PubSub"
import type { AccessToken } from "../AccessToken.ts"
import type { AccessTokenError } from "../AuthService.ts"
import type { SessionEvent } from "../SessionEvent.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import { hardMargin, type TokenSet } from "../TokenSet.ts"
import type { Stepper } from "./backoff.ts"
import { counts, type Slab, times, withRoom } from "./slab.ts"
import type { Now } from "./time.ts"

/** What a caller needs, weakest first. A flight for a weaker need does not satisfy a stronger one. */
export type Need =
  | { readonly _tag: "load" }
  | { readonly _tag: "scheduled" }
  | { readonly _tag: "expired" }
  | { readonly _tag: "rejected"; readonly token: AccessToken }
  | { readonly _tag: "forced"; readonly session: string; readonly generation: number }

export const strength: Record<Need["_tag"], number> = { load: 0, scheduled: 1, expired: 2, rejected: 3, forced: 3 }

/** The one refresh of a session that is under way in this process. */
export interface Flight {
  readonly need: Need
  readonly done: Deferred.Deferred<void, AccessTokenError>
  waiters: number
  /** How many exchanges it sent. */
  exchanges: number
  /** How many records were adopted since it began. */
  adoptions: number
}

/** Tokens that were issued but are not in the store yet: how to write them, and by which mark the write is recognised. */
export interface Unsaved {
  readonly commitId: string
  /** The claim under which they were obtained; it lives as long as they are not saved. */
  readonly claim?: string | undefined
  /** What was issued, and for which sign-in: told to the server if it turns out to be in vain. */
  readonly issued?: { readonly session: string; readonly tokens: TokenSet } | undefined
  /** Nothing was obtained: the session was signed out. */
  readonly isDeparture?: boolean | undefined
  readonly next: (current: SessionRecord | undefined) => SessionRecord | undefined
}

/** What few sessions need. */
export interface Extras {
  /** Of the current token; most servers tell none. */
  scopes?: AccessToken["scopes"]
  flight?: Flight | undefined
  hub?: PubSub.PubSub<SessionEvent> | undefined
  listeners?: number | undefined
  unsaved?: Unsaved | undefined
  /** A session that was signed out here and must not be adopted again, even while the store still shows it. */
  forgotten?: string | undefined
  /** Another owner's claim, and when this process first saw it (monotonic). */
  seenClaim?: { readonly id: string; readonly at: number } | undefined
  /** A running retry delay, and when this process first saw it (monotonic). */
  seenRetry?: { readonly at: number; readonly failures: number; readonly mono: number } | undefined
  /** A claim of ours that could not be released: whether its exchange may have been carried out, and what to write. */
  unreleased?:
    | { readonly id: string; readonly doubt: boolean; readonly next?: Unsaved["next"] | undefined }
    | undefined
  backoff?: { readonly retry: Stepper; readonly cooldown: Stepper; last: number } | undefined
  /** Monotonic: exchanges brought nothing of use, and are left alone until then. */
  restUntil?: number | undefined
  turns?: { readonly lock: Effect.Semaphore; waiting: number } | undefined
  inDoubt?: boolean | undefined
  signedInByItself?: boolean | undefined
  /** The generation of an ended session whose live token was rejected: it is not served any more. */
  dropped?: number | undefined
  ended?: Extract<SessionRecord["state"], { readonly _tag: "ended" }> | undefined
}

export type Status = "unloaded" | "never" | "signedOut" | "active" | "ended"

const statuses: ReadonlyArray<Status> = ["unloaded", "never", "signedOut", "active", "ended"]
const births: ReadonlyArray<SessionRecord["born"]> = ["signIn", "adopted", "time", "rejection"]

/** Flags: three bits of status, two of birth, and two more. */
const born = { shift: 3, mask: 0b11_000 }
const usedBit = 0b0_100_000
const evictedBit = 0b1_000_000

/** The token's parts and all times stand in the cell itself: an object of its own for each would double its size. */
export class Cell {
  readonly account: string
  extras: Extras | undefined = undefined
  private value: AccessToken["value"] | undefined = undefined
  private session = ""
  private readonly slab: Slab
  private readonly row: number

  constructor(account: string) {
    this.account = account
    this.slab = withRoom()
    this.row = this.slab.take()
    this.due = Infinity
    this.slot = -1
    this.used = true
  }

  get flight(): Flight | undefined {
    return this.extras?.flight
  }
  set flight(flight: Flight | undefined) {
    if (flight !== undefined || this.extras !== undefined) extrasOf(this).flight = flight
  }

  /** Counts adoptions while a flight is under way, so that its read that was overtaken by one is recognised. */
  get adoptions(): number {
    return this.flight?.adoptions ?? 0
  }

  /** The current token, made for whoever asks. */
  get token(): AccessToken | undefined {
    const { extras, session, value } = this
    if (value === undefined) return undefined
    return { value, session, generation: this.generation, expiresAt: this.expiresAt, scopes: extras?.scopes }
  }
  set token(token: AccessToken | undefined) {
    this.value = token?.value
    this.session = token?.session ?? ""
    const scopes = token?.scopes
    if (scopes !== undefined || this.extras !== undefined) extrasOf(this).scopes = scopes
    this.generation = token?.generation ?? 0
    this.expiresAt = token?.expiresAt ?? -Infinity
  }

  /** The current token: the very one that was handed out before, if it is still that. */
  tokenOr(before: AccessToken | undefined): AccessToken | undefined {
    return before !== undefined && before.value === this.value && before.generation === this.generation &&
        before.session === this.session
      ? before
      : this.token
  }

  /** Monotonic: when something is due next (a refresh ahead, or another try). */
  get due(): number {
    return this.slab.times[this.row * times]!
  }
  set due(at: number) {
    this.slab.times[this.row * times] = at
  }
  /** Monotonic: when the token was asked for. */
  get obtainedAt(): number {
    return this.slab.times[this.row * times + 1]!
  }
  set obtainedAt(at: number) {
    this.slab.times[this.row * times + 1] = at
  }
  /** How long the token lives, counted from then; `Infinity` where no end is known. */
  get lifetime(): number {
    return this.slab.times[this.row * times + 2]!
  }
  set lifetime(length: number) {
    this.slab.times[this.row * times + 2] = length
  }
  /** On the wall clock: when the token dies; long ago when there is none. */
  get expiresAt(): number {
    return this.slab.times[this.row * times + 3]!
  }
  private set expiresAt(at: number) {
    this.slab.times[this.row * times + 3] = at
  }

  /** Monotonic: when the token dies. */
  get deadAt(): number {
    return this.obtainedAt + this.lifetime
  }
  /** Monotonic: from when callers wait for a refresh. */
  get marginAt(): number {
    return this.deadAt - hardMargin(this.lifetime)
  }

  private get generation(): number {
    return this.slab.counts[this.row * counts]!
  }
  private set generation(count: number) {
    this.slab.counts[this.row * counts] = count
  }
  /** The version of the record that was adopted last; 0: there was none. */
  get version(): number {
    return this.slab.counts[this.row * counts + 1]!
  }
  set version(count: number) {
    this.slab.counts[this.row * counts + 1] = count
  }
  /** Where it stands in the scheduler's heap; -1: nowhere. */
  get slot(): number {
    return this.slab.counts[this.row * counts + 2]!
  }
  set slot(index: number) {
    this.slab.counts[this.row * counts + 2] = index
  }

  get status(): Status {
    return statuses[this.flags & 0b111]!
  }
  set status(status: Status) {
    this.flags = this.flags & ~0b111 | statuses.indexOf(status)
  }
  get born(): SessionRecord["born"] {
    return births[(this.flags & born.mask) >> born.shift]!
  }
  set born(birth: SessionRecord["born"]) {
    this.flags = this.flags & ~born.mask | births.indexOf(birth) << born.shift
  }
  /** Whether it was asked for since the last sweep. */
  get used(): boolean {
    return (this.flags & usedBit) !== 0
  }
  set used(used: boolean) {
    this.flags = used ? this.flags | usedBit : this.flags & ~usedBit
  }
  /** Whether it was let go: whoever still points at it looks the account up again. */
  get evicted(): boolean {
    return (this.flags & evictedBit) !== 0
  }
  set evicted(evicted: boolean) {
    this.flags = evicted ? this.flags | evictedBit : this.flags & ~evictedBit
  }

  private get flags(): number {
    return this.slab.counts[this.row * counts + 3]!
  }
  private set flags(flags: number) {
    this.slab.counts[this.row * counts + 3] = flags
  }
}

export const extrasOf = (cell: Cell): Extras => cell.extras ??= {}

/** Sign-ins and sign-outs of one session come one after the other, in the order in which they were asked for. */
export const inTurn = <A, E>(cell: Cell, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const queue = extrasOf(cell).turns ??= { lock: Effect.unsafeMakeSemaphore(1), waiting: 0 }
    queue.waiting++
    return Effect.ensuring(
      queue.lock.withPermits(1)(effect),
      Effect.sync(() => {
        if (--queue.waiting === 0) extrasOf(cell).turns = undefined
        tidy(cell)
      })
    )
  })

/** Lets go of what a session does not need any more. */
export const tidy = (cell: Cell): void => {
  if (
    cell.extras !== undefined && Object.values(cell.extras).every((value) => value === undefined || value === false)
  ) {
    cell.extras = undefined
  }
}

export type Freshness = "fresh" | "stale" | "margin" | "dead"

/** Dead: its monotonic deadline passed, or the wall clock is past its end. */
export const freshness = (cell: Cell, at: Now): Freshness => {
  if (at.mono >= cell.deadAt || at.wall >= cell.expiresAt) return "dead"
  if (at.mono >= cell.marginAt) return "margin"
  return at.mono < cell.due ? "fresh" : "stale"
}

/** Whether the session is in a state that meets the need, without asking anybody. */
export const isMet = (cell: Cell, need: Need, at: Now): boolean => {
  if (cell.status === "unloaded") return false
  const token = cell.token
  const alive = token !== undefined && freshness(cell, at) !== "dead"
  switch (need._tag) {
    case "load":
      return true
    case "scheduled":
      return cell.status !== "active" || at.mono < cell.due
    case "expired":
      return alive && at.mono < cell.marginAt
    case "rejected":
      return alive && (token.session !== need.token.session || token.generation !== need.token.generation)
    case "forced":
      return alive && (token.session !== need.session || token.generation !== need.generation)
  }
}
