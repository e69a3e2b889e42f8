/** The example of the README does what it says. */
import * as QuickStart from "@effect-auth/examples/quick-start"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApp from "@effect/platform/HttpApp"
import { expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const environment = ConfigProvider.fromMap(
  new Map([
    ["PLACEWISE_CLUB", "infinity-mall"],
    ["PLACEWISE_CLIENT_TOKEN", "sandbox-client-token"],
    ["PLACEWISE_PRODUCT", "sandbox"]
  ])
)

it.effect("signs in, calls and signs out", () =>
  Effect.gen(function*() {
    const sandbox = yield* PlacewiseSandbox.make()
    const handler = HttpApp.toWebHandler(sandbox.app)
    // The example brings its own client, which is `fetch`: so this is where the sandbox stands in for the network.
    const fetch: typeof globalThis.fetch = (input, init) => handler(new Request(input, init))
    const body = yield* QuickStart.rewards("ola@example.com", Redacted.make("correct horse")).pipe(
      Effect.provide(QuickStart.Member),
      Effect.provide(Layer.setConfigProvider(environment)),
      Effect.provideService(FetchHttpClient.Fetch, fetch)
    )
    expect(body).toMatchObject({ membership: true, balance: 120 })
    const counters = yield* sandbox.counters
    expect(Sandbox.exchanges(counters, "password").granted).toBe(1)
    expect(counters.revocations).toBe(2)
  }))
