/** The worker of the examples, against the sandbox of an authorization server. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Worker from "@effect-auth/examples/oauth2/worker"
import * as Faults from "@effect-auth/testing/Faults"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { assert, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"

const { issuer } = OAuth2Sandbox.defaults

const environment = ConfigProvider.fromMap(
  new Map([
    ["ISSUER", issuer],
    ["CLIENT_ID", "service"],
    ["CLIENT_SECRET", "sandbox-client-secret"],
    ["API_URL", `${issuer}/api`]
  ])
)

const world = Worker.BillingLayer.pipe(
  Layer.provide(TokenStore.layerMemory),
  Layer.provideMerge(OAuth2Sandbox.layerHttpClient),
  Layer.provideMerge(OAuth2Sandbox.layer()),
  Layer.provide(Layer.setConfigProvider(environment))
)

it.effect("signs in by itself, again when its token ends or is rejected, and lives through an outage", () =>
  Effect.gen(function*() {
    const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
    const handed: Array<unknown> = []
    const fiber = yield* Effect.fork(Worker.worker((invoices) => Effect.sync(() => void handed.push(invoices))))
    const granted = Effect.map(
      sandbox.counters,
      (counters) => Sandbox.exchanges(counters, "client_credentials").granted
    )
    yield* TestClock.adjust("30 seconds")
    assert.strictEqual(handed.length, 1)
    assert.strictEqual(yield* granted, 1)

    yield* sandbox.revokeAll
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(handed.length, 2)
    assert.strictEqual(yield* granted, 2, "after a rejection")

    yield* TestClock.adjust("2 hours")
    assert.strictEqual(handed.length, 122)
    assert.isAtLeast(yield* granted, 3, "after the end of its life")

    yield* sandbox.faults.next("api", Faults.status(503))
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(handed.length, 122, "nothing is handed on that is no answer")
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(handed.length, 123)
    yield* Fiber.interrupt(fiber)
  }).pipe(Effect.provide(world)))
