/** G01 – G06: staying available. */
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

/** At which part of its life a token is refreshed ahead. */
const ageAtRefresh = Effect.fnUntraced(function*(expiresIn: number, account: string) {
  const { script } = yield* session.make({ expiresIn, account })
  yield* TestClock.adjust(Duration.seconds(expiresIn * 0.85))
  const calls = yield* script.calls
  return ((calls[1]?.at ?? Infinity) - calls[0]!.at) / (expiresIn * 1_000)
})

describe("availability", () => {
  it.scoped("G01: nobody waits for a refresh while the token has more than the hard margin left", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ refresh: { mode: "onDemand", waitUntil: () => {} } })
      yield* script.enqueue("refresh", ScriptedProvider.never)
      yield* TestClock.adjust("55 minutes")
      const token = yield* Effect.timeoutFail(auth.accessToken, { duration: "1 millis", onTimeout: () => "waited" })
      assert.strictEqual(token.generation, 1)
      yield* TestClock.adjust("16 seconds")
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  for (const [name, fault] of Object.entries({ "503": session.down, "refused": session.refusedConnection })) {
    it.scoped(`G02: an endpoint that is down (${name}) fails and delays no request while the token lives`, () =>
      Effect.gen(function*() {
        const { auth, refreshes, script } = yield* session.make()
        yield* script.enqueue("refresh", ...session.times(500, fault))
        for (let minute = 0; minute < 59; minute++) {
          assert.strictEqual((yield* auth.accessToken).generation, 1)
          yield* TestClock.adjust("1 minute")
        }
        assert.isAtMost(yield* refreshes, 15 * 12)
        assert.isAtLeast(yield* refreshes, 10)
      }).pipe(session.provided))
  }

  it.scoped("G02: an endpoint that hangs delays no request while the token lives", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ rotation: "static" })
      yield* script.enqueue("refresh", ...session.times(500, ScriptedProvider.never))
      yield* TestClock.adjust("58 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
    }).pipe(session.provided))

  it.scoped("G03: the session recovers by itself when the endpoint returns", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", ...session.times(20, session.down))
      yield* TestClock.adjust("59 minutes")
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.generation === 2)
    }).pipe(session.provided))

  it.scoped("G03: also when it returns after the token died", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", ...session.times(40, session.down))
      yield* TestClock.adjust("75 minutes")
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.generation === 2)
    }).pipe(session.provided))

  it.scoped("G04: dead token and endpoint down: a typed transient failure, quickly, that says when to try again", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ refresh: { mode: "onDemand" } })
      yield* TestClock.adjust("2 hours")
      yield* script.enqueue("refresh", ...session.times(50, session.down))
      const error = yield* Effect.flip(yield* session.within(auth.accessToken, "3 seconds"))
      assert.strictEqual(error._tag, "ProviderUnavailable")
      assert.isTrue(error._tag === "ProviderUnavailable" && error.retryAfter !== undefined && error.isRetryable)
      assert.strictEqual(yield* script.count("refresh"), 2)
    }).pipe(session.provided))

  it.scoped("a fault that a background refresh has just met is waited out by whoever needs a token", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ expiresIn: 20 })
      yield* script.enqueue("refresh", ScriptedProvider.after("10 seconds", session.down))
      yield* TestClock.adjust("21 seconds")
      assert.strictEqual(yield* refreshes, 1)
      const exit = yield* session.within(auth.accessToken, "10 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
      assert.strictEqual(yield* refreshes, 2)
    }).pipe(session.provided))

  it.scoped("a fault that another owner has just met is waited out by whoever needs a token", () =>
    Effect.gen(function*() {
      const one = yield* session.make({ refresh: { mode: "onDemand" } })
      const other = yield* session.make({ refresh: { mode: "onDemand" }, signedIn: false })
      yield* TestClock.adjust("2 hours")
      yield* one.script.enqueue("refresh", ScriptedProvider.after("1 second", session.down), session.down)
      yield* Effect.fork(Effect.exit(one.auth.accessToken))
      yield* TestClock.adjust("10 millis")
      const exit = yield* session.within(other.auth.accessToken, "5 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
    }).pipe(session.provided))

  it.scoped("one fault is survived in exactly two attempts, by one waiter or twenty", () =>
    Effect.gen(function*() {
      for (const waiters of [1, 20]) {
        for (
          const fault of [session.down, session.waitFor("1 second"), session.refusedConnection, session.lostAnswer]
        ) {
          const { auth, script } = yield* session.make({ refresh: { mode: "onDemand" }, account: `${waiters}` })
          const token = yield* auth.accessToken
          const before = yield* script.count("refresh")
          yield* script.enqueue("refresh", fault)
          const all = Effect.all(Array.from({ length: waiters }, () => auth.renew(token)), { concurrency: "unbounded" })
          const exit = yield* session.within(all, "3 seconds")
          assert.isTrue(Exit.isSuccess(exit), `${waiters}`)
          assert.strictEqual((yield* script.count("refresh")) - before, 2)
        }
      }
    }).pipe(session.provided))

  it.scoped("G05: the window scales with the life and differs from session to session", () =>
    Effect.gen(function*() {
      const ages: Array<number> = []
      for (const expiresIn of [1, 60, 3_600, 86_400, 60 * 86_400]) {
        for (let n = 0; n < (expiresIn < 86_400 ? 5 : 1); n++) {
          ages.push(yield* Effect.scoped(ageAtRefresh(expiresIn, `${expiresIn}-${n}`)))
        }
      }
      for (const age of ages) {
        assert.isAtLeast(age, 0.69)
        assert.isAtMost(age, 0.81)
      }
      assert.isAbove(new Set(ages.map((age) => age.toFixed(3))).size, 5)
    }).pipe(session.provided))

  it.scoped("G06: nor do tokens that take longer to arrive than they live", () =>
    Effect.gen(function*() {
      const making = session.make({ expiresIn: 1, latency: "2 seconds", refresh: { mode: "onDemand" } })
      const { auth, script } = yield* yield* session.within(making, "3 seconds")
      for (let n = 0; n < 6; n++) yield* session.within(auth.accessToken, "10 seconds")
      assert.isAtMost(yield* script.count("refresh"), 15)
      const error = yield* Effect.flip(yield* session.within(auth.accessToken, "10 seconds"))
      assert.strictEqual(error._tag, "ProviderUnavailable")
    }).pipe(session.provided))

  it.scoped("G06: a token that is dead on arrival does not cause a loop", () =>
    Effect.gen(function*() {
      for (const expiresIn of [0, -5, 0.001]) {
        const refreshes = Effect.gen(function*() {
          const making = session.make({ expiresIn, account: `${expiresIn}`, latency: "5 millis" })
          const { auth, script } = yield* yield* session.within(making, "1 second")
          for (let second = 0; second < 10; second++) yield* session.within(auth.accessToken, "1 second")
          return yield* script.count("refresh")
        })
        assert.isAtMost(yield* Effect.scoped(refreshes), 10)
      }
    }).pipe(session.provided))
})
