/**
 * Spans and metrics of a session, through OpenTelemetry. Put your own exporters in the place of those that print.
 */
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import type { MetricReader } from "@opentelemetry/sdk-metrics"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** What every application already has: where spans and metrics go. */
export const layerTelemetry = (spanProcessor: SpanProcessor, metricReader: MetricReader) =>
  NodeSdk.layer(() => ({ resource: { serviceName: "loyalty-app" }, spanProcessor, metricReader }))

/** Nothing in the program knows about it: signing in and refreshing are observed by the library. */
export const program = (email: string, password: string) =>
  Effect.gen(function*() {
    const auth = yield* PlacewiseAuth.PlacewiseAuth
    yield* auth.signIn({ _tag: "Password", identifier: { email }, password: Redacted.make(password) })
    yield* auth.refresh
    return yield* auth.state
  })
