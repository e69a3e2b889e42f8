/**
 * The laws of every provider, as plain Effects, for any test runner. `AuthProviderLaws` registers them with vitest.
 *
 * ```ts
 * for (const law of ProviderLaws.laws(subject)) {
 *   test(law.name, () => Effect.runPromise(Effect.provide(law.run, Layer.fresh(MySandbox.layerHttpClient))))
 * }
 * ```
 *
 * @since 0.1.0
 */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import * as answers from "./internal/lawsOfAnswers.ts"
import * as calls from "./internal/lawsOfCalls.ts"
import type { LawBroken } from "./internal/lawSupport.ts"
import * as World from "./internal/lawWorld.ts"

/**
 * A provider and the values that its tests need.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject<Credentials, E = never, R = never> {
  /** Makes the provider with the `HttpClient` of the context. */
  readonly provider: Effect.Effect<AuthProvider<Credentials>, E, HttpClient | R>
  /** Credentials that the server accepts. If they work only once, each run must yield new ones. */
  readonly credentials: Effect.Effect<Credentials, never, R>
  /** Credentials that the server refuses. Absent: it accepts all. */
  readonly wrong?: Credentials | undefined
  /** Further secrets that are not in the credentials, such as a client secret. */
  readonly secrets?: ReadonlyArray<string | Redacted.Redacted<string>> | undefined
  /** Whether the provider's calls use that `HttpClient`. If not, the laws of the wire are left out. Default: true. */
  readonly http?: boolean | undefined
}

/**
 * One law: `run` fails with {@link LawBroken} if the provider breaks it, with the server in the context.
 *
 * @since 0.1.0
 * @category models
 */
export interface Law<E = never, R = never> {
  readonly name: string
  readonly run: Effect.Effect<void, LawBroken | E, HttpClient | R>
}

export {
  /**
   * The error of a provider that broke a law.
   *
   * @since 0.1.0
   * @category errors
   */
  LawBroken
} from "./internal/lawSupport.ts"

/**
 * The laws of every provider. Each law needs its own server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const laws = <Credentials, E = never, R = never>(
  subject: Subject<Credentials, E, R>
): ReadonlyArray<Law<E, R>> =>
  [...calls.laws, ...answers.laws]
    .filter((law) => subject.http !== false || !law.needsHttp)
    .map(({ keeps, name }) => ({ name, run: Effect.flatMap(World.make(subject), keeps) }))
