/** The cells of many accounts: found by account, let go when idle, or when there turned out to be no session. */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as RecordKey from "../../RecordKey.ts"
import * as limits from "../limits.ts"
import { Cell } from "./cell.ts"
import { type Audience, listen } from "./hearing.ts"
import { keyOf, type Machine } from "./machine.ts"
import { Slab, Slabs } from "./packedFields.ts"

/** Runs after the fibers that are ready now. */
const last = Effect.yieldNowWith(1_000)

export interface Sessions {
  /** A way to the account's cell that stays right when the cell is evicted. The cell is made at the first use. */
  readonly cellOf: (account: string) => () => Cell
  readonly size: () => number
  /** The cell of an account if it is in memory. Looking is no use: the cell is evicted when it would have been. */
  readonly find: (account: string) => Cell | undefined
  readonly all: () => Iterable<Cell>
}

export const makeSessions = (
  machine: Machine,
  idleAfter: number
): Effect.Effect<Sessions, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cells = new Cells(machine)
    yield* Effect.forkScoped(listen(machine, cells))
    const interval = Math.max(limits.shortestSweep, Math.min(idleAfter, limits.longestTimer))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), cells.sweep)))
    yield* Effect.forkScoped(Effect.forever(cells.clear))
    const sessions: Sessions = {
      size: () => cells.size,
      find: (account) => cells.get(account),
      all: () => cells.all(),
      cellOf: (account) => {
        let cell = cells.get(account)
        return () => {
          if (cell === undefined || cell.evicted) cell = cells.getOrMake(account)
          cell.used = true
          return cell
        }
      }
    }
    return sessions
  })

class Cells implements Audience {
  private readonly cells = new Map<string, Cell>()
  private readonly byHash = new Map<number, Cell>()
  private readonly slabs = new Slabs()
  /** Cells of which it is not known yet whether they have a session, oldest first. */
  private young: Array<Cell> = []
  /** So many of them are looked through. */
  private limit = limits.mostVacant
  private readonly tooMany = Latch.makeUnsafe(false)
  private readonly machine: Machine

  constructor(machine: Machine) {
    this.machine = machine
  }

  /** Accounts that are known to have no session are not counted. */
  get size(): number {
    return this.cells.size - this.young.filter((cell) => !cell.evicted && isVacant(cell)).length
  }

  get(account: string): Cell | undefined {
    return this.cells.get(account)
  }

  find(hash: number): Cell | undefined {
    return this.byHash.get(hash)
  }

  all(): Iterable<Cell> {
    return this.cells.values()
  }

  private hashOf(cell: Cell): number {
    return RecordKey.hash(keyOf(this.machine, cell))
  }

  getOrMake(account: string): Cell {
    let cell = this.cells.get(account)
    if (cell === undefined) {
      cell = new Cell(account, this.slabs.next())
      this.cells.set(account, cell)
      if (this.machine.store.changes !== undefined) this.byHash.set(this.hashOf(cell), cell)
      this.young.push(cell)
      if (this.young.length > this.limit) this.tooMany.openUnsafe()
    }
    return cell
  }

  /** Code that still holds the cell keeps its numbers, and nothing of other sessions. */
  private evict(cell: Cell): void {
    this.machine.scheduler.schedule(cell, Infinity)
    this.machine.kept.keep(cell, undefined)
    cell.evicted = true
    cell.moveTo(new Slab())
    this.cells.delete(cell.account)
    if (this.machine.store.changes !== undefined) this.byHash.delete(this.hashOf(cell))
  }

  /** Evicts the cells that were not used since the last sweep. */
  readonly sweep = Effect.gen({ self: this }, function*() {
    let looked = 0
    for (const cell of this.cells.values()) {
      if (cell.used || isBusy(cell)) cell.used = false
      else this.evict(cell)
      if (++looked % limits.sweptPerTurn === 0) yield* Effect.sleep(0)
    }
    this.young = this.young.filter((cell) => !cell.evicted)
    if (!this.slabs.isSparse) return
    this.slabs.renew()
    for (const cell of this.cells.values()) {
      if (!cell.isIn(this.slabs)) cell.moveTo(this.slabs.next())
      if (++looked % limits.sweptPerTurn === 0) yield* Effect.sleep(0)
    }
  })

  /** Waits until there are many new cells, and evicts those without a session. */
  readonly clear = Effect.gen({ self: this }, function*() {
    const busy = this.young.length > limits.mostVacant
    yield* busy ? Effect.raceFirst(this.tooMany.await, Effect.sleep(limits.shortestSweep)) : this.tooMany.await
    // A cell that was used since the first look is left: between two steps of its caller it looks like a vacant one.
    for (let look = 0; look < 2; look++) {
      yield* last
      this.young = this.young.filter((cell) => this.isYoung(cell))
    }
    this.limit = this.young.length + limits.mostVacant
    yield* this.tooMany.close
  })

  private isYoung(cell: Cell): boolean {
    if (cell.evicted || cell.status === "active" || cell.status === "ended") return false
    if (cell.used || !isVacant(cell)) {
      cell.used = false
      return true
    }
    this.evict(cell)
    return false
  }
}

/** There is no session, nothing is under way, and nothing is remembered. */
const isVacant = (cell: Cell): boolean =>
  cell.extras === undefined && cell.status !== "active" && cell.status !== "ended"

/** Under way, listened to, or with something that must not be forgotten. */
const isBusy = ({ extras, flight }: Cell): boolean =>
  flight !== undefined || extras?.lastTurn !== undefined || extras?.unsaved !== undefined ||
  extras?.listeners !== undefined ||
  extras?.forgotten !== undefined || extras?.unreleased !== undefined || extras?.asks !== undefined
