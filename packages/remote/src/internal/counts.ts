/** Updates the metrics of `RemoteTelemetry`. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Telemetry from "../RemoteTelemetry.ts"

/** Why a call was refused. The caller does not learn it. */
export type Reason = "caller" | "forged" | "operation" | "account" | "resource" | "sessions" | "busy" | "closing"

/** Caches the counter of each set of labels, because a new one is slow to look up. There are few sets. */
const labelled = (counter: Metric.Metric.Counter<number>) => {
  const known = new Map<string, Metric.Metric.Counter<number>>()
  return (...labels: ReadonlyArray<readonly [key: string, value: string]>): Metric.Metric.Counter<number> => {
    const name = labels.join()
    let found = known.get(name)
    if (found === undefined) {
      found = labels.reduce((one, [key, value]) => Metric.tagged(one, key, value), counter)
      known.set(name, found)
    }
    return found
  }
}

const refusalsOf = labelled(Telemetry.refusals)
const callsOf = labelled(Telemetry.calls)

export const refused = (reason: Reason): Effect.Effect<void> =>
  Metric.increment(refusalsOf([Telemetry.names.reason, reason]))

export const answered = (operation: string, outcome: "ok" | "failed"): Effect.Effect<void> =>
  Metric.increment(callsOf([Telemetry.names.operation, operation], [Telemetry.names.outcome, outcome]))

export const inFlight = (count: number): Effect.Effect<void> => Metric.set(Telemetry.inFlight, count)

export const leftEndpoint: Effect.Effect<void> = Metric.increment(Telemetry.failovers)
