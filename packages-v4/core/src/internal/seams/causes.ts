/** Changes causes. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

export interface Changes<E> {
  readonly onFail: (error: E) => E
  readonly onDie: (defect: unknown) => unknown
}

/** The same cause with other failures and defects. Interruptions stay. */
export const changed = <E>(cause: Cause.Cause<E>, { onDie, onFail }: Changes<E>): Cause.Cause<E> =>
  Cause.fromReasons(cause.reasons.map((reason): Cause.Reason<E> => {
    switch (reason._tag) {
      case "Fail":
        return Cause.makeFailReason(onFail(reason.error))
      case "Die":
        return Cause.makeDieReason(onDie(reason.defect))
      case "Interrupt":
        return reason
    }
  }))

/** An effect that fails with another cause. */
export const mapCause = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  change: (cause: Cause.Cause<E>) => Cause.Cause<E>
): Effect.Effect<A, E, R> => Effect.catchCause(self, (cause) => Effect.failCause(change(cause)))
