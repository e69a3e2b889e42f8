import { ProviderUnavailable } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as KeepAlive from "@effect-auth/core/KeepAlive"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const day = 86_400_000

/** A server whose refresh tokens end when they are not used for two weeks. It tells their end, or it does not. */
const makeServer = (tells: boolean) => {
  const usedAt = new Map<string, number>()
  const server = { refreshes: 0 }
  const issue = (account: string, now: number) => {
    usedAt.set(account, now)
    return {
      accessToken: Redacted.make(`access-${account}-${now}`),
      refreshToken: Redacted.make(account),
      expiresIn: 3_600,
      ...(tells ? { refreshExpiresAt: now + 14 * day } : {})
    }
  }
  const provider: AuthProvider<string> = {
    name: "idle",
    realm: "test",
    origins: ["https://api.test"],
    rotation: "static",
    rejection: { statuses: [401] },
    signIn: (account) => Effect.map(Clock.currentTimeMillis, (now) => issue(account, now)),
    refresh: (token) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        server.refreshes++
        const account = Redacted.value(token)
        return now - (usedAt.get(account) ?? 0) > 14 * day
          ? Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown", status: 400 }))
          : Effect.succeed(issue(account, now))
      })
  }
  return { provider, server }
}

const accounts = Array.from({ length: 20 }, (_, n) => `account-${n}`)

const setup = Effect.fnUntraced(function*(tells: boolean) {
  const { provider, server } = makeServer(tells)
  const store = yield* TokenStore.makeMemory
  const process = Effect.provideService(
    AuthSessions.make(provider, { idleAfter: "1 day", refresh: { mode: "onDemand" } }),
    TokenStore.TokenStore,
    store
  )
  const both = [yield* process, yield* process] as const
  for (const account of accounts) yield* (yield* both[0].get(account)).signIn(account)
  const pass = (sessions: typeof both[0], options?: KeepAlive.Options) =>
    Effect.provideService(KeepAlive.pass(sessions, options), TokenStore.TokenStore, store)
  const alive = Effect.map(
    Effect.forEach(
      accounts,
      (account) => Effect.exit(Effect.flatMap(both[1].get(account), (auth) => auth.accessToken))
    ),
    (exits) => exits.filter(Exit.isSuccess).length
  )
  return { alive, both, pass, server, store }
})

