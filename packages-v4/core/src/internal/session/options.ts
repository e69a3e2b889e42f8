/** The options of a layer with every default filled in. Lengths are milliseconds. */
import * as Duration from "effect/Duration"
import type * as Schedule from "effect/Schedule"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { RefreshOptions } from "../../RefreshOptions.ts"
import * as RefreshSchedule from "../../RefreshSchedule.ts"
import type { TokenSet } from "../../TokenSet.ts"
import * as limits from "../limits.ts"

export interface Options {
  /** Sessions are refreshed ahead of expiry without being asked. */
  readonly scheduled: boolean
  readonly waitUntil: ((refreshed: Promise<unknown>) => void) | undefined
  readonly ahead: Schedule.Schedule<Duration.Duration, TokenSet>
  readonly retry: Schedule.Schedule<Duration.Duration, ExchangeFailure>
  readonly cooldown: Schedule.Schedule<Duration.Duration, ExchangeFailure>
  readonly deadline: number
  readonly commitPatience: number
  readonly retryPatience: number
  readonly closePatience: number
  readonly claimTtl: number
  readonly confirmRefusalAfter: number
  readonly propagation: number
  readonly retryAfterAtMost: number
}

const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(input)

export const resolve = (refresh: RefreshOptions): Options => {
  const deadline = millis(refresh.deadline, limits.deadline)
  const commitPatience = millis(refresh.commitPatience, limits.commitPatience)
  return {
    scheduled: refresh.mode !== "onDemand",
    waitUntil: refresh.waitUntil,
    ahead: refresh.ahead ?? RefreshSchedule.ahead(),
    retry: refresh.retry ?? RefreshSchedule.retry(),
    cooldown: refresh.cooldown ?? RefreshSchedule.cooldown(),
    deadline,
    commitPatience,
    retryPatience: millis(refresh.retryPatience, limits.retryPatience),
    closePatience: millis(refresh.closePatience, Math.min(deadline, limits.closePatience)),
    claimTtl: Math.min(
      millis(refresh.claimTtl, deadline + commitPatience + limits.claimMargin),
      limits.longestClaim
    ),
    confirmRefusalAfter: millis(refresh.confirmRefusalAfter, limits.confirmRefusalAfter),
    propagation: millis(refresh.propagation, limits.propagation),
    retryAfterAtMost: Math.min(millis(refresh.retryAfterAtMost, limits.longestRetryAfter), limits.longestRetryAfter)
  }
}

/** How long a sign-in or a sign-out may take. Where no schedule runs, its fiber may die with the request that began it. */
export const longestTurn = (options: Options): number =>
  options.scheduled
    ? Infinity
    : 3 * longestStoreCall(options) + options.commitPatience + options.deadline + limits.claimMargin

/** How long an exchange may take, from its claim to its commit. */
export const longestExchange = ({ claimTtl, commitPatience, deadline }: Options): number =>
  Math.max(claimTtl, deadline + commitPatience + limits.claimMargin)

/** How long one call of the store may take. */
export const longestStoreCall = ({ commitPatience }: Options): number => commitPatience + limits.storeMargin
