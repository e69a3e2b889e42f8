/** G25: signing out while something else is under way, or while the store is away. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

const key = { provider: "scripted", realm: "test", account: "default" }

/** Two processes over one store, which one of them loses at will. */
const setup = Effect.gen(function*() {
  const inner = yield* TokenStore.makeMemory
  const control = { isAway: false }
  const away = new TokenStoreError({ ...key, operation: "test", reason: "unavailable" })
  const reached = <A>(effect: Effect.Effect<A, TokenStoreError>) =>
    Effect.suspend(() => control.isAway ? Effect.fail(away) : effect)
  const store: TokenStore.Service = {
    ...inner,
    get: (key) => reached(inner.get(key)),
    compareAndSet: (key, expected, next) => reached(inner.compareAndSet(key, expected, next))
  }
  const script = yield* ScriptedProvider.make<string>()
  const over = (store: TokenStore.Service) =>
    AuthService.make(script.provider, { refresh: { mode: "onDemand" } }).pipe(
      Effect.provideService(TokenStore.TokenStore, store)
    )
  const tagIn = Effect.map(inner.get(key), (record) => Option.getOrThrow(record).state._tag)
  return { control, elsewhere: yield* over(inner), here: yield* over(store), script, tagIn }
})

/** Signs out while the store is away; it comes back later. */
const leaveLate = Effect.fnUntraced(function*(
  { control, here }: Effect.Effect.Success<typeof setup>,
  meanwhile: Effect.Effect<unknown, unknown> = Effect.void
) {
  control.isAway = true
  assert.isTrue(Exit.isFailure(yield* session.within(here.signOut, "10 seconds")))
  yield* Effect.orDie(meanwhile)
  control.isAway = false
  yield* TestClock.adjust("30 seconds")
})

describe("signing out", () => {
  it.scoped("is written when the store is back", () =>
    Effect.gen(function*() {
      const world = yield* setup
      yield* world.here.signIn("secret")
      yield* leaveLate(world)
      assert.strictEqual(yield* world.tagIn, "signedOut")
      assert.strictEqual(yield* world.script.count("revoke"), 1)
    }))

  it.scoped("late, leaves alone what began elsewhere, also where it never knew a session", () =>
    Effect.gen(function*() {
      const cold = yield* setup
      yield* cold.elsewhere.signIn("secret")
      yield* leaveLate(cold, cold.elsewhere.signIn("secret"))
      assert.strictEqual(yield* cold.tagIn, "active")
      const warm = yield* setup
      yield* warm.here.signIn("secret")
      yield* leaveLate(warm, warm.elsewhere.signIn("secret"))
      assert.strictEqual(yield* warm.tagIn, "active")
    }))

  it.scoped("of a sign-in that was never saved ends what that had replaced, and nothing newer", () =>
    Effect.gen(function*() {
      for (const isNewer of [false, true]) {
        const world = yield* setup
        yield* world.here.signIn("secret")
        world.control.isAway = true
        yield* session.within(world.here.signIn("secret"), "10 seconds")
        yield* leaveLate(world, isNewer ? world.elsewhere.signIn("secret") : Effect.void)
        assert.strictEqual(yield* world.tagIn, isNewer ? "active" : "signedOut")
      }
    }))

  it.scoped("is not undone by an exchange whose tokens can't be saved", () =>
    Effect.gen(function*() {
      const { control, here, script } = yield* setup
      yield* here.signIn("secret")
      yield* script.enqueue("refresh", ScriptedProvider.after("2 seconds"))
      yield* Effect.fork(Effect.exit(here.refresh))
      yield* TestClock.adjust("1 second")
      yield* here.signOut
      control.isAway = true
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* here.state)._tag, "SignedOut")
    }))
})
