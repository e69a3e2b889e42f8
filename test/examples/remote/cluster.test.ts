import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as cluster from "@effect-auth/examples/remote/cluster"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as Entity from "@effect/cluster/Entity"
import * as ShardingConfig from "@effect/cluster/ShardingConfig"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

describe("a keeper as an entity of a cluster", () => {
  it.scopedLive("answers with tokens, one exchange for all who ask", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedProvider.make({ latency: "20 millis" })
      yield* Effect.flatMap(AuthSessions.make(script.provider), ({ get }) =>
        Effect.flatMap(get("anna"), (anna) => anna.signIn({}))).pipe(Effect.scoped)
      const clientOf = yield* Entity.makeTestClient(cluster.Sessions, cluster.layer(script.provider))
      const anna = yield* clientOf("anna")
      const target = { provider: "scripted", realm: "test", account: "anna" }
      const token = yield* anna.AccessToken(target)
      assert.strictEqual(Redacted.value(token.value), "access-1")
      const renewed = yield* Effect.all(
        Array.from({ length: 20 }, () =>
          anna.Renew({ ...target, session: token.session, generation: token.generation, wasAccepted: true })),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        new Set(renewed.map(({ value }) =>
          Redacted.value(value)
        )),
        new Set(["access-2"])
      )
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* anna.State(target))._tag, "Active")
    }).pipe(Effect.provide(TokenStore.layerMemory), Effect.provide(ShardingConfig.layer())))
})
