/**
 * The laws of every provider, as one test suite. A few lines test your own provider like the others.
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
 * The layer is a server that behaves as the provider's documentation says: a sandbox, or a stub. The laws themselves
 * make the failures: error statuses, redirects, lost answers, unreadable bodies.
 *
 * This module is for test files of `vitest`, with `@effect/vitest`. For another test runner use `ProviderLaws`.
 *
 * @since 0.1.0
 */
import { describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { laws, type Subject } from "./ProviderLaws.ts"

/**
 * Registers every law as a test of a provider. Each law gets its own build of the server's layer.
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
    readonly timeout?: Duration.Input | undefined
  }
): void => {
  const timeout = Duration.toMillis(options?.timeout ?? Duration.seconds(30))
  describe(`${name}: the laws of a provider`, () => {
    for (const law of laws(subject)) {
      it.live(law.name, () => Effect.provide(law.run, Layer.fresh(layer)), timeout)
    }
  })
}
