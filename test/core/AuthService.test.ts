import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const makeServer = () => {
  const server = {
    signIns: 0,
    refreshes: 0,
    presented: [] as Array<string>,
    next: [] as Array<Effect.Effect<void, ExchangeFailure>>,
    delay: 0
  }
  const issue = (n: string): AuthProvider.TokenResponse => ({
    accessToken: Redacted.make(`a-${n}`),
    refreshToken: Redacted.make(`r-${n}`),
    tokenType: "bearer",
    expiresIn: 3600
  })
  const provider: AuthProvider.AuthProvider<{ readonly user: string }> = {
    name: "test",
    realm: "realm",
    origins: ["https://api.test"],
    rotation: "rotating",
    rejection: { statuses: [401] },
    signIn: () => Effect.sync(() => issue(`s${++server.signIns}`)),
    refresh: (token) =>
      Effect.suspend(() => {
        server.refreshes++
        server.presented.push(Redacted.value(token))
        const fault = server.next.shift() ?? Effect.void
        return Effect.as(Effect.delay(fault, server.delay), issue(`${server.refreshes}`))
      })
  }
  return { server, provider }
}

describe("AuthService", () => {
  it.scoped("signs in, hands out, refreshes ahead, and once for a thousand rejections", () =>
    Effect.gen(function*() {
      const { provider, server } = makeServer()
      const auth = yield* AuthService.make(provider)
      const none = yield* Effect.flip(auth.accessToken)
      assert.strictEqual(none._tag, "SignInRequired")
      yield* auth.signIn({ user: "u" })
      const first = yield* auth.accessToken
      assert.strictEqual(Redacted.value(first.value), "a-s1")
      server.delay = 100
      const calls = yield* Effect.fork(Effect.all(Array.from({ length: 1000 }, () => auth.renew(first)), {
        concurrency: "unbounded"
      }))
      yield* TestClock.adjust("1 second")
      const renewed = yield* calls
      assert.strictEqual(server.refreshes, 1)
      assert.isTrue(renewed.every((token) => token.generation === 2))
      assert.strictEqual((yield* auth.renew(first)).generation, 2)
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual(server.refreshes, 2)
      const state = yield* auth.state
      assert.strictEqual(state._tag === "Active" && state.generation, 3)
      yield* auth.signOut
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a lost answer is not asked for again while the token lives", () =>
    Effect.gen(function*() {
      const { provider, server } = makeServer()
      const auth = yield* AuthService.make(provider)
      yield* auth.signIn({ user: "u" })
      server.next.push(Effect.fail(new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "timeout" })))
      yield* TestClock.adjust("55 minutes")
      assert.strictEqual(server.refreshes, 1)
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual(server.refreshes, 2)
      assert.deepStrictEqual(server.presented, ["r-s1", "r-s1"])
      assert.strictEqual((yield* auth.accessToken).generation, 2)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a dead refresh token is presented once", () =>
    Effect.gen(function*() {
      const { provider, server } = makeServer()
      const auth = yield* AuthService.make(provider)
      yield* auth.signIn({ user: "u" })
      server.next.push(Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown" })))
      const error = yield* Effect.flip(auth.refresh)
      assert.strictEqual(error._tag, "RefreshTokenRejected")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "RefreshTokenRejected")
      assert.strictEqual(server.refreshes, 1)
    }).pipe(Effect.provide(TokenStore.layerMemory)))
})
