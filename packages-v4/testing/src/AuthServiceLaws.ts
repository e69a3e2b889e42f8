/**
 * The laws of every session, as one test suite: what the callers of an `AuthService` rely on, whether it is local, remote
 * or a fake. So a program can swap the layer that makes its sessions.
 *
 * ```ts
 * import * as AuthServiceLaws from "@effect-auth/testing/AuthServiceLaws"
 *
 * AuthServiceLaws.suite("my sessions", Effect.gen(function*() {
 *   const auth = yield* mySession
 *   yield* auth.signIn(credentials)
 *   return { auth }
 * }))
 * ```
 *
 * This module is for test files of `vitest` with `@effect/vitest`. `laws` are plain Effects, for other ways to declare
 * tests.
 *
 * @since 0.1.0
 */
import { describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { rules, type World } from "./internal/lawsOfServices.ts"
import { fails, type LawBroken } from "./internal/lawSupport.ts"

/**
 * A session that is signed in, and what the laws may do with it. `other`: the session of another account · `exchanges`:
 * how many exchanges there were (each has to take some milliseconds); absent for a session that always has one token ·
 * `signIn`: signs in again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject extends World {}

/**
 * One law: `run` fails with {@link LawBroken} if the session breaks it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Law {
  readonly name: string
  readonly run: Effect.Effect<void, LawBroken, Scope.Scope>
}

export {
  /**
   * The error of a session that broke a law.
   *
   * @since 0.1.0
   * @category errors
   */
  LawBroken
} from "./internal/lawSupport.ts"

/**
 * The laws of every session. Each one makes a session of its own; a law whose needs the subject does not have holds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws = <E>(subject: Effect.Effect<Subject, E, Scope.Scope>): ReadonlyArray<Law> =>
  rules.map(({ keeps, name, needs }) => ({
    name,
    run: Effect.flatMap(
      Effect.mapError(subject, () => fails(name, "the session could not be made")),
      (world) => needs !== undefined && world[needs] === undefined ? Effect.void : keeps(world)
    )
  }))

/**
 * Registers every law as a test.
 *
 * @since 0.1.0
 * @category constructors
 */
export const suite = <E>(
  name: string,
  subject: Effect.Effect<Subject, E, Scope.Scope>,
  options?: {
    /** How long one law may take (default: 30 seconds). */
    readonly timeout?: Duration.Input | undefined
  }
): void => {
  const timeout = Duration.toMillis(options?.timeout ?? Duration.seconds(30))
  describe(`${name}: the laws of a session`, () => {
    for (const law of laws(subject)) it.live(law.name, () => law.run, timeout)
  })
}
