/**
 * When to refresh ahead of expiry, how long to wait after a failure, and how many calls a broken endpoint gets.
 *
 * All three are ordinary `Schedule` values: replace them with your own, or compose them (`Schedule.modifyDelay`,
 * `Schedule.jittered`, …). The session machine waits for the delay of the schedule's decision. The schedules have a
 * readable `toString`, and take their jitter from `Random`.
 *
 * ```ts
 * const refresh = {
 *   ahead: RefreshSchedule.ahead({ fraction: 0.5, atMost: "12 hours" }),
 *   retry: RefreshSchedule.retry({ delays: ["1 second", "5 seconds", "1 minute"] })
 * }
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as ScheduleDecision from "effect/ScheduleDecision"
import * as Interval from "effect/ScheduleInterval"
import * as Intervals from "effect/ScheduleIntervals"
import type { ExchangeFailure } from "./ExchangeFailure.ts"
import * as tokenSets from "./internal/tokenSets.ts"
import * as TokenSet from "./TokenSet.ts"

/**
 * When to refresh ahead of expiry.
 *
 * @since 0.1.0
 * @category models
 */
export interface AheadOptions {
  /** The part of the token's lifetime after which it is refreshed. Default: 0.75. */
  readonly fraction?: number | undefined
  /**
   * A random deviation of `fraction` in both directions, so that many processes don't refresh at the same time.
   * Default: 0.05.
   */
  readonly jitter?: number | undefined
  /**
   * Never refresh sooner than this after the token request was sent. Default: zero. The hard margin before expiry has
   * priority.
   */
  readonly atLeast?: Duration.DurationInput | undefined
  /** Never refresh later than this after the token request was sent. Default: no limit. */
  readonly atMost?: Duration.DurationInput | undefined
}

/**
 * When to refresh ahead of expiry. The schedule takes a token set, waits until it is due, and yields the age at which
 * it is due, counted from the send of the token request. By default this is at 70 to 80 % of the token's lifetime, and
 * never inside the hard margin before expiry. If the refresh token expires before the access token, the refresh comes
 * before that. A token without a known expiry is never due. A lifetime of zero or less counts as 5 seconds, and one of
 * more than a year as a year.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ahead = (options?: AheadOptions): Schedule.Schedule<Duration.Duration, TokenSet.TokenSet> => {
  const fraction = clamp(numberOr(options?.fraction, 0.75), 0, 1)
  const jitter = clamp(numberOr(options?.jitter, 0.05), 0, 1)
  const atLeast = Duration.toMillis(options?.atLeast ?? 0)
  const atMost = Duration.toMillis(options?.atMost ?? Duration.infinity)
  const ageOf = (tokens: TokenSet.TokenSet, chance: number): number => {
    const access = tokens.lifetime === undefined
      ? Infinity
      : tokenSets.lifetimeFromSeconds(tokens.lifetime / 1000, Infinity) ?? Infinity
    const life = Math.min(access, tokenSets.refreshLifetime(tokens) ?? Infinity)
    const target = life * clamp(fraction + jitter * (2 * chance - 1), 0, 1)
    const bounded = Math.min(Math.max(target, atLeast), atMost)
    return life === Infinity ? atMost : Math.min(bounded, life - TokenSet.hardMargin(life))
  }
  return printed(
    Schedule.makeWithState<undefined, TokenSet.TokenSet, Duration.Duration>(
      undefined,
      (now, tokens) =>
        Effect.map(Random.next, (chance) => {
          const age = ageOf(tokens, chance)
          // If the wall clock was set back, the wait must not become longer than the age itself.
          const sent = Math.min(tokens.obtainedAt, now)
          return [undefined, Duration.millis(age), at(Math.max(now, sent + age))]
        })
    ),
    "ahead",
    { fraction, jitter, atLeast: Duration.format(atLeast), atMost: Duration.format(atMost) }
  )
}

/**
 * How long to wait after failures.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions {
  /**
   * The waits after the first, second, … failure in a row; the last one is repeated. Default: 100, 100, 150, 200, 300
   * and 500 ms, then 1, 2, 4, 8, 16 and 30 s: a dozen calls in the first minute, most of them in the first second.
   */
  readonly delays?: ReadonlyArray<Duration.DurationInput> | undefined
  /** The largest random addition to a wait, as a part of that wait. A wait is never shortened. Default: 0.2. */
  readonly jitter?: number | undefined
}

