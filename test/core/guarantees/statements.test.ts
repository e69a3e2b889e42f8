/** G67: what a refresh ahead costs the store: a claim and a commit. It reads only if another process may have written. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { key, recordIn, serviceOver } from "./sharedStore.ts"

/** A service over a store that counts statements. The other process, over `bare`, hears nothing and reports nothing. */
const setup = Effect.gen(function*() {
  const inner = yield* TokenStore.makeMemory
  const counts = { reads: 0, writes: 0 }
  const bare: TokenStore.Service = { get: inner.get, compareAndSet: inner.compareAndSet, erase: inner.erase }
  // It listens and reports nothing, so that the worst case is seen: the listener is behind.
  const store: TokenStore.Service = {
    changes: Stream.concat(Stream.succeed({ _tag: "Listening" }), Stream.never),
    reportsAtOnce: true,
    get: (key) => Effect.suspend(() => (counts.reads++, inner.get(key))),
    compareAndSet: (key, version, record) =>
      Effect.suspend(() => (counts.writes++, inner.compareAndSet(key, version, record)))
  }
  const script = yield* ScriptedProvider.make<string>()
  const auth = yield* serviceOver(script, store, { mode: "scheduled" })
  yield* auth.signIn("secret")
  const reset = () => Object.assign(counts, { reads: 0, writes: 0 })
  reset()
  return { auth, bare, counts, inner, reset, script }
})

const life = TestClock.adjust("50 minutes")

describe("the statements of a refresh ahead", () => {
  it.scoped("are a claim and a commit in the process that holds the session", () =>
    Effect.gen(function*() {
      const { counts, reset, script } = yield* setup
      // It begins to listen after the sign-in, and reads once.
      yield* life
      const before = yield* script.count("refresh")
      reset()
      yield* TestClock.adjust("10 hours")
      const refreshes = (yield* script.count("refresh")) - before
      assert.isAbove(refreshes, 10)
      assert.deepStrictEqual(counts, { reads: 0, writes: 2 * refreshes })
    }))

  it.scoped("are a lost claim and a read after another process refreshed, and nothing is exchanged", () =>
    Effect.gen(function*() {
      const { auth, bare, counts, reset, script } = yield* setup
      yield* life
      const elsewhere = yield* serviceOver(script, bare)
      yield* TestClock.adjust("1 second")
      const theirs = yield* elsewhere.refresh
      const exchanges = yield* script.count("refresh")
      reset()
      yield* TestClock.adjust("45 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, theirs.generation)
      assert.strictEqual(yield* script.count("refresh"), exchanges)
      assert.deepStrictEqual(counts, { reads: 1, writes: 1 })
    }))

  it.scoped("obey a sign-out by another process that this one did not hear of", () =>
    Effect.gen(function*() {
      const { auth, bare, script } = yield* setup
      const elsewhere = yield* serviceOver(script, bare)
      yield* elsewhere.accessToken
      yield* elsewhere.signOut
      yield* life
      assert.strictEqual(yield* script.count("refresh"), 0)
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }))

  it.scoped("are the same after a sign-out and another sign-in", () =>
    Effect.gen(function*() {
      const { auth, counts, inner, reset } = yield* setup
      yield* life
      yield* auth.signOut
      yield* auth.signIn("again")
      const { generation } = yield* recordIn(inner)
      reset()
      yield* life
      assert.strictEqual((yield* recordIn(inner)).generation, generation + 1)
      assert.deepStrictEqual(counts, { reads: 0, writes: 2 })
    }))
})

describe("a record that was erased and begun anew by another user, at the version that this process wrote", () => {
  for (
    const [name, features] of [["does not report changes", []], ["reports an erasure", ["changes", "reportsAtOnce"]], [
      "polls",
      ["changes"]
    ]] as const
  ) {
    it.scoped(`is not overwritten where the store ${name}`, () =>
      Effect.gen(function*() {
        const inner = yield* TokenStore.makeMemory
        const store: TokenStore.Service = {
          get: inner.get,
          compareAndSet: inner.compareAndSet,
          ...Object.fromEntries(features.map((feature) => [feature, inner[feature]]))
        }
        // Between two polls nothing is seen of it.
        const seen = name === "polls" ? { ...store, changes: Stream.never } : store
        const script = yield* ScriptedProvider.make<string>()
        const here = yield* serviceOver(script, seen, { mode: "scheduled" })
        yield* here.signIn("ola")
        const elsewhere = yield* serviceOver(script, inner)
        yield* elsewhere.signOut
        yield* inner.erase!(key)
        const theirs = yield* elsewhere.signIn("kari")
        assert.strictEqual((yield* recordIn(inner)).version, 1)
        yield* life
        const record = yield* recordIn(inner)
        assert.strictEqual(record.session, theirs.session)
      }))
  }
})

describe("AuthService over a store that is away", () => {
  it.scoped("claims once more when the store is back, and spends the refresh token once", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const control = { isAway: false }
      const store: TokenStore.Service = {
        get: (key) => Effect.suspend(() => control.isAway ? Effect.never : inner.get(key)),
        compareAndSet: (key, version, record) =>
          Effect.suspend(() => control.isAway ? Effect.never : inner.compareAndSet(key, version, record))
      }
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* Effect.provideService(AuthService.make(script.provider), TokenStore.TokenStore, store)
      yield* auth.signIn("secret")
      control.isAway = true
      yield* life
      assert.strictEqual(yield* script.count("refresh"), 0)
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      control.isAway = false
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* auth.accessToken).generation, 2)
    }))
})
