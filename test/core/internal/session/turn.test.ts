import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Cell } from "../../../../packages/core/src/internal/session/cell.ts"
import { resolve } from "../../../../packages/core/src/internal/session/options.ts"
import { inTurn } from "../../../../packages/core/src/internal/session/turn.ts"

const machine = { options: resolve({}) }

const setup = Effect.gen(function*() {
  const cell = new Cell("ola")
  const order: Array<string> = []
  const gate = yield* Deferred.make<void>()
  const turn = (name: string, work: Effect.Effect<void> = Effect.void) =>
    inTurn(machine, cell, Effect.zipRight(work, Effect.sync(() => void order.push(name))))
  return { cell, gate, order, turn }
})

describe("inTurn", () => {
  it.effect("keeps the order in which it was asked, also for one that comes as a turn ends", () =>
    Effect.gen(function*() {
      const { cell, gate, order, turn } = yield* setup
      const first = yield* Effect.fork(Effect.zipRight(turn("first", Deferred.await(gate)), turn("third")))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(turn("second"))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll([first, second])
      assert.deepStrictEqual(order, ["first", "second", "third"])
      assert.isUndefined(cell.extras)
    }))

  it.effect("one that stops waiting does not let the next one begin early", () =>
    Effect.gen(function*() {
      const { cell, gate, order, turn } = yield* setup
      const first = yield* Effect.fork(turn("first", Deferred.await(gate)))
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(turn("second"))
      yield* Effect.yieldNow()
      const third = yield* Effect.fork(turn("third"))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(second)
      yield* Effect.yieldNow()
      assert.deepStrictEqual(order, [])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.joinAll([first, third])
      assert.deepStrictEqual(order, ["first", "third"])
      assert.isUndefined(cell.extras)
    }))

  it.effect("goes on after a failure", () =>
    Effect.gen(function*() {
      const { cell, order, turn } = yield* setup
      assert.strictEqual(yield* Effect.flip(inTurn(machine, cell, Effect.fail("no"))), "no")
      yield* turn("second")
      assert.deepStrictEqual(order, ["second"])
    }))
})
