/** G25, G46: signing out while something else is under way, or while the store is away. */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away, serviceOver, setup, shared } from "./sharedStore.ts"

/** Signs out while the store is away; it comes back later. */
const leaveLate = Effect.fnUntraced(function*(
  { auth, control }: Effect.Effect.Success<ReturnType<typeof setup>>,
  meanwhile: Effect.Effect<unknown, unknown> = Effect.void
) {
  control.isAway = true
  assert.isTrue(Exit.isFailure(yield* session.within(auth.signOut, "10 seconds")))
  yield* Effect.orDie(meanwhile)
  control.isAway = false
  yield* TestClock.adjust("30 seconds")
})

describe("signing out", () => {
  it.scoped("G25: signing out while the store is away beats a refresh that answers meanwhile", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* auth.signIn("secret")
      yield* script.enqueue("refresh", ScriptedProvider.after("8 seconds"))
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("1 second")
      control.isAway = true
      yield* Effect.fork(Effect.exit(auth.signOut))
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      control.isAway = false
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* record, { state: { _tag: "signedOut" }, tokens: undefined })
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }))

  it.scoped("G25: nor does that refresh come between when the store is back first", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* auth.signIn("secret")
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipLeft(Effect.delay(ok, "8 seconds"), Effect.sync(() => control.isAway = false))
      })
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("1 second")
      control.isAway = true
      yield* Effect.fork(Effect.exit(auth.signOut))
      yield* TestClock.adjust("7500 millis")
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* record, { state: { _tag: "signedOut" }, tokens: undefined })
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }))

  it.scoped("G25: signing out while the session is being loaded beats the load, also when it can't be written", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      yield* (yield* serviceOver(script, inner)).signIn("secret")
      let reading: Duration.DurationInput = "1 second"
      const slow: TokenStore.Service = {
        ...inner,
        get: (key) => Effect.suspend(() => Effect.delay(inner.get(key), reading)),
        compareAndSet: () => Effect.fail(away)
      }
      const auth = yield* serviceOver(script, slow)
      yield* Effect.fork(Effect.exit(auth.accessToken))
      yield* TestClock.adjust("100 millis")
      yield* Effect.fork(Effect.exit(auth.signOut))
      yield* TestClock.adjust("5 seconds")
      reading = 0
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      yield* TestClock.adjust("2 seconds")
    }))

  it.scoped("G25, G46: a sign-out that could not be written is told, and revokes, once it is", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup()
      yield* auth.signIn("secret")
      const first = yield* Effect.fork(Stream.runHead(auth.events))
      yield* Effect.yieldNow()
      control.isAway = true
      assert.isTrue(Exit.isFailure(yield* session.within(auth.signOut, "5 seconds")))
      control.isAway = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(Option.getOrThrow(yield* Fiber.join(first))._tag, "SignedOut")
      assert.strictEqual((yield* record).state._tag, "signedOut")
      assert.strictEqual(yield* script.count("revoke"), 1)
    }))

  it.scoped("G25: tokens that could not be saved before another process signed out are revoked", () =>
    Effect.gen(function*() {
      const { auth, control, elsewhere: other, script } = yield* setup()
      yield* auth.signIn("secret")
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipLeft(ok, Effect.sync(() => control.isAway = true))
      })
      assert.isTrue(Exit.isSuccess(yield* session.within(auth.refresh, "5 seconds")))
      assert.strictEqual(yield* other.signOut, "revoked")
      control.isAway = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      assert.strictEqual(yield* script.count("revoke"), 2)
    }))

  it.scoped("late, leaves alone what began elsewhere, also where it never knew a session", () =>
    Effect.gen(function*() {
      const cold = yield* setup()
      yield* cold.elsewhere.signIn("secret")
      yield* leaveLate(cold, cold.elsewhere.signIn("secret"))
      assert.strictEqual((yield* cold.record).state._tag, "active")
      const warm = yield* setup()
      yield* warm.auth.signIn("secret")
      yield* leaveLate(warm, warm.elsewhere.signIn("secret"))
      assert.strictEqual((yield* warm.record).state._tag, "active")
      assert.strictEqual((yield* warm.auth.accessToken).session, (yield* warm.record).session)
    }))

  it.scoped("of a sign-in that was never saved ends what that had replaced, and nothing newer", () =>
    Effect.gen(function*() {
      for (const isNewer of [false, true]) {
        const world = yield* setup()
        yield* world.auth.signIn("secret")
        world.control.isAway = true
        yield* session.within(world.auth.signIn("secret"), "10 seconds")
        yield* leaveLate(world, isNewer ? world.elsewhere.signIn("secret") : Effect.void)
        assert.strictEqual((yield* world.record).state._tag, isNewer ? "active" : "signedOut")
      }
    }))

  it.scoped("is not undone by an exchange whose tokens can't be saved", () =>
    Effect.gen(function*() {
      const { auth, control, script } = yield* setup()
      yield* auth.signIn("secret")
      yield* script.enqueue("refresh", ScriptedProvider.after("2 seconds"))
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("1 second")
      yield* auth.signOut
      control.isAway = true
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
    }))
})
