/** G60, G65: what another process did to a session is obeyed at the next use, and costs no read where nobody uses it. */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away, serviceOver } from "./sharedStore.ts"

/** Two processes over one store that counts reads, and fails while `control.isAway`. */
const two = Effect.fnUntraced(function*(mode: "scheduled" | "onDemand" = "onDemand") {
  const inner = yield* TokenStore.makeMemory
  const control = { reads: 0, isAway: false }
  const store: TokenStore.Service = {
    ...inner,
    get: (key) =>
      Effect.suspend(() => {
        control.reads++
        return control.isAway ? Effect.fail(away) : inner.get(key)
      })
  }
  const script = yield* ScriptedProvider.make<string>()
  const here = yield* serviceOver(script, store, { mode })
  const there = yield* serviceOver(script, { ...inner }, { mode })
  yield* there.signIn("secret")
  const token = yield* here.accessToken
  yield* TestClock.adjust("1 second")
  return { control, here, script, there, token }
})

const soon = TestClock.adjust("50 millis")

describe("what another process wrote", () => {
  it.scoped("a sign-out is obeyed at the next use", () =>
    Effect.gen(function*() {
      const { here, there } = yield* two()
      yield* there.signOut
      yield* soon
      const error = yield* Effect.flip(here.accessToken)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
      assert.strictEqual((yield* here.state)._tag, "SignedOut")
    }))

  it.scoped("new tokens, an end and another session are, too", () =>
    Effect.gen(function*() {
      const { here, script, there, token } = yield* two()
      yield* there.refresh
      yield* soon
      assert.strictEqual((yield* here.accessToken).generation, 2)
      yield* there.signIn("other")
      yield* soon
      assert.notStrictEqual((yield* here.accessToken).session, token.session)
      yield* script.enqueue("refresh", session.dead)
      yield* Effect.flip(there.refresh)
      yield* soon
      assert.strictEqual((yield* here.state)._tag, "Ended")
    }))

  it.scoped("is not read while nobody uses the session, and read once when somebody does", () =>
    Effect.gen(function*() {
      const { control, here, there } = yield* two()
      control.reads = 0
      yield* there.refresh
      yield* TestClock.adjust("1 minute")
      yield* there.refresh
      yield* soon
      assert.strictEqual(control.reads, 0)
      yield* Effect.all([here.accessToken, here.accessToken, here.accessToken], { concurrency: "unbounded" })
      yield* here.accessToken
      assert.strictEqual(control.reads, 1)
    }))

  it.scoped("is read at once where somebody listens to the session's events", () =>
    Effect.gen(function*() {
      const { here, there } = yield* two()
      const tags = yield* session.tagsOf(here)
      yield* there.signOut
      yield* soon
      assert.deepStrictEqual(tags, ["SignedOut"])
    }))

  it.scoped("a store that is away costs one try: the live token serves", () =>
    Effect.gen(function*() {
      const { control, here, there } = yield* two()
      yield* there.refresh
      yield* soon
      control.isAway = true
      control.reads = 0
      assert.strictEqual((yield* here.accessToken).generation, 1)
      assert.strictEqual((yield* here.accessToken).generation, 1)
      assert.strictEqual(control.reads, 1)
    }))

  it.scoped("the accounts of many sessions are told apart", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const sessions = Effect.provideService(
        AuthSessions.make(script.provider, { refresh: { mode: "onDemand" } }),
        TokenStore.TokenStore,
        store
      )
      const here = yield* sessions
      const there = yield* sessions
      for (const account of ["ann", "bob"]) {
        yield* (yield* there.get(account)).signIn(account)
        yield* (yield* here.get(account)).accessToken
      }
      yield* (yield* there.get("ann")).signOut
      yield* soon
      assert.strictEqual((yield* Effect.flip((yield* here.get("ann")).accessToken))._tag, "SignInRequired")
      assert.strictEqual((yield* (yield* here.get("bob")).accessToken).generation, 1)
    }))
})

describe("whose turn it is", () => {
  it.scoped("G65: the process that obtained the tokens refreshes them, and the other adopts them without asking", () =>
    Effect.gen(function*() {
      const { control, here, script, there } = yield* two("scheduled")
      control.reads = 0
      yield* TestClock.adjust("10 hours")
      const refreshes = yield* script.count("refresh")
      assert.isAtMost(control.reads, refreshes + 2)
      assert.strictEqual(yield* script.spent, 0)
      assert.strictEqual((yield* here.accessToken).generation, (yield* there.accessToken).generation)
    }))

  it.scoped("G65: when that process is gone the other one takes over before the token dies", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* serviceOver(script, store, { mode: "scheduled" })
      yield* Effect.scoped(Effect.flatMap(serviceOver(script, { ...store }), (gone) => gone.signIn("secret")))
      yield* here.accessToken
      yield* TestClock.adjust("59 minutes")
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* here.accessToken).generation, 2)
    }))

  it.scoped("a refresh reads once, claims and commits", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const calls: Array<string> = []
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* serviceOver(script, {
        ...inner,
        get: (key) => Effect.suspend(() => (calls.push("get"), inner.get(key))),
        compareAndSet: (...args) => Effect.suspend(() => (calls.push("compareAndSet"), inner.compareAndSet(...args)))
      })
      yield* soon
      yield* auth.signIn("secret")
      calls.length = 0
      yield* auth.refresh
      assert.deepStrictEqual(calls, ["get", "compareAndSet", "compareAndSet"])
    }))
})
