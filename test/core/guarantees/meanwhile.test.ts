/** What another process or this one does while a flight is under way, or hangs. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { whileTimePasses } from "../../support/whileTimePasses.ts"
import * as session from "./session.ts"
import { away, closedWithTest, key, over, recordIn, serviceOver, shared } from "./sharedStore.ts"

/** Forty accounts of which each is due, and a token endpoint that has a limit: many wait for their permit. */
const crowd = Effect.fnUntraced(function*(store: TokenStore.Service) {
  const script = yield* ScriptedProvider.make<string>()
  const sessions = yield* closedWithTest(
    Effect.provideService(AuthSessions.make(script.provider, { idleAfter: "10 hours" }), TokenStore.TokenStore, store)
  )
  const names = Array.from({ length: 40 }, (_, index) => `u${index}`)
  yield* Effect.forEach(yield* Effect.forEach(names, sessions.get), (auth) => auth.signIn("s"))
  yield* script.enqueue("refresh", ...session.times(60, session.waitFor("20 seconds")))
  yield* TestClock.adjust("45 minutes")
  const recordOf = (account: string) => Effect.map(store.get({ ...key, account }), Option.getOrThrow)
  /** Whether its refresh has begun, and nothing was sent yet. */
  const isWaiting = Effect.fnUntraced(function*(account: string) {
    const { version } = yield* recordOf(account)
    const summary = yield* sessions.overview.one(account)
    return version === 1 && summary?.state._tag === "Active" && summary.state.refreshing
  })
  const waiting = yield* Effect.filter(names, isWaiting)
  const elsewhere = (account: string, of: TokenStore.Service = store) =>
    closedWithTest(
      Effect.provideService(
        AuthService.make(script.provider, { account, refresh: { mode: "onDemand" } }),
        TokenStore.TokenStore,
        of
      )
    )
  return { elsewhere, isWaiting, recordOf, script, sessions, waiting }
})

/** Long enough for a change to be heard. */
const heard = Effect.forEach(Array.from({ length: 20 }), () => TestClock.adjust("5 millis"), { discard: true })

describe("while a refresh waits for its permit", () => {
  it.scoped("a slow read does not bring a session back that was signed out meanwhile (G25)", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      let slow = ""
      const { recordOf, sessions, waiting } = yield* crowd({
        ...inner,
        get: (key) =>
          Effect.suspend(() =>
            key.account === slow ? Effect.tap(inner.get(key), () => Effect.sleep("1500 millis")) : inner.get(key)
          )
      })
      const [account = ""] = waiting
      const here = yield* sessions.get(account)
      const record = yield* recordOf(account)
      yield* inner.compareAndSet({ ...key, account }, 1, { ...record, version: 2 })
      yield* heard
      slow = account
      const asking = yield* Effect.fork(Effect.exit(here.accessToken))
      yield* TestClock.adjust("10 millis")
      slow = ""
      // It is refused at once, or it waits: the flight that waited is over either way.
      yield* Effect.fork(Effect.exit(here.refresh))
      yield* TestClock.adjust("100 millis")
      yield* session.within(here.signOut, "1 second")
      yield* TestClock.adjust("2 seconds")
      yield* whileTimePasses(Fiber.join(asking))
      assert.strictEqual((yield* sessions.overview.one(account))?.state._tag, "SignedOut")
    }))

  it.scoped("who asks after another user's sign-in elsewhere is in the new session (G55)", () =>
    Effect.gen(function*() {
      const { elsewhere, sessions, waiting } = yield* crowd(yield* TokenStore.makeMemory)
      for (const account of waiting.slice(0, 5)) {
        const kari = yield* (yield* elsewhere(account)).signIn("kari")
        yield* heard
        const exit = yield* session.within(
          Effect.flatMap(sessions.get(account), (auth) => auth.accessToken),
          "10 millis"
        )
        assert.deepStrictEqual(Exit.map(exit, (token) => token.session), Exit.succeed(kari.session))
      }
    }))

  it.scoped("another user's record is not taken, also where the store reports nothing (G55)", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const store = { get: inner.get, compareAndSet: inner.compareAndSet }
      const { elsewhere, isWaiting, recordOf, waiting } = yield* crowd(store)
      const begun = new Map<string, string>()
      for (const account of waiting) {
        if (!(yield* isWaiting(account))) continue
        const other = yield* elsewhere(account, { ...store })
        yield* other.signOut
        yield* inner.erase?.({ ...key, account }) ?? Effect.void
        begun.set(account, (yield* other.signIn("kari")).session)
      }
      assert.isAbove(begun.size, 3)
      yield* TestClock.adjust("20 minutes")
      const stored = new Map<string, string>()
      for (const account of begun.keys()) stored.set(account, (yield* recordOf(account)).session)
      assert.deepStrictEqual(stored, begun)
    }))
})

