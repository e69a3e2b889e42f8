/** Reads metrics. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricKeyType from "effect/MetricKeyType"

export interface Found {
  readonly name: string
  readonly tags: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, unknown>>
}

/** All metrics of this process. */
export const all: Effect.Effect<ReadonlyArray<Found>> = Effect.map(
  Metric.snapshot,
  (pairs) =>
    pairs.map(({ metricKey, metricState }) => ({
      name: metricKey.name,
      tags: Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value])),
      state: { ...metricState }
    }))
)

export const isCounter = (metric: Metric.Metric<any, any, any>): boolean => MetricKeyType.isCounterKey(metric.keyType)
