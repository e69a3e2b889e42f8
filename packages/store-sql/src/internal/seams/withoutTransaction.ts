/**
 * Keeps statements outside of the application's transaction. Most clients keep it under the tag of `@effect/sql`, but some
 * have a tag of their own (libsql). So everything but the span is left out of the context. Effect 4 keeps its clock there,
 * too.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

export const withoutTransaction: <A, E>(self: Effect.Effect<A, E>) => Effect.Effect<A, E> = Effect.mapInputContext(
  (context: Context.Context<never>) => Context.pick(Tracer.ParentSpan)(context)
)
