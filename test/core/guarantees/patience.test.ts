/** G52, G56, G59: what a deadline, a hanging exchange, a wrong configuration and a closing layer cost, and whom. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { recordIn, serviceOver, shared } from "./sharedStore.ts"

/** Sessions of many accounts, signed in; the refreshes of those whose name begins with `hangs` never answer. */
const many = Effect.fnUntraced(function*(accounts: ReadonlyArray<string>, refresh: RefreshOptions) {
  const script = yield* ScriptedProvider.make<string>({ expiresIn: 100 })
  const asked: Array<string> = []
  const provider: typeof script.provider = {
    ...script.provider,
    signIn: (name) => Effect.map(script.provider.signIn(name), (response) => ({ ...response, subject: name })),
    refresh: (token, previous) =>
      Effect.suspend(() => {
        asked.push(previous.subject ?? "")
        return previous.subject?.startsWith("hangs") === true
          ? Effect.never
          : script.provider.refresh!(token, previous)
      })
  }
  const scope = yield* Scope.make()
  const sessions = yield* Scope.extend(AuthSessions.make(provider, { refresh, concurrentExchanges: 4 }), scope)
  const of = new Map<string, AuthService<string>>()
  for (const name of accounts) {
    const auth = yield* sessions.get(name)
    yield* auth.signIn(name)
    of.set(name, auth)
  }
  yield* Effect.addFinalizer(() => session.within(Scope.close(scope, Exit.void), "2 minutes"))
  return { asked, get: (name: string) => of.get(name)! }
})

const hanging = Array.from({ length: 20 }, (_, n) => `hangs-${n}`)

/** The clock of the test as a process sees it that was stopped: `stopped` milliseconds passed before its timers run. */
const stopping = Effect.map(Effect.clock, (base) => {
  const control = { stopped: 0 }
  const millis = () => base.unsafeCurrentTimeMillis() + control.stopped
  const nanos = () => base.unsafeCurrentTimeNanos() + BigInt(control.stopped) * 1_000_000n
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => base.sleep(duration),
    unsafeCurrentTimeMillis: millis,
    currentTimeMillis: Effect.sync(millis),
    unsafeCurrentTimeNanos: nanos,
    currentTimeNanos: Effect.sync(nanos)
  }
  return { control, on: Effect.withClock(clock) }
})

describe("a deadline", () => {
  for (const operation of ["signIn", "refresh"] as const) {
    it.scoped(`G56: of a ${operation} that fires late leaves the answer time to be read`, () =>
      Effect.gen(function*() {
        const { control, on } = yield* stopping
        const { auth, script } = yield* session.make({ refresh: { mode: "onDemand" } }).pipe(session.provided)
        yield* script.enqueue(operation, ScriptedProvider.after("15100 millis"))
        const asked = yield* Effect.fork(on(operation === "signIn" ? auth.signIn("x") : auth.refresh))
        yield* TestClock.adjust("14 seconds")
        control.stopped = 2_000
        // The timer of 15 seconds fires, two seconds late; the answer is read a moment later.
        assert.isTrue(Exit.isSuccess(yield* session.within(Fiber.join(asked), "1200 millis")))
        assert.strictEqual(yield* script.spent, 0)
      }))
  }

  it.scoped("G56: that fires in time ends the exchange", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ refresh: { mode: "onDemand" } }).pipe(session.provided)
      yield* script.enqueue("refresh", ScriptedProvider.after("15100 millis"))
      assert.isTrue(Exit.isFailure(yield* session.within(auth.refresh, "15050 millis")))
    }))

  it.scoped("G56: of a store that fires late leaves the answer time to be read", () =>
    Effect.gen(function*() {
      const { control, on } = yield* stopping
      const inner = yield* TokenStore.makeMemory
      let delay = 0
      const writes: Array<number> = []
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, expected, next) =>
          Effect.delay(inner.compareAndSet(key, expected, next), delay).pipe(
            Effect.tap(() => Effect.sync(() => void writes.push(next.version)))
          )
      }
      const { auth } = yield* session.make({ refresh: { mode: "onDemand" } }).pipe(
        Effect.provideService(TokenStore.TokenStore, store)
      )
      delay = 5_100
      const asked = yield* Effect.fork(on(auth.signOut))
      yield* TestClock.adjust("4 seconds")
      control.stopped = 2_000
      assert.isTrue(Exit.isSuccess(yield* session.within(Fiber.join(asked), "1200 millis")))
      assert.deepStrictEqual(writes, [1, 2])
    }))
})

