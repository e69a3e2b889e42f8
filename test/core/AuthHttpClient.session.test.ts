/** The middleware over a real session: storms, late rejections, a caller that leaves, a resource that refuses everything. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { recordingClient } from "./scriptedAuth.ts"

const url = "https://api.test/things"

/** A session, a server that accepts its newest `accepted` token only, and the client between them. */
const session = Effect.gen(function*() {
  const script = yield* ScriptedProvider.make<string>({ latency: "20 millis", rejection: { statuses: [460] } })
  const auth = yield* AuthService.make(script.provider, { refresh: { retryPatience: 0 } })
  yield* auth.signIn("anything")
  const world = { accepted: "access-1", delay: (_call: number) => 0 }
  const server = recordingClient((request, call) =>
    Effect.suspend(() => {
      const isLive = request.headers["authorization"] === `Bearer ${world.accepted}`
      const answer = isLive
        ? new Response("fine")
        : new Response("dead", { status: 460, headers: { "content-length": "4" } })
      return Effect.delay(Effect.succeed(answer), world.delay(call))
    })
  )
  return { script, auth, world, server, client: AuthHttpClient.withAuth(server.client, auth) }
})

const many = <E, R>(count: number, call: Effect.Effect<{ readonly status: number }, E, R>) =>
  Effect.map(
    Effect.all(Array.from({ length: count }, () => call), { concurrency: "unbounded" }),
    (responses) => responses.filter((response) => response.status === 200).length
  )

const live = (name: string, test: Effect.Effect<void, unknown, TokenStore.TokenStore | Scope.Scope>) =>
  it.scopedLive(name, () => Effect.provide(test, TokenStore.layerMemory))

describe("AuthHttpClient over a session", () => {
  live(
    "1,000 calls on a dead token: one exchange, no failure (G08)",
    Effect.gen(function*() {
      const { client, script, server, world } = yield* session
      yield* client.get(url)
      world.accepted = "access-2"
      assert.strictEqual(yield* many(1_000, client.get(url)), 1_000)
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.isAtMost(server.requests.length, 2_001)
    })
  )

  live(
    "200 late, staggered rejections of one token: one exchange (G09)",
    Effect.gen(function*() {
      const { client, script, world } = yield* session
      world.accepted = "access-2"
      world.delay = (call) => call <= 200 ? call * 2 : 0
      assert.strictEqual(yield* many(200, client.get(url)), 200)
      assert.strictEqual(yield* script.count("refresh"), 1)
    })
  )

  live(
    "the caller that started the refresh leaves: nothing changes for the others (G10)",
    Effect.gen(function*() {
      const { client, script, world } = yield* session
      world.accepted = "access-2"
      const first = yield* Effect.fork(client.get(url))
      const others = yield* Effect.fork(many(99, client.get(url)))
      yield* Effect.repeat(Effect.sleep("1 millis"), {
        until: () => Effect.map(script.count("refresh"), (count) => count === 1)
      })
      yield* Fiber.interrupt(first)
      assert.strictEqual(yield* Fiber.join(others), 99)
      assert.strictEqual(yield* script.count("refresh"), 1)
    })
  )

  live(
    "a resource that refuses every token does not cause an exchange a request (G13)",
    Effect.gen(function*() {
      const { client, script, world } = yield* session
      world.accepted = "none"
      for (let i = 0; i < 50; i++) {
        assert.deepInclude(yield* Effect.flip(client.get(url)), { _tag: "AccessTokenRejected", status: 460 })
      }
      assert.strictEqual(yield* script.count("refresh"), 1)
    })
  )

  live(
    "a renewal that fails is the error of the call, and the session is kept",
    Effect.gen(function*() {
      const { auth, client, script, world } = yield* session
      world.accepted = "access-2"
      yield* script.enqueue(
        "refresh",
        ScriptedProvider.fail(
          new ExchangeFailure({ kind: "transient", sent: "answered", reason: "server", status: 503 })
        )
      )
      assert.deepInclude(yield* Effect.flip(client.get(url)), { _tag: "ProviderUnavailable", reason: "server" })
      assert.strictEqual((yield* auth.state)._tag, "Active")
      yield* Effect.sleep("150 millis")
      assert.strictEqual((yield* client.get(url)).status, 200)
    })
  )

  live(
    "signed out: no request leaves",
    Effect.gen(function*() {
      const { auth, client, server } = yield* session
      yield* auth.signOut
      assert.strictEqual((yield* Effect.flip(client.get(url)))._tag, "SignInRequired")
      assert.strictEqual(server.requests.length, 0)
    })
  )
})
