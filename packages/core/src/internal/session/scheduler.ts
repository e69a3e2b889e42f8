/**
 * One heap of due times and one fiber for all sessions of a layer: a fiber or a timer for each would cost kilobytes a
 * session. Sleeps are bounded, and each wake looks at both clocks: after a sleep of the machine no timer is right.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import * as limits from "../limits.ts"
import type { Cell } from "./cell.ts"
import { type Now, now } from "./time.ts"

export class Scheduler {
  private readonly heap: Array<Cell> = []
  private wake = Deferred.unsafeMake<void>(FiberId.none)
  private sleepingUntil = Infinity
  /** By how much the wall clock was ahead of the monotonic one; unknown while nothing is due. */
  private offset: number | undefined = undefined

  /** Puts a session at its `due`, or moves it there; `Infinity` takes it out. */
  schedule(cell: Cell, at: number): void {
    // Nothing is before or after NaN: it would stop the others.
    const due = Number.isNaN(at) ? Infinity : at
    cell.due = due
    if (due === Infinity) return this.remove(cell)
    if (cell.slot === -1) {
      cell.slot = this.heap.length
      this.heap.push(cell)
    }
    this.up(cell.slot)
    this.down(cell.slot)
    if (due < this.sleepingUntil) this.rouse()
  }

  remove(cell: Cell): void {
    const slot = cell.slot
    if (slot === -1) return
    cell.slot = -1
    const last = this.heap.pop()
    if (last === undefined || last === cell) return
    this.place(last, slot)
    this.up(slot)
    this.down(last.slot)
  }

  /** Runs what is due, for ever. `start` may make it wait, while too many are under way. */
  run(start: (cell: Cell) => Effect.Effect<unknown>): Effect.Effect<never> {
    return Effect.forever(Effect.suspend(() => this.turn(start)))
  }

  private turn(start: (cell: Cell) => Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.flatMap(now, (at) => {
      this.noticeSleep(at)
      const { mono } = at
      const first = this.heap[0]
      if (first !== undefined && first.due <= mono) {
        this.sleepingUntil = -Infinity
        // Fibers are switched in microtasks; only a timer lets the event loop breathe.
        return Effect.zipRight(this.startDue(mono, start), Effect.sleep(0))
      }
      this.wake = Deferred.unsafeMake<void>(FiberId.none)
      if (first === undefined) {
        this.offset = undefined
        this.sleepingUntil = Infinity
        return Deferred.await(this.wake)
      }
      const left = first.due - mono
      const wait = Math.min(left, limits.longestSleep, Math.max(left * limits.sleepPart, limits.shortestLook))
      this.sleepingUntil = mono + wait
      return Effect.raceFirst(Effect.sleep(Math.ceil(wait)), Deferred.await(this.wake))
    })
  }

  /**
   * While the machine sleeps, the wall clock goes on and the monotonic one stands still. Then everything is due earlier by
   * the time that was slept. A wall clock that was set forward looks the same, and costs one refresh too many.
   */
  private noticeSleep({ mono, wall }: Now): void {
    const offset = wall - mono
    const slept = this.offset === undefined ? 0 : offset - this.offset
    this.offset = offset
    if (slept < limits.clockJump) return
    for (const cell of this.heap) cell.due -= slept
  }

  private startDue(since: number, start: (cell: Cell) => Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      for (let started = 0; started < limits.startedPerTurn; started++) {
        const cell = this.heap[0]
        if (cell === undefined || cell.due > since) return
        this.remove(cell)
        yield* start(cell)
        if ((yield* now).mono - since >= limits.longestTurn) return
      }
    })
  }

  private rouse(): void {
    this.sleepingUntil = -Infinity
    Deferred.unsafeDone(this.wake, Effect.void)
  }

  private place(cell: Cell, slot: number): void {
    this.heap[slot] = cell
    cell.slot = slot
  }

  private swap(a: number, b: number): void {
    const one = this.heap[a]!
    this.place(this.heap[b]!, a)
    this.place(one, b)
  }

  private up(from: number): void {
    let slot = from
    while (slot > 0) {
      const parent = (slot - 1) >> 1
      if (this.heap[parent]!.due <= this.heap[slot]!.due) return
      this.swap(slot, parent)
      slot = parent
    }
  }

  private down(from: number): void {
    let slot = from
    while (true) {
      const left = 2 * slot + 1
      if (left >= this.heap.length) return
      const right = left + 1
      const child = right < this.heap.length && this.heap[right]!.due < this.heap[left]!.due ? right : left
      if (this.heap[slot]!.due <= this.heap[child]!.due) return
      this.swap(slot, child)
      slot = child
    }
  }
}

/** A scheduler that runs until the scope closes. */
export const run = (
  scheduler: Scheduler,
  start: (cell: Cell) => Effect.Effect<unknown>
): Effect.Effect<void, never, Scope.Scope> => Effect.asVoid(Effect.forkScoped(scheduler.run(start)))
