import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { Opened, parallelScope } from "../../../../packages/cli/src/internal/keeper/opened.ts"

describe("the accounts of a keeper", () => {
  it.scoped("an account is opened once, also when the caller that asked first leaves", () =>
    Effect.gen(function*() {
      const opened = new Opened<string>(yield* parallelScope)
      const goOn = yield* Deferred.make<void>()
      let count = 0
      const open = Effect.as(Effect.zipRight(Effect.sync(() => count++), Deferred.await(goOn)), "anna's session")
      const first = yield* Effect.fork(opened.getOr("anna", open))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(opened.getOr("anna", open))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(goOn, undefined)
      assert.strictEqual(yield* Fiber.join(second), "anna's session")
      assert.strictEqual(yield* opened.getOr("anna", open), "anna's session")
      assert.strictEqual(count, 1)
    }))

  it.scoped("one that could not be opened leaves nothing behind, and is tried again", () =>
    Effect.gen(function*() {
      const opened = new Opened<string>(yield* parallelScope)
      const said: Array<string> = []
      const open = Effect.as(Effect.addFinalizer(() => Effect.sync(() => said.push("closed"))), undefined)
      assert.isUndefined(yield* opened.getOr("anna", open))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(said, ["closed"])
      assert.deepStrictEqual(opened.accounts(), [])
      assert.strictEqual(yield* opened.getOr("anna", Effect.succeed("now")), "now")
    }))

  it.effect("closing waits for all accounts together as long as for one", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const opened = new Opened<string>(yield* Scope.extend(parallelScope, scope))
      const slow = Effect.as(Effect.addFinalizer(() => Effect.sleep("5 seconds")), "open")
      for (const account of ["anna", "ben", "carla"]) yield* opened.getOr(account, slow)
      const closing = yield* Effect.fork(Effect.timed(Scope.close(scope, Exit.void)))
      yield* TestClock.adjust("20 seconds")
      const [took] = yield* Fiber.join(closing)
      assert.strictEqual(Duration.toMillis(took), 5_000)
    }))

  it.effect("who asks while it closes is not left waiting", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const opened = new Opened<string>(yield* Scope.extend(parallelScope, scope))
      const waiting = yield* Effect.fork(opened.getOr("anna", Effect.never))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      assert.isUndefined(yield* Fiber.join(waiting))
      assert.isUndefined(yield* opened.getOr("ben", Effect.never))
    }))
})
