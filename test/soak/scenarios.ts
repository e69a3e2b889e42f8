/**
 * What many callers do at once, in a process of its own with a small heap. Prints the bytes that stay, with the sessions of
 * this project and without, as JSON: `node --expose-gc scenarios.mjs <name>`.
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider, TokenResponse } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as v8 from "node:v8"

/** Bytes in use, after everything that can go is gone. */
const used = Effect.promise(async () => {
  for (let round = 0; round < 6; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  return v8.getHeapStatistics().used_heap_size + process.memoryUsage().external
})

/** Bytes that stay of the work. What goes before it (the same work, unless something shorter does) fills the runtime's caches. */
const growth = <E, R>(work: Effect.Effect<unknown, E, R>, warmUp: Effect.Effect<unknown, E, R> = work) =>
  Effect.gen(function*() {
    yield* warmUp
    const before = yield* used
    yield* work
    return (yield* used) - before
  })

let issued = 0

/** Answers after so many milliseconds, with tokens that live so many seconds. */
const provider = (delay: number, expiresIn = 3_600): AuthProvider<string> => {
  const issue = Effect.map(Effect.sleep(delay), (): TokenResponse => ({
    accessToken: Redacted.make(`access-${++issued}`),
    refreshToken: Redacted.make(`refresh-${issued}`),
    expiresIn
  }))
  return {
    name: "soak",
    realm: "soak",
    origins: ["https://soak.test"],
    rotation: "rotating",
    rejection: { statuses: [401] },
    signIn: () => issue,
    refresh: () => issue
  }
}

const client: HttpClient.HttpClient = HttpClient.makeWith<never, never, HttpClientError, never>(
  Effect.flatMap((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null)))),
  Effect.succeed
)

const requests = <E>(client: HttpClient.HttpClient.With<E>, count: number) =>
  Effect.repeatN(client.get("https://soak.test/a"), count - 1)

const names = (count: number): ReadonlyArray<string> => Array.from({ length: count }, (_, index) => `name-${index}`)

/** A store in which everybody is signed in, and that keeps nothing. */
const everybody: TokenStore.Service = {
  get: (key) =>
    Effect.sync(() =>
      Option.some({
        ...SessionRecord.empty(key),
        session: `session of ${key.account}`,
        generation: 1,
        state: { _tag: "active" },
        tokens: {
          accessToken: Redacted.make(`access of ${key.account}`),
          refreshToken: Redacted.make(`refresh of ${key.account}`),
          obtainedAt: Date.now(),
          lifetime: 3_600_000
        }
      })
    ),
  compareAndSet: () => Effect.succeed(true)
}

const together = { concurrency: "unbounded", discard: true } as const

class Auth extends Context.Tag("test/soak/Auth")<Auth, AuthService.AuthService<string>>() {}

const authLayer = Layer.scoped(Auth, AuthService.make(provider(0), { credentials: Effect.succeed("pw") }))

const plainLayer = Layer.scoped(
  Auth,
  Effect.as(Effect.forkScoped(Effect.never), { accessToken: Effect.void } as unknown as AuthService.AuthService<string>)
)

/** Builds a layer, uses it and closes it, so many times. */
const layersOf = <R>(count: number, layer: Layer.Layer<Auth, never, R>) => {
  const once = Effect.scoped(Effect.flatMap(Layer.build(layer), (context) => Context.get(context, Auth).accessToken))
  return Effect.repeatN(once, count - 1)
}

interface Scenario {
  /** Bytes that stay with this project. */
  readonly ours: Effect.Effect<number, unknown, TokenStore.TokenStore | Scope.Scope>
  /** Bytes that stay when the same number of fibers, layers or requests do without it. */
  readonly without: Effect.Effect<number, unknown, Scope.Scope>
}

const plainFibers = (count: number) =>
  growth(Effect.forEach(names(count), (name) => Effect.as(Effect.sleep(1), name), together))

/**
 * 10,000 sign-ins without a session. With `isHeld` the tokens live until everybody has some. Effect keeps the text of each `Redacted` in a
 * WeakMap, whose table never becomes smaller in V8: 2 MB for 20,000 tokens that live at once.
 */
const plainSignIns = (concurrency: number | "unbounded", isHeld: boolean) =>
  Effect.forEach(names(10_000), (name) => {
    const issued = provider(1).signIn(name)
    return isHeld ? issued : Effect.asVoid(issued)
  }, { concurrency })

/** Starts callers, leaves most of them in the middle, and waits until nothing is under way. */
const storm = (rounds: number, callers: (index: number) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function*() {
    for (let round = 0; round < rounds; round++) {
      const fibers = yield* Effect.forEach(
        Array.from({ length: 1_000 }, (_, index) => index),
        (index) => Effect.fork(callers(index))
      )
      yield* Effect.sleep(round % 10)
      yield* Fiber.interruptAll(fibers.filter((_, index) => index % 10 !== 0))
      yield* Effect.forEach(fibers.filter((_, index) => index % 10 === 0), Fiber.await, together)
    }
  })

/** Rounds of a hundred callers who do everything while the sessions close. */
const closes = (rounds: number) =>
  Effect.forEach(Array.from({ length: rounds }, (_, index) => index), (round) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const sessions = yield* Scope.extend(
        AuthSessions.make(provider(5, round % 2 === 0 ? 1 : 3_600), {
          credentials: () => Effect.succeed("pw"),
          refresh: { closePatience: "1 second" }
        }),
        scope
      )
      const callers = yield* Effect.forEach(names(100), (name, index) =>
        Effect.fork(Effect.flatMap(sessions.get(name), (auth): Effect.Effect<unknown, unknown> => {
          const api = AuthHttpClient.withAuth(client, auth)
          switch (index % 4) {
            case 0:
              return auth.signIn("pw")
            case 1:
              return Effect.zipRight(auth.accessToken, auth.refresh)
            case 2:
              return api.get("https://soak.test/a")
            default:
              return Effect.zipRight(auth.accessToken, auth.signOut)
          }
        })))
      yield* Effect.sleep(round % 15)
      yield* Scope.close(scope, Exit.void)
      // Every caller gets an answer: a token, or a typed error.
      yield* Effect.timeoutFail(Effect.forEach(callers, Fiber.await, together), {
        duration: "20 seconds",
        onTimeout: () =>
          "a caller hangs after the sessions were closed"
      })
    }))

