/**
 * Keeps statements outside of the application's transaction. A client keeps its transaction in the context of the fiber, under
 * a name with its own number; all of them are left out.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

const name = "effect/sql/SqlClient/TransactionConnection/"

export const withoutTransaction = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.updateContext(self, (context: Context.Context<never>) =>
    Context.makeUnsafe<never>(new Map([...context.mapUnsafe].filter(([key]) => !key.startsWith(name)))))
