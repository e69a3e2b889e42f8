/** G07 – G14: one refresh in a process. */
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

const all = <A, E>(n: number, effect: Effect.Effect<A, E>) =>
  Effect.all(Array.from({ length: n }, () => effect), { concurrency: "unbounded" })

describe("single flight", () => {
  it.scoped("G07: a thousand callers that find the token dead cause one exchange", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ refresh: { mode: "onDemand" } })
      yield* TestClock.adjust("2 hours")
      yield* script.enqueue("refresh", ScriptedProvider.after("100 millis"))
      const exit = yield* session.within(all(1_000, auth.accessToken), "1 second")
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G07: without a refresh token there is none, and the error says so", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make({ rotation: "none" })
      yield* TestClock.adjust("2 hours")
      const error = yield* Effect.flip(auth.accessToken)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "expired")
      assert.strictEqual(yield* refreshes, 0)
    }).pipe(session.provided))

  it.scoped("G08, G10: interrupting the caller that started the refresh changes nothing for the other 999", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make()
      const token = yield* auth.accessToken
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      const leader = yield* Effect.fork(auth.renew(token))
      yield* TestClock.adjust("100 millis")
      const others = yield* Effect.fork(all(999, auth.renew(token)))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(leader)
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* Fiber.join(others)).every((renewed) => renewed.generation === 2))
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G09: two hundred late rejections of one token cost one exchange", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make()
      const token = yield* auth.accessToken
      for (let n = 0; n < 200; n++) {
        assert.strictEqual((yield* auth.renew(token)).generation, 2)
        yield* TestClock.adjust("5 millis")
      }
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G10: who signs out or adopts tokens may leave too, and it is done all the same", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("revoke", ScriptedProvider.after("1 second"))
      const leaving = yield* session.within(Effect.timeoutOption(auth.signOut, "100 millis"), "100 millis")
      assert.isTrue(Exit.isSuccess(leaving))
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      const adopting = Effect.timeoutOption(auth.adopt({ accessToken: Redacted.make("elsewhere") }), "100 millis")
      assert.isTrue(Exit.isSuccess(yield* session.within(adopting, "100 millis")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(Redacted.value((yield* auth.accessToken).value), "elsewhere")
    }).pipe(session.provided))

  it.scoped("G11: an exchange that was sent is saved even when every caller has left", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make()
      const token = yield* auth.accessToken
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      const callers = yield* Effect.fork(all(10, auth.renew(token)))
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(callers)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* auth.accessToken).generation, 2)
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("G12: a failed flight fails its own waiters with one error; the next caller is a new attempt", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make()
      const token = yield* auth.accessToken
      yield* script.enqueue("refresh", session.down, session.down)
      const fiber = yield* Effect.fork(all(50, Effect.flip(auth.renew(token))))
      yield* TestClock.adjust("1 second")
      const errors = yield* Fiber.join(fiber)
      assert.strictEqual(new Set(errors).size, 1)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* auth.renew(token)).generation, 2)
      assert.strictEqual(yield* refreshes, 3)
    }).pipe(session.provided))

  it.scoped("G13: a newborn token that is rejected too is not refreshed again", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make()
      const renewed = yield* auth.renew(yield* auth.accessToken)
      for (let n = 0; n < 20; n++) {
        const error = yield* Effect.flip(auth.renew(renewed))
        assert.isTrue(error._tag === "AccessTokenRejected" && error.reason === "rejected-again")
      }
      assert.strictEqual(yield* refreshes, 1)
      yield* TestClock.adjust("31 seconds")
      assert.strictEqual((yield* auth.renew(renewed)).generation, 3)
    }).pipe(session.provided))

  it.scoped("a forced refresh is not satisfied by one in the background that began for a weaker need", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make()
      assert.strictEqual((yield* auth.refresh).generation, 2)
      assert.strictEqual((yield* auth.refresh).generation, 3)
      assert.strictEqual(yield* refreshes, 2)
    }).pipe(session.provided))

  it.scoped("a provider whose code throws harms nobody: a typed failure, and the next attempt works", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ rotation: "static" })
      yield* script.enqueue("refresh", ScriptedProvider.die(new Error("boom")), ScriptedProvider.die("boom"))
      const exit = yield* session.within(auth.refresh, "1 second")
      const error = yield* Effect.flip(exit)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "defect")
      yield* TestClock.adjust("1 minute")
      assert.isTrue(Exit.isSuccess(yield* session.within(auth.refresh, "1 second")))
    }).pipe(session.provided))

  it.scoped("a provider that can't be interrupted does not outlive the deadline", () =>
    Effect.gen(function*() {
      const stuck = yield* Deferred.make<void>()
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipRight(Effect.uninterruptible(Deferred.await(stuck)), ok)
      })
      const exit = yield* session.within(auth.refresh, "20 seconds")
      const error = yield* Effect.flip(exit)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "timeout")
      yield* Deferred.succeed(stuck, void 0)
    }).pipe(session.provided))
})
