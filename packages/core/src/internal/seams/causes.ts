/** Changes causes: what a cause is made of differs between the majors of Effect. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

export interface Changes<E> {
  readonly onFail: (error: E) => E
  readonly onDie: (defect: unknown) => unknown
}

/** The same cause with other failures and defects. Interruptions stay. */
export const changed = <E>(cause: Cause.Cause<E>, { onDie, onFail }: Changes<E>): Cause.Cause<E> =>
  Cause.match(cause, {
    onEmpty: Cause.empty as Cause.Cause<E>,
    onFail: (error) => Cause.fail(onFail(error)),
    onDie: (defect) => Cause.die(onDie(defect)),
    onInterrupt: (id) => Cause.interrupt(id),
    onSequential: Cause.sequential,
    onParallel: Cause.parallel
  })

/** An effect that fails with another cause. */
export const mapCause: <A, E, R>(
  self: Effect.Effect<A, E, R>,
  change: (cause: Cause.Cause<E>) => Cause.Cause<E>
) => Effect.Effect<A, E, R> = Effect.mapErrorCause
