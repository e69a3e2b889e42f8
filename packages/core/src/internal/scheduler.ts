/**
 * One heap of due times and one fiber for all sessions of a layer: a fiber or a timer for each would cost kilobytes a
 * session. Sleeps are bounded, so that after a jump of the clock or a sleeping machine the clock is looked at, not the timer.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import type { Cell } from "./cell.ts"
import { longestSleep, now } from "./time.ts"

/** So many sessions are started in one turn of the event loop at most, and none after so many milliseconds of it. */
const perTurn = 32
const longestTurn = 2

export class Scheduler {
  private readonly heap: Array<Cell> = []
  private wake = Deferred.unsafeMake<void>(FiberId.none)
  private sleepingUntil = Infinity

  /** Puts a session at its `due`, or moves it there; `Infinity` takes it out. */
  schedule(cell: Cell, due: number): void {
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
    return Effect.flatMap(now, ({ mono }) => {
      const first = this.heap[0]
      if (first !== undefined && first.due <= mono) {
        this.sleepingUntil = -Infinity
        // Fibers are switched in microtasks; only a timer lets the event loop breathe.
        return Effect.zipRight(this.startDue(mono, start), Effect.sleep(0))
      }
      this.wake = Deferred.unsafeMake<void>(FiberId.none)
      if (first === undefined) {
        this.sleepingUntil = Infinity
        return Deferred.await(this.wake)
      }
      const wait = Math.min(first.due - mono, longestSleep)
      this.sleepingUntil = mono + wait
      return Effect.raceFirst(Effect.sleep(Math.ceil(wait)), Deferred.await(this.wake))
    })
  }

  private startDue(since: number, start: (cell: Cell) => Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      for (let started = 0; started < perTurn; started++) {
        const cell = this.heap[0]
        if (cell === undefined || cell.due > since) return
        this.remove(cell)
        yield* start(cell)
        if ((yield* now).mono - since >= longestTurn) return
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
