/** What happens between two awaits: each of these was seen to go wrong once. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as RefreshSchedule from "@effect-auth/core/RefreshSchedule"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away, key, recordIn, serviceOver, shared } from "./sharedStore.ts"

const sessionsOver = (
  script: ScriptedProvider.ScriptedProvider<string>,
  store: TokenStore.Service,
  options?: AuthSessions.Options<string>
) => Effect.provideService(AuthSessions.make(script.provider, options), TokenStore.TokenStore, store)

/** Forty sessions whose refreshes ahead wait for their turn: the realm answers 429. */
const limitedRealm = Effect.gen(function*() {
  const store = yield* TokenStore.makeMemory
  const script = yield* ScriptedProvider.make<string>()
  const sessions = yield* sessionsOver(script, store, { idleAfter: "10 hours" })
  const all = yield* Effect.forEach(Array.from({ length: 40 }, (_, index) => `u${index}`), sessions.get)
  yield* Effect.forEach(all, (auth) => auth.signIn("s"))
  yield* script.enqueue("refresh", ...session.times(60, session.waitFor("20 seconds")))
  yield* TestClock.adjust("45 minutes")
  return { script, sessions, store }
})

describe("between two awaits", () => {
  it.scoped("a session does not inherit the numbers of one that left memory (G01, G60)", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const elsewhere = yield* sessionsOver(script, store)
      yield* (yield* elsewhere.get("c")).signIn("s")
      const sessions = yield* sessionsOver(script, store, { idleAfter: "90 minutes" })
      const keeper = yield* sessions.get("keeper")
      yield* keeper.signIn("s")
      yield* (yield* sessions.get("a")).signIn("s")
      for (let round = 0; round < 18; round++) {
        yield* TestClock.adjust("10 minutes")
        yield* keeper.accessToken
      }
      assert.isUndefined(yield* sessions.overview.one("a"))
      const b = yield* sessions.get("b")
      yield* b.signIn("s")
      assert.strictEqual((yield* sessions.overview.one("b"))?.state._tag, "Active")
      yield* TestClock.adjust("59 minutes")
      const { state } = (yield* sessions.overview.one("b")) ?? assert.fail("b is not in memory")
      assert.strictEqual(state._tag === "Active" ? state.generation : 0, 2)
      const ended = yield* sessions.get("ended")
      yield* ended.signIn("s")
      yield* script.enqueue("refresh", session.dead)
      yield* Effect.exit(ended.refresh)
      for (let round = 0; round < 18; round++) {
        yield* TestClock.adjust("10 minutes")
        yield* Effect.all([keeper.accessToken, b.accessToken])
      }
      assert.strictEqual((yield* (yield* sessions.get("c")).state)._tag, "Active")
    }))

  it.scoped("an erasure and a new session that are reported together are not taken for the old session (G55)", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* serviceOver(script, store, { mode: "scheduled" })
      yield* TestClock.adjust("1 second")
      yield* here.signIn("ola")
      const ola = yield* recordIn(store)
      const tokens = { ...ola.tokens!, accessToken: Redacted.make("kari"), refreshToken: Redacted.make("kari-refresh") }
      yield* TestClock.adjust("1 minute")
      yield* store.erase!(key)
      yield* store.compareAndSet(key, 0, { ...ola, session: "kari", commitId: "kari", tokens })
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual((yield* recordIn(store)).session, "kari")
      const presented = (yield* script.calls).map((call) => call.presented)
      assert.deepStrictEqual(presented.filter((one) => one !== undefined), ["kari-refresh"])
    }))

  it.scoped("a refresh that waited for its permit looks again whose session it is (G55)", () =>
    Effect.gen(function*() {
      const { script, sessions, store } = yield* limitedRealm
      const waiting = yield* Effect.findFirst(
        Array.from({ length: 40 }, (_, index) => `u${index}`),
        (account) =>
          Effect.gen(function*() {
            const record = Option.getOrThrow(yield* store.get({ ...key, account }))
            const summary = yield* sessions.overview.one(account)
            return record.version === 1 && summary?.state._tag === "Active" && summary.state.refreshing
          })
      )
      const account = Option.getOrThrow(waiting)
      const elsewhere = yield* AuthService.make(script.provider, { account, refresh: { mode: "onDemand" } }).pipe(
        Effect.provideService(TokenStore.TokenStore, store)
      )
      yield* elsewhere.signOut
      yield* store.erase!({ ...key, account })
      const kari = yield* elsewhere.signIn("kari")
      yield* TestClock.adjust("20 minutes")
      assert.strictEqual(Option.getOrThrow(yield* store.get({ ...key, account })).session, kari.session)
    }))

  it.scoped("a store whose reports never arrive is read before each refresh (G67)", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const store: TokenStore.Service = { ...inner, reportsAtOnce: true, changes: Stream.fail(away) }
      const here = yield* serviceOver(script, store, { mode: "scheduled" })
      yield* here.signIn("ola")
      const elsewhere = yield* serviceOver(script, inner)
      yield* elsewhere.signOut
      yield* inner.erase!(key)
      const kari = yield* elsewhere.signIn("kari")
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual((yield* recordIn(inner)).session, kari.session)
    }))

  it.scoped("a refresh that ends does not put the user before over a sign-in that is not saved (G55)", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      const control = { isAway: false, delay: 100 }
      const slow = <A>(effect: Effect.Effect<A, typeof away>) =>
        Effect.suspend(() => control.isAway ? Effect.fail(away) : Effect.delay(effect, control.delay))
      const store: TokenStore.Service = {
        ...inner,
        get: (key) => slow(inner.get(key)),
        compareAndSet: (key, expected, next) => slow(inner.compareAndSet(key, expected, next))
      }
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* serviceOver(script, store)
      yield* Effect.flatten(session.within(auth.signIn("ola"), "1 second"))
      const back = Effect.sync(() => {
        control.isAway = false
      })
      yield* script.enqueue("refresh", { run: (ok) => Effect.zipLeft(Effect.delay(ok, "8 seconds"), back) })
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("1 second")
      control.isAway = true
      const kari = yield* Effect.flatten(session.within(auth.signIn("kari"), "5 seconds"))
      for (let step = 0; step < 200; step++) {
        yield* TestClock.adjust("50 millis")
        assert.strictEqual(auth.unsafePeek(yield* Effect.clock)?.session, kari.session)
      }
      // Closing looks at the store once more, and no clock moves then.
      control.delay = 0
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* recordIn(inner)).session, kari.session)
    }))

  it.scoped("an owner in this process that can't save its tokens keeps its claim (G17)", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      const control = { isDown: false }
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, expected, next) =>
          Effect.suspend(() => control.isDown ? Effect.fail(away) : inner.compareAndSet(key, expected, next))
      }
      const script = yield* ScriptedProvider.make<string>({ expiresIn: 100 })
      const owner = yield* serviceOver(script, store)
      yield* owner.signIn("s")
      const sibling = yield* serviceOver(script, store)
      yield* sibling.accessToken
      yield* TestClock.adjust("99 seconds")
      const down = Effect.sync(() => {
        control.isDown = true
      })
      yield* script.enqueue("refresh", { run: (ok) => Effect.zipLeft(ok, down) })
      yield* session.within(owner.refresh, "5 seconds")
      for (let round = 0; round < 12; round++) {
        yield* Effect.fork(Effect.exit(sibling.accessToken))
        yield* TestClock.adjust("5 seconds")
      }
      control.isDown = false
      yield* session.within(sibling.accessToken, "6 seconds")
      assert.strictEqual(yield* script.spent, 0)
    }))

  it.scoped("a number that is none stops no schedule (G01)", () =>
    Effect.gen(function*() {
      const { auth, refreshes } = yield* session.make({
        refresh: { ahead: RefreshSchedule.ahead({ fraction: NaN, jitter: NaN }) }
      })
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual(yield* refreshes, 1)
      yield* auth.adopt({ accessToken: Redacted.make("x"), expiresIn: 60, obtainedAt: Date.parse("no date") })
      yield* TestClock.adjust("2 minutes")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.accessToken)))
    }).pipe(session.provided))

  it.scoped("an answer of plain JavaScript that holds no token is a failed exchange, with a backoff (G30)", () =>
    Effect.gen(function*() {
      for (const accessToken of ["plain", undefined]) {
        const { refreshes, script } = yield* session.make({ rotation: "static" })
        const answer = ScriptedProvider.ok({ accessToken: accessToken as never })
        yield* script.enqueue("refresh", ...session.times(500, answer))
        yield* TestClock.adjust("46 minutes")
        const before = yield* refreshes
        yield* TestClock.adjust("1 minute")
        assert.isAtMost((yield* refreshes) - before, 12)
      }
    }).pipe(session.provided))

  it.scoped("a fingerprint that throws costs no sign-in for each call (G30)", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedProvider.make<string>()
      const fingerprint = () => {
        throw new Error("a defect")
      }
      const auth = yield* AuthService.make({ ...script.provider, fingerprint }, { credentials: Effect.succeed("x") })
      yield* Effect.repeatN(Effect.zipRight(auth.accessToken, TestClock.adjust("10 millis")), 20)
      assert.strictEqual(yield* script.count("signIn"), 1)
    }).pipe(session.provided))

  it.scoped("a sign-out elsewhere is obeyed although a refresh waits for its permit (G66)", () =>
    Effect.gen(function*() {
      const { script, sessions, store } = yield* limitedRealm
      const refused = yield* Effect.filter(
        Array.from({ length: 40 }, (_, index) => `u${index}`),
        (account) =>
          Effect.gen(function*() {
            const elsewhere = yield* AuthService.make(script.provider, { account, refresh: { mode: "onDemand" } }).pipe(
              Effect.provideService(TokenStore.TokenStore, store)
            )
            yield* elsewhere.signOut
            yield* TestClock.adjust("100 millis")
            const here = yield* sessions.get(account)
            return Exit.isFailure(yield* session.within(here.accessToken, "10 millis"))
          })
      )
      assert.strictEqual(refused.length, 40)
    }))

  it.scoped("renew hands out no token of a session that was signed out elsewhere (G66)", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* serviceOver(script, store)
      const old = yield* here.signIn("s")
      yield* here.refresh
      const there = yield* serviceOver(script, store)
      yield* there.signOut
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(here.renew(old))))
    }))

  it.scoped("a sign-out that waits behind a sign-in is obeyed by reads of the store (G25)", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      yield* (yield* serviceOver(script, store)).signIn("old")
      const auth = yield* serviceOver(script, store)
      yield* script.enqueue("signIn", ScriptedProvider.after("8 seconds"))
      yield* Effect.fork(Effect.exit(auth.signIn("new")))
      yield* TestClock.adjust("10 millis")
      const leaving = yield* Effect.fork(auth.signOut)
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(auth.accessToken)))
      assert.strictEqual((yield* auth.state)._tag, "SignedOut")
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(leaving)
      yield* auth.signIn("again")
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }))

  it.scoped("an end and a sign-out are one event each, whoever asks again (G28)", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({
        credentials: Effect.succeed("wrong"),
        signedIn: false,
        refresh: { mode: "onDemand" }
      })
      yield* script.enqueue("signIn", ...session.times(5, session.dead))
      const tags = yield* session.tagsOf(auth)
      for (let round = 0; round < 5; round++) {
        yield* Effect.exit(auth.accessToken)
        yield* TestClock.adjust("1 minute")
      }
      assert.strictEqual(tags.filter((tag) => tag === "Ended").length, 1)
      yield* Effect.all([auth.signOut, auth.signOut, auth.signOut], { concurrency: 3 })
      yield* auth.signOut
      yield* TestClock.adjust("1 second")
      assert.strictEqual(tags.filter((tag) => tag === "SignedOut").length, 1)
    }).pipe(session.provided))
})