describe("where the store reports nothing", () => {
  it.scoped("refreshes that wait long for their permit are sent all the same (G59)", () =>
    Effect.gen(function*() {
      const { compareAndSet, get } = yield* TokenStore.makeMemory
      const { recordOf, script, waiting } = yield* crowd({ get, compareAndSet })
      const before = yield* script.count("refresh")
      assert.isAbove(waiting.length, 5)
      yield* TestClock.adjust("30 minutes")
      for (const account of waiting) assert.isAbove((yield* recordOf(account)).generation, 1)
      assert.isAtMost((yield* script.count("refresh")) - before, 200)
    }))
})

describe("on demand", () => {
  it.scoped("an exchange that began late in its flight is not taken for a dead one (G62)", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* over(script, store)
      const { session: begun } = yield* auth.signIn("ola")
      yield* TestClock.adjust("2 hours")
      // Another process holds the claim for fifteen seconds.
      const { version, ...record } = yield* recordIn(store)
      const claim = { id: "theirs", owner: "another", at: 0, ttl: 15_000, kind: "signIn" } as const
      yield* store.compareAndSet(key, version, { ...record, version: version + 1, claim })
      yield* script.enqueue("refresh", ScriptedProvider.after("14 seconds"))
      const first = yield* Effect.fork(Effect.exit(auth.accessToken))
      for (let second = 0; second < 24; second++) yield* TestClock.adjust("1 second")
      const second = yield* Effect.fork(Effect.exit(auth.accessToken))
      yield* TestClock.adjust("1 minute")
      yield* whileTimePasses(Fiber.join(first))
      yield* whileTimePasses(Fiber.join(second))
      assert.strictEqual(yield* script.count("refresh"), 1)
      assert.strictEqual((yield* recordIn(store)).session, begun)
    }))
})

describe("while an exchange hangs", () => {
  it.scoped("another user's sign-in elsewhere is obeyed at the next use (G60)", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* over(script, store, { mode: "scheduled" })
      yield* here.signIn("ola")
      yield* TestClock.adjust("1 second")
      yield* script.enqueue("refresh", ScriptedProvider.never)
      yield* Effect.fork(Effect.exit(here.refresh))
      yield* TestClock.adjust("1 second")
      const elsewhere = yield* over(script, store)
      yield* elsewhere.signOut
      const kari = yield* elsewhere.signIn("kari")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* here.accessToken).session, kari.session)
    }))
})

describe("a change that was heard", () => {
  it.scoped("is obeyed although one read of the store failed (G60)", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const script = yield* ScriptedProvider.make<string>()
      let failures = 0
      const get: TokenStore.Service["get"] = (key) =>
        Effect.suspend(() => failures-- > 0 ? Effect.fail(away) : inner.get(key))
      const here = yield* over(script, { ...inner, get })
      yield* here.signIn("ola")
      yield* TestClock.adjust("1 second")
      const elsewhere = yield* over(script, inner)
      yield* elsewhere.signOut
      yield* TestClock.adjust("1 second")
      failures = 1
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(here.accessToken)))
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* Effect.flip(here.accessToken), { _tag: "SignInRequired" })
    }))
})

