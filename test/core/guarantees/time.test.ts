/** G47: wall clocks that jump. The simulation has two clocks, as a machine has. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Simulation } from "../machine/simulation.ts"

const hour = 3_600_000

const start = (simulation: Simulation, mode: "scheduled" | "onDemand" = "scheduled") => {
  const done = <A, E>(effect: Effect.Effect<A, E>): A => {
    const exit = Option.getOrThrow(simulation.run(effect))
    if (Exit.isFailure(exit)) throw new Error(String(exit.cause))
    return exit.value
  }
  const { auth, script } = done(Effect.gen(function*() {
    const scope = yield* Scope.make()
    const script = yield* ScriptedProvider.make<string>()
    const store = yield* TokenStore.makeMemory
    const auth = yield* AuthService.make(script.provider, { refresh: { mode } }).pipe(
      Effect.provideService(TokenStore.TokenStore, store),
      Scope.extend(scope)
    )
    yield* auth.signIn("secret")
    return { auth, script }
  }))
  return { done, auth, refreshes: () => done(script.count("refresh")) }
}

describe("clocks", () => {
  it("G47: an hour forward costs at most one refresh, and nothing fails", () => {
    const simulation = new Simulation(1, 2_048)
    const { auth, done, refreshes } = start(simulation)
    simulation.advance(60_000)
    simulation.offset += hour
    for (let n = 0; n < 20; n++) {
      done(auth.accessToken)
      simulation.advance(1_000)
    }
    assert.isAtMost(refreshes(), 1)
  })

  it("G47: an hour back: an expired token is still replaced, without a loop", () => {
    const simulation = new Simulation(1, 2_048)
    const { auth, done, refreshes } = start(simulation)
    simulation.advance(60_000)
    simulation.offset -= hour
    simulation.advance(2 * hour)
    assert.isAtLeast(done(auth.accessToken).generation, 3)
    assert.isAtMost(refreshes(), 4)
  })

  it("G47: adopted tokens are as old by both clocks: one that is set back does not lengthen their life", () => {
    const simulation = new Simulation(1, 2_048)
    const { auth, done } = start(simulation, "onDemand")
    const at = done(Clock.currentTimeMillis)
    const accessToken = Redacted.make("given")
    const refreshToken = Redacted.make("refresh-given")
    const adopted = done(
      auth.adopt({ accessToken, refreshToken, obtainedAt: at - 2_000_000, expiresAt: at + 1_600_000 })
    )
    simulation.offset -= hour
    simulation.advance(1_700_000)
    assert.isAbove(done(auth.accessToken).generation, adopted.generation)
  })

  it("G47: a machine that slept refreshes minutes after waking, and not when the token's hour is over", () => {
    const simulation = new Simulation(1, 2_048)
    const { done, refreshes } = start(simulation)
    simulation.advance(10 * 60_000)
    assert.strictEqual(refreshes(), 0)
    // Eight hours of sleep: the wall clock goes on, the monotonic one stands still.
    simulation.offset += 8 * hour
    simulation.advance(5 * 60_000)
    assert.strictEqual(refreshes(), 1)
    // And then as usual again.
    simulation.advance(10 * 60_000)
    assert.strictEqual(refreshes(), 1)
    simulation.advance(hour)
    assert.isAtLeast(refreshes(), 2)
    done(Effect.void)
  })
})
