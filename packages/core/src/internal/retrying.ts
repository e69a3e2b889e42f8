/** The backoff of a session: it lives in the record, shared by all; this is how one process computes and obeys it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import { makeStepper } from "./backoff.ts"
import { type Cell, extrasOf } from "./cell.ts"
import type { Engine } from "./engine.ts"
import type { Now } from "./time.ts"

type Retry = NonNullable<SessionRecord["retry"]>

/** A refusal that is not certain to be final is not repeated sooner than this. */
export const confirmationDelay = 60_000

/** The record's `retry` after one more failure. Failures that other processes met are caught up with first. */
export const next = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  before: Retry | undefined,
  failure: ExchangeFailure,
  at: Now
): Effect.fn.Return<Retry> {
  const extras = extrasOf(cell)
  const failures = before?.failures ?? 0
  const known = extras.backoff
  const backoff = known !== undefined && known.retry.steps() <= failures
    ? known
    : { retry: makeStepper(engine.settings.retry), cooldown: makeStepper(engine.settings.cooldown), last: 0 }
  extras.backoff = backoff
  yield* backoff.retry.forward(failures, before?.at ?? at.wall, failure)
  yield* backoff.cooldown.forward(failures, before?.at ?? at.wall, failure)
  const asked = Math.min(Duration.toMillis(failure.retryAfter ?? 0), longestRetryAfter)
  const cooling = Duration.toMillis(yield* backoff.cooldown.step(at.wall, failure))
  const floor = Math.max(asked, cooling, failure.kind === "refused" ? confirmationDelay : 0)
  const delay = Math.min(longestDelay, Math.max(floor, Duration.toMillis(yield* backoff.retry.step(at.wall, failure))))
  backoff.last = delay
  extras.seenRetry = { at: at.wall, failures: failures + 1, mono: at.mono }
  return { failures: failures + 1, at: at.wall, delay, floor: Math.min(floor, delay), status: failure.status }
})

/** What a record can hold, whatever a schedule says: JSON has no infinity. */
const longestDelay = 24 * 3_600_000

/** A server that asks for more than this is asked sooner (guarantee G31). */
const longestRetryAfter = 3_600_000

/** How long nobody may call yet. A clock that jumps back does not make it longer than it was when we first saw it. */
export const remaining = (cell: Cell, retry: Retry | undefined, forced: boolean, at: Now): number => {
  const rest = Math.max(0, (cell.extras?.restUntil ?? 0) - at.mono)
  if (retry === undefined) return rest
  const extras = extrasOf(cell)
  let seen = extras.seenRetry
  if (seen === undefined || seen.at !== retry.at || seen.failures !== retry.failures) {
    seen = extras.seenRetry = { at: retry.at, failures: retry.failures, mono: at.mono }
  }
  const delay = forced ? retry.floor : retry.delay
  return Math.max(rest, Math.min(retry.at + delay - at.wall, seen.mono + delay - at.mono))
}
