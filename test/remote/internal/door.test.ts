import * as Headers from "@effect/platform/Headers"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { Door } from "../../../packages/remote/src/internal/door.ts"
import * as world from "../world.ts"

describe("the door of a keeper", () => {
  it.effect("keeps no bearer in clear: not one that it knows, and not another one", () =>
    Effect.gen(function*() {
      const door = new Door([world.goodCaller], { calls: 8, callsOfOne: 8, listeners: 8, listenersOfOne: 8 })
      const enter = (bearer: string) =>
        door.enter(
          { headers: Headers.fromInput({ authorization: `Bearer ${bearer}` }) },
          ({ caller }) => Effect.succeed(caller.name)
        )
      assert.strictEqual(yield* enter(Redacted.value(world.bearer)), "good")
      assert.strictEqual((yield* Effect.flip(enter("somebody-else"))).kind, "refused")
      const kept = inspect(door, { depth: Infinity, showHidden: true })
      assert.include(kept, "listenersOfOne: 8")
      assert.notInclude(kept, Redacted.value(world.bearer))
      assert.notInclude(kept, "somebody-else")
    }))
})