describe("KeepAlive", () => {
  it.scoped("in 90 days no idle session is lost, and each is refreshed about once in the time before its end", () =>
    Effect.gen(function*() {
      const { alive, both, pass, server } = yield* setup(true)
      for (let days = 0; days < 90; days++) {
        yield* TestClock.adjust("1 day")
        for (const sessions of both) yield* pass(sessions)
      }
      assert.isAtMost(server.refreshes, accounts.length * 90 / 6)
      assert.strictEqual(yield* alive, accounts.length)
    }))

  it.scoped("without it they are lost", () =>
    Effect.gen(function*() {
      const { alive } = yield* setup(true)
      yield* TestClock.adjust("90 days")
      assert.strictEqual(yield* alive, 0)
    }))

  it.scoped("where the server does not tell the end, the option does", () =>
    Effect.gen(function*() {
      const { alive, both, pass, server } = yield* setup(false)
      yield* TestClock.adjust("10 days")
      assert.deepInclude(yield* pass(both[0]), { read: 20, refreshed: 0, failed: 0 })
      assert.deepInclude(yield* pass(both[0], { refreshTokenLife: "14 days" }), { read: 20, refreshed: 20 })
      assert.deepInclude(yield* pass(both[1], { refreshTokenLife: "14 days" }), { read: 20, refreshed: 0 })
      assert.strictEqual(server.refreshes, 20)
      yield* TestClock.adjust("10 days")
      assert.strictEqual(yield* alive, 20)
    }))

  it.scoped("one process at a time is at it, and one that died is followed after ten minutes", () =>
    Effect.gen(function*() {
      const { both, pass, store } = yield* setup(true)
      yield* TestClock.adjust("10 days")
      const died: TokenStore.Service = {
        ...store,
        scan: () => Effect.interrupt,
        compareAndSet: (key, expected, next) =>
          // The lease is taken, and never given back.
          next.claim === undefined ? Effect.interrupt : store.compareAndSet(key, expected, next)
      }
      yield* Effect.exit(Effect.provideService(KeepAlive.pass(both[0]), TokenStore.TokenStore, died))
      assert.isTrue((yield* pass(both[1])).isElsewhere)
      yield* TestClock.adjust("11 minutes")
      assert.deepInclude(yield* pass(both[1]), { isElsewhere: false, refreshed: 20 })
      assert.deepInclude(yield* pass(both[0]), { isElsewhere: false, refreshed: 0 })
    }))

  it.scoped("a session that can't be refreshed, or was signed out, is no end of the pass", () =>
    Effect.gen(function*() {
      const { both, pass, server } = yield* setup(true)
      yield* (yield* both[0].get("account-3")).signOut
      yield* TestClock.adjust("10 days")
      const broken = yield* both[0].get("account-4")
      const get = (account: string) =>
        account === "account-4"
          ? Effect.succeed({ ...broken, refresh: Effect.flip(broken.signOut) as never })
          : both[0].get(account)
      assert.deepInclude(yield* pass({ ...both[0], get }), { read: 20, refreshed: 18, failed: 1 })
      assert.strictEqual(server.refreshes, 18)
    }))

  it.scoped("waits out a rate limit instead of leaving the rest for the next pass", () =>
    Effect.gen(function*() {
      const { both, pass } = yield* setup(true)
      yield* TestClock.adjust("10 days")
      let calls = 0
      const limited = (auth: AuthService.AuthService<string>) => ({
        ...auth,
        refresh: Effect.suspend(() =>
          calls++ % 3 === 0
            ? new ProviderUnavailable({
              provider: "idle",
              account: auth.account,
              operation: "refresh",
              reason: "backoff",
              retryAfter: Duration.seconds(20)
            })
            : auth.refresh
        )
      })
      const get = (account: string) => Effect.map(both[0].get(account), limited)
      const fiber = yield* Effect.fork(pass({ ...both[0], get }))
      yield* TestClock.adjust("10 minutes")
      assert.deepInclude(yield* Fiber.join(fiber), { refreshed: 20, failed: 0 })
    }))

  it.scoped("a store that can't list its records is said so", () =>
    Effect.gen(function*() {
      const { both, store } = yield* setup(true)
      const { scan: _, ...without } = store
      const error = yield* Effect.flip(
        Effect.provideService(KeepAlive.pass(both[0]), TokenStore.TokenStore, without)
      )
      assert.strictEqual(error.reason, "misconfigured")
    }))

  it.scoped("a process that lost its turn, because it was paused, leaves the rest to the one that has it", () =>
    Effect.gen(function*() {
      const { both, server, store } = yield* setup(true)
      yield* TestClock.adjust("10 days")
      let reads = 0
      const isPaused = (account: string) => account !== "lease" && ++reads === 3
      const paused: TokenStore.Service = {
        ...store,
        get: (key) => Effect.delay(store.get(key), isPaused(key.account) ? "11 minutes" : 0)
      }
      const slow: TokenStore.Service = { ...store, get: (key) => Effect.delay(store.get(key), "10 seconds") }
      const pass = (sessions: typeof both[0], seen: TokenStore.Service) =>
        Effect.provideService(KeepAlive.pass(sessions, { concurrency: 1 }), TokenStore.TokenStore, seen)
      const one = yield* Effect.fork(pass(both[0], paused))
      yield* TestClock.adjust("630 seconds")
      const other = yield* Effect.fork(pass(both[1], slow))
      yield* TestClock.adjust("1 hour")
      assert.isAtMost((yield* Fiber.join(one)).refreshed, 3)
      yield* Fiber.join(other)
      assert.strictEqual(server.refreshes, 20)
    }))

  it.scoped("a pass that lasts longer than half of its lease refreshes each session, whatever its concurrency", () =>
    Effect.gen(function*() {
      const { both, server, store } = yield* setup(true)
      yield* TestClock.adjust("10 days")
      const slow: TokenStore.Service = {
        ...store,
        // Four looks at once find that the lease is old.
        get: (key) => Effect.tap(store.get(key), () => Effect.sleep(key.account === "lease" ? "1 second" : "6 minutes"))
      }
      const pass = KeepAlive.pass(both[0], { concurrency: 4 })
      const fiber = yield* Effect.fork(Effect.provideService(pass, TokenStore.TokenStore, slow))
      yield* TestClock.adjust("3 hours")
      assert.deepInclude(yield* Fiber.join(fiber), { read: 20, refreshed: 20, failed: 0 })
      assert.strictEqual(server.refreshes, 20)
    }))
})
