/** G62: who waits for a flight on a Worker, whose fiber may die with the request that began it. */
import type { AccessTokenError } from "@effect-auth/core/AuthError"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import { joined } from "../../../../packages/core/src/internal/session/flight.ts"
import { now } from "../../../../packages/core/src/internal/session/time.ts"
import * as session from "../../guarantees/session.ts"

describe("joined", () => {
  it.effect("a flight whose fiber died is not joined for ever", () =>
    Effect.gen(function*() {
      const { mono } = yield* now
      const flight = {
        need: { _tag: "load" } as const,
        done: Deferred.unsafeMake<void, AccessTokenError>(FiberId.none),
        settled: new Promise<void>(() => {}),
        until: mono + 1_000,
        waiters: 0,
        isNeeded: false,
        exchanges: 0,
        applied: 0
      }
      assert.isTrue(Exit.isSuccess(yield* session.within(joined(flight), "1 second")))
    }))
})
