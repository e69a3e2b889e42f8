/** Many accounts in one process: what they share, what leaves memory, and what clocks do to them. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"

const names = (count: number) => Array.from({ length: count }, (_, index) => `member-${index}`)

/** A store that counts its reads. */
const countingStore = Effect.map(TokenStore.makeMemory, (store) => {
  const seen = { reads: 0 }
  const service: TokenStore.Service = {
    ...store,
    get: (key) =>
      Effect.suspend(() => {
        seen.reads++
        return store.get(key)
      })
  }
  return { service, seen }
})

/** A provider that is slow, and how many of its refreshes were under way at once. */
const slowProvider = (latency: Duration.DurationInput) =>
  Effect.map(ScriptedProvider.make(), (scripted) => {
    const seen = { underWay: 0, most: 0 }
    const refresh: typeof scripted.provider.refresh = (token, previous) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          seen.most = Math.max(seen.most, ++seen.underWay)
        }),
        () => Effect.zipRight(Effect.sleep(latency), scripted.provider.refresh!(token, previous)),
        () => Effect.sync(() => void seen.underWay--)
      )
    return { ...scripted, provider: { ...scripted.provider, refresh }, seen }
  })

/** The clock of the test, as a machine sees it whose clocks jump. */
const jumpingClock = Effect.map(Effect.clock, (base) => {
  const ahead = { wall: 0, mono: 0 }
  const millis = () => base.unsafeCurrentTimeMillis() + ahead.wall
  const nanos = () => base.unsafeCurrentTimeNanos() + BigInt(ahead.mono) * 1_000_000n
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => base.sleep(duration),
    unsafeCurrentTimeMillis: millis,
    currentTimeMillis: Effect.sync(millis),
    unsafeCurrentTimeNanos: nanos,
    currentTimeNanos: Effect.sync(nanos)
  }
  return { ahead, on: Effect.withClock(clock) }
})

const perAccount = (calls: ReadonlyArray<ScriptedProvider.Call>) => {
  const refreshes = calls.filter((call) => call.operation === "refresh")
  return { refreshes, presented: new Set(refreshes.map((call) => call.presented)).size }
}

