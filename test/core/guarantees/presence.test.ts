/** G22: an owner whose connection to the store is gone is not robbed in the middle of its exchange. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { key, recordIn, serviceOver } from "./sharedStore.ts"

/** A session with another owner's claim, and whether that owner is present. */
const claimed = Effect.fnUntraced(function*(watches: "process" | "connection" | undefined) {
  const inner = yield* TokenStore.makeMemory
  const owner = { isPresent: true }
  const store: TokenStore.Service = {
    ...inner,
    presence: { owner: "this-process", watches, isAlive: () => Effect.sync(() => owner.isPresent) }
  }
  const script = yield* ScriptedProvider.make<string>()
  const auth = yield* serviceOver(script, store)
  yield* auth.signIn("secret")
  yield* TestClock.adjust("2 hours")
  const { version, ...record } = yield* recordIn(store)
  const claim = { id: "theirs", owner: "another", at: 7_200_000, ttl: 20_000, kind: "refresh" } as const
  assert.isTrue(yield* store.compareAndSet(key, version, { ...record, version: version + 1, claim }))
  const waiting = yield* Effect.fork(auth.accessToken)
  return { owner, refreshes: script.count("refresh"), waiting }
})

describe("presence", () => {
  it.scoped("G22: the owner of a young claim may be away for two seconds, and comes back", () =>
    Effect.gen(function*() {
      const { owner, refreshes, waiting } = yield* claimed("connection")
      owner.isPresent = false
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* refreshes, 0)
      owner.isPresent = true
      yield* TestClock.adjust("5 seconds")
      owner.isPresent = false
      // The absence of before does not count.
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* refreshes, 0)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).generation, 2)
    }))

  it.scoped("G22: an owner that stays away loses its claim within some seconds; so it is where nothing is said of it", () =>
    Effect.gen(function*() {
      const { owner, refreshes, waiting } = yield* claimed(undefined)
      owner.isPresent = false
      yield* TestClock.adjust("2900 millis")
      assert.strictEqual(yield* refreshes, 0)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).generation, 2)
    }))

  it.scoped("G22: a process that is gone does not come back: its claim is free at once", () =>
    Effect.gen(function*() {
      const { owner, waiting } = yield* claimed("process")
      owner.isPresent = false
      yield* TestClock.adjust("1100 millis")
      assert.strictEqual((yield* Fiber.join(waiting)).generation, 2)
    }))
})
