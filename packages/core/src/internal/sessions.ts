/** The cells of many accounts: found by account, swept when idle. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Cell } from "./cell.ts"
import type { Engine } from "./engine.ts"

/** A timer longer than this fires at once. */
const longestTimer = 2 ** 31 - 1

/** Looking for idle sessions more often than this (milliseconds) would be all that is done. */
const shortestTimer = 1_000

/** So many cells are looked at in one turn of the event loop. */
const perTurn = 4_096

export interface Sessions {
  /** A way to the account's cell that stays right when the cell is evicted. */
  readonly cellOf: (account: string) => () => Cell
  readonly size: () => number
}

export const makeSessions = <C>(
  engine: Engine<C>,
  idleAfter: number
): Effect.Effect<Sessions, never, Scope.Scope> => {
  const cells = new Map<string, Cell>()
  const find = (account: string): Cell => {
    let cell = cells.get(account)
    if (cell === undefined) {
      cell = new Cell(account)
      cells.set(account, cell)
    }
    return cell
  }
  const sweep = Effect.gen(function*() {
    let looked = 0
    for (const cell of cells.values()) {
      if (cell.used || isBusy(cell)) {
        cell.used = false
      } else {
        engine.scheduler.schedule(cell, Infinity)
        cell.evicted = true
        cells.delete(cell.account)
      }
      if (++looked % perTurn === 0) yield* Effect.sleep(0)
    }
  })
  const sessions: Sessions = {
    size: () => cells.size,
    cellOf: (account) => {
      let cell = find(account)
      return () => {
        if (cell.evicted) cell = find(account)
        cell.used = true
        return cell
      }
    }
  }
  const interval = Math.max(shortestTimer, Math.min(idleAfter, longestTimer))
  return Effect.forever(Effect.zipRight(Effect.sleep(interval), sweep)).pipe(
    Effect.forkScoped,
    Effect.as(sessions)
  )
}

/** Under way, listened to, or with something that must not be forgotten. */
const isBusy = ({ extras, flight }: Cell): boolean =>
  flight !== undefined || extras?.turns !== undefined || extras?.unsaved !== undefined || extras?.hub !== undefined ||
  extras?.forgotten !== undefined || extras?.unreleased !== undefined
