/** Events of a session: counted always, and sent to the listeners. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { SessionEvent } from "../../SessionEvent.ts"
import * as counts from "../counts.ts"
import * as limits from "../limits.ts"
import { type Cell, extrasOf } from "./cell.ts"
import type { Machine } from "./machine.ts"

/** Distributes `Omit` over the union of events. */
type WithoutCommon<E> = E extends unknown ? Omit<E, "provider" | "account" | "session" | "generation"> : never

export const emit = (
  machine: Machine,
  cell: Cell,
  event: WithoutCommon<SessionEvent>,
  of?: { readonly session: string; readonly generation: number }
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const provider = machine.provider.name
    const counted = counts.happened({ provider, _tag: event._tag })
    const listeners = cell.extras?.listeners ?? []
    if (listeners.length === 0 && machine.listeners.size === 0) return counted
    const { generation, session } = of ?? cell.token ?? { session: "", generation: 0 }
    const whole = { provider, account: cell.account, session, generation, ...event } as SessionEvent
    for (const queue of listeners) Queue.offerUnsafe(queue, whole)
    for (const queue of machine.listeners) Queue.offerUnsafe(queue, whole)
    return counted
  })

/** A listener that is slow loses the oldest events. */
export const listen = (cell: Cell) =>
  Effect.acquireRelease(
    Effect.tap(Queue.sliding<SessionEvent>(limits.eventBuffer), (queue) =>
      Effect.sync(() => {
        const extras = extrasOf(cell)
        extras.listeners = [...extras.listeners ?? [], queue]
      })),
    (queue) =>
      Effect.suspend(() => {
        const extras = extrasOf(cell)
        const others = extras.listeners?.filter((other) => other !== queue) ?? []
        extras.listeners = others.length === 0 ? undefined : others
        return Queue.shutdown(queue)
      })
  ).pipe(Effect.map((queue) => Stream.fromQueue(queue)))

/** The events of all sessions. A listener that is slow loses the oldest events. */
export const listenToAll = (machine: Machine) =>
  Effect.acquireRelease(
    Effect.tap(
      Queue.sliding<SessionEvent>(limits.eventBufferOfAll),
      (queue) => Effect.sync(() => machine.listeners.add(queue))
    ),
    (queue) =>
      Effect.suspend(() => {
        machine.listeners.delete(queue)
        return Queue.shutdown(queue)
      })
  ).pipe(Effect.map((queue) => Stream.fromQueue(queue)))
