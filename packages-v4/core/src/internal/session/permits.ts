/**
 * Bounds how much is under way at once, and how fast it begins. Needed work comes before scheduled work. Work that hangs holds up
 * no other work: once it is slow, its permit goes to the next in the queue; it is not cancelled by that (G59).
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as limits from "../limits.ts"
import { Pace } from "./pace.ts"
import { now } from "./time.ts"

/** A permit in use; it counts until it is released, or was given away because its work is slow. */
export interface Permit {
  since: number
  counts: boolean
  /** No permit: its turn would come after so many milliseconds, too late for a caller. */
  readonly late?: number
}

/** A place in the queue. */
export class Place {
  isNeeded: boolean
  /** It had a permit before, and comes first. */
  readonly isAgain: boolean
  /** Set when the permit was granted, and taken away by the fiber that waits for it. */
  permit: Permit | undefined = undefined
  /** Completed when there is a permit, or when it is the first by now. */
  called = Deferred.makeUnsafe<void>()

  constructor(isNeeded: boolean, isAgain: boolean) {
    this.isNeeded = isNeeded
    this.isAgain = isAgain
  }

  call(): void {
    Deferred.doneUnsafe(this.called, Effect.void)
  }
}

export class Permits {
  private free: number
  private readonly pace: Pace
  private readonly patience: number
  private readonly used = new Set<Permit>()
  private queue = new Set<Place>()
  /** Monotonic: when work ended last. */
  private progressAt = -Infinity
  private isOver = false

  /** `patience`: milliseconds that needed work waits for the end of a pause. */
  constructor(free: number, pace = new Pace(), patience = 0) {
    this.free = free
    this.pace = pace
    this.patience = patience
  }

  /**
   * Waits for a permit. Where nothing makes progress, needed work waits no longer than it takes to call work slow. Needed work
   * gets none when its turn comes too late; then it gets the time until its turn. `isAgain`: it had a permit before, and comes first.
   */
  take(
    isNeeded: boolean,
    onQueued?: (place: Place | undefined) => void,
    isAgain = false
  ): Effect.Effect<Permit> {
    return Effect.suspend(() => {
      const place = new Place(isNeeded, isAgain)
      return Effect.flatMap(now, ({ mono }) => {
        if (this.isOver) return Effect.succeed({ since: mono, counts: false })
        // The pace may have opened while the first in the queue still sleeps: it comes first all the same.
        this.next(mono)
        if (this.free > 0 && this.pace.nextAt() <= mono) {
          this.free--
          return Effect.succeed(this.use(mono))
        }
        const turn = this.enter(place, mono)
        onQueued?.(place)
        return Effect.ensuring(
          this.wait(place, turn),
          Effect.suspend(() => {
            onQueued?.(undefined)
            if (this.queue.delete(place)) this.first()?.call()
            // The permit was granted while its fiber was leaving.
            return place.permit === undefined ? Effect.void : this.release(place.permit)
          })
        )
      })
    })
  }

  release(permit: Permit): Effect.Effect<void> {
    return Effect.map(now, ({ mono }) => {
      this.used.delete(permit)
      if (permit.late === undefined) this.progressAt = mono
      if (!permit.counts) return
      permit.counts = false
      this.free++
      this.next(mono)
    })
  }

  /** Scheduled work is needed now. */
  need(place: Place, mono: number): void {
    place.isNeeded = true
    if (this.pace.openAt - mono <= this.patience) return place.call()
    this.refuse(place, this.pace.openAt - mono)
    this.first()?.call()
  }

  /** A pause began: callers do not wait for turns that come too late. */
  pause(mono: number): void {
    let ahead = 0
    for (const place of this.queue) {
      if (place.isNeeded) this.unlessLate(place, this.pace.turn(ahead++), mono)
    }
    this.first()?.call()
  }

  /** Closing: no work waits any more. */
  leave(): void {
    this.isOver = true
    for (const place of this.queue) this.grant(place, { since: 0, counts: false })
  }

  /** Monotonic: when its turn comes, by the pace. */
  private enter(place: Place, mono: number): number {
    const { queue } = this
    this.queue = place.isAgain ? new Set([place, ...queue]) : queue.add(place)
    if (this.pace.nextAt() <= mono) return -Infinity
    const before = place.isAgain
      ? 0
      : place.isNeeded
      ? [...queue].filter((other) => other.isNeeded).length - 1
      : queue.size - 1
    const turn = this.pace.turn(before)
    if (place.isNeeded) this.unlessLate(place, turn, mono)
    return turn
  }

  private unlessLate(place: Place, turn: number, mono: number): void {
    const isLate = this.pace.openAt - mono > this.patience || (!place.isAgain && turn - mono > limits.longestQueue)
    if (isLate) this.refuse(place, turn - mono)
  }

  private refuse(place: Place, late: number): void {
    if (place.permit === undefined) this.grant(place, { since: 0, counts: false, late })
  }

  /** Grants the free permits, one after the other. The first place in the queue then wakes up when the pace allows the next one. */
  private next(mono: number): void {
    let granted = 0
    while (this.free > 0 && this.queue.size > 0 && this.pace.nextAt() <= mono) {
      this.free--
      this.grant(this.first()!, this.use(mono))
      granted++
    }
    if (granted > 0) this.callFirst(mono)
  }

  /** The first place in the queue sleeps until the pace allows the next one, and not longer. */
  private callFirst(mono: number): void {
    if (this.pace.nextAt() > mono) this.first()?.call()
  }

  private grant(place: Place, permit: Permit): void {
    this.queue.delete(place)
    place.permit = permit
    place.call()
  }

  private first(): Place | undefined {
    let first: Place | undefined
    for (const place of this.queue) {
      if (place.isNeeded) return place
      first ??= place
    }
    return first
  }

  private use(since: number): Permit {
    const permit = { since, counts: true }
    this.used.add(permit)
    this.pace.begin(since)
    return permit
  }

  private wait(place: Place, turn: number): Effect.Effect<Permit> {
    return Effect.flatMap(now, ({ mono }) => {
      const sleep = turn > mono ? Math.ceil(turn - mono) : limits.slowExchange
      return Effect.andThen(
        Effect.raceFirst(Deferred.await(place.called), Effect.sleep(sleep)),
        Effect.flatMap(now, ({ mono }) => this.look(place, mono))
      )
    })
  }

  private look(place: Place, mono: number): Effect.Effect<Permit> {
    place.called = Deferred.makeUnsafe<void>()
    if (place.permit === undefined) this.next(mono)
    const permit = place.permit ?? this.instead(place, mono)
    place.permit = undefined
    if (permit !== undefined) return Effect.succeed(permit)
    return this.wait(place, this.pace.turn(place === this.first() ? 0 : this.queue.size))
  }

  /** The permit of slow work. Where none is left and nothing makes progress, needed work goes on without one. */
  private instead(place: Place, mono: number): Permit | undefined {
    if (this.pace.nextAt() > mono) return undefined
    for (const slow of this.used) {
      if (slow.counts && mono - slow.since >= limits.slowExchange) {
        slow.counts = false
        this.queue.delete(place)
        const permit = this.use(mono)
        this.callFirst(mono)
        return permit
      }
    }
    if (!place.isNeeded || mono - this.progressAt < limits.slowExchange) return undefined
    this.queue.delete(place)
    this.pace.begin(mono)
    this.callFirst(mono)
    return { since: mono, counts: false }
  }
}