/**
 * How long to wait after a failed exchange. A Retry-After of up to an hour is a lower limit. The schedule never ends by
 * itself: compose it with {@link until} if it must end with the token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const retry = (options?: RetryOptions): Schedule.Schedule<Duration.Duration, ExchangeFailure> => {
  const delays = (options?.delays ?? defaultDelays).map((delay) => Duration.toMillis(delay))
  const jitter = clamp(options?.jitter ?? 0.2, 0, 1)
  return printed(
    Schedule.makeWithState<number, ExchangeFailure, Duration.Duration>(
      0,
      (now, failure, step) =>
        Effect.map(Random.next, (chance) => {
          const base = delays[Math.min(step, delays.length - 1)] ?? 0
          const delay = Math.max(Math.round(base * (1 + jitter * chance)), floorOf(failure))
          return [step + 1, Duration.millis(delay), at(now + delay)]
        })
    ),
    "retry",
    { delays: delays.map((delay) => Duration.format(delay)), jitter }
  )
}

/**
 * How many calls a failing endpoint gets.
 *
 * @since 0.1.0
 * @category models
 */
export interface CooldownOptions {
  /** How many failed calls are allowed in any window. Default: 12. */
  readonly calls?: number | undefined
  /** The length of the window. Default: 1 minute. */
  readonly per?: Duration.DurationInput | undefined
}

/**
 * The wait that forced refreshes also obey: after `calls` failures within `per`, wait until the oldest of them is older
 * than `per`. A Retry-After of up to an hour is a lower limit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const cooldown = (options?: CooldownOptions): Schedule.Schedule<Duration.Duration, ExchangeFailure> => {
  const calls = Math.max(1, Math.floor(options?.calls ?? 12))
  const per = Duration.toMillis(options?.per ?? "1 minute")
  return printed(
    Schedule.makeWithState<ReadonlyArray<number>, ExchangeFailure, Duration.Duration>([], (now, failure, before) => {
      // Stamps from the future mean that the clock was set back. They are dropped, because they would block calls for
      // that long.
      const stamps = [...before.filter((stamp) => stamp <= now), now].slice(-calls)
      const oldest = stamps.length < calls ? -Infinity : stamps[0] ?? -Infinity
      const delay = Math.max(0, oldest + per - now, floorOf(failure))
      return Effect.succeed([stamps, Duration.millis(delay), at(now + delay)])
    }),
    "cooldown",
    { calls, per: Duration.format(per) }
  )
}

/**
 * Ends a schedule with the token: no wait goes beyond `expiresAt` (epoch milliseconds), and the schedule ends then.
 *
 * @since 0.1.0
 * @category combinators
 */
export const until = <Out, In, R>(
  schedule: Schedule.Schedule<Out, In, R>,
  expiresAt: number
): Schedule.Schedule<Out, In, R> =>
  printed(
    Schedule.makeWithState(schedule.initial, (now, input: In, state: typeof schedule.initial) =>
      Effect.map(schedule.step(now, input, state), ([next, out, decision]) => {
        if (ScheduleDecision.isDone(decision) || now >= expiresAt) {
          return [next, out, ScheduleDecision.done]
        }
        return [next, out, at(Math.min(Intervals.start(decision.intervals), expiresAt))]
      })),
    "until",
    { schedule: String(schedule), expiresAt }
  )

const defaultDelays: ReadonlyArray<Duration.DurationInput> = [
  100,
  100,
  150,
  200,
  300,
  500,
  1_000,
  2_000,
  4_000,
  8_000,
  16_000,
  30_000
]

/** The longest Retry-After that is obeyed: an hour. */
const longestRetryAfter = 3_600_000

const floorOf = (failure: ExchangeFailure): number => {
  const asked = failure.retryAfter === undefined ? 0 : Duration.toMillis(failure.retryAfter)
  return Number.isNaN(asked) ? 0 : clamp(asked, 0, longestRetryAfter)
}

/** Plain JavaScript can pass NaN, which is neither above nor below any limit. */
const numberOr = (value: number | undefined, otherwise: number): number =>
  value === undefined || Number.isNaN(value) ? otherwise : value

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high)

const at = (millis: number) => ScheduleDecision.continueWith(Interval.after(millis))

const printed = <Out, In, R>(
  schedule: Schedule.Schedule<Out, In, R>,
  name: string,
  options: object
): Schedule.Schedule<Out, In, R> =>
  Object.assign(schedule, {
    toString: () => `RefreshSchedule.${name}(${JSON.stringify(options)})`,
    toJSON: () => ({ _id: `@effect-auth/core/RefreshSchedule/${name}`, ...options }),
    [Inspectable.NodeInspectSymbol]: () => `RefreshSchedule.${name}(${JSON.stringify(options)})`
  })
