/** The time line of a session of a program: what the console hears of it. */
import * as ConsoleModel from "@effect-auth/console/ConsoleModel"
import * as ConsoleSource from "@effect-auth/console/ConsoleSource"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"

const second = 1_000

const started = Effect.gen(function*() {
  const scripted = yield* ScriptedProvider.make({ name: "scripted", expiresIn: 100 })
  const sessions = yield* AuthSessions.make(scripted.provider)
  const source = yield* ConsoleSource.fromSessions(sessions)
  return { ...scripted, sessions, source }
})

/** The console hears an event when the fiber that caused it pauses. */
const heard = Effect.repeatN(Effect.yieldNow({ priority: 10 }), 20)

const timelineOf = (source: ConsoleSource.ConsoleSource, id: string) =>
  Effect.map(Effect.zipRight(heard, source.timeline(id)), (timeline) => {
    if (timeline === undefined) return assert.fail(`there is no ${id}`)
    return Schema.encodeSync(ConsoleModel.Timeline)(timeline)
  })

describe("sessions of a program", () => {
  it.scoped("lives follow each other, and each exchange is a mark", () =>
    Effect.gen(function*() {
      const { sessions, source } = yield* started
      const auth = yield* sessions.get("ann/1")
      yield* auth.signIn({})
      yield* TestClock.adjust("90 seconds")
      const { lives, marks, session } = yield* timelineOf(source, "scripted/ann/1")
      assert.deepStrictEqual(marks.map(({ kind }) => kind), ["signed-in", "exchanged"])
      assert.deepStrictEqual(lives.map(({ generation }) => generation), [1, 2])
      assert.strictEqual(lives[0]?.to, 100 * second)
      assert.isAbove(lives[1]?.from ?? 0, 65 * second)
      assert.strictEqual(session.state, "active")
      assert.strictEqual(session.generation, 2)
      assert.strictEqual(session.expiresAt, lives[1]?.to)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a lost answer is a doubt, and a backoff is shown until it is over", () =>
    Effect.gen(function*() {
      const { enqueue, sessions, source } = yield* started
      const auth = yield* sessions.get("bob")
      yield* auth.signIn({})
      yield* TestClock.adjust("10 seconds")
      const lost = new ExchangeFailure({ kind: "transient", sent: "unknown", reason: "transport" })
      yield* enqueue("refresh", ScriptedProvider.lose(lost))
      yield* Effect.flip(auth.refresh).pipe(Effect.fork, Effect.zipRight(TestClock.adjust("10 millis")))
      const during = yield* timelineOf(source, "scripted/bob")
      assert.deepStrictEqual(during.marks.map(({ kind }) => kind), ["signed-in", "lost"])
      assert.deepStrictEqual(during.doubts, [{ from: 10 * second }])
      assert.strictEqual(during.session.inDoubtSince, 10 * second)
      assert.strictEqual(during.session.failures, 1)
      assert.isAbove(during.session.dueAt ?? 0, 10 * second)
      yield* auth.signIn({})
      const after = yield* timelineOf(source, "scripted/bob")
      assert.strictEqual(after.doubts[0]?.to, during.now)
      assert.strictEqual(after.session.inDoubtSince, undefined)
      assert.strictEqual(after.session.failures, undefined)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("an end and a sign-out are marks, and the token's life is cut", () =>
    Effect.gen(function*() {
      const { enqueue, sessions, source } = yield* started
      const [ann, bob] = [yield* sessions.get("ann"), yield* sessions.get("bob")]
      yield* ann.signIn({})
      yield* bob.signIn({})
      yield* TestClock.adjust("10 seconds")
      yield* ann.signOut
      yield* enqueue(
        "refresh",
        ScriptedProvider.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "credentials" }))
      )
      yield* Effect.flip(bob.refresh)
      const [left, ended] = [yield* timelineOf(source, "scripted/ann"), yield* timelineOf(source, "scripted/bob")]
      assert.deepStrictEqual(left.marks.map(({ kind }) => kind), ["signed-in", "signed-out"])
      assert.deepStrictEqual(left.lives, [{ generation: 1, from: 0, to: 10 * second, cut: true }])
      assert.strictEqual(left.session.state, "signed-out")
      assert.sameMembers(ended.marks.map(({ kind }) => kind), ["signed-in", "refused", "ended"])
      assert.deepInclude(ended.session, { state: "ended", reason: "refresh-token-rejected" })
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("the change of another process is a mark of its own", () =>
    Effect.gen(function*() {
      const { provider, sessions, source } = yield* started
      const other = yield* AuthSessions.make(provider)
      const [here, there] = [yield* sessions.get("ann"), yield* other.get("ann")]
      yield* here.signIn({})
      yield* there.accessToken
      yield* TestClock.adjust("5 seconds")
      yield* there.refresh
      yield* heard
      yield* here.accessToken
      const { marks } = yield* timelineOf(source, "scripted/ann")
      assert.deepStrictEqual(marks.map(({ kind }) => kind), ["signed-in", "adopted"])
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("other ids are not there, and a session from before is shown without its past", () =>
    Effect.gen(function*() {
      const { provider } = yield* ScriptedProvider.make()
      const sessions = yield* AuthSessions.make(provider)
      yield* (yield* sessions.get("early")).signIn({})
      const source = yield* ConsoleSource.fromSessions(sessions)
      assert.strictEqual(yield* source.timeline("scripted/nobody"), undefined)
      assert.strictEqual(yield* source.timeline("elsewhere/early"), undefined)
      const { lives, marks } = yield* timelineOf(source, "scripted/early")
      assert.deepStrictEqual(marks, [])
      assert.strictEqual(lives.length, 1)
      assert.deepStrictEqual((yield* source.sessions).map(({ account }) => account), ["early"])
    }).pipe(Effect.provide(TokenStore.layerMemory)))
})
