/**
 * One session as this process holds it: a plain object, so that a hundred thousand of them are cheap. State that only a few
 * sessions need at a time (a flight, listeners, an unsaved pair) hangs off it and is gone when it is over.
 */
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as Queue from "effect/Queue"
import type { AccessToken, Principal } from "../../AccessToken.ts"
import type { AccessTokenError } from "../../AuthError.ts"
import type { SessionEvent } from "../../SessionEvent.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import { hardMargin, type TokenSet } from "../../TokenSet.ts"
import type { Stepper } from "../seams/scheduleStepper.ts"
import type { Ended, Held, Need, Status } from "./model.ts"
import { counts, Slab, type Slabs, times } from "./packedFields.ts"
import type { Place } from "./permits.ts"
import type { Transition } from "./transitions.ts"

/** The one refresh of a session that is under way in this process. */
export interface Flight {
  readonly need: Need
  readonly done: Deferred.Deferred<void, AccessTokenError>
  /** Settled when it is done, where requests must not wake each other up (`onDemand`). */
  settled?: Promise<void> | undefined
  /** Monotonic: if it is not done by then, its fiber died. Each exchange moves it. */
  until: number
  waiters: number
  /** A caller waits that needs the token, also where the flight began on schedule. */
  isNeeded: boolean
  /** How many exchanges it sent. */
  exchanges: number
  /** How many records were applied since it began. */
  applied: number
  /** The id of its own claim. */
  claim?: string | undefined
  /** Its place in the queue for a permit, while it waits for one. */
  place?: Place | undefined
}

/** A change of the record that is not in the store yet, and the mark by which it is recognised there. */
export interface Unsaved {
  readonly commitId: string
  readonly next: Transition
  /** The replacement of a record that can't be read: a sign-in and a sign-out always work. */
  readonly overUnreadable?: (() => SessionRecord | undefined) | undefined
  /** The claim under which the tokens were obtained; it lives as long as they are not saved. */
  readonly claim?: string | undefined
  /** The issued tokens and their session. They are revoked if the session has moved on before they could be saved. */
  readonly issued?: { readonly session: string; readonly tokens: TokenSet } | undefined
  /** Nothing was obtained: the session was signed out. */
  readonly isDeparture?: boolean | undefined
  /** The session that a sign-in began. If the store has it, the sign-in is there, whatever became of the session since. */
  readonly begun?: string | undefined
  /** Called with what the store has, each time before `next` decides. */
  readonly found?: ((current: SessionRecord | undefined) => void) | undefined
  /** Whether this is a session that the sign-in replaces. */
  readonly replaces?: ((found: SessionRecord) => boolean) | undefined
  /** The work that remains when it is saved late. */
  readonly whenSaved?: Effect.Effect<void> | undefined
}

