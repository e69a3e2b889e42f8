/**
 * What every provider must do, as one suite: a few lines for a provider, and it is tested as all others are.
 *
 * ```ts
 * import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
 *
 * AuthProviderLaws.suite("my provider", MySandbox.layerHttpClient, {
 *   provider: MyAuth.provider({ host: "…" }),
 *   credentials: Effect.succeed({ password: Redacted.make("right") }),
 *   wrong: { password: Redacted.make("wrong") }
 * })
 * ```
 *
 * The layer is a server that does what the provider's page says: a sandbox, or a stub. What goes wrong between the two
 * (statuses, redirects, lost answers, bodies that can't be read) the laws bring along themselves.
 *
 * `suite` needs `vitest` and `@effect/vitest`; `laws` are plain Effects that run anywhere.
 *
 * @since 0.1.0
 */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { HttpClient } from "@effect/platform/HttpClient"
import { describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as answers from "./internal/lawsOfAnswers.ts"
import * as calls from "./internal/lawsOfCalls.ts"
import type { LawBroken } from "./internal/lawSupport.ts"
import * as World from "./internal/lawWorld.ts"

/**
 * A provider, and what it takes to try it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Subject<Credentials, E = never, R = never> {
  /** Makes the provider over the `HttpClient` in the environment. */
  readonly provider: Effect.Effect<AuthProvider<Credentials>, E, HttpClient | R>
  /** Credentials that the server takes; new ones each time, where they work only once. */
  readonly credentials: Effect.Effect<Credentials, never, R>
  /** Credentials that the server refuses. Absent: it takes all. */
  readonly wrong?: Credentials | undefined
  /** Secrets beside those that are `Redacted` in the credentials: a client secret. */
  readonly secrets?: ReadonlyArray<string | Redacted.Redacted<string>> | undefined
  /** Whether the provider's calls go through that `HttpClient`. Without it the laws of the wire are left out. Default: true. */
  readonly http?: boolean | undefined
}

/**
 * One law: `run` fails with {@link LawBroken} where the provider breaks it, over the server in the environment.
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
   * A provider did what no provider may do.
   *
   * @since 0.1.0
   * @category errors
   */
  LawBroken
} from "./internal/lawSupport.ts"

/**
 * What holds for every provider. Each law wants a server of its own.
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

/**
 * Registers every law as a test of a provider; each law gets a build of the server's layer of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const suite = <Credentials, E = never, R = never, LE = never>(
  name: string,
  layer: Layer.Layer<HttpClient | R, LE>,
  subject: Subject<Credentials, E, R>,
  options?: {
    /** How long one law may take (default: 30 seconds). */
    readonly timeout?: Duration.DurationInput | undefined
  }
): void => {
  const timeout = Duration.toMillis(options?.timeout ?? Duration.seconds(30))
  describe(`${name}: the laws of a provider`, () => {
    for (const law of laws(subject)) {
      it.live(law.name, () => Effect.provide(law.run, Layer.fresh(layer)), timeout)
    }
  })
}
