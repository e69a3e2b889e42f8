/** Reads metrics. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

export interface Found {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, unknown>>
}

/** All metrics of this process. */
export const all: Effect.Effect<ReadonlyArray<Found>> = Effect.map(
  Metric.snapshot,
  (found) => found.map(({ attributes, id, state }) => ({ name: id, tags: { ...attributes }, state: { ...state } }))
)

export const isCounter = (metric: Metric.Metric<any, any>): boolean => metric.type === "Counter"
