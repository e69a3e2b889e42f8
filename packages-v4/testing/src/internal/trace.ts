/**
 * The log entry of the request that the current fiber handles. Every part of a sandbox can add fields to it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Entry } from "../Sandbox.ts"

/** A mutable entry. */
export type Open = { -readonly [K in keyof Entry]: Entry[K] }

/** `undefined` outside a request; notes are then ignored. */
export const CurrentEntry: Context.Reference<Open | undefined> = Context.Reference<Open | undefined>(
  "@effect-auth/testing/CurrentEntry",
  {
    defaultValue: () => undefined
  }
)

export const note = (change: Partial<Open>): Effect.Effect<void> =>
  Effect.map(CurrentEntry, (entry) => {
    if (entry !== undefined) Object.assign(entry, change)
  })
