/** The backoff of a session: it stands in the record, shared by all; this is how one process computes and obeys it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AccessTokenError } from "../../AuthError.ts"
import { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as limits from "../limits.ts"
import { makeStepper } from "../seams/scheduleStepper.ts"
import { type Cell, extrasOf, type Rests } from "./cell.ts"
import type { Machine } from "./machine.ts"
import type { Stored } from "./model.ts"
import type { Now } from "./time.ts"

type Retry = NonNullable<SessionRecord["retry"]>

/** The record's `retry` after one more failure. Failures that other processes met are caught up with first. */
export const next = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  before: Retry | undefined,
  given: ExchangeFailure,
  at: Now
): Effect.fn.Return<Retry> {
  const extras = extrasOf(cell)
  const failures = before?.failures ?? 0
  const known = extras.backoff
  const backoff = known !== undefined && known.retry.steps() <= failures
    ? known
    : { retry: makeStepper(machine.options.retry), cooldown: makeStepper(machine.options.cooldown), last: 0 }
  extras.backoff = backoff
  const asked = Math.min(Duration.toMillis(given.retryAfter ?? 0), machine.options.retryAfterAtMost)
  const askedOfForced = given.reason === "rate-limited" ? asked : Math.min(asked, limits.forcedObeysAtMost)
  const failure = asking(given, asked)
  const failureOfForced = asking(given, askedOfForced)
  yield* backoff.retry.forward(failures, before?.at ?? at.wall, failure)
  yield* backoff.cooldown.forward(failures, before?.at ?? at.wall, failureOfForced)
  const cooling = Duration.toMillis(yield* backoff.cooldown.step(at.wall, failureOfForced))
  const wanted = Duration.toMillis(yield* backoff.retry.step(at.wall, failure))
  const floor = Math.max(askedOfForced, cooling)
  const delay = Math.min(limits.longestBackoff, Math.max(asked, floor, wanted))
  backoff.last = delay
  extras.seenRetry = { at: at.wall, failures: failures + 1, mono: at.mono }
  return { failures: failures + 1, at: at.wall, delay, floor: Math.min(floor, delay), status: failure.status }
})

/** The failure, with this Retry-After in milliseconds. */
const asking = (failure: ExchangeFailure, millis: number): ExchangeFailure =>
  failure.retryAfter === undefined ? failure : new ExchangeFailure({ ...failure, retryAfter: Duration.millis(millis) })

/** Milliseconds until the next call is allowed. A clock that jumps back does not make it longer than at first sight. */
export const remaining = (cell: Cell, retry: Retry | undefined, at: Now): Stored["backoff"] => {
  if (retry === undefined) return { wait: 0, floor: 0 }
  const extras = extrasOf(cell)
  let seen = extras.seenRetry
  if (seen === undefined || seen.at !== retry.at || seen.failures !== retry.failures) {
    seen = extras.seenRetry = { at: retry.at, failures: retry.failures, mono: at.mono }
  }
  const left = (delay: number) => Math.min(retry.at + delay - at.wall, seen.mono + delay - at.mono)
  return { wait: left(retry.delay), floor: left(retry.floor) }
}

/** Milliseconds in which this process sends no request: useless tokens, or a fault of its own configuration. */
export const resting = (rests: Rests | undefined, at: Now): number =>
  Math.max(0, (rests?.restUntil ?? 0) - at.mono, (rests?.fault?.until ?? 0) - at.mono)

/** A fault of the configuration stays with this process: the others may be configured well (G59). */
export const rest = (rests: Rests, error: AccessTokenError, at: Now): void => {
  const before = rests.fault?.rest
  // A network that wants a sign-in of its own redirects for a while; a wrong secret stays wrong, and may lock an account.
  const first = error._tag === "AuthMisconfigured" && error.reason === "url" ? limits.urlFaultRest : limits.faultRest
  const length = before === undefined ? first : Math.min(before * 2, limits.longestFaultRest)
  rests.fault = { until: at.mono + length, rest: length, error }
}