/** State that only few sessions need. */
export interface Extras {
  /** Of the current token; most servers send none. */
  scopes?: AccessToken["scopes"]
  principal?: string | undefined
  flight?: Flight | undefined
  /** Replaced as a whole when it changes. */
  listeners?: ReadonlyArray<Queue.Queue<SessionEvent>> | undefined
  unsaved?: Unsaved | undefined
  /** A session that was signed out here and must not be applied again, even while the store still shows it. */
  forgotten?: string | undefined
  /** A sign-out was asked for and is not written yet: what is read meanwhile is from before it. */
  leaving?: boolean | undefined
  /** Another owner's claim, when this process first saw it, and since when its owner is away (both monotonic). */
  seenClaim?: { readonly id: string; readonly at: number; awaySince?: number | undefined } | undefined
  /** A running backoff, and when this process first saw it (monotonic). */
  seenRetry?: { readonly at: number; readonly failures: number; readonly mono: number } | undefined
  /** A claim of this process that could not be released, and the change that is still to be written. */
  unreleased?: { readonly id: string; readonly next: Transition } | undefined
  backoff?: Backoff | undefined
  /** Monotonic: exchanges brought no usable token, and none is sent before this. */
  restUntil?: number | undefined
  /** A fault of this process's configuration: until when (monotonic) no request is sent, and the error that callers get meanwhile. */
  fault?: { readonly until: number; readonly rest: number; readonly error: AccessTokenError } | undefined
  /** The version that another process wrote and this one has not read; `Infinity` where it is not known. Each report makes a new object. `again`: after a failed read, when to try again (monotonic). */
  heard?: { readonly version: number; again?: number } | undefined
  /** The first rejection of a token that the API perhaps does not know yet is waited out until then (monotonic). */
  newborn?: { readonly session: string; readonly generation: number; readonly until: number } | undefined
  /** Callers who wait for a token and do not know yet in whose session they asked. */
  asks?: Set<Ask> | undefined
  /** Completed when the sign-in or sign-out that was asked for last is over, and all before it. */
  lastTurn?: Deferred.Deferred<void> | undefined
  /** Until when the session can go on without a person, and when that is announced (wall clock); `Infinity`: it was. */
  reauthentication?: { readonly by: number; announceAt: number } | undefined
  /** Wall clock: since when the outcome of an exchange is unknown. */
  doubt?: number | undefined
  /** The session that the service began by itself, in this process. */
  begunByItself?: string | undefined
  /**
   * The credentials with which this process signed in last, as a digest whose key never leaves the process, and the
   * principal of the session that began with them.
   */
  lastCredentials?: { readonly digest: string | undefined; readonly principal: string } | undefined
  /** The generation of an ended session whose live token was rejected: it is not served any more. */
  dropped?: number | undefined
  ended?: Ended | undefined
  /** The access tokens for further APIs that this process asks for, by their resource. Gone with the session's own token. */
  resources?: Map<string, Resource> | undefined
}

/** Reasons to send no request for a while. */
export type Rests = Pick<Extras, "fault" | "restUntil">

/** The access token for a further API, with the same facts as the cell has of the session's own. */
export interface Resource extends Rests, Pick<Extras, "dropped" | "newborn"> {
  held: (Held & { readonly token: AccessToken }) | undefined
  due: number
  /** A record was applied since it was registered. */
  isLoaded: boolean
}

/** A caller that waits for a token, and the session in which it asked (G55). */
export interface Ask {
  /** Absent: no user was signed in. Then the caller gets the next session. */
  principal: Principal | undefined
  /** The session could not go on: the caller also accepts one that the service begins with its own credentials. */
  orOwn: boolean
}

/** The schedules of a session that fails, and where they stand. */
export interface Backoff {
  readonly retry: Stepper
  readonly cooldown: Stepper
  last: number
}

const statuses: ReadonlyArray<Status> = ["unloaded", "never", "signedOut", "active", "ended"]
const births: ReadonlyArray<SessionRecord["born"]> = ["signIn", "adopted", "time", "rejection"]

/** Flags: three bits of status, two of birth, and three flags of one bit. */
const born = { shift: 3, mask: 0b11_000 }
const usedBit = 0b0_100_000
const evictedBit = 0b1_000_000
const outdatedBit = 0b10_000_000

/** The token's parts and all times stand in the cell itself: an object of its own for each would double its size. */
export class Cell {
  readonly account: string
  extras: Extras | undefined = undefined
  private value: AccessToken["value"] | undefined = undefined
  private session = ""
  private subject: string | undefined = undefined
  private slab: Slab
  private row: number

  constructor(account: string, slab = new Slab()) {
    this.account = account
    this.slab = slab
    this.row = this.slab.take()
    this.due = Infinity
    this.slot = -1
    this.used = true
  }

  /** Moves its numbers to another slab, and gives its row back. */
  moveTo(slab: Slab): void {
    const row = slab.take()
    slab.copy(row, this.slab, this.row)
    this.slab.give(this.row)
    this.slab = slab
    this.row = row
  }
  isIn(slabs: Slabs): boolean {
    return slabs.has(this.slab)
  }