describe("one process, many accounts", () => {
  it.scoped("the overview lists what is in memory, tells every event, and keeps no session there", () =>
    Effect.gen(function*() {
      const { provider } = yield* ScriptedProvider.make({ expiresIn: 7_200 })
      const sessions = yield* AuthSessions.make(provider, { idleAfter: "10 minutes" })
      const heard = yield* Effect.fork(Stream.runCollect(Stream.take(yield* sessions.overview.listen, 3)))
      const [one, two] = [yield* sessions.get("one"), yield* sessions.get("two")]
      yield* Effect.exit((yield* sessions.get("nobody")).accessToken)
      yield* one.signIn({})
      yield* two.signIn({})
      yield* TestClock.adjust("1 second")
      yield* one.signOut
      assert.deepStrictEqual(
        Array.from(yield* Fiber.join(heard), ({ _tag, account }) => [_tag, account]),
        [["SignedIn", "one"], ["SignedIn", "two"], ["SignedOut", "one"]]
      )
      const all = yield* sessions.overview.all
      assert.deepStrictEqual(all.map(({ account, state }) => [account, state._tag]), [
        ["one", "SignedOut"],
        ["two", "Active"]
      ])
      const summary = yield* sessions.overview.one("two")
      assert.deepInclude(summary, { obtainedAt: 0, failures: undefined, inDoubtSince: undefined })
      assert.isTrue(summary !== undefined && summary.dueAt !== undefined && summary.dueAt > 4_000_000)
      assert.strictEqual(yield* sessions.overview.one("nobody"), undefined)
      assert.notInclude(JSON.stringify(all), "access-")
      for (let minute = 0; minute < 25; minute++) {
        yield* sessions.overview.all
        yield* sessions.overview.one("two")
        yield* TestClock.adjust("1 minute")
      }
      assert.deepStrictEqual(yield* sessions.overview.all, [])
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("handles of one account share its session, and accounts share nothing", () =>
    Effect.gen(function*() {
      const { provider } = yield* ScriptedProvider.make()
      const sessions = yield* AuthSessions.make(provider)
      const [one, again] = [yield* sessions.get("one"), yield* sessions.get("one")]
      yield* one.signIn({})
      assert.strictEqual(Redacted.value((yield* again.accessToken).value), "access-1")
      const other = yield* sessions.get("other")
      assert.strictEqual((yield* Effect.flip(other.accessToken))._tag, "SignInRequired")
      assert.strictEqual(yield* sessions.size, 1)
      yield* again.signOut
      assert.strictEqual((yield* one.state)._tag, "SignedOut")
      assert.strictEqual(yield* sessions.size, 0)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a name that was only looked up takes no memory; names without a session take a bounded part", () =>
    Effect.gen(function*() {
      const { seen, service } = yield* countingStore
      const { provider } = yield* ScriptedProvider.make()
      const sessions = yield* Effect.provideService(AuthSessions.make(provider), TokenStore.TokenStore, service)
      const handles = yield* Effect.forEach(names(4_000), sessions.get)
      assert.strictEqual(yield* sessions.size, 0)
      const known = yield* sessions.get("known")
      yield* known.signIn({})
      const ask = (auth: (typeof handles)[number]) => Effect.flip(auth.accessToken)
      yield* Effect.forEach(handles, ask, { discard: true })
      assert.strictEqual(yield* sessions.size, 1)
      // The first name was let go, and is asked for in the store again. Its handle stays valid.
      seen.reads = 0
      assert.strictEqual((yield* ask(handles[0]!))._tag, "SignInRequired")
      assert.strictEqual(seen.reads, 1)
      yield* handles[0]!.signIn({})
      assert.strictEqual(Redacted.value((yield* handles[0]!.accessToken).value), "access-2")
      seen.reads = 0
      assert.strictEqual(Redacted.value((yield* known.accessToken).value), "access-1")
      assert.strictEqual(seen.reads, 0)
    }))

  it.scoped("a thousand first uses load a session once", () =>
    Effect.gen(function*() {
      const { seen, service } = yield* countingStore
      const { provider } = yield* ScriptedProvider.make()
      const withStore = Effect.provideService(TokenStore.TokenStore, service)
      const before = yield* withStore(AuthSessions.make(provider))
      yield* (yield* before.get("one")).signIn({})
      const sessions = yield* withStore(AuthSessions.make(provider))
      seen.reads = 0
      const tokens = yield* Effect.all(
        Array.from({ length: 1_000 }, () => Effect.flatMap(sessions.get("one"), (auth) => auth.accessToken)),
        { concurrency: "unbounded" }
      )
      assert.isTrue(tokens.every((token) => Redacted.value(token.value) === "access-1"))
      assert.strictEqual(seen.reads, 1)
    }))

  it.scoped("idle sessions leave memory and come back; handles stay valid", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make()
      const sessions = yield* AuthSessions.make(scripted.provider, { idleAfter: "1 minute" })
      const handles = yield* Effect.forEach(names(100), sessions.get)
      yield* Effect.forEach(handles, (auth) => auth.signIn({}))
      for (let minute = 0; minute < 5; minute++) {
        yield* handles[7]!.accessToken
        yield* TestClock.adjust("50 seconds")
      }
      assert.strictEqual(yield* sessions.size, 1)
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual(yield* sessions.size, 0)
      const tokens = yield* Effect.forEach(handles, (auth) => auth.accessToken)
      assert.deepStrictEqual(
        tokens.map((token) => Redacted.value(token.value)),
        names(100).map((_, i) => `access-${i + 1}`)
      )
      assert.strictEqual(yield* sessions.size, 100)
      assert.strictEqual((yield* scripted.calls).length, 100)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("an evicted session is not refreshed ahead; one in use is", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make()
      const sessions = yield* AuthSessions.make(scripted.provider, { idleAfter: "10 minutes" })
      const [idle, busy] = yield* Effect.forEach(["idle", "busy"], sessions.get)
      yield* idle!.signIn({})
      yield* busy!.signIn({})
      for (let minute = 0; minute < 55; minute += 5) {
        yield* busy!.accessToken
        yield* TestClock.adjust("5 minutes")
      }
      const calls = yield* scripted.calls
      assert.deepStrictEqual(calls.filter((call) => call.operation === "refresh").map((call) => call.presented), [
        "refresh-2"
      ])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(Redacted.value((yield* idle!.accessToken).value), "access-4")
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a session that is being signed in to does not leave memory meanwhile", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make({ expiresIn: 20 })
      const sessions = yield* AuthSessions.make(scripted.provider, { idleAfter: "1 second" })
      yield* scripted.enqueue("signIn", ScriptedProvider.after("10 seconds"))
      const auth = yield* sessions.get("one")
      const signingIn = yield* Effect.fork(auth.signIn({}))
      yield* TestClock.adjust("9500 millis")
      assert.strictEqual(yield* sessions.size, 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(signingIn)).generation, 1)
      // Left alone it is forgotten, and nothing of it goes on refreshing.
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* sessions.size, 0)
      assert.strictEqual(yield* scripted.count("refresh"), 0)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("an end that could not be written does not leave memory", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      let isAway = false
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, expected, next) =>
          isAway
            ? Effect.fail(new TokenStoreError({ ...key, operation: "test", reason: "unavailable" }))
            : inner.compareAndSet(key, expected, next)
      }
      const { count, enqueue, provider } = yield* ScriptedProvider.make()
      const sessions = yield* AuthSessions.make(provider, { idleAfter: "1 minute", refresh: { mode: "onDemand" } })
        .pipe(
          Effect.provideService(TokenStore.TokenStore, store)
        )
      const one = yield* sessions.get("one")
      yield* one.signIn({})
      yield* enqueue("refresh", {
        run: () =>
          Effect.zipRight(
            Effect.sync(() => isAway = true),
            Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "credentials" }))
          )
      })
      const refused = yield* Effect.fork(Effect.flip(one.refresh))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* Fiber.join(refused))._tag, "RefreshTokenRejected")
      isAway = false
      assert.strictEqual((yield* Effect.flip(one.refresh))._tag, "RefreshTokenRejected")
      assert.strictEqual(yield* count("refresh"), 1)
    }))

  it.scoped("who waits long for a turn is served all the same", () =>
    Effect.gen(function*() {
      const { provider } = yield* ScriptedProvider.make({ latency: "1 second" })
      const sessions = yield* AuthSessions.make(provider, { concurrentExchanges: 1, refresh: { mode: "onDemand" } })
      const all = yield* Effect.forEach(names(60), sessions.get)
      const signedIn = yield* Effect.fork(Effect.forEach(all, (one) => one.signIn({}), { concurrency: "unbounded" }))
      yield* TestClock.adjust("2 hours")
      yield* Fiber.join(signedIn)
      const calls = yield* Effect.fork(
        Effect.forEach(all, (one) => Effect.exit(one.accessToken), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Fiber.join(calls)).filter(Exit.isFailure).length, 0)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("no more exchanges at once than allowed", () =>
    Effect.gen(function*() {
      const { count, provider, seen } = yield* slowProvider("200 millis")
      const sessions = yield* AuthSessions.make(provider, { concurrentExchanges: 4 })
      const handles = yield* Effect.forEach(names(60), sessions.get)
      yield* Effect.forEach(handles, (auth) => auth.signIn({}))
      const refreshing = yield* Effect.fork(Effect.forEach(handles, (auth) => auth.refresh, {
        concurrency: "unbounded"
      }))
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* count("refresh"), 4)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(refreshing)).length, 60)
      assert.strictEqual(seen.most, 4)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("sessions signed in at the same moment are refreshed at different ones", () =>
    Effect.gen(function*() {
      const scripted = yield* ScriptedProvider.make({ expiresIn: 24 * 3600 })
      const sessions = yield* AuthSessions.make(scripted.provider, { idleAfter: "30 days" })
      yield* Effect.forEach(names(100), (name) => Effect.flatMap(sessions.get(name), (auth) => auth.signIn({})))
      yield* TestClock.adjust("20 hours")
      const { presented, refreshes } = perAccount(yield* scripted.calls)
      assert.strictEqual(refreshes.length, 100)
      assert.strictEqual(presented, 100)
      const seconds = new Map<number, number>()
      for (const { at } of refreshes) {
        const second = Math.floor(at / 1_000)
        seconds.set(second, (seconds.get(second) ?? 0) + 1)
      }
      assert.isAtMost(Math.max(...seconds.values()), 5)
      assert.isAtLeast(Math.max(...seconds.keys()) - Math.min(...seconds.keys()), 2 * 3600)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("closing the scope ends the schedule and waits for what was sent", () =>
    Effect.gen(function*() {
      const { provider, seen } = yield* slowProvider("1 second")
      const store = yield* TokenStore.makeMemory
      const scope = yield* Scope.make()
      const sessions = yield* AuthSessions.make(provider).pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Scope.extend(scope)
      )
      const auth = yield* sessions.get("one")
      yield* auth.signIn({})
      yield* Effect.fork(auth.refresh)
      yield* TestClock.adjust("500 millis")
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      const record = yield* store.get({ provider: "scripted", realm: "test", account: "one" })
      assert.strictEqual(record._tag === "Some" && record.value.generation, 2)
      yield* TestClock.adjust("10 hours")
      assert.strictEqual(seen.most, 1)
    }))
})

describe("clocks that jump (G47, G48)", () => {
  const count = 40

  const signedIn = Effect.gen(function*() {
    const scripted = yield* ScriptedProvider.make({ expiresIn: 100 * 3600 })
    const { ahead, on } = yield* jumpingClock
    const sessions = yield* on(AuthSessions.make(scripted.provider, { idleAfter: "30 days" }))
    const handles = yield* Effect.forEach(names(count), sessions.get)
    yield* on(Effect.forEach(handles, (auth) => auth.signIn({})))
    return { ahead, calls: scripted.calls, handles, on }
  })

  const hour = 3_600_000

  it.scoped("the wall clock an hour forward, or back: nothing fails, and at most one refresh each", () =>
    Effect.gen(function*() {
      const { ahead, calls, handles, on } = yield* signedIn
      for (const jump of [hour, -2 * hour]) {
        ahead.wall += jump
        const tokens = yield* on(Effect.forEach(handles, (auth) => auth.accessToken))
        assert.strictEqual(tokens.length, count)
        yield* TestClock.adjust("41 hours")
      }
      const { presented, refreshes } = perAccount(yield* calls)
      assert.strictEqual(refreshes.length, count)
      assert.strictEqual(presented, count)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("the wall clock past the end of every token: one refresh each when asked, and none fails", () =>
    Effect.gen(function*() {
      const { ahead, calls, handles, on } = yield* signedIn
      ahead.wall += 101 * hour
      const tokens = yield* on(Effect.forEach(handles, (auth) => auth.accessToken, { concurrency: "unbounded" }))
      assert.isTrue(tokens.every((token) => token.generation === 2))
      yield* on(Effect.forEach(handles, (auth) => auth.accessToken))
      assert.strictEqual(perAccount(yield* calls).refreshes.length, count)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a machine that slept past the time to refresh: one refresh each, spread over seconds", () =>
    Effect.gen(function*() {
      const { ahead, calls } = yield* signedIn
      yield* TestClock.adjust("40 hours")
      ahead.wall += 42 * hour
      ahead.mono += 42 * hour
      yield* TestClock.adjust("6 hours")
      yield* TestClock.adjust("11 seconds")
      const { presented, refreshes } = perAccount(yield* calls)
      assert.strictEqual(refreshes.length, count)
      assert.strictEqual(presented, count)
      const at = refreshes.map((call) => call.at)
      assert.isAtLeast(Math.max(...at) - Math.min(...at), 5_000)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a machine that slept past the end of every token: one refresh each", () =>
    Effect.gen(function*() {
      const { ahead, calls, handles, on } = yield* signedIn
      ahead.wall += 200 * hour
      ahead.mono += 200 * hour
      yield* TestClock.adjust("6 hours")
      const { presented, refreshes } = perAccount(yield* calls)
      assert.strictEqual(refreshes.length, count)
      assert.strictEqual(presented, count)
      const tokens = yield* on(Effect.forEach(handles, (auth) => auth.accessToken))
      assert.isTrue(tokens.every((token) => token.generation === 2))
    }).pipe(Effect.provide(TokenStore.layerMemory)))
})
