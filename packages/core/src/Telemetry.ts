/**
 * The names of the spans, attributes and metrics, and the metrics themselves. Names follow OpenTelemetry's conventions:
 * lower case, dots for name spaces, base units. No attribute is ever a secret, and metrics never tell accounts apart.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"
import type { SessionEvent, Trigger } from "./SessionEvent.ts"

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
export const refreshes: Metric.Metric.Counter<number> = Metric.counter(metrics.refreshes, {
  description: "Refresh attempts",
  incremental: true
})

/**
 * How long exchanges took, in seconds, by provider.
 *
 * @since 0.1.0
 * @category models
 */
export const exchangeDuration: Metric.Metric.Histogram<number> = Metric.histogram(
  metrics.exchangeDuration,
  MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15]),
  "Duration of exchanges, in seconds"
)

/**
 * How long the newest access token of a provider had to live when it was issued or looked at, in seconds.
 *
 * @since 0.1.0
 * @category models
 */
export const secondsLeft: Metric.Metric.Gauge<number> = Metric.gauge(metrics.secondsLeft, {
  description: "Seconds until the access token dies"
})

/**
 * Counts session events, by provider and event.
 *
 * @since 0.1.0
 * @category models
 */
export const events: Metric.Metric.Counter<number> = Metric.counter(metrics.events, {
  description: "Session events",
  incremental: true
})

/**
 * Counts requests whose token was refused, by provider and what the middleware did about it.
 *
 * @since 0.1.0
 * @category models
 */
export const rejections: Metric.Metric.Counter<number> = Metric.counter(metrics.rejections, {
  description: "Requests whose access token was refused",
  incremental: true
})

/**
 * One attempt to refresh: what started it and how it ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attempt {
  readonly provider: string
  readonly trigger: Trigger
  /** `refreshed` · `adopted`: another owner's tokens met the need · `failed`: the session is kept · `ended`. */
  readonly outcome: "refreshed" | "adopted" | "failed" | "ended"
  /** The class of a failure: its kind, or the tag of its error. */
  readonly errorType?: string | undefined
}

/**
 * Counts one attempt to refresh.
 *
 * @since 0.1.0
 * @category combinators
 */
export const refreshed = (attempt: Attempt): Effect.Effect<void> =>
  Metric.increment(refreshesOf({
    [attributes.provider]: attempt.provider,
    [attributes.trigger]: attempt.trigger,
    [attributes.outcome]: attempt.outcome,
    ...(attempt.errorType === undefined ? {} : { [attributes.errorType]: attempt.errorType })
  }))

/**
 * Records how long one exchange took.
 *
 * @since 0.1.0
 * @category combinators
 */
export const exchanged = (provider: string, duration: Duration.DurationInput): Effect.Effect<void> =>
  Metric.update(exchangeDurationOf({ [attributes.provider]: provider }), Duration.toSeconds(duration))

/**
 * Sets the seconds that a provider's newest access token has left; does nothing where no end is known.
 *
 * @since 0.1.0
 * @category combinators
 */
export const left = (provider: string, seconds: number): Effect.Effect<void> =>
  Number.isFinite(seconds)
    ? Metric.update(secondsLeftOf({ [attributes.provider]: provider }), seconds)
    : Effect.void

/**
 * Counts one session event.
 *
 * @since 0.1.0
 * @category combinators
 */
export const happened = (event: Pick<SessionEvent, "provider" | "_tag">): Effect.Effect<void> =>
  Metric.increment(eventsOf({ [attributes.provider]: event.provider, [attributes.event]: event._tag }))

/**
 * Counts one request whose access token was refused.
 *
 * @since 0.1.0
 * @category combinators
 */
export const rejected = (
  provider: string,
  outcome: "replayed" | "not-renewed" | "rejected-again" | "body" | "policy"
): Effect.Effect<void> =>
  Metric.increment(rejectionsOf({ [attributes.provider]: provider, [attributes.outcome]: outcome }))

/** A metric under its labels: an update through the same one finds its value at once. There are few combinations. */
const labelled = <Type, In, Out>(metric: Metric.Metric<Type, In, Out>) => {
  const known = new Map<string, Metric.Metric<Type, In, Out>>()
  return (labels: Record<string, string>): Metric.Metric<Type, In, Out> => {
    const name = JSON.stringify(labels)
    let found = known.get(name)
    if (found === undefined) {
      const pairs = Object.entries(labels).map(([key, value]) => MetricLabel.make(key, value))
      found = Metric.taggedWithLabels(metric, pairs)
      known.set(name, found)
    }
    return found
  }
}

const refreshesOf = labelled(refreshes)
const eventsOf = labelled(events)
const rejectionsOf = labelled(rejections)
const exchangeDurationOf = labelled(exchangeDuration)
const secondsLeftOf = labelled(secondsLeft)
