/** The sandbox of the guide under the provider of the guide. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Acme from "@effect-auth/examples/fifth-provider"
import * as AcmeSandbox from "@effect-auth/examples/fifth-sandbox"
import * as Faults from "@effect-auth/testing/Faults"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const kim = { username: "kim", password: Redacted.make("correct-horse") }

it.effect("the fifth sandbox expires, rotates, refuses, revokes and goes wrong", () =>
  Effect.gen(function*() {
    const sandbox = yield* AcmeSandbox.make
    const layer = Acme.layer({}, { refresh: { mode: "onDemand", retryPatience: 0 } }).pipe(
      Layer.provide([Sandbox.layerHttpClient(sandbox), TokenStore.layerMemory])
    )
    const refreshes = Effect.map(sandbox.counters, (counters) => Sandbox.exchanges(counters, "refresh_token"))
    yield* Effect.gen(function*() {
      const auth = yield* Acme.AcmeAuth
      const call = Effect.map((yield* Acme.AcmeClient).get("/orders"), ({ status }) => status)
      const wrong = yield* Effect.flip(auth.signIn({ ...kim, password: Redacted.make("wrong-horse") }))
      expect(wrong).toMatchObject({ _tag: "TokenRequestRejected", reason: "credentials" })
      yield* auth.signIn(kim)

      yield* sandbox.expireAccessTokens
      expect(new Set(yield* Effect.all(Array.from({ length: 50 }, () => call), { concurrency: "unbounded" }))).toEqual(
        new Set([200])
      )
      expect(yield* refreshes).toEqual({ granted: 1, refused: 0, unhandled: 0 })

      yield* TestClock.adjust("61 minutes")
      yield* sandbox.faults.next("refresh", Faults.status(503))
      expect(yield* Effect.flip(call)).toMatchObject({ _tag: "ProviderUnavailable" })
      yield* TestClock.adjust("1 minute")
      expect(yield* call).toBe(200)
      expect((yield* refreshes).granted).toBe(2)

      expect(yield* auth.signOut).toBe("revoked")
      yield* auth.signIn(kim)
      yield* sandbox.revokeAll
      expect(yield* Effect.flip(call)).toMatchObject({ _tag: "RefreshTokenRejected" })
      expect(yield* sandbox.counters).toMatchObject({ spent: 0, revocations: 1 })
    }).pipe(Effect.provide(layer))
  }))
