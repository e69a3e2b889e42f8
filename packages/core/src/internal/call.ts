/** One call of a provider's code, bounded. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { ExchangeFailure } from "../ExchangeFailure.ts"
import { bounded } from "./bounded.ts"
import type { Engine } from "./engine.ts"

/**
 * Runs a provider's call, `within` so many milliseconds and until the engine closes. A provider that throws, or is
 * interrupted, leaves the outcome unknown like a lost answer does: the machine must not die of it.
 */
export const call = <C, A>(
  engine: Engine<C>,
  within: number,
  effect: () => Effect.Effect<A, ExchangeFailure>
): Effect.Effect<Either.Either<A, ExchangeFailure>> => {
  const ends = Effect.interruptible(Deferred.await(engine.closing)).pipe(
    Effect.andThen(Effect.failSync(() => unknownOutcome("closing")))
  )
  const wait = Effect.timeoutFail({
    duration: within,
    onTimeout: () => unknownOutcome("timeout")
  })
  const asked = bounded(Effect.suspend(effect), (done) => Effect.raceFirst(wait(done), ends))
  return Effect.if(Deferred.isDone(engine.closing), { onTrue: () => neverSent, onFalse: () => asked }).pipe(
    Effect.exit,
    Effect.flatMap((exit): Effect.Effect<Either.Either<A, ExchangeFailure>> => {
      if (Exit.isSuccess(exit)) return Effect.succeed(Either.right(exit.value))
      const failure = Cause.failureOption(exit.cause)
      if (Option.isSome(failure)) return Effect.succeed(Either.left(failure.value))
      return Effect.as(
        Effect.logWarning(`${engine.provider.name}: the provider's code threw during an exchange`),
        Either.left(unknownOutcome("defect"))
      )
    })
  )
}

/** What is asked of an engine that has closed. */
const neverSent = Effect.failSync(() => new ExchangeFailure({ kind: "transient", sent: "no", reason: "closing" }))

/** The request may have been carried out; `error` says what is known. */
export const unknownOutcome = (
  reason: "closing" | "timeout" | "defect" | "malformed",
  error?: string
): ExchangeFailure => new ExchangeFailure({ kind: "transient", sent: "unknown", reason, error })
