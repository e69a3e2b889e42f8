/**
 * The names of the spans, attributes and metrics, and the metrics themselves. Names follow OpenTelemetry's conventions:
 * lower case, dots for name spaces, base units. No attribute is a secret, and metrics have no account label.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"

/**
 * The names of the spans.
 *
 * @since 0.1.0
 * @category models
 */
export const spans = {
  signIn: "effect_auth.sign_in",
  refresh: "effect_auth.refresh",
  exchange: "effect_auth.exchange",
  signOut: "effect_auth.sign_out"
} as const

/**
 * The names of the attributes of spans and metrics.
 *
 * @since 0.1.0
 * @category models
 */
export const attributes = {
  provider: "effect_auth.provider",
  account: "effect_auth.account",
  generation: "effect_auth.generation",
  trigger: "effect_auth.trigger",
  outcome: "effect_auth.outcome",
  role: "effect_auth.role",
  waiters: "effect_auth.waiters",
  event: "effect_auth.event",
  errorType: "error.type"
} as const

/**
 * The names of the metrics.
 *
 * @since 0.1.0
 * @category models
 */
export const metrics = {
  refreshes: "effect_auth.refreshes",
  exchangeDuration: "effect_auth.exchange.duration",
  secondsLeft: "effect_auth.token.seconds_left",
  events: "effect_auth.events",
  rejections: "effect_auth.rejections"
} as const

/**
 * Counts refresh attempts, by provider, trigger, outcome and, for those that failed, `error.type`.
 *
 * @since 0.1.0
 * @category models
 */
export const refreshes: Metric.Counter<number> = Metric.counter(metrics.refreshes, {
  description: "Refresh attempts",
  incremental: true
})

/**
 * How long exchanges took, in seconds, by provider.
 *
 * @since 0.1.0
 * @category models
 */
export const exchangeDuration: Metric.Histogram<number> = Metric.histogram(metrics.exchangeDuration, {
  description: "Duration of exchanges, in seconds",
  boundaries: Metric.boundariesFromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15])
})

/**
 * The seconds that a provider's newest access token had left when it was issued or last checked.
 *
 * @since 0.1.0
 * @category models
 */
export const secondsLeft: Metric.Gauge<number> = Metric.gauge(metrics.secondsLeft, {
  description: "Seconds until the access token dies"
})

/**
 * Counts session events, by provider and event.
 *
 * @since 0.1.0
 * @category models
 */
export const events: Metric.Counter<number> = Metric.counter(metrics.events, {
  description: "Session events",
  incremental: true
})

/**
 * Counts requests whose token was refused, by provider and what the middleware did about it.
 *
 * @since 0.1.0
 * @category models
 */
export const rejections: Metric.Counter<number> = Metric.counter(metrics.rejections, {
  description: "Requests whose access token was refused",
  incremental: true
})
