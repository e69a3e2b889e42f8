/** G27 – G32: ends and retries. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

describe("ends and retries", () => {
  it.scoped("G27: a configuration fault keeps the session and is not retried fast", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", ...session.times(3, session.badClient))
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(error._tag === "AuthMisconfigured" && error.reason === "client")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      assert.strictEqual(yield* script.count("refresh"), 1)
      yield* TestClock.adjust("59 minutes")
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.generation === 2)
    }).pipe(session.provided))

  it.scoped("G58: an undocumented refusal ends the session only when it goes on for hours, and costs the ordinary backoff", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 86_400, refresh: { mode: "onDemand" } })
      const suspect = yield* Effect.fork(Stream.runHead(Stream.filter(auth.events, (one) => one._tag === "Suspect")))
      yield* TestClock.adjust("0 millis")
      yield* script.enqueue("refresh", ...session.times(30, session.undocumented))
      const refused = yield* Effect.flip(auth.refresh)
      assert.deepInclude(refused, { _tag: "ProviderUnavailable", reason: "refused" })
      assert.isTrue(Option.isSome(yield* Fiber.join(suspect)))
      for (let n = 0; n < 7; n++) {
        assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "ProviderUnavailable")
        assert.strictEqual((yield* auth.accessToken).generation, 1)
        yield* TestClock.adjust("30 minutes")
      }
      assert.strictEqual(yield* script.count("refresh"), 8)
      yield* TestClock.adjust("31 minutes")
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
    }).pipe(session.provided))

  it.scoped("G58: a gateway's incident of an hour ends nothing", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 86_400, refresh: { mode: "onDemand" } })
      yield* script.enqueue("refresh", ...session.times(3, session.undocumented))
      for (let n = 0; n < 3; n++) {
        assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "ProviderUnavailable")
        yield* TestClock.adjust("30 minutes")
      }
      assert.strictEqual((yield* auth.refresh).generation, 2)
    }).pipe(session.provided))

  it.scoped("G28: a process that starts after the end does not count it again", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const inStore = Effect.provideService(TokenStore.TokenStore, store)
      const { auth, script } = yield* inStore(session.make())
      yield* script.enqueue("refresh", session.dead)
      const here = yield* session.tagsOf(auth)
      yield* Effect.flip(auth.refresh)
      yield* TestClock.adjust("2 hours")
      const later = yield* inStore(session.make({ signedIn: false, refresh: { mode: "onDemand" } }))
      const there = yield* session.tagsOf(later.auth)
      assert.strictEqual((yield* Effect.flip(later.auth.accessToken))._tag, "RefreshTokenRejected")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(here.filter((tag) => tag === "Ended"), ["Ended"])
      assert.deepStrictEqual(there, [])
    }))

  it.scoped("G28: an end is told to every waiter with one error, once as an event, and asked about once", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      const ends = yield* Effect.fork(
        Stream.runHead(Stream.filter(auth.events, (event) => event._tag === "Ended"))
      )
      yield* Effect.yieldNow()
      const token = yield* auth.accessToken
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second", session.dead))
      const waiters = Effect.all(Array.from({ length: 20 }, () => Effect.flip(auth.renew(token))), {
        concurrency: "unbounded"
      })
      const errors = yield* yield* session.within(waiters, "2 seconds")
      assert.isTrue(errors.every((error) => error._tag === "RefreshTokenRejected"))
      assert.strictEqual(new Set(errors).size, 1)
      assert.isTrue((yield* ends)._tag === "Some")
      yield* TestClock.adjust("5 hours")
      yield* Effect.exit(auth.accessToken)
      yield* Effect.exit(auth.refresh)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }).pipe(session.provided))

  it.scoped("G28: the access token of an ended session is served until it dies, or is rejected", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", session.dead)
      yield* Effect.exit(auth.refresh)
      const live = yield* auth.accessToken
      assert.strictEqual(live.generation, 1)
      assert.strictEqual((yield* Effect.flip(auth.renew(live)))._tag, "RefreshTokenRejected")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "RefreshTokenRejected")
    }).pipe(session.provided))

  it.scoped("G29: signing in clears the end, the backoff and the doubt", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", session.lostAnswer, session.dead)
      yield* TestClock.adjust("61 minutes")
      yield* Effect.exit(auth.accessToken)
      yield* auth.signIn("secret")
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && !state.inDoubt)
      assert.strictEqual((yield* auth.refresh).generation, (state._tag === "Active" ? state.generation : 0) + 1)
    }).pipe(session.provided))

  it.scoped("G29: signing in also clears the rest after tokens that were dead on arrival", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      const useless = { ...ScriptedProvider.after("2 seconds"), response: { expiresIn: 1 } }
      yield* script.enqueue("refresh", ...session.times(3, useless))
      assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "7 seconds")))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.refresh)))
      yield* auth.signIn("secret")
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(auth.refresh)))
      assert.strictEqual(yield* script.count("refresh"), 4)
    }).pipe(session.provided))

  it.scoped("G30: a broken endpoint gets at most twelve calls in any minute, whoever asks and however often", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* TestClock.adjust("2 hours")
      const before = yield* script.count("refresh")
      yield* script.enqueue("refresh", ...session.times(1_000, session.down))
      for (let n = 0; n < 400; n++) {
        yield* Effect.fork(Effect.exit(n % 2 === 0 ? auth.accessToken : auth.refresh))
        yield* TestClock.adjust("1 second")
      }
      const at = (yield* script.calls).filter((call) => call.operation === "refresh").slice(before).map((call) =>
        call.at
      )
      for (const start of at) {
        const inWindow = at.filter((time) => time >= start && time < start + 60_000).length
        assert.isAtMost(inWindow, 12)
      }
      assert.isAbove(at.length, 12)
    }).pipe(session.provided))

  it.scoped("G31: nobody calls before Retry-After, also not by force; more than an hour is an hour", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 10 * 3_600 })
      yield* script.enqueue("refresh", session.waitFor("5 minutes"), session.waitFor("3 hours"))
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(
        error._tag === "ProviderUnavailable" && Duration.toMillis(error.retryAfter ?? Duration.zero) >= 300_000
      )
      yield* TestClock.adjust("4 minutes")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.refresh)))
      assert.strictEqual(yield* script.count("refresh"), 1)
      yield* TestClock.adjust("62 seconds")
      yield* Effect.exit(auth.refresh)
      assert.strictEqual(yield* script.count("refresh"), 2)
      yield* TestClock.adjust("59 minutes")
      yield* Effect.exit(auth.refresh)
      assert.strictEqual(yield* script.count("refresh"), 2)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* auth.refresh).generation, 2)
    }).pipe(session.provided))

  it.scoped("G31: an hour of maintenance holds back everything but a refresh that somebody asks for", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 600 })
      yield* script.enqueue("refresh", session.maintenanceFor("1 hour"))
      yield* Effect.flip(auth.refresh)
      yield* TestClock.adjust("59 seconds")
      yield* Effect.flip(auth.refresh)
      yield* TestClock.adjust("10 minutes")
      yield* Effect.flip(auth.accessToken)
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* auth.refresh).generation, 2)
    }).pipe(session.provided))

  it.scoped("G32: an exchange has one total deadline", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", ScriptedProvider.never)
      const exit = yield* session.within(auth.refresh, "15 seconds")
      const error = yield* Effect.flip(exit)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "timeout")
    }).pipe(session.provided))
})

describe("signing in by itself", () => {
  it.scoped("signs in on first use, and once when a refresh can't help, visibly", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.succeed("secret") })
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      yield* script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* auth.refresh).generation, 2)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.signedInByItself && state.generation === 2)
      assert.strictEqual(yield* script.count("signIn"), 2)
    }).pipe(session.provided))

  it.scoped("refused credentials are not sent again, and signing out suspends it", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.succeed("wrong") })
      yield* script.enqueue("signIn", session.dead)
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "TokenRequestRejected")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "TokenRequestRejected")
      assert.strictEqual(yield* script.count("signIn"), 1)
      yield* auth.signIn("right")
      yield* auth.signOut
      const error = yield* Effect.flip(auth.accessToken)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
      assert.strictEqual(yield* script.count("signIn"), 2)
    }).pipe(session.provided))

  it.scoped("signing out beats a sign-in by itself that is under way, and its tokens are revoked", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.succeed("secret") })
      yield* script.enqueue("signIn", ScriptedProvider.after("1 second"))
      yield* Effect.fork(Effect.exit(auth.accessToken))
      yield* TestClock.adjust("100 millis")
      yield* auth.signOut
      yield* TestClock.adjust("2 seconds")
      const error = yield* Effect.flip(auth.accessToken)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
      assert.strictEqual(yield* script.count("revoke"), 1)
    }).pipe(session.provided))

  it.scoped("a caller's sign-in that comes first serves those who waited for credentials that are then refused", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.succeed("wrong") })
      yield* script.enqueue("signIn", ScriptedProvider.after("1 second", session.dead))
      const waiting = yield* Effect.fork(auth.accessToken)
      yield* TestClock.adjust("100 millis")
      const own = yield* auth.signIn("right")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).session, own.session)
    }).pipe(session.provided))

  it.scoped("signing out meanwhile is what those are told who waited for credentials that are then refused", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.succeed("wrong") })
      yield* script.enqueue("signIn", ScriptedProvider.after("1 second", session.dead))
      const waiting = yield* Effect.fork(Effect.flip(auth.accessToken))
      yield* TestClock.adjust("100 millis")
      yield* auth.signOut
      yield* TestClock.adjust("2 seconds")
      const error = yield* Fiber.join(waiting)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
    }).pipe(session.provided))

  it.scoped("G06: tokens that are dead on arrival do not make it sign in again and again", () =>
    Effect.gen(function*() {
      const credentials = Effect.succeed("secret")
      const { auth, script } = yield* session.make({
        credentials,
        rotation: "none",
        expiresIn: 1,
        latency: "2 seconds"
      })
      for (let n = 0; n < 3; n++) {
        const error = yield* Effect.flip(yield* session.within(auth.accessToken, n === 0 ? "7 seconds" : "1 second"))
        assert.isTrue(error._tag === "ProviderUnavailable" && error.retryAfter !== undefined)
        assert.strictEqual(yield* script.count("signIn"), 3)
      }
    }).pipe(session.provided))

  it.scoped("a first sign-in that failed is tried again when its backoff is over", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({
        credentials: Effect.succeed("secret"),
        refresh: { mode: "onDemand" }
      })
      yield* script.enqueue("signIn", session.waitFor("5 minutes"))
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "ProviderUnavailable")
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "ProviderUnavailable")
      assert.strictEqual(yield* script.count("signIn"), 1)
      yield* TestClock.adjust("6 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
    }).pipe(session.provided))

  it.scoped("a credentials Effect that fails is a fault of the configuration", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ credentials: Effect.fail("vault is sealed") })
      const error = yield* Effect.flip(auth.accessToken)
      assert.isTrue(error._tag === "AuthMisconfigured" && error.reason === "credentials")
      assert.strictEqual(yield* script.count("signIn"), 0)
    }).pipe(session.provided))

  for (
    const [name, credentials] of Object.entries({
      "throws": Effect.die(new Error("password hunter2 is too old")),
      "throws at once": Effect.sync((): string => {
        throw new Error("password hunter2 is too old")
      })
    })
  ) {
    it.scoped(`so is one that ${name}, and what it says stays with it (G38)`, () =>
      Effect.gen(function*() {
        const { auth, script } = yield* session.make({ credentials })
        const exit = yield* Effect.exit(auth.accessToken)
        assert.isTrue(Exit.isFailure(exit))
        yield* Redaction.assertNoSecret(exit, ["hunter2"])
        const error = yield* Effect.flip(auth.accessToken)
        assert.isTrue(error._tag === "AuthMisconfigured" && error.reason === "credentials")
        assert.strictEqual(yield* script.count("signIn"), 0)
      }).pipe(session.provided))
  }
})
