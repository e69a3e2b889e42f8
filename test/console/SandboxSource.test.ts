/** A sandbox as a part of the console: its sign-ins, its log as time lines, its controls. */
import type { SandboxControls } from "@effect-auth/console/ConsoleSource"
import * as SandboxSource from "@effect-auth/console/SandboxSource"
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"

const second = 1_000

const controlsOf = (source: { readonly sandbox?: SandboxControls | undefined }): SandboxControls => {
  if (source.sandbox === undefined) return assert.fail("a sandbox has controls")
  return source.sandbox
}

const headers = {
  "x-client-authorization": "sandbox-client-token",
  "x-user-agent": "test/1.0",
  "x-product-name": "sandbox"
}

const world = Effect.gen(function*() {
  const sandbox = yield* PlacewiseSandbox.make({ tokens: { accessLifetime: "100 seconds" } })
  const source = SandboxSource.make(sandbox, { url: "http://sandbox.test" })
  const client = sandbox.httpClient.pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl("http://sandbox.test/v3/infinity-mall/members")),
    HttpClient.mapRequest(HttpClientRequest.setHeaders(headers))
  )
  const token = (body: object) =>
    client.execute(HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post("/oauth/token"), body)).pipe(
      Effect.flatMap((response) => response.json),
      Effect.map((json) => json as { readonly access_token: string; readonly refresh_token: string })
    )
  const signIn = token({
    grant_type: "password",
    identifier_type: "email",
    identifier: "ola@example.com",
    password: "correct horse"
  })
  const refresh = (refresh_token: string) => token({ grant_type: "refresh_token", refresh_token })
  const call = (bearer: string) => client.execute(HttpClientRequest.bearerToken(HttpClientRequest.get("/me"), bearer))
  return { sandbox, source, signIn, refresh, call }
})

describe("a sandbox in the console", () => {
  it.effect("requests, rejections, exchanges and double spends are marks of their sign-in", () =>
    Effect.gen(function*() {
      const { call, refresh, signIn, source } = yield* world
      const first = yield* signIn
      yield* call(first.access_token)
      yield* TestClock.adjust("100 seconds")
      yield* call(first.access_token)
      const second = yield* refresh(first.refresh_token)
      yield* refresh(first.refresh_token)
      yield* call(second.access_token)
      yield* call("never issued here")
      const timeline = yield* source.timeline("placewise/1")
      assert.deepStrictEqual(timeline?.marks.map(({ generation, kind }) => [kind, generation]), [
        ["signed-in", 1],
        ["request", 1],
        ["rejected", 1],
        ["exchanged", 2],
        ["refused", 1],
        ["request", 2]
      ])
      assert.include(timeline?.marks[4]?.text, "double spend")
      assert.deepStrictEqual(timeline?.lives.map(({ from, to }) => [from, to]), [[0, 100_000], [100_000, 200_000]])
      assert.deepInclude(yield* controlsOf(source).view.pipe(Effect.map(({ counters }) => counters)), {
        requests: 7,
        granted: 2,
        refused: 1,
        rejected: 2,
        doubleSpends: 1
      })
    }))

  it.effect("a lost answer leaves the sign-in in doubt until the next exchange", () =>
    Effect.gen(function*() {
      const { refresh, sandbox, signIn, source } = yield* world
      const first = yield* signIn
      yield* TestClock.adjust("10 seconds")
      yield* sandbox.faults.next("refresh", Faults.lost)
      yield* Effect.flip(refresh(first.refresh_token))
      assert.deepInclude((yield* source.sessions)[0], { inDoubtSince: 10 * second, generation: 2 })
      yield* TestClock.adjust("10 seconds")
      yield* refresh(first.refresh_token)
      assert.deepStrictEqual((yield* source.timeline("placewise/1"))?.doubts, [{ from: 10 * second, to: 20 * second }])
      assert.strictEqual((yield* source.sessions)[0]?.inDoubtSince, undefined)
    }))

  it.effect("its controls change what the server does, and the list shows it", () =>
    Effect.gen(function*() {
      const { call, refresh, signIn, source } = yield* world
      const controls = controlsOf(source)
      const first = yield* signIn
      assert.strictEqual(yield* controls.expire, 1)
      assert.strictEqual((yield* call(first.access_token)).status, 460)
      assert.strictEqual(yield* controls.next("503", "token"), 1)
      assert.strictEqual(yield* controls.next("lost", "api"), 2)
      assert.strictEqual(yield* controls.clear, 2)
      yield* controls.rules({ rotates: false })
      assert.strictEqual((yield* refresh(first.refresh_token)).refresh_token, first.refresh_token)
      yield* controls.rules({ rotates: true, punishesReuse: true })
      yield* refresh(first.refresh_token)
      assert.deepInclude((yield* source.sessions)[0], { state: "active", generation: 3 })
      yield* refresh(first.refresh_token)
      assert.deepInclude((yield* source.sessions)[0], { state: "ended", reason: "revoked" })
      yield* signIn
      assert.strictEqual(yield* controls.revoke, 2)
      assert.deepStrictEqual((yield* source.sessions).map(({ state }) => state), ["ended", "ended"])
    }))

  it.effect("a provider without refresh tokens has no rules for them", () =>
    Effect.gen(function*() {
      const source = SandboxSource.make(yield* WalletAppSandbox.make(), { url: "http://sandbox.test" })
      const controls = controlsOf(source)
      assert.deepInclude(yield* controls.view, { hasRefreshTokens: false, makesCodes: false })
      assert.strictEqual((yield* Effect.flip(controls.rules({ rotates: true })))._tag, "NotThere")
    }))
})