describe("an exchange that hangs", () => {
  it.scoped("G59: holds up no other account for more than about a second", () =>
    Effect.gen(function*() {
      const { get } = yield* many([...hanging, "well"], { mode: "onDemand" })
      yield* TestClock.adjust("100 seconds")
      for (const name of hanging) yield* Effect.fork(Effect.exit(get(name).accessToken))
      yield* TestClock.adjust("1 millis")
      const well = yield* Effect.fork(get("well").accessToken)
      for (let n = 0; n < 15; n++) yield* TestClock.adjust("100 millis")
      assert.strictEqual((yield* Effect.fromNullable(yield* Fiber.poll(well)))._tag, "Some")
    }).pipe(session.provided))

  it.scoped("G59: needed exchanges go before scheduled ones", () =>
    Effect.gen(function*() {
      const scheduled = Array.from({ length: 30 }, (_, n) => `hangs-${n}`)
      const { asked, get } = yield* many([...scheduled, "well"], { mode: "scheduled" })
      // All are due, and four of them are asked about; the others queue.
      for (let n = 0; n < 960 && asked.length < 4; n++) yield* TestClock.adjust("100 millis")
      const before = asked.length
      const well = yield* Effect.fork(get("well").refresh)
      for (let n = 0; n < 12; n++) yield* TestClock.adjust("100 millis")
      assert.isTrue(Exit.isSuccess(yield* session.within(Fiber.join(well), "1 millis")))
      assert.isAtMost(asked.indexOf("well"), before + 4)
    }).pipe(session.provided))
})

describe("a fault of the configuration", () => {
  it.scoped("G59: stays with its process, and is not asked about again for a minute", () =>
    Effect.gen(function*() {
      const store = yield* shared()
      const [wrong, right] = [yield* ScriptedProvider.make<string>(), yield* ScriptedProvider.make<string>()]
      const here = yield* serviceOver(wrong, store)
      const there = yield* serviceOver(right, store)
      yield* here.signIn("secret")
      yield* there.accessToken
      yield* wrong.enqueue("refresh", ...session.times(5, session.badClient))
      for (let n = 0; n < 5; n++) {
        assert.strictEqual((yield* Effect.flip(here.refresh))._tag, "AuthMisconfigured")
        yield* TestClock.adjust("10 seconds")
      }
      assert.strictEqual(yield* wrong.count("refresh"), 1)
      assert.isUndefined((yield* recordIn(store)).retry)
      assert.strictEqual((yield* there.refresh).generation, 2)
    }))
})

describe("closing", () => {
  const closed = Effect.fnUntraced(function*(isWritable: boolean) {
    const inner = yield* TokenStore.makeMemory
    let isAway = false
    const away = new TokenStoreError({
      provider: "scripted",
      account: "default",
      operation: "test",
      reason: "unavailable"
    })
    const store: TokenStore.Service = {
      ...inner,
      compareAndSet: (...args) => Effect.suspend(() => isAway ? Effect.fail(away) : inner.compareAndSet(...args))
    }
    const said: Array<string> = []
    const scope = yield* Scope.make()
    const { auth, refreshes, script } = yield* session.makeWithin().pipe(
      Effect.provideService(TokenStore.TokenStore, store),
      Scope.extend(scope),
      Effect.provide(Logger.add(Logger.make(({ message }) => void said.push(String(message)))))
    )
    yield* script.enqueue("refresh", {
      run: (ok) => Effect.zipLeft(ok, Effect.sync(() => isAway = !isWritable))
    })
    yield* Effect.fork(Effect.exit(auth.refresh))
    yield* TestClock.adjust("10 seconds")
    const exit = yield* session.within(Scope.close(scope, Exit.void), "1 minute")
    assert.isTrue(Exit.isSuccess(exit))
    return { auth, refreshes, said }
  })

  it.effect("G52: a pair that could not be saved is said once", () =>
    Effect.gen(function*() {
      const { said } = yield* closed(false)
      assert.deepStrictEqual(said, ["scripted: closed with 0 exchanges cut off and 1 sessions not saved"])
    }))

  it.effect("G52: only exchanges count as cut off, not a sign-out that waits for the store", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      let isSlow = false
      const store: TokenStore.Service = {
        ...inner,
        get: (key) => Effect.suspend(() => isSlow ? Effect.delay(inner.get(key), "4 seconds") : inner.get(key))
      }
      const said: Array<string> = []
      const scope = yield* Scope.make()
      const { auth } = yield* session.makeWithin({ refresh: { closePatience: "1 second" } }).pipe(
        Effect.provideService(TokenStore.TokenStore, store),
        Scope.extend(scope),
        Effect.provide(Logger.add(Logger.make(({ message }) => void said.push(String(message)))))
      )
      isSlow = true
      yield* Effect.fork(Effect.exit(auth.signOut))
      yield* TestClock.adjust("1 second")
      yield* session.within(Scope.close(scope, Exit.void), "1 minute")
      assert.deepStrictEqual(said, [])
    }))

  it.effect("G52: where nothing is lost nothing is said, and nothing is exchanged afterwards", () =>
    Effect.gen(function*() {
      const { auth, refreshes, said } = yield* closed(true)
      assert.deepStrictEqual(said, [])
      const before = yield* refreshes
      const refused = yield* Effect.flip(auth.refresh)
      assert.isTrue(refused._tag === "ProviderUnavailable" && refused.reason === "closing")
      yield* TestClock.adjust("2 hours")
      yield* session.within(auth.accessToken, "1 minute")
      assert.strictEqual(yield* refreshes, before)
    }))
})
