/** G34, G57, G64: how long tokens are believed to live, and what a token is that the API does not know yet. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { yielding } from "../../support/schedules.ts"
import * as session from "./session.ts"
import { serviceOver, setup, shared } from "./sharedStore.ts"

describe("the refresh token's own end", () => {
  it.scoped("G57: it is used before that, although the access token lives longer", () =>
    Effect.gen(function*() {
      const own = ScriptedProvider.ok({ refreshExpiresAt: 60_000 })
      const { auth, refreshes, script } = yield* session.make({ expiresIn: 300, signedIn: false })
      yield* script.enqueue("signIn", own)
      yield* auth.signIn("secret")
      for (let n = 0; n < 59; n++) yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G57: also where the application's own schedule knows nothing of it", () =>
    Effect.gen(function*() {
      const ahead = yielding(Schedule.spaced("1 day"), Duration.days(1))
      const { auth, refreshes, script } = yield* session.make({ expiresIn: 300, signedIn: false, refresh: { ahead } })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 60_000 }))
      yield* auth.signIn("secret")
      yield* TestClock.adjust("53 seconds")
      assert.strictEqual(yield* refreshes, 0)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G57: past it the server is asked once, and its word counts", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({
        expiresIn: 300,
        signedIn: false,
        refresh: { mode: "onDemand" }
      })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 60_000 }))
      yield* auth.signIn("secret")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* auth.accessToken).generation, 2)
      assert.strictEqual(yield* refreshes, 1)
      // The new refresh token came without an end: that of the old one is not believed of it.
      yield* TestClock.adjust("1 hour")
      yield* script.enqueue("refresh", ...session.times(2, session.undocumented))
      for (let n = 0; n < 2; n++) {
        assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "1 second")))
        yield* TestClock.adjust("2 minutes")
      }
      assert.strictEqual(yield* refreshes, 3)
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }).pipe(session.provided))

  it.scoped("G57: a refusal past it ends the session as expired", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 300, signedIn: false, refresh: { mode: "onDemand" } })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 60_000 }))
      yield* auth.signIn("secret")
      yield* TestClock.adjust("1 hour")
      yield* script.enqueue("refresh", session.dead)
      yield* Effect.flip(auth.accessToken)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Ended" && state.reason === "expired")
    }).pipe(session.provided))
})

describe("a life that is not said", () => {
  it.scoped("G57: is the one before", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 100, refresh: { mode: "onDemand" } })
      yield* script.enqueue("refresh", ScriptedProvider.ok({ expiresIn: undefined }))
      const at = yield* Clock.currentTimeMillis
      assert.strictEqual((yield* auth.refresh).expiresAt - at, 100_000)
      yield* TestClock.adjust("101 seconds")
      assert.strictEqual((yield* auth.accessToken).generation, 3)
    }).pipe(session.provided))
})

describe("tokens of others", () => {
  it.scoped("are as old as the clock says: they die when they die at their owner's", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>({ expiresIn: 100 })
      const here = yield* serviceOver(script, store)
      yield* here.signIn("secret")
      yield* TestClock.adjust("92 seconds")
      const there = yield* serviceOver(script, store)
      // In the hard margin: whoever asks waits for a new one.
      assert.strictEqual((yield* there.accessToken).generation, 2)
    }))

  it.scoped("are heard to be signed out, once", () =>
    Effect.gen(function*() {
      const { auth, elsewhere } = yield* setup()
      yield* auth.signIn("secret")
      yield* elsewhere.signOut
      const tags = yield* session.tagsOf(auth)
      for (let n = 0; n < 3; n++) {
        const error = yield* Effect.flip(auth.refresh)
        assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
      }
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(tags, ["SignedOut"])
    }))
})

describe("adopted tokens", () => {
  const tokens = { accessToken: Redacted.make("given"), refreshToken: Redacted.make("refresh-given") }
  const wholly = { signedIn: false, refresh: { mode: "onDemand" } } as const

  for (
    const [name, life] of Object.entries<(at: number) => object>({
      "a life of zero": () => ({ expiresIn: 0 }),
      "a life below zero": () => ({ expiresIn: -5 }),
      "an end in the past": (at) => ({ expiresAt: at - 1 }),
      "an end now, whatever its life": (at) => ({ expiresAt: at, expiresIn: 3_600 }),
      "a life that began long ago": (at) => ({ obtainedAt: at - 101_000, expiresIn: 100 })
    })
  ) {
    it.scoped(`G34: with ${name} are dead: the first use refreshes them`, () =>
      Effect.gen(function*() {
        yield* TestClock.adjust("1 day")
        const { auth, presented } = yield* session.make(wholly)
        yield* auth.adopt({ ...tokens, ...life(yield* Clock.currentTimeMillis) })
        assert.strictEqual(Redacted.value((yield* auth.accessToken).value), "access-1")
        assert.deepStrictEqual(yield* presented, ["refresh-given"])
      }).pipe(session.provided))
  }

  it.scoped("G34: with an end in the future live until then", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("1 day")
      const { auth, refreshes } = yield* session.make(wholly)
      const at = yield* Clock.currentTimeMillis
      yield* auth.adopt({ ...tokens, obtainedAt: at - 10_000, expiresAt: at + 1_000_000 })
      assert.strictEqual((yield* auth.accessToken).expiresAt, at + 1_000_000)
      yield* TestClock.adjust("5 minutes")
      yield* auth.accessToken
      assert.strictEqual(yield* refreshes, 0)
      yield* TestClock.adjust("1000 seconds")
      yield* auth.accessToken
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))
})

describe("a token that the API does not know yet", () => {
  it.scoped("G64: is tried once more when it is a second old, and then replaced", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make({ refresh: { mode: "onDemand" } })
      const token = yield* auth.accessToken
      yield* TestClock.adjust("100 millis")
      const again = yield* session.within(auth.renew(token), "900 millis")
      assert.isTrue(Exit.isSuccess(again) && again.value.generation === token.generation)
      assert.strictEqual(yield* refreshes, 0)
      assert.strictEqual((yield* auth.renew(token)).generation, 2)
    }).pipe(session.provided))

  it.scoped("G64: waiting for that ends where another user signs in", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ refresh: { mode: "onDemand" } })
      const token = yield* auth.accessToken
      yield* TestClock.adjust("100 millis")
      const waiting = yield* Effect.fork(Effect.flip(auth.renew(token)))
      yield* TestClock.adjust("100 millis")
      yield* auth.signIn("another")
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* waiting, { _tag: "AccessTokenRejected", reason: "session-changed" })
    }).pipe(session.provided))

  const sending = Effect.fnUntraced(function*(knows: (header: string, sends: number) => boolean) {
    const made = yield* session.make({ refresh: { mode: "onDemand" } })
    const sent: Array<string> = []
    const api = HttpClient.make((request) =>
      Effect.sync(() => {
        const header = request.headers["authorization"] ?? ""
        sent.push(header)
        const status = knows(header, sent.length) ? 200 : 401
        return HttpClientResponse.fromWeb(request, new Response(null, { status }))
      })
    )
    yield* TestClock.adjust("100 millis")
    return { ...made, api, sent, client: AuthHttpClient.withAuth(api, made.auth) }
  })

  it.scoped("G64: a request is sent again with the same token", () =>
    Effect.gen(function*() {
      const { client, refreshes, sent } = yield* sending((_, sends) => sends > 1)
      const exit = yield* session.within(client.get("https://api.test/x"), "2 seconds")
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(sent, ["Bearer access-1", "Bearer access-1"])
      assert.strictEqual(yield* refreshes, 0)
    }).pipe(session.provided))

  it.scoped("G64: but no more than once, and with one other token after that", () =>
    Effect.gen(function*() {
      const { client, sent } = yield* sending(() => false)
      const exit = yield* session.within(client.get("https://api.test/x"), "10 seconds")
      assert.isTrue(Exit.isFailure(exit))
      assert.deepStrictEqual(sent, ["Bearer access-1", "Bearer access-1", "Bearer access-2"])
    }).pipe(session.provided))

  it.scoped("G64: a timer that fires early does not make a second rejection the first one", () =>
    Effect.gen(function*() {
      const { client, refreshes, sent } = yield* sending((header) => header !== "Bearer access-1")
      const clock = yield* Effect.clock
      const sleep = (time: Duration.Duration) => clock.sleep(Duration.millis(0.9 * Duration.toMillis(time)))
      const early: Clock.Clock = Object.create(clock, { sleep: { value: sleep } })
      const exit = yield* session.within(Effect.withClock(client.get("https://api.test/x"), early), "2 seconds")
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(sent, ["Bearer access-1", "Bearer access-1", "Bearer access-2"])
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G64: one that the API accepted through any client is known, and replaced at once", () =>
    Effect.gen(function*() {
      const made = yield* sending((header, sends) => sends === 1 || header !== "Bearer access-1")
      yield* made.client.get("https://api.test/x")
      const another = AuthHttpClient.withAuth(made.api, made.auth)
      const exit = yield* session.within(another.get("https://api.test/x"), "1 millis")
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(made.sent, ["Bearer access-1", "Bearer access-1", "Bearer access-2"])
    }).pipe(session.provided))

  it.scoped("a service that always gives the same token back is not asked for ever", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ refresh: { mode: "onDemand" } })
      let sends = 0
      const api = HttpClient.make((request) =>
        Effect.sync(() => {
          sends++
          return HttpClientResponse.fromWeb(request, new Response(null, { status: 401 }))
        })
      )
      const client = AuthHttpClient.withAuth(api, { ...auth, renew: Effect.succeed })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(client.get("https://api.test/x"))))
      assert.isAtMost(sends, 3)
    }).pipe(Effect.provide(TokenStore.layerMemory)))
})
