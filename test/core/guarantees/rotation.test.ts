/** G15 – G19, G25, G26: rotation, saving, signing out. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

/** A store in memory whose writes can be made to fail, and what it was asked, in order. */
const breakable = Effect.gen(function*() {
  const inner = yield* TokenStore.makeMemory
  const log: Array<string> = []
  const control = { isDown: false, log }
  const failing = Effect.suspend(() =>
    Effect.fail(
      new TokenStoreError({ provider: "scripted", account: "default", operation: "test", reason: "unavailable" })
    )
  )
  const store: TokenStore.Service = {
    ...inner,
    get: (key) => Effect.suspend(() => control.isDown ? failing : inner.get(key)),
    compareAndSet: (key, expected, next) =>
      Effect.suspend(() => {
        if (control.isDown) return failing
        log.push(`generation ${next.generation}`)
        return inner.compareAndSet(key, expected, next)
      })
  }
  return { store, control, inner }
})

const key = { provider: "scripted", realm: "test", account: "default" }

describe("rotation", () => {
  it.scoped("G15: the new pair is saved before anybody sees the new token", () =>
    Effect.gen(function*() {
      const { control, store } = yield* breakable
      const { auth } = yield* Effect.provideService(session.make(), TokenStore.TokenStore, store)
      const renewed = yield* auth.renew(yield* auth.accessToken)
      assert.strictEqual(control.log.at(-1), `generation ${renewed.generation}`)
    }))

  it.scoped("G16: an answer without a refresh token keeps the old one", () =>
    Effect.gen(function*() {
      const { auth, presented, script } = yield* session.make()
      yield* script.enqueue("refresh", { run: (ok) => ok, response: { refreshToken: undefined } })
      yield* auth.refresh
      yield* auth.refresh
      assert.deepStrictEqual(yield* presented, ["refresh-1", "refresh-1"])
    }).pipe(session.provided))

  it.scoped("G17: a store that fails after a rotation costs nothing: served from memory, saved later, never spent again", () =>
    Effect.gen(function*() {
      const { control, inner, store } = yield* breakable
      const { auth, presented, script } = yield* Effect.provideService(session.make(), TokenStore.TokenStore, store)
      const tags = yield* Effect.fork(Stream.runCollect(Stream.take(Stream.map(auth.events, (event) => event._tag), 5)))
      yield* Effect.yieldNow()
      yield* script.enqueue("refresh", {
        run: (ok) =>
          Effect.tap(ok, () =>
            Effect.sync(() => {
              control.isDown = true
            }))
      })
      const exit = yield* session.within(auth.refresh, "5 seconds")
      assert.isTrue(Exit.isSuccess(exit) && exit.value.generation === 2)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.degraded)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(Redacted.value((yield* auth.accessToken).value), "access-2")
      control.isDown = false
      yield* TestClock.adjust("10 seconds")
      const record = yield* inner.get(key)
      assert.strictEqual(Option.getOrThrow(record).generation, 2)
      yield* auth.refresh
      assert.deepStrictEqual(yield* presented, ["refresh-1", "refresh-2"])
      assert.deepStrictEqual([...(yield* tags)], ["Refreshing", "Degraded", "Refreshed", "Recovered", "Refreshing"])
    }))

  it.scoped("G19: a lost answer is not asked for again while the token lives; then once, and a refusal says why", () =>
    Effect.gen(function*() {
      const { auth, presented, script } = yield* session.make()
      yield* script.enqueue("refresh", session.lostAnswer, session.dead)
      yield* TestClock.adjust("59 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, 1)
      assert.strictEqual((yield* presented).length, 1)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.inDoubt)
      yield* TestClock.adjust("2 minutes")
      const error = yield* Effect.flip(auth.accessToken)
      assert.strictEqual(error._tag, "RefreshOutcomeUnknown")
      assert.deepStrictEqual(yield* presented, ["refresh-1", "refresh-1"])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "RefreshOutcomeUnknown")
      assert.strictEqual((yield* presented).length, 2)
    }).pipe(session.provided))

  it.scoped("G18: a server that refuses a spent token with an empty 400: after a minute of it the outcome is told", () =>
    Effect.gen(function*() {
      const { auth, presented, script } = yield* session.make()
      yield* script.enqueue("refresh", session.lostAnswer, ...session.times(100, session.mute))
      yield* TestClock.adjust("61 minutes")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "ProviderUnavailable")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "RefreshOutcomeUnknown")
      const asked = (yield* presented).length
      assert.isAtMost(asked, 20)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "RefreshOutcomeUnknown")
      assert.strictEqual((yield* presented).length, asked)
    }).pipe(session.provided))

  it.scoped("G27: an empty 400 ends no session that is not in doubt, and one that passes ends none", () =>
    Effect.gen(function*() {
      const sure = yield* session.make()
      yield* sure.script.enqueue("refresh", ...session.times(200, session.mute))
      yield* TestClock.adjust("2 hours")
      // The last wait of the retries may end just now: then it asks once more, and waits before it fails.
      const told = yield* session.within(Effect.flip(sure.auth.accessToken), "30 seconds")
      assert.isTrue(Exit.isSuccess(told) && told.value._tag === "ProviderUnavailable")
      const doubtful = yield* session.make({ account: "doubtful" })
      yield* doubtful.script.enqueue("refresh", session.lostAnswer, ...session.times(4, session.mute))
      yield* TestClock.adjust("65 minutes")
      assert.strictEqual((yield* doubtful.auth.accessToken).generation, 2)
    }).pipe(session.provided))

  it.scoped("G19: on a server that allows it, the one attempt brings the session back", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", session.lostAnswer)
      yield* TestClock.adjust("61 minutes")
      assert.strictEqual((yield* auth.accessToken).generation, 2)
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && !state.inDoubt)
    }).pipe(session.provided))

  it.scoped("G19: a refresh token that is reused may be sent again at once", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ rotation: "static" })
      yield* script.enqueue("refresh", session.lostAnswer)
      yield* TestClock.adjust("50 minutes")
      const state = yield* auth.state
      assert.isTrue(state._tag === "Active" && state.generation === 2)
    }).pipe(session.provided))

  it.scoped("G25: signing out beats a refresh in flight, and its tokens are revoked", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      yield* script.enqueue("refresh", ScriptedProvider.after("1 second"))
      const refreshing = yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(yield* auth.signOut, "revoked")
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Exit.isFailure(yield* refreshing))
      const error = yield* Effect.flip(auth.accessToken)
      assert.isTrue(error._tag === "SignInRequired" && error.reason === "signed-out")
      assert.strictEqual(yield* script.count("revoke"), 2)
    }).pipe(session.provided))

  it.scoped("G26: accounts never touch each other", () =>
    Effect.gen(function*() {
      const a = yield* session.make({ account: "a" })
      const b = yield* session.make({ account: "b" })
      yield* a.script.enqueue("refresh", session.dead)
      yield* Effect.exit(a.auth.refresh)
      yield* a.auth.signOut
      assert.strictEqual((yield* b.auth.accessToken).generation, 1)
      assert.strictEqual((yield* b.auth.refresh).generation, 2)
    }).pipe(session.provided))

  it.scoped("G18, G29: two services over one store: one exchanges, the other adopts; an end is learnt without asking", () =>
    Effect.gen(function*() {
      const one = yield* session.make()
      const two = yield* AuthService.make(one.script.provider)
      const first = yield* two.accessToken
      yield* one.script.enqueue("refresh", ScriptedProvider.after("1 second"))
      const both = yield* Effect.fork(Effect.all([one.auth.renew(first), two.renew(first)], { concurrency: 2 }))
      yield* TestClock.adjust("3 seconds")
      const [a, b] = yield* both
      assert.strictEqual(a.generation, 2)
      assert.strictEqual(b.generation, 2)
      assert.strictEqual(yield* one.refreshes, 1)
      yield* one.script.enqueue("refresh", session.dead)
      assert.strictEqual((yield* Effect.flip(one.auth.refresh))._tag, "RefreshTokenRejected")
      assert.strictEqual((yield* Effect.flip(two.refresh))._tag, "RefreshTokenRejected")
      assert.strictEqual(yield* one.refreshes, 2)
      yield* two.signIn("secret")
      assert.strictEqual((yield* one.auth.refresh).session, (yield* two.accessToken).session)
    }).pipe(session.provided))

  it.effect("G52: closing lets a refresh that was sent reach its saved end, and then nothing is left", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const scope = yield* Scope.make()
      const { auth, script } = yield* session.makeWithin().pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Scope.extend(scope)
      )
      yield* script.enqueue("refresh", ScriptedProvider.after("2 seconds"))
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("100 millis")
      const closing = yield* session.within(Scope.close(scope, Exit.void), "5 seconds")
      assert.isTrue(Exit.isSuccess(closing))
      assert.strictEqual(Option.getOrThrow(yield* store.get(key)).generation, 2)
      yield* TestClock.adjust("10 hours")
      assert.strictEqual(yield* script.count("refresh"), 1)
    }))

  it.effect("G52: tokens whose saving outlasts the store's silence are saved before closing is over", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      let silentUntil = 0
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, expected, next) =>
          Effect.flatMap(
            Clock.currentTimeMillis,
            (at) => at < silentUntil ? Effect.never : inner.compareAndSet(key, expected, next)
          )
      }
      const scope = yield* Scope.make()
      const { auth, script } = yield* session.makeWithin({ refresh: { closePatience: "1 second" } }).pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Scope.extend(scope)
      )
      yield* script.enqueue("refresh", {
        run: (ok) =>
          Effect.zipLeft(
            Effect.delay(ok, "900 millis"),
            Effect.map(Clock.currentTimeMillis, (at) => silentUntil = at + 4_500)
          )
      })
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("100 millis")
      const closing = yield* session.within(Scope.close(scope, Exit.void), "30 seconds")
      assert.isTrue(Exit.isSuccess(closing))
      assert.strictEqual(Option.getOrThrow(yield* inner.get(key)).generation, 2)
    }))

  it.effect("G52: closing waits for no credentials, and nothing is sent after it", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { auth, script } = yield* session.makeWithin({ credentials: Effect.never }).pipe(
        session.provided,
        Scope.extend(scope)
      )
      const waiting = yield* Effect.fork(Effect.exit(auth.accessToken))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Exit.isSuccess(yield* session.within(Scope.close(scope, Exit.void), "1 millis")))
      assert.isTrue(Exit.isFailure(yield* Fiber.join(waiting)))
      const error = yield* Effect.flip(auth.signIn("secret"))
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "closing")
      assert.strictEqual(yield* script.count("signIn"), 0)
    }))

  it.effect("G52: an exchange that never ends is given up after a bounded time, and the doubt is written", () =>
    Effect.gen(function*() {
      const store = yield* TokenStore.makeMemory
      const scope = yield* Scope.make()
      const { auth, script } = yield* session.makeWithin({ refresh: { closePatience: "1 second" } }).pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Scope.extend(scope)
      )
      yield* script.enqueue("refresh", ScriptedProvider.never)
      yield* Effect.fork(Effect.exit(auth.refresh))
      yield* TestClock.adjust("100 millis")
      assert.isTrue(Exit.isSuccess(yield* session.within(Scope.close(scope, Exit.void), "2 seconds")))
      const record = Option.getOrThrow(yield* store.get(key))
      assert.isDefined(record.doubt)
      assert.isUndefined(record.claim)
    }))
})
