import * as Telemetry from "@effect-auth/core/Telemetry"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { layerTelemetry, program } from "@effect-auth/examples/observability"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { settings } from "../placewise/fixtures.ts"

describe("the observability example", () => {
  it.live("exports one span a refresh and the metrics of the exchange", () =>
    Effect.gen(function*() {
      const spans = new InMemorySpanExporter()
      const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
      const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 60_000 })
      const sandbox = yield* PlacewiseSandbox.make()
      const { defaults } = PlacewiseSandbox
      const [member] = defaults.members
      const auth = Placewise.layerAuth(settings).pipe(
        Layer.provide([Sandbox.layerHttpClient(sandbox), TokenStore.layerMemory])
      )
      yield* Effect.gen(function*() {
        yield* program(member.email, member.password)
        yield* Effect.promise(() => reader.forceFlush())
        // Closing the exporters empties them, so they are read before the layer ends.
        const refresh = spans.getFinishedSpans().filter((span) => span.name === Telemetry.spans.refresh)
        assert.strictEqual(refresh.length, 1)
        const attributes = refresh[0]?.attributes ?? {}
        assert.strictEqual(attributes[Telemetry.attributes.provider], "placewise")
        assert.strictEqual(attributes[Telemetry.attributes.trigger], "forced")
        assert.strictEqual(attributes[Telemetry.attributes.role], "leader")
        assert.strictEqual(attributes[Telemetry.attributes.outcome], "refreshed")
        assert.strictEqual(attributes[Telemetry.attributes.generation], 2)

        const names = metrics.getMetrics().flatMap((resource) =>
          resource.scopeMetrics.flatMap((scope) => scope.metrics.map((metric) => metric.descriptor.name))
        )
        for (
          const name of [Telemetry.metrics.refreshes, Telemetry.metrics.exchangeDuration, Telemetry.metrics.secondsLeft]
        ) {
          assert.include(names, name)
        }
      }).pipe(Effect.provide(auth), Effect.provide(layerTelemetry(new SimpleSpanProcessor(spans), reader)))
    }).pipe(Effect.scoped))
})
