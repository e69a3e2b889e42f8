/**
 * The metrics of keepers and of their clients. No label is a secret or an account.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * The names of the metrics and of their labels.
 *
 * @since 0.1.0
 * @category models
 */
export const names = {
  calls: "effect_auth.remote.calls",
  refusals: "effect_auth.remote.refusals",
  inFlight: "effect_auth.remote.in_flight",
  failovers: "effect_auth.remote.failovers",
  operation: "effect_auth.operation",
  outcome: "effect_auth.outcome",
  reason: "effect_auth.reason"
} as const

/**
 * Counts the calls that a keeper answered, by operation and outcome (`ok`, `failed`).
 *
 * @since 0.1.0
 * @category models
 */
export const calls: Metric.Metric.Counter<number> = Metric.counter(names.calls, {
  description: "Calls that the keeper answered",
  incremental: true
})

/**
 * Counts the calls that a keeper refused, by reason: `caller` (not known), `forged` (a header inside a message),
 * `operation`, `account`, `sessions`, `busy`, `closing`.
 *
 * @since 0.1.0
 * @category models
 */
export const refusals: Metric.Metric.Counter<number> = Metric.counter(names.refusals, {
  description: "Calls that the keeper refused",
  incremental: true
})

/**
 * The calls that are under way in a keeper.
 *
 * @since 0.1.0
 * @category models
 */
export const inFlight: Metric.Metric.Gauge<number> = Metric.gauge(names.inFlight, {
  description: "Calls under way"
})

/**
 * Counts how often a client left an endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export const failovers: Metric.Metric.Counter<number> = Metric.counter(names.failovers, {
  description: "Endpoints that a client left",
  incremental: true
})
