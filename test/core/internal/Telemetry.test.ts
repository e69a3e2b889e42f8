import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Telemetry from "@effect-auth/core/Telemetry"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import * as counts from "../../../packages/core/src/internal/counts.ts"
import * as metrics from "../../support/metrics.ts"
import { acceptsFrom, recordingClient, scriptedAuth } from "../scriptedAuth.ts"

/** Every value of a metric, by its tags, without those of other providers. */
const valuesOf = (name: string, provider: string) =>
  Effect.map(metrics.all, (found) =>
    Object.fromEntries(
      found.filter((metric) => metric.name === name && Object.values(metric.tags).includes(provider)).map((metric) => [
        Object.entries(metric.tags).filter(([, value]) => value !== provider).map(([key, value]) => `${key}=${value}`)
          .sort().join(" "),
        metric.state
      ])
    ))

/** Keeps the spans that end in its scope: the name, that of its parent, and the attributes. */
const recording = () => {
  const ended: Array<readonly [name: string, parent: string | undefined, attributes: Record<string, unknown>]> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: name,
        traceId: "trace",
        parent,
        context,
        links,
        kind,
        sampled: true,
        attributes,
        status: { _tag: "Started", startTime },
        attribute: (key, value) => {
          attributes.set(key, value)
        },
        addLinks: () => {},
        event: () => {},
        end: () => {
          const above = parent._tag === "Some" && parent.value._tag === "Span" ? parent.value.name : undefined
          ended.push([name, above, Object.fromEntries(attributes)])
        }
      }
      return span
    },
    context: (f) => f()
  })
  return { ended, layer: Effect.withTracer(tracer) }
}

describe("Telemetry", () => {
  it("names follow OpenTelemetry's conventions", () => {
    const names = [Telemetry.spans, Telemetry.attributes, Telemetry.metrics].flatMap((group) => Object.values(group))
    for (const name of names) assert.match(name, /^(effect_auth|error)(\.[a-z]+(_[a-z]+)*)+$/)
    assert.strictEqual(new Set(names.filter((name) => name !== Telemetry.spans.refresh)).size, names.length - 1)
  })

  it.effect("counts refreshes by trigger, outcome and class", () =>
    Effect.gen(function*() {
      const provider = "counting"
      yield* counts.refreshed({ provider, trigger: "scheduled", outcome: "refreshed" })
      yield* counts.refreshed({ provider, trigger: "scheduled", outcome: "refreshed" })
      yield* counts.refreshed({ provider, trigger: "rejected", outcome: "failed", errorType: "transient" })
      const values = yield* valuesOf(Telemetry.metrics.refreshes, provider)
      assert.deepStrictEqual(Object.entries(values).map(([tags, { count }]) => [tags, count]).sort(), [
        ["effect_auth.outcome=failed effect_auth.trigger=rejected error.type=transient", 1],
        ["effect_auth.outcome=refreshed effect_auth.trigger=scheduled", 2]
      ])
    }))

  it.effect("records durations in seconds, the seconds left, and events", () =>
    Effect.gen(function*() {
      const provider = "measuring"
      yield* counts.exchanged(provider, "250 millis")
      yield* counts.left(provider, 90)
      yield* counts.left(provider, Infinity)
      yield* counts.happened({ provider, _tag: "Ended" })
      const [duration] = Object.values(yield* valuesOf(Telemetry.metrics.exchangeDuration, provider))
      assert.deepInclude(duration, { count: 1, sum: 0.25 })
      const [left] = Object.values(yield* valuesOf(Telemetry.metrics.secondsLeft, provider))
      assert.deepInclude(left, { value: 90 })
      const events = yield* valuesOf(Telemetry.metrics.events, provider)
      assert.deepInclude(events["effect_auth.event=Ended"], { count: 1 })
    }))

  it.effect("counts what the middleware did about rejections, and tags no account", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const provider = "rejecting"
      const from = (generation: number) =>
        AuthHttpClient.withAuth(recordingClient(acceptsFrom(generation)).client, { ...auth, provider })
      yield* from(2).get("https://api.test/x")
      yield* Effect.flip(from(99).get("https://api.test/x"))
      const values = yield* valuesOf(Telemetry.metrics.rejections, provider)
      assert.deepStrictEqual(Object.entries(values).map(([tags, { count }]) => [tags, count]).sort(), [
        ["effect_auth.outcome=rejected-again", 1],
        ["effect_auth.outcome=replayed", 2]
      ])
      assert.isTrue(metrics.isCounter(Telemetry.rejections))
    }))

  it.effect("every span that has a name is emitted, with whose it was and how it ended", () => {
    const { ended, layer } = recording()
    return Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make({ name: "spanning", expiresIn: 3600 })
      const auth = yield* AuthService.make(scripted.provider, { account: "member-7", refresh: { mode: "onDemand" } })
      const whose = { [Telemetry.attributes.provider]: "spanning", [Telemetry.attributes.account]: "member-7" }
      const outcome = (name: string, errorType?: string) => ({
        ...whose,
        [Telemetry.attributes.outcome]: name,
        ...(errorType === undefined ? {} : { [Telemetry.attributes.errorType]: errorType })
      })
      const told = Effect.sync(() => ended.splice(0))

      yield* scripted.enqueue(
        "signIn",
        ScriptedProvider.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "credentials" }))
      )
      yield* Effect.flip(auth.signIn("wrong"))
      assert.deepStrictEqual(yield* told, [
        [Telemetry.spans.signIn, undefined, outcome("failed", "TokenRequestRejected")]
      ])

      yield* auth.signIn("right")
      assert.deepStrictEqual(yield* told, [[Telemetry.spans.signIn, undefined, outcome("signed-in")]])

      yield* auth.refresh
      const [exchange, refresh] = yield* told
      assert.deepStrictEqual(exchange, [Telemetry.spans.exchange, Telemetry.spans.refresh, outcome("issued")])
      assert.strictEqual(refresh?.[0], Telemetry.spans.refresh)
      assert.include(refresh?.[2] ?? {}, outcome("refreshed"))

      yield* scripted.enqueue(
        "refresh",
        ScriptedProvider.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown" }))
      )
      yield* Effect.flip(auth.refresh)
      const [refused, over] = yield* told
      assert.deepStrictEqual(refused?.[2], outcome("terminal", "unknown"))
      assert.include(over?.[2] ?? {}, outcome("ended", "RefreshTokenRejected"))

      yield* auth.signIn("right")
      yield* told
      const revocation = yield* auth.signOut
      assert.deepStrictEqual(yield* told, [[Telemetry.spans.signOut, undefined, outcome(revocation)]])
    }).pipe(Effect.scoped, Effect.provide(TokenStore.layerMemory), layer)
  })
})
