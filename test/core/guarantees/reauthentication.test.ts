/** When a person will be needed, and that a session works again. */
import type * as AuthService from "@effect-auth/core/AuthService"
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

const day = 86_400_000

const heard = Effect.fnUntraced(function*(auth: AuthService.AuthService<string>, tag: SessionEvent["_tag"]) {
  const events: Array<SessionEvent> = []
  const ofTag = Stream.filter(auth.events, (event) => event._tag === tag)
  yield* Effect.forkScoped(Stream.runForEach(ofTag, (event) => Effect.sync(() => void events.push(event))))
  yield* TestClock.adjust("0 millis")
  return events
})

const endOf = (auth: AuthService.AuthService<string>) =>
  Effect.map(auth.state, (state) => state._tag === "Active" ? state.reauthenticateBy : state._tag)

describe("when a person will be needed", () => {
  it.scoped("is the refresh token's own end, announced once when a day is left", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ rotation: "static", signedIn: false })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 7 * day }))
      for (let n = 0; n < 1_000; n++) {
        yield* script.enqueue("refresh", ScriptedProvider.ok({ refreshExpiresAt: 7 * day }))
      }
      yield* auth.signIn("ann")
      const events = yield* heard(auth, "ReauthenticationDue")
      assert.strictEqual(yield* endOf(auth), 7 * day)
      yield* TestClock.adjust("142 hours")
      assert.deepStrictEqual(events, [])
      yield* TestClock.adjust("20 hours")
      assert.strictEqual(events.length, 1)
      assert.deepInclude(events[0], { _tag: "ReauthenticationDue", by: 7 * day })
    }).pipe(session.provided))

  it.scoped("is one end where each answer says how many seconds are left, and they differ by one", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ rotation: "static", signedIn: false })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 2 * day }))
      for (let n = 0; n < 200; n++) {
        yield* script.enqueue("refresh", ScriptedProvider.ok({ refreshExpiresAt: 2 * day - (n % 2) * 900 }))
      }
      yield* auth.signIn("ann")
      const events = yield* heard(auth, "ReauthenticationDue")
      yield* TestClock.adjust("26 hours")
      assert.strictEqual(events.length, 1)
    }).pipe(session.provided))

  it.scoped("is announced a day ahead also for an access token of a month", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ rotation: "none", expiresIn: 30 * 86_400 })
      const events = yield* heard(auth, "ReauthenticationDue")
      yield* TestClock.adjust("28 days")
      assert.deepStrictEqual(events, [])
      yield* TestClock.adjust("30 hours")
      assert.strictEqual(events.length, 1)
    }).pipe(session.provided))

  it.scoped("moves with each refresh where the server says so, and is not announced then", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ signedIn: false })
      yield* script.enqueue("signIn", ScriptedProvider.ok({ refreshExpiresAt: 2 * day }))
      yield* script.enqueue("refresh", ScriptedProvider.ok({ refreshExpiresAt: 3 * day }))
      yield* auth.signIn("ann")
      const events = yield* heard(auth, "ReauthenticationDue")
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual(yield* endOf(auth), 3 * day)
      assert.deepStrictEqual(events, [])
    }).pipe(session.provided))

  it.scoped("is the access token's end where there is no refresh token, announced in the second half of its life", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make({ rotation: "none" })
      const events = yield* heard(auth, "ReauthenticationDue")
      assert.strictEqual(yield* endOf(auth), 3_600_000)
      yield* TestClock.adjust("29 minutes")
      assert.deepStrictEqual(events, [])
      yield* TestClock.adjust("25 minutes")
      assert.strictEqual(events.length, 1)
    }).pipe(session.provided))

  it.scoped("is not known where no end is told, and never where the service signs in by itself", () =>
    Effect.gen(function*() {
      const { auth } = yield* session.make()
      assert.isUndefined(yield* endOf(auth))
      const own = yield* session.make({ name: "own", rotation: "none", credentials: Effect.succeed("robot") })
      yield* own.auth.accessToken
      assert.isUndefined(yield* endOf(own.auth))
    }).pipe(session.provided))
})

describe("a session that works again", () => {
  it.scoped("says so after refreshes that failed, and not after one that did not", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      const events = yield* heard(auth, "Recovered")
      yield* auth.refresh
      assert.deepStrictEqual(events, [])
      yield* script.enqueue("refresh", session.down, session.down)
      yield* session.within(auth.refresh, "10 seconds")
      yield* TestClock.adjust("10 minutes")
      yield* session.within(auth.refresh, "10 seconds")
      yield* TestClock.adjust("10 minutes")
      yield* auth.refresh
      yield* TestClock.adjust("0 millis")
      assert.strictEqual(events.length, 1)
      assert.deepInclude(events[0], { _tag: "Recovered", from: "failures" })
    }).pipe(session.provided))
})
