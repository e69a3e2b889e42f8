/** Updates the metrics of `RemoteTelemetry`. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Telemetry from "../RemoteTelemetry.ts"

/** Why a call was refused. The caller does not learn it. */
export type Reason = "caller" | "forged" | "operation" | "account" | "sessions" | "busy" | "closing"

export const refused = (reason: Reason): Effect.Effect<void> =>
  Metric.increment(Metric.tagged(Telemetry.refusals, Telemetry.names.reason, reason))

export const answered = (operation: string, outcome: "ok" | "failed"): Effect.Effect<void> =>
  Metric.increment(
    Metric.tagged(
      Metric.tagged(Telemetry.calls, Telemetry.names.operation, operation),
      Telemetry.names.outcome,
      outcome
    )
  )

export const inFlight = (count: number): Effect.Effect<void> => Metric.set(Telemetry.inFlight, count)

export const leftEndpoint: Effect.Effect<void> = Metric.increment(Telemetry.failovers)
