/** One call of a provider's code, bounded in time. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import { ExchangeFailure } from "../../ExchangeFailure.ts"
import { deadline } from "./deadline.ts"
import { bounded, orFailed } from "./foreignCode.ts"
import type { Machine } from "./machine.ts"

/**
 * Runs a provider's call, `within` so many milliseconds and until the machine closes. A provider that throws, or is
 * interrupted, leaves the outcome unknown as a lost answer does: the machine must not die of it.
 */
export const callProvider = <A>(
  machine: Machine,
  within: number,
  effect: () => Effect.Effect<A, ExchangeFailure>
): Effect.Effect<Result.Result<A, ExchangeFailure>> => {
  const ends = Effect.interruptible(Deferred.await(machine.closing)).pipe(
    Effect.andThen(Effect.failSync(() => {
      machine.cut++
      return unknownOutcome("closing")
    }))
  )
  const inTime = deadline(within, () => unknownOutcome("timeout"))
  const asked = bounded(
    orFailed(effect, () => unknownOutcome("defect")),
    (done) => Effect.raceFirst(inTime(done), ends)
  )
  return Effect.flatMap(Deferred.isDone(machine.closing), (is) => is ? neverSent : asked).pipe(
    Effect.tapError((failure) =>
      failure.reason === "defect"
        ? Effect.logWarning(`${machine.provider.name}: the provider's code threw during an exchange`)
        : Effect.void
    ),
    Effect.result
  )
}

/** A machine that has closed sends nothing. */
const neverSent = Effect.failSync(() => new ExchangeFailure({ kind: "transient", sent: "no", reason: "closing" }))

/** The request may have been carried out; `error` says what is known. */
export const unknownOutcome = (
  reason: "closing" | "timeout" | "defect" | "malformed",
  error?: string
): ExchangeFailure => new ExchangeFailure({ kind: "transient", sent: "unknown", reason, error })
