/**
 * The log entry of the request that the current fiber is handling, so that every part of a sandbox can add to it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Entry } from "../Sandbox.ts"

/** An entry while it is being written. */
export type Open = { -readonly [K in keyof Entry]: Entry[K] }

/** Outside a request it is undefined, and notes go nowhere. */
export class CurrentEntry extends Context.Reference<CurrentEntry>()("@effect-auth/testing/CurrentEntry", {
  defaultValue: (): Open | undefined => undefined
}) {}

export const note = (change: Partial<Open>): Effect.Effect<void> =>
  Effect.map(CurrentEntry, (entry) => {
    if (entry !== undefined) Object.assign(entry, change)
  })