describe("a caller who asked before the store was read", () => {
  it.scoped("is not served another user's sign-in that is not saved (G55)", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      yield* (yield* over(script, inner)).signIn("ola")
      let reads = 0
      const here = yield* over(script, {
        ...inner,
        get: () => Effect.suspend(() => reads++ === 0 ? Effect.never : Effect.fail(away)),
        compareAndSet: () => Effect.fail(away)
      })
      yield* TestClock.adjust("1 second")
      const asking = yield* Effect.fork(here.accessToken)
      yield* TestClock.adjust("1 second")
      const signingIn = yield* Effect.fork(here.signIn("kari"))
      yield* TestClock.adjust("30 seconds")
      const kari = yield* Fiber.join(signingIn)
      const exit = yield* session.within(Fiber.join(asking), "30 seconds")
      assert.notDeepEqual(Exit.map(exit, (token) => token.session), Exit.succeed(kari.session))
    }))
})

describe("a claim of this process", () => {
  it.scoped("whose tokens were lost at closing does not block the next layer (G52)", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      let isDown = false
      const store: TokenStore.Service = {
        ...inner,
        get: (key) => Effect.suspend(() => isDown ? Effect.fail(away) : inner.get(key)),
        compareAndSet: (key, version, record) =>
          Effect.suspend(() => isDown ? Effect.fail(away) : inner.compareAndSet(key, version, record))
      }
      const script = yield* ScriptedProvider.make<string>({ rotation: "static" })
      yield* Effect.scoped(Effect.gen(function*() {
        const one = yield* closedWithTest(serviceOver(script, store))
        yield* one.signIn("s")
        yield* script.enqueue("refresh", {
          run: (ok) =>
            Effect.zipLeft(
              ok,
              Effect.sync(() => {
                isDown = true
              })
            )
        })
        yield* session.within(one.refresh, "5 seconds")
      }))
      isDown = false
      const two = yield* over(script, store)
      yield* TestClock.adjust("1 hour")
      yield* session.within(two.accessToken, "2 minutes")
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Exit.isSuccess(yield* session.within(two.accessToken, "2 minutes")))
    }))

  it.scoped("ends with the request that was cut off in the middle of a refresh (G62)", () =>
    Effect.gen(function*() {
      const script = yield* ScriptedProvider.make<string>({ rotation: "static" })
      const auth = yield* over(script, yield* shared())
      yield* auth.signIn("s")
      yield* script.enqueue("refresh", ScriptedProvider.never)
      yield* cutOff(auth.refresh)
      yield* TestClock.adjust("2 hours")
      yield* session.within(auth.accessToken, "3 minutes")
      yield* TestClock.adjust("10 minutes")
      assert.isTrue(Exit.isSuccess(yield* session.within(auth.accessToken, "3 minutes")))
    }))
})

/** A request that is cut off: no timer and no answer of it comes any more, as on a Worker. */
const cutOff = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.flatMap(Effect.clock, (clock) => {
    const still: Clock.Clock = Object.create(clock, { sleep: { value: () => Effect.never } })
    return Effect.fork(Effect.withClock(effect, still))
  })

it.scoped("a sign-in that was cut off with its request does not hold up the next one for ever (G62)", () =>
  Effect.gen(function*() {
    const script = yield* ScriptedProvider.make<string>()
    const auth = yield* over(script, yield* shared())
    yield* script.enqueue("signIn", ScriptedProvider.never)
    yield* cutOff(auth.signIn("s"))
    yield* TestClock.adjust("1 hour")
    assert.isTrue(Exit.isSuccess(yield* session.within(auth.signIn("s"), "1 minute")))
  }))

it.scoped("`signedInByItself` is about the session that is held", () =>
  Effect.gen(function*() {
    const store = yield* TokenStore.makeMemory
    const script = yield* ScriptedProvider.make<string>()
    const make = (credentials?: Effect.Effect<string>) =>
      closedWithTest(
        Effect.provideService(
          AuthService.make(script.provider, { credentials, refresh: { mode: "onDemand" } }),
          TokenStore.TokenStore,
          store
        )
      )
    const here = yield* make(Effect.succeed("robot"))
    yield* here.accessToken
    yield* TestClock.adjust("1 second")
    assert.deepInclude(yield* (yield* make(Effect.succeed("robot"))).state, { signedInByItself: true })
    yield* (yield* make()).signIn("kari")
    yield* TestClock.adjust("1 second")
    yield* here.accessToken
    assert.deepInclude(yield* here.state, { signedInByItself: false })
  }))
