/** Updates the metrics of `Telemetry`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { SessionEvent, Trigger } from "../SessionEvent.ts"
import * as Telemetry from "../Telemetry.ts"

/** One attempt to refresh: what started it and how it ended. */
export interface Attempt {
  readonly provider: string
  readonly trigger: Trigger
  /**
   * `refreshed` · `adopted`: another owner's tokens were used · `failed`: the session is kept · `ended`: the session is
   * over.
   */
  readonly outcome: "refreshed" | "adopted" | "failed" | "ended"
  /** The class of a failure: its kind, or the tag of its error. */
  readonly errorType?: string | undefined
}

/** Counts one attempt to refresh. */
export const refreshed = (attempt: Attempt): Effect.Effect<void> =>
  Metric.update(
    refreshesOf({
      [Telemetry.attributes.provider]: attempt.provider,
      [Telemetry.attributes.trigger]: attempt.trigger,
      [Telemetry.attributes.outcome]: attempt.outcome,
      ...(attempt.errorType === undefined ? {} : { [Telemetry.attributes.errorType]: attempt.errorType })
    }),
    1
  )

/** Records how long one exchange took. */
export const exchanged = (provider: string, duration: Duration.Input): Effect.Effect<void> =>
  Metric.update(exchangeDurationOf({ [Telemetry.attributes.provider]: provider }), Duration.toSeconds(duration))

/** Sets the seconds that a provider's newest access token has left; does nothing if the expiry is not known. */
export const left = (provider: string, seconds: number): Effect.Effect<void> =>
  Number.isFinite(seconds)
    ? Metric.update(secondsLeftOf({ [Telemetry.attributes.provider]: provider }), seconds)
    : Effect.void

/** Counts one session event. */
export const happened = (event: Pick<SessionEvent, "provider" | "_tag">): Effect.Effect<void> =>
  Metric.update(
    eventsOf({ [Telemetry.attributes.provider]: event.provider, [Telemetry.attributes.event]: event._tag }),
    1
  )

/** Counts one request whose access token was refused. */
export const rejected = (
  provider: string,
  outcome: "replayed" | "not-renewed" | "rejected-again" | "body" | "policy" | "session-changed"
): Effect.Effect<void> =>
  Metric.update(rejectionsOf({ [Telemetry.attributes.provider]: provider, [Telemetry.attributes.outcome]: outcome }), 1)

/** Caches the metric for each set of labels, because a new one is slow to look up. There are few sets. */
const labelled = <M extends Metric.Metric<any, any>>(metric: M) => {
  const known = new Map<string, M>()
  return (labels: Record<string, string>): M => {
    const name = JSON.stringify(labels)
    let found = known.get(name)
    if (found === undefined) {
      const pairs = Object.entries(labels).map(([key, value]) => [key, value] as [string, string])
      // The same metric under labels has the same type.
      found = Metric.withAttributes(metric, pairs) as M
      known.set(name, found)
    }
    return found
  }
}

const refreshesOf = labelled(Telemetry.refreshes)
const eventsOf = labelled(Telemetry.events)
const rejectionsOf = labelled(Telemetry.rejections)
const exchangeDurationOf = labelled(Telemetry.exchangeDuration)
const secondsLeftOf = labelled(Telemetry.secondsLeft)
