import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const down = new ExchangeFailure({ kind: "transient", sent: "answered", reason: "server", status: 503 })
const lost = new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "transport" })

const refreshOf = (scripted: ScriptedProvider.ScriptedProvider<unknown>, token: string) => {
  const refresh = scripted.provider.refresh
  return refresh === undefined
    ? Effect.dieMessage("this provider can't refresh")
    : refresh(Redacted.make(token), { accessToken: Redacted.make("any"), obtainedAt: 0 })
}

describe("ScriptedProvider", () => {
  it.effect("numbers its tokens, takes its steps in order, and counts what was spent twice", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make({ expiresIn: 60 })
      yield* scripted.enqueue(
        "refresh",
        ScriptedProvider.fail(down),
        ScriptedProvider.lose(lost),
        ScriptedProvider.ok({ expiresIn: 5 })
      )
      const first = yield* scripted.provider.signIn({})
      expect(Redacted.value(first.accessToken)).toBe("access-1")
      expect(first.expiresIn).toBe(60)
      expect(yield* Effect.flip(refreshOf(scripted, "refresh-1"))).toBe(down)
      expect(yield* scripted.spent).toBe(0)
      expect(yield* Effect.flip(refreshOf(scripted, "refresh-1"))).toBe(lost)
      expect(yield* scripted.spent).toBe(0)
      const again = yield* refreshOf(scripted, "refresh-1")
      expect(again).toMatchObject({ expiresIn: 5 })
      expect(yield* scripted.spent).toBe(1)
      expect((yield* scripted.calls).map(({ issued, operation, spent }) => [operation, issued, spent])).toEqual([
        ["signIn", 1, false],
        ["refresh", undefined, false],
        ["refresh", 2, false],
        ["refresh", 3, true]
      ])
      expect(yield* scripted.count("refresh")).toBe(3)
    }))

  it.effect("waits, hangs and throws", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make()
      yield* scripted.enqueue(
        "signIn",
        ScriptedProvider.after("1 minute"),
        ScriptedProvider.never,
        ScriptedProvider.die("mistake")
      )
      const slow = yield* Effect.fork(scripted.provider.signIn({}))
      yield* TestClock.adjust("59 seconds")
      expect((yield* scripted.calls)[0]?.issued).toBeUndefined()
      yield* TestClock.adjust("1 seconds")
      expect(Redacted.value((yield* Fiber.join(slow)).accessToken)).toBe("access-1")
      const hanging = yield* Effect.fork(scripted.provider.signIn({}))
      yield* TestClock.adjust("1 days")
      expect(yield* Fiber.poll(hanging)).toMatchObject({ _tag: "None" })
      yield* Fiber.interrupt(hanging)
      expect(Exit.isFailure(yield* Effect.exit(scripted.provider.signIn({})))).toBe(true)
    }))

  it.effect("a static refresh token stays, and `none` has no refresh", () =>
    Effect.gen(function*() {
      const fixed = yield* ScriptedProvider.make({ rotation: "static" })
      yield* fixed.provider.signIn({})
      const renewed = yield* refreshOf(fixed, "refresh-1")
      expect(renewed.refreshToken === undefined ? "" : Redacted.value(renewed.refreshToken)).toBe("refresh-1")
      const none = yield* ScriptedProvider.make({ rotation: "none" })
      expect(none.provider.refresh).toBeUndefined()
      expect((yield* none.provider.signIn({})).refreshToken).toBeUndefined()
    }))

  it.scoped("drives the session machine: many callers, one refresh", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make({ latency: "50 millis" })
      const auth = yield* AuthService.make(scripted.provider, { refresh: { mode: "onDemand" } })
      const signingIn = yield* Effect.fork(auth.signIn({}))
      yield* TestClock.adjust("1 seconds")
      const first = yield* Fiber.join(signingIn)
      yield* TestClock.adjust("2 hours")
      const callers = yield* Effect.fork(
        Effect.all(Array.from({ length: 100 }, () => auth.accessToken), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 seconds")
      const tokens = yield* Fiber.join(callers)
      expect(new Set(tokens.map((token) => Redacted.value(token.value)))).toEqual(new Set(["access-2"]))
      expect(Redacted.value(first.value)).toBe("access-1")
      expect(yield* scripted.count("refresh")).toBe(1)
      expect(yield* scripted.spent).toBe(0)
    }).pipe(Effect.provide(TokenStore.layerMemory)))
})

const echo = (status: number) =>
  HttpClient.make((request) =>
    Effect.succeed(
      HttpClientResponse.fromWeb(
        request,
        new Response(status === 200 ? request.headers["authorization"] ?? "none" : null, { status })
      )
    )
  )

describe("FakeAuth", () => {
  it.effect("fixed: the token goes on requests, and a rejection is handed over", () =>
    Effect.gen(function*() {
      const auth = FakeAuth.fixed("test-token")
      const response = yield* AuthHttpClient.withAuth(echo(200), auth).get("https://api.test/x")
      expect(yield* response.text).toBe("Bearer test-token")
      const error = yield* Effect.flip(AuthHttpClient.withAuth(echo(401), auth).get("https://api.test/x"))
      expect(error._tag).toBe("AccessTokenRejected")
      expect(yield* auth.state).toMatchObject({ _tag: "Active", freshness: "fresh" })
    }))

  it.effect("signedOut: nothing is sent", () =>
    Effect.gen(function*() {
      const auth = FakeAuth.signedOut({ provider: "placewise" })
      const error = yield* Effect.flip(AuthHttpClient.withAuth(echo(200), auth).get("https://api.test/x"))
      expect(error).toMatchObject({ _tag: "SignInRequired", provider: "placewise" })
      expect((yield* Effect.flip(auth.signIn({})))._tag).toBe("TokenRequestRejected")
      expect(yield* auth.state).toEqual({ _tag: "SignedOut", reason: "never" })
    }))
})
