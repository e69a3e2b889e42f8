/** A program as a user has it: a session, its middleware, and OpenTelemetry's Prometheus exporter. It prints the exporter's address. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { layerTelemetry } from "@effect-auth/examples/observability"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus"
import type { MetricReader } from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { settings } from "../placewise/fixtures.ts"

const exporter = new PrometheusExporter({ preventServerStart: true, host: "127.0.0.1", port: Number(process.argv[2]) })
// The exporter's own copy of the SDK is 2.12.0, with the same reader in other files.
const reader = exporter as unknown as MetricReader
const telemetry = layerTelemetry(new SimpleSpanProcessor(new InMemorySpanExporter()), reader)

const program = Effect.gen(function*() {
  const sandbox = yield* PlacewiseSandbox.make()
  const server = Sandbox.layerHttpClient(sandbox)
  const work = Effect.gen(function*() {
    const auth = yield* PlacewiseAuth.PlacewiseAuth
    const client = yield* AuthHttpClient.fromSession(auth)
    const [member] = PlacewiseSandbox.defaults.members
    const password = Redacted.make(member.password)
    yield* auth.signIn({ _tag: "Password", identifier: { email: member.email }, password })
    yield* sandbox.expireAccessTokens
    yield* client.get("/members/me")
    yield* sandbox.faults.next("refresh", Faults.status(503))
    yield* Effect.exit(auth.refresh)
    yield* sandbox.revokeAll
    yield* Effect.exit(client.get("/members/me"))
    yield* Effect.promise(() => exporter.startServer())
    console.log("ready")
    return yield* Effect.never
  })
  const session = Placewise.layerAuth(settings).pipe(Layer.provide([server, TokenStore.layerMemory]))
  return yield* work.pipe(Effect.provide(session), Effect.provide(server), Effect.provide(telemetry))
})

Effect.runFork(program)