const scenarios: { readonly [name: string]: Scenario } = {
  "sign-ins": {
    ours: Effect.gen(function*() {
      const sessions = yield* AuthSessions.make(provider(1), { concurrentExchanges: 1_000, idleAfter: "1 second" })
      const comeAndGo = (name: string) =>
        Effect.gen(function*() {
          const auth = yield* sessions.get(name)
          yield* auth.signIn("pw")
          yield* auth.accessToken
          yield* auth.signOut
        })
      const work = (concurrency: number | "unbounded") =>
        Effect.zipRight(
          Effect.forEach(names(10_000), comeAndGo, { concurrency, discard: true }),
          // What has no session any more is not counted, and leaves memory at the next sweep or the one after.
          Effect.sleep("6 seconds")
        )
      // The same names: the store keeps a record of each, also of those who left.
      return yield* growth(work("unbounded"), work(100))
    }),
    without: growth(Effect.asVoid(plainSignIns("unbounded", true)), Effect.asVoid(plainSignIns(100, false)))
  },
  "cancelled callers": {
    ours: Effect.gen(function*() {
      // Each call needs an exchange: the tokens are dead as soon as they are there.
      const sessions = yield* AuthSessions.make(provider(3, 1), { refresh: { mode: "onDemand" } })
      const auths = yield* Effect.forEach(names(20), sessions.get)
      const call = (index: number): Effect.Effect<unknown, unknown> => {
        const auth = auths[index % auths.length]!
        return index % 3 === 0 ? auth.signIn("pw") : index % 3 === 1 ? auth.refresh : auth.accessToken
      }
      return yield* growth(storm(50, call), storm(10, call))
    }),
    without: growth(storm(50, () => Effect.sleep(3)), storm(10, () => Effect.sleep(3)))
  },
  "layers": {
    ours: growth(layersOf(10_000, authLayer), layersOf(2_000, authLayer)),
    without: growth(layersOf(10_000, plainLayer), layersOf(2_000, plainLayer))
  },
  "close during everything": {
    ours: growth(closes(200), closes(20)),
    without: plainFibers(20_000)
  },
  "names that only were looked up": {
    ours: Effect.gen(function*() {
      const sessions = yield* AuthSessions.make(provider(1))
      const before = yield* used
      for (const name of names(1_000_000)) yield* sessions.get(name)
      return (yield* used) - before
    }),
    without: Effect.succeed(0)
  },
  "names that never signed in": {
    ours: Effect.gen(function*() {
      const sessions = yield* AuthSessions.make(provider(1))
      const ask = (name: string) => Effect.exit(Effect.flatMap(sessions.get(name), (auth) => auth.accessToken))
      yield* Effect.forEach(names(1_000), ask, { discard: true })
      const before = yield* used
      for (let round = 0; round < 5; round++) {
        yield* Effect.forEach(names(10_000), (name) => ask(`${round}-${name}`), { discard: true })
      }
      return (yield* used) - before
    }),
    without: Effect.succeed(0)
  },
  "a few held of many evicted": {
    ours: Effect.gen(function*() {
      const sessions = yield* Effect.provideService(
        AuthSessions.make(provider(0), { idleAfter: "1 second" }),
        TokenStore.TokenStore,
        everybody
      )
      const held: Array<unknown> = []
      const load = (keeps: boolean) => (name: string, index: number) =>
        Effect.gen(function*() {
          const auth = yield* sessions.get(name)
          yield* auth.accessToken
          if (keeps && index % 512 === 0) held.push(auth)
        })
      const count = 64_000
      let most = 0
      const work = (keeps: boolean) =>
        Effect.gen(function*() {
          // All are in memory at once, so that each one that is held is in another slab.
          yield* Effect.forEach(names(count), load(keeps), { discard: true })
          most = Math.max(most, yield* sessions.size)
          yield* Effect.repeat(Effect.sleep(200), { until: () => Effect.map(sessions.size, (size) => size === 0) })
        })
      const bytes = yield* growth(work(true), work(false))
      return held.length === count / 512 && most > count / 2 ? bytes : Infinity
    }),
    without: Effect.succeed(0)
  },
  "requests": {
    ours: Effect.gen(function*() {
      const auth = yield* AuthService.make(provider(0), { credentials: Effect.succeed("pw") })
      const api = AuthHttpClient.withAuth(client, auth)
      return yield* growth(requests(api, 1_000_000), requests(api, 20_000))
    }),
    without: growth(requests(client, 1_000_000), requests(client, 20_000))
  }
}

const scenario = scenarios[process.argv[2] ?? ""]
if (scenario === undefined) throw new Error(`no such scenario; there are: ${Object.keys(scenarios).join(", ")}`)

const run = <E>(work: Effect.Effect<number, E, TokenStore.TokenStore | Scope.Scope>): Promise<number> =>
  Effect.runPromise(Effect.scoped(Effect.provide(work, TokenStore.layerMemory)))

const started = performance.now()
const without = await run(scenario.without)
const ours = await run(scenario.ours)
process.stdout.write(JSON.stringify({
  ours,
  without,
  took: Duration.toMillis(Duration.millis(performance.now() - started))
}))
