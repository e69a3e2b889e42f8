import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

const onDemand = { mode: "onDemand" } as const

describe("on demand: nothing is left behind the answer (G62)", () => {
  it.scoped("who asks for a token that is due waits for its refresh to the end, longer than its patience", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ refresh: onDemand })
      yield* script.enqueue("refresh", ScriptedProvider.after("9 seconds"))
      yield* TestClock.adjust("55 minutes")
      const exit = yield* session.within(auth.accessToken, "10 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("a refresh that fails leaves the live token, and the next request is not kept waiting", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ refresh: onDemand })
      yield* script.enqueue("refresh", session.down)
      yield* TestClock.adjust("55 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      assert.strictEqual(yield* refreshes, 1)
    }).pipe(session.provided))

  it.scoped("with `waitUntil` the live token is served at once, and the refresh is handed over to its end", () =>
    Effect.gen(function*() {
      const handed: Array<Promise<unknown>> = []
      const waitUntil = (refreshed: Promise<unknown>) => void handed.push(refreshed)
      const { auth, refreshes, script } = yield* session.make({ refresh: { ...onDemand, waitUntil } })
      yield* script.enqueue("refresh", ScriptedProvider.after("9 seconds"))
      yield* TestClock.adjust("55 minutes")
      yield* auth.state
      const before = handed.length
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      assert.strictEqual(handed.length, before + 1)
      let isOver = false
      const over = handed[before]!.then(() => (isOver = true))
      yield* TestClock.adjust("8 seconds")
      assert.isFalse(isOver)
      yield* TestClock.adjust("2 seconds")
      yield* Effect.promise(() => over)
      assert.strictEqual(yield* refreshes, 1)
      assert.strictEqual((yield* auth.accessToken).generation, 2)
    }).pipe(session.provided))

  it.scoped("a `waitUntil` that throws, because there is no request, fails nobody", () =>
    Effect.gen(function*() {
      const waitUntil = () => {
        throw new Error("outside of a request")
      }
      const { auth } = yield* session.make({ refresh: { ...onDemand, waitUntil } })
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* auth.accessToken).generation, 2)
    }).pipe(session.provided))
})
