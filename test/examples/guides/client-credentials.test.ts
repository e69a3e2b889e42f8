/** The program of docs/oauth2/client-credentials.md prints what its page says. */
import * as ClientCredentials from "@effect-auth/examples/guides/client-credentials"
import { assert, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

it.scoped("two calls, and a sign-in for each", () =>
  Effect.gen(function*() {
    const printed: Array<string> = []
    const log = (...words: ReadonlyArray<unknown>) => Effect.sync(() => void printed.push(words.join(" ")))
    yield* ClientCredentials.program.pipe(
      Effect.provide(ClientCredentials.Outside),
      Console.withConsole({ ...(yield* Effect.console), log })
    )
    assert.deepStrictEqual(printed, [
      "200",
      "200",
      "GET /.well-known/openid-configuration 200",
      "POST /token 200",
      "GET /api/items 200",
      "GET /api/items 401",
      "POST /token 200",
      "GET /api/items 200"
    ])
  }))