  get flight(): Flight | undefined {
    return this.extras?.flight
  }
  set flight(flight: Flight | undefined) {
    if (flight !== undefined || this.extras !== undefined) extrasOf(this).flight = flight
  }

  /** Counts applied records while a flight is under way, so that a read that was overtaken by one is recognised. */
  get applied(): number {
    return this.flight?.applied ?? 0
  }

  /** The current token, built at each call. */
  get token(): AccessToken | undefined {
    const { extras, session, subject, value } = this
    if (value === undefined) return undefined
    return {
      value,
      session,
      generation: this.generation,
      expiresAt: this.expiresAt,
      scopes: extras?.scopes,
      subject,
      principal: extras?.principal
    }
  }
  set token(token: AccessToken | undefined) {
    this.value = token?.value
    if (token !== undefined) {
      const { principal, scopes, session, subject } = token
      this.session = session
      this.subject = subject
      if (principal !== undefined || this.extras !== undefined) extrasOf(this).principal = principal
      if (scopes !== undefined || this.extras !== undefined) extrasOf(this).scopes = scopes
    } else if (this.extras !== undefined) {
      this.extras.scopes = undefined
    }
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
  /** The expiry of the token on the wall clock; `-Infinity` without a token. */
  get expiresAt(): number {
    return this.slab.times[this.row * times + 3]!
  }
  private set expiresAt(at: number) {
    this.slab.times[this.row * times + 3] = at
  }

  /** Removes the token. The subject and the principal stay while the session is the same one. */
  dropToken(session: string): void {
    if (session !== this.session) {
      this.subject = undefined
      if (this.extras !== undefined) this.extras.principal = undefined
    }
    this.token = undefined
    this.session = session
  }

  /** The session that is held, and its principal; absent when no user is signed in. */
  get holder(): Principal | undefined {
    const { session, status, subject } = this
    const isHeld = session !== "" && (status === "active" || status === "ended")
    return isHeld ? { session, subject, principal: this.extras?.principal } : undefined
  }

  /** Monotonic: when the token dies. */
  get deadAt(): number {
    return this.obtainedAt + this.lifetime
  }
  /** Milliseconds before its end, from when callers wait for a refresh. */
  get margin(): number {
    return hardMargin(this.lifetime)
  }
  /** Monotonic: from when callers wait for a refresh. */
  get marginAt(): number {
    return this.deadAt - this.margin
  }

  get generation(): number {
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
  /** Whether the cell has left memory: code that still points at it looks the account up again. */
  get evicted(): boolean {
    return (this.flags & evictedBit) !== 0
  }
  set evicted(evicted: boolean) {
    this.flags = evicted ? this.flags | evictedBit : this.flags & ~evictedBit
  }
  /** Whether another process has written a version that this one has not read yet. */
  get outdated(): boolean {
    return (this.flags & outdatedBit) !== 0
  }
  set outdated(outdated: boolean) {
    this.flags = outdated ? this.flags | outdatedBit : this.flags & ~outdatedBit
  }

  private get flags(): number {
    return this.slab.counts[this.row * counts + 3]!
  }
  private set flags(flags: number) {
    this.slab.counts[this.row * counts + 3] = flags
  }
}

/** The session knows the version that another process reported. */
export const caughtUp = (cell: Cell): void => {
  if (cell.extras !== undefined) cell.extras.heard = undefined
  cell.outdated = false
}

export const extrasOf = (cell: Cell): Extras => cell.extras ??= {}

/** Without a session there are no tokens for further APIs. */
export const dropResources = ({ extras }: Cell): void => {
  if (extras !== undefined) extras.resources = undefined
}

/** Lets go of what a session does not need any more. */
export const tidy = (cell: Cell): void => {
  if (
    cell.extras !== undefined && Object.values(cell.extras).every((value) => value === undefined || value === false)
  ) {
    cell.extras = undefined
  }
}
