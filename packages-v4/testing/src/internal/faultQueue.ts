/**
 * The queue of faults.
 */
import * as Effect from "effect/Effect"
import type * as Faults from "../Faults.ts"
import type { At, FaultQueue, Operation } from "../Sandbox.ts"

const fits = (at: At, operation: Operation): boolean =>
  at === "any" || at === operation || at === "token" && (operation === "sign-in" || operation === "refresh")

export const make = () => {
  let waiting: ReadonlyArray<{ readonly at: At; readonly fault: Faults.Fault; readonly times: number }> = []
  const take = (operation: Operation): Faults.Fault | undefined => {
    const index = waiting.findIndex((one) => fits(one.at, operation))
    const found = waiting[index]
    if (found === undefined) return undefined
    waiting = waiting.flatMap((one, position) =>
      position !== index ? [one] : one.times > 1 ? [{ ...one, times: one.times - 1 }] : []
    )
    return found.fault
  }
  const queue: FaultQueue = {
    next: (at, fault, times = 1) =>
      Effect.sync(() => {
        if (times > 0) waiting = [...waiting, { at, fault, times }]
      }),
    clear: Effect.sync(() => {
      waiting = []
    }),
    pending: Effect.sync(() => waiting.reduce((sum, one) => sum + one.times, 0))
  }
  return { take, queue }
}
