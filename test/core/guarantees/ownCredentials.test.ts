/** G61: a session that holds credentials instead of a refresh token is renewed ahead like any other. */
import * as AuthService from "@effect-auth/core/AuthService"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { Simulation } from "../machine/simulation.ts"
import * as session from "./session.ts"

const robot = Effect.succeed("robot")
const make = (setup?: session.Setup) => session.make({ rotation: "none", credentials: robot, ...setup })

const lives = process.env.EFFECT_AUTH_TESTS === "all" ? 10_000 : 1_000

/** The token that a caller gets without any waiting, or its error. */
const atOnce = (auth: AuthService.AuthService<string>) => session.within(auth.accessToken, 0)

/** Goes on until so many sign-ins were sent. */
const untilSignIn = (script: ScriptedProvider.ScriptedProvider<string>, count: number) =>
  Effect.repeat(TestClock.adjust("8 seconds"), {
    until: () => Effect.map(script.count("signIn"), (sent) => sent >= count)
  })

const generationAtOnce = (auth: AuthService.AuthService<string>) =>
  Effect.map(atOnce(auth), (exit) => Exit.isSuccess(exit) ? exit.value.generation : exit.cause)

describe("a session of the service's own credentials (G61)", () => {
  it(`in ${lives} lives nobody waits after the first sign-in, and each life costs one sign-in`, () => {
    const simulation = new Simulation(1, 2_048)
    const succeeded = <A, E>(effect: Effect.Effect<A, E>) =>
      Option.getOrThrow(simulation.run(effect)).pipe(Exit.getOrElse(
        (cause) => assert.fail(Cause.pretty(cause))
      ))
    const { auth, script } = succeeded(Effect.gen(function*() {
      const script = yield* ScriptedProvider.make<string>({ rotation: "none", latency: "2 seconds" })
      const scope = yield* Scope.make()
      const auth = yield* AuthService.make(script.provider, { credentials: robot }).pipe(
        session.provided,
        Scope.extend(scope)
      )
      return { auth, script }
    }))
    succeeded(auth.accessToken)
    let waited = 0
    for (let step = 0; step < 2 * lives; step++) {
      simulation.advance(27 * 60_000)
      let isServed = false
      simulation.fork(auth.accessToken).addObserver((exit) => (isServed = Exit.isSuccess(exit)))
      simulation.flush()
      if (!isServed) waited++
    }
    assert.strictEqual(waited, 0)
    const signIns = succeeded(script.count("signIn"))
    assert.isAtLeast(signIns, 0.9 * lives)
    assert.isAtMost(signIns, 1.35 * lives)
  }, 300_000)

  it.scoped("the old token serves while a slow sign-in is under way, and no longer", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make()
      assert.strictEqual(yield* generationAtOnce(auth), 1)
      yield* script.enqueue("signIn", ScriptedProvider.after("14 seconds"))
      yield* untilSignIn(script, 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* generationAtOnce(auth), 1)
      yield* TestClock.adjust("14 seconds")
      assert.strictEqual(yield* generationAtOnce(auth), 2)
    }).pipe(session.provided))

  it.scoped("a server that is down is asked again under the backoff, and the old token serves to its end", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make()
      yield* atOnce(auth)
      yield* script.enqueue("signIn", ...Array.from({ length: 12 }, () => session.down))
      yield* untilSignIn(script, 3)
      assert.strictEqual(yield* generationAtOnce(auth), 1)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(yield* generationAtOnce(auth), 2)
    }).pipe(session.provided))

  it.scoped("credentials that are refused ahead end the session, and the token that lives is served to its end", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make()
      yield* atOnce(auth)
      yield* script.enqueue("signIn", session.dead)
      yield* untilSignIn(script, 2)
      assert.strictEqual(yield* generationAtOnce(auth), 1)
      assert.strictEqual((yield* auth.state)._tag, "Ended")
      yield* TestClock.adjust("1 hour")
      const exit = yield* atOnce(auth)
      assert.isTrue(
        Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "TokenRequestRejected"
      )
      assert.strictEqual(yield* script.count("signIn"), 2)
    }).pipe(session.provided))

  it.scoped("a wrong configuration met ahead is told to whoever needs a token", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make()
      yield* atOnce(auth)
      yield* script.enqueue("signIn", ...Array.from({ length: 30 }, () => session.badClient))
      yield* TestClock.adjust("59 minutes")
      const early = yield* session.within(auth.accessToken, "5 seconds")
      assert.isTrue(Exit.isSuccess(early), "the live token serves")
      yield* TestClock.adjust("2 minutes")
      const exit = yield* session.within(auth.accessToken, "5 seconds")
      assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error._tag === "AuthMisconfigured")
    }).pipe(session.provided))

  it.scoped("credentials that the application can't give now are asked for once a minute, not each second", () =>
    Effect.gen(function*() {
      let asked = 0
      let isAway = false
      const vault = Effect.suspend(() => (asked++, isAway ? Effect.fail("away") : robot))
      const { auth } = yield* make({ credentials: vault })
      yield* atOnce(auth)
      isAway = true
      yield* TestClock.adjust("2 hours")
      assert.isAtMost(asked, 100)
      isAway = false
      assert.strictEqual(yield* generationAtOnce(auth), 2)
    }).pipe(session.provided))

  it.scoped("a user's session is not replaced ahead", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make()
      yield* auth.signIn("ann")
      yield* TestClock.adjust("58 minutes")
      assert.strictEqual(yield* script.count("signIn"), 1)
      assert.strictEqual((yield* auth.accessToken).generation, 1)
    }).pipe(session.provided))

  it.scoped("a code that works once is not sent ahead", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make({ singleUse: true })
      yield* atOnce(auth)
      yield* TestClock.adjust("58 minutes")
      assert.strictEqual(yield* script.count("signIn"), 1)
    }).pipe(session.provided))

  it.scoped("a token that was replaced ahead is not revoked: calls under way carry it", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* make({ revokeReplaced: true })
      yield* atOnce(auth)
      yield* untilSignIn(script, 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* script.count("revoke"), 0)
      const token = yield* auth.accessToken
      yield* auth.renew(token, { wasAccepted: true })
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* script.count("revoke"), 1, "one that was rejected is")
    }).pipe(session.provided))

  it.scoped("past the refresh token's own end it signs in ahead, and does not spend the dead one", () =>
    Effect.gen(function*() {
      const { auth, refreshes, script } = yield* session.make({ rotation: "static", credentials: robot })
      // Counted from the sign-in; the refresh in between tells the same end.
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 90 * 60_000 }))
      for (let n = 0; n < 5; n++) {
        yield* script.enqueue("refresh", ScriptedProvider.ok({ refreshExpiresAt: 90 * 60_000 }))
      }
      yield* atOnce(auth)
      let waited = 0
      for (let minute = 0; minute < 180; minute++) {
        yield* TestClock.adjust("1 minute")
        if (Exit.isFailure(yield* atOnce(auth))) waited++
      }
      assert.strictEqual(waited, 0)
      const calls = yield* script.calls
      assert.isTrue(
        calls.every(({ at, operation, presented }) =>
          operation !== "refresh" || presented !== "refresh-1" || at < 90 * 60_000
        )
      )
      assert.strictEqual(yield* script.count("signIn"), 2)
      assert.isAtLeast(yield* refreshes, 2)
    }).pipe(session.provided))

  it.scoped("two processes sign in once a life", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>({ rotation: "none", latency: "1 second" })
      const process = (refresh?: RefreshOptions) =>
        Effect.provideService(
          AuthService.make(script.provider, { credentials: robot, refresh }),
          TokenStore.TokenStore,
          store
        )
      const both = [yield* process(), yield* process()]
      for (const auth of both) yield* session.within(auth.accessToken, "2 seconds")
      for (let hour = 0; hour < 20; hour++) {
        yield* TestClock.adjust("50 minutes")
        for (const auth of both) assert.isTrue(Exit.isSuccess(yield* session.within(auth.accessToken, "2 seconds")))
      }
      const signIns = yield* script.count("signIn")
      assert.isAtLeast(signIns, 15)
      assert.isAtMost(signIns, 25)
    }))
})
