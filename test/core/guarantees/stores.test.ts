/** G17, G20, G22 – G24, G31: stores that are shared, decorated, slow, silent or away at the wrong moment. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { key, recordIn, serviceOver, setup, shared } from "./sharedStore.ts"

describe("stores", () => {
  const ways = { dies: Effect.die("a driver's bug"), "is interrupted": Effect.interrupt, throws: undefined }
  for (const [how, thrown] of Object.entries(ways)) {
    it.scoped(`G17: a store whose code ${how} in the middle of a commit costs no tokens`, () =>
      Effect.gen(function*() {
        const inner = yield* TokenStore.makeMemory
        const control = { isBroken: false }
        const breaks = <A>(effect: Effect.Effect<A, TokenStoreError>): Effect.Effect<A, TokenStoreError> => {
          if (!control.isBroken) return effect
          if (thrown !== undefined) return thrown
          throw new Error("a driver's bug")
        }
        const store: TokenStore.Service = {
          ...inner,
          get: (key) => breaks(inner.get(key)),
          compareAndSet: (key, expected, next) => breaks(inner.compareAndSet(key, expected, next))
        }
        const script = yield* ScriptedProvider.make<string>()
        const auth = yield* serviceOver(script, store)
        yield* auth.signIn("secret")
        yield* script.enqueue("refresh", {
          run: (ok) => Effect.tap(ok, () => Effect.sync(() => void (control.isBroken = true)))
        })
        const exit = yield* session.within(auth.refresh, "5 seconds")
        assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
        const error = yield* Effect.flip(yield* session.within(auth.refresh, "5 seconds"))
        assert.strictEqual(error._tag, "TokenStoreError")
        control.isBroken = false
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* recordIn(inner)).generation, 2)
        assert.strictEqual((yield* auth.refresh).generation, 3)
      }))
  }

  it.scoped("a store whose changes and presence throw is one that can't tell", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const broken: TokenStore.Service = {
        ...inner,
        changes: Stream.die("a driver's bug"),
        presence: { owner: "other-process", isAlive: () => Effect.die("a driver's bug") }
      }
      const script = yield* ScriptedProvider.make<string>()
      const one = yield* serviceOver(script, inner)
      const other = yield* serviceOver(script, broken)
      yield* one.signIn("secret")
      yield* TestClock.adjust("2 hours")
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      yield* Effect.fork(one.accessToken)
      yield* TestClock.adjust("10 millis")
      const exit = yield* session.within(other.accessToken, "3 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("G20: two services, one of them over a decorator of the other's store, exchange once", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      const one = yield* serviceOver(script, store)
      const other = yield* serviceOver(script, { ...store })
      yield* one.signIn("secret")
      yield* other.accessToken
      yield* script.enqueue("refresh", ScriptedProvider.after("5 seconds"))
      const first = yield* Effect.fork(one.refresh)
      yield* TestClock.adjust("1 second")
      const second = yield* session.within(other.refresh, "10 seconds")
      assert.strictEqual((yield* Fiber.join(first)).generation, 2)
      assert.isTrue(Exit.isSuccess(second) && second.value.generation === 2)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.scoped("G22: a claim that was written when it was nearly over is given back, and nothing is sent", () =>
    Effect.gen(function*() {
      const { auth, control, record, script } = yield* setup({ claimTtl: "2 seconds" })
      yield* auth.signIn("secret")
      control.claimsTake = "3 seconds"
      assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "30 seconds")))
      assert.strictEqual(yield* script.count("refresh"), 0)
      assert.deepInclude(yield* record, { claim: undefined, doubt: undefined })
    }))

  it.scoped("G22: a store that never says who is present delays nobody beyond the claim", () =>
    Effect.gen(function*() {
      const store = yield* shared(Effect.never)
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* serviceOver(script, store)
      yield* auth.signIn("secret")
      const { version, ...record } = yield* recordIn(store)
      const claim = { id: "theirs", owner: "another-process", at: 0, ttl: 5_000, kind: "refresh" } as const
      assert.isTrue(yield* store.compareAndSet(key, version, { ...record, version: version + 1, claim }))
      const renewed = yield* session.within(auth.renew(yield* auth.accessToken), "20 seconds")
      assert.isTrue(Exit.isSuccess(renewed) && renewed.value.generation === 2)
    }))

  it.scoped("G31: another owner's Retry-After is waited out, not looked at every second", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      let reads = 0
      const store: TokenStore.Service = {
        ...inner,
        get: (key) => Effect.zipRight(Effect.sync(() => void reads++), inner.get(key))
      }
      const script = yield* ScriptedProvider.make<string>({ expiresIn: 3_600 })
      const owner = yield* serviceOver(script, inner)
      yield* owner.signIn("secret")
      const other = yield* serviceOver(script, store, { mode: "scheduled" })
      yield* other.accessToken
      yield* TestClock.adjust("40 minutes")
      yield* script.enqueue("refresh", session.waitFor("10 minutes"))
      yield* Effect.exit(owner.refresh)
      reads = 0
      yield* TestClock.adjust("9 minutes")
      assert.isAtMost(reads, 3)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* script.count("refresh"), 2)
      assert.strictEqual((yield* other.accessToken).generation, 2)
    }))

  it.scoped("G17: tokens that are not saved yet keep their claim, also against siblings", () =>
    Effect.gen(function*() {
      const { auth: owner, control, elsewhere: sibling, script } = yield* setup()
      yield* owner.signIn("secret")
      yield* sibling.accessToken
      yield* script.enqueue("refresh", {
        run: (ok) => Effect.zipLeft(ok, Effect.sync(() => control.isAway = true))
      })
      assert.isTrue(Exit.isSuccess(yield* session.within(owner.refresh, "5 seconds")))
      const waiting = yield* Effect.fork(sibling.refresh)
      yield* TestClock.adjust("5 seconds")
      assert.isNull(yield* Fiber.poll(waiting).pipe(Effect.map(Option.getOrNull)))
      control.isAway = false
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual((yield* Fiber.join(waiting)).generation, 2)
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  const releases = {
    "of a lost answer is written with its doubt, and nothing is sent while the token lives": session.lostAnswer,
    "of an answer that came leaves no doubt": session.down
  }
  for (const [what, step] of Object.entries(releases)) {
    it.scoped(`G19: a release that fails, ${what}`, () =>
      Effect.gen(function*() {
        const { auth, control, record, script } = yield* setup()
        yield* auth.signIn("secret")
        const sentAt = yield* Clock.currentTimeMillis
        yield* script.enqueue("refresh", {
          run: (ok) => Effect.zipRight(Effect.sync(() => control.isAway = true), step.run(ok))
        })
        assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "10 seconds")))
        assert.isDefined((yield* record).claim)
        control.isAway = false
        yield* TestClock.adjust("5 seconds")
        const again = yield* session.within(auth.refresh, "5 seconds")
        const isLost = step === session.lostAnswer
        assert.strictEqual(Exit.isFailure(again), isLost)
        assert.deepStrictEqual((yield* record).doubt, isLost ? { since: sentAt } : undefined)
        assert.isUndefined((yield* record).claim)
        assert.strictEqual(yield* script.count("refresh"), isLost ? 1 : 2)
      }))
  }

  it.scoped("a read that a sign-in overtook is not taken for the truth", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      let reading: Duration.DurationInput = 0
      const slow: TokenStore.Service = {
        ...inner,
        get: (key) => Effect.flatMap(inner.get(key), (found) => Effect.delay(Effect.succeed(found), reading))
      }
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* serviceOver(script, slow)
      yield* auth.signIn("secret")
      const tags: Array<string> = []
      yield* Effect.forkScoped(Stream.runForEach(auth.events, ({ _tag }) => Effect.sync(() => void tags.push(_tag))))
      // Another process writes, so that the record is read.
      const record = yield* recordIn(inner)
      yield* inner.compareAndSet(key, record.version, { ...record, version: record.version + 1 })
      reading = "1 second"
      const refreshing = yield* Effect.fork(auth.refresh)
      yield* TestClock.adjust("500 millis")
      reading = 0
      const begun = yield* auth.signIn("secret")
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(refreshing))
      assert.deepInclude(error, { _tag: "AccessTokenRejected", reason: "session-changed" })
      assert.strictEqual((yield* auth.accessToken).session, begun.session)
      assert.deepStrictEqual(tags, ["SignedIn"])
    }))

  it.scoped("a deadline without end is written as JSON can say it", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const script = yield* ScriptedProvider.make<string>()
      const auth = yield* serviceOver(script, store, { deadline: Duration.infinity })
      yield* auth.signIn("secret")
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      yield* Effect.fork(auth.refresh)
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Number.isFinite((yield* recordIn(store)).claim?.ttl))
      yield* TestClock.adjust("2 seconds")
    }))

  it.scoped("a credentials Effect that never ends holds nobody up for ever", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ credentials: Effect.never })
      const exit = yield* session.within(auth.accessToken, "2 minutes")
      assert.isTrue(Exit.isFailure(exit))
    }).pipe(session.provided))

  for (const expiresIn of [Infinity, NaN, 1e300]) {
    it.scoped(`a life of ${expiresIn} seconds is written as JSON can say it`, () =>
      Effect.gen(function*() {
        const store = yield* TokenStore.makeMemory
        const script = yield* ScriptedProvider.make<string>()
        yield* script.enqueue("signIn", ScriptedProvider.ok({ expiresIn }))
        const auth = yield* serviceOver(script, store)
        yield* auth.signIn("secret")
        const { lifetime } = (yield* recordIn(store)).tokens!
        assert.isTrue(lifetime === undefined || Number.isFinite(lifetime))
      }))
  }
})
