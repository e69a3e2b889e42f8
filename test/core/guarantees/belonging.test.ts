/** G55: a request, its replay, whoever waits for its token, and a forced refresh stay in the session they were asked for in. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const dead = new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown", status: 400 })

/** A provider whose credentials are names. `tells`: whether its answers say whose tokens they are. */
const world = Effect.fnUntraced(function*(options: { readonly tells?: boolean; readonly credentials?: string } = {}) {
  const script = yield* ScriptedProvider.make<string>({ expiresIn: 100 })
  const owners = new Map<string, string>()
  const note = (name: string, token: Redacted.Redacted<string>) => owners.set(Redacted.value(token), name)
  const provider: AuthProvider<string> = {
    ...script.provider,
    fingerprint: (name) => name,
    signIn: (name) =>
      Effect.map(script.provider.signIn(name), (response) => {
        note(name, response.accessToken)
        return options.tells === true ? { ...response, subject: name } : response
      }),
    refresh: (token, previous) =>
      Effect.map(script.provider.refresh!(token, previous), (response) => {
        note(owners.get(Redacted.value(previous.accessToken)) ?? "?", response.accessToken)
        return response
      })
  }
  const store = yield* TokenStore.makeMemory
  const service = Effect.provideService(
    AuthService.make(provider, {
      refresh: { mode: "onDemand" },
      ...(options.credentials === undefined ? {} : { credentials: Effect.succeed(options.credentials) })
    }),
    TokenStore.TokenStore,
    store
  )
  const ownerOf = (token: AccessToken) => owners.get(Redacted.value(token.value))
  return { script, provider, store, service, owners, ownerOf }
})

const isChanged = (error: unknown) =>
  assert.deepInclude(error, { _tag: "AccessTokenRejected", reason: "session-changed" })

type Service = AuthService.AuthService<string>

/** The ways in which another user may take over. `here` is the service that was asked; `there` another process. */
const takeovers: Record<string, (here: Service, there: Service) => Effect.Effect<unknown, unknown>> = {
  "signs in over the session": (here) => here.signIn("bob"),
  "signs in after a sign-out": (here) => Effect.zipRight(here.signOut, here.signIn("bob")),
  "is adopted": (here) => here.adopt({ accessToken: Redacted.make("bobs"), expiresIn: 100 }),
  "signs in in another process": (_, there) => there.signIn("bob"),
  "signs in in another process after a sign-out": (_, there) => Effect.zipRight(there.signOut, there.signIn("bob"))
}

describe("belonging", () => {
  for (const [how, takeOver] of Object.entries(takeovers)) {
    it.scoped(`a rejected token is not replaced by that of a user who ${how}`, () =>
      Effect.gen(function*() {
        const { service } = yield* world()
        const here = yield* service
        const there = yield* service
        const anns = yield* here.signIn("ann")
        yield* TestClock.adjust("5 seconds")
        yield* takeOver(here, there)
        isChanged(yield* Effect.flip(here.renew(anns)))
      }))

    it.scoped(`who waits for a refresh does not go on as a user who ${how}`, () =>
      Effect.gen(function*() {
        const { script, service } = yield* world()
        const here = yield* service
        const there = yield* service
        const anns = yield* here.signIn("ann")
        yield* TestClock.adjust("95 seconds")
        yield* script.enqueue("refresh", ScriptedProvider.after("3 seconds"))
        const asked = {
          forced: yield* Effect.fork(Effect.flip(here.refresh)),
          renewing: yield* Effect.fork(Effect.flip(here.renew(anns)))
        }
        yield* TestClock.adjust("1 second")
        yield* takeOver(here, there)
        yield* TestClock.adjust("10 seconds")
        for (const one of Object.values(asked)) isChanged(yield* Fiber.join(one))
      }))

    it.scoped(`who waits while the token is dead does not go on as a user who ${how}`, () =>
      Effect.gen(function*() {
        const { script, service } = yield* world()
        const here = yield* service
        const there = yield* service
        yield* here.signIn("ann")
        yield* TestClock.adjust("200 seconds")
        yield* script.enqueue("refresh", ScriptedProvider.after("3 seconds"))
        const waiting = yield* Effect.fork(Effect.flip(here.accessToken))
        yield* TestClock.adjust("1 second")
        yield* takeOver(here, there)
        yield* TestClock.adjust("10 seconds")
        isChanged(yield* Fiber.join(waiting))
      }))
  }

  it.scoped("a caller who asks after the change is in the new session, also where this process did not know of it", () =>
    Effect.gen(function*() {
      const { ownerOf, service } = yield* world()
      const here = yield* service
      const there = yield* service
      yield* here.signIn("ann")
      yield* TestClock.adjust("200 seconds")
      yield* there.signIn("bob")
      assert.strictEqual(ownerOf(yield* here.accessToken), "bob")
    }))

  for (
    const [what, before, after] of [
      ["does not go on in a session that begins meanwhile", "ann", "session-changed"],
      ["gets the first session of an account", undefined, "bob"]
    ] as const
  ) {
    it.scoped(`who asks before this process has read the store ${what}`, () =>
      Effect.gen(function*() {
        const { ownerOf, provider, service, store } = yield* world()
        if (before !== undefined) yield* (yield* service).signIn(before)
        const go = yield* Deferred.make<void>()
        let isFirst = true
        const slow: TokenStore.Service = {
          ...store,
          get: (key) =>
            Effect.suspend(() => {
              const got = store.get(key)
              if (!isFirst) return got
              isFirst = false
              return Effect.zipLeft(got, Deferred.await(go))
            })
        }
        const here = yield* Effect.provideService(
          AuthService.make(provider, { refresh: { mode: "onDemand" } }),
          TokenStore.TokenStore,
          slow
        )
        const asked = yield* Effect.fork(Effect.either(here.accessToken))
        yield* TestClock.adjust("10 millis")
        yield* here.signIn("bob")
        yield* Deferred.succeed(go, void 0)
        yield* TestClock.adjust("1 second")
        const got = yield* Fiber.join(asked)
        assert.strictEqual(got._tag === "Left" ? (got.left as { reason?: string }).reason : ownerOf(got.right), after)
      }))
  }

  it.scoped("the same person's sign-in carries a request on, where the provider says who it is", () =>
    Effect.gen(function*() {
      const { ownerOf, service } = yield* world({ tells: true })
      const here = yield* service
      const first = yield* here.signIn("ann")
      yield* TestClock.adjust("5 seconds")
      const second = yield* here.signIn("ann")
      assert.strictEqual((yield* here.renew(first)).session, second.session)
      assert.strictEqual(ownerOf(yield* here.renew(first)), "ann")
      yield* here.signIn("bob")
      isChanged(yield* Effect.flip(here.renew(first)))
    }))

  it.scoped("a service that signs in by itself carries its requests on, in every process", () =>
    Effect.gen(function*() {
      const { script, service } = yield* world({ credentials: "robot" })
      const here = yield* service
      const there = yield* service
      const first = yield* here.accessToken
      yield* TestClock.adjust("5 seconds")
      yield* script.enqueue("refresh", ScriptedProvider.fail(dead))
      const second = yield* there.renew(yield* there.accessToken)
      assert.notStrictEqual(second.session, first.session)
      assert.strictEqual((yield* here.renew(first)).session, second.session)
    }))

  it.scoped("but not as a user who signs in on that service", () =>
    Effect.gen(function*() {
      const { service } = yield* world({ credentials: "robot" })
      const here = yield* service
      const first = yield* here.accessToken
      yield* TestClock.adjust("5 seconds")
      yield* here.signIn("bob")
      isChanged(yield* Effect.flip(here.renew(first)))
    }))

  it.scoped("nor as a user who signs in in another process, whoever signed in there before", () =>
    Effect.gen(function*() {
      const { service } = yield* world({ credentials: "robot" })
      const here = yield* service
      const there = yield* service
      yield* here.signIn("ann")
      yield* there.signIn("bob")
      // The record tells of Bob's session now. This process knows these credentials, and not whose session that is.
      const anns = yield* here.signIn("ann")
      yield* TestClock.adjust("5 seconds")
      yield* there.signIn("bob")
      isChanged(yield* Effect.flip(here.renew(anns)))
    }))

  it.scoped("accounts of many sessions obey the same rule", () =>
    Effect.gen(function*() {
      const { provider, store } = yield* world()
      const sessions = yield* Effect.provideService(AuthSessions.make(provider), TokenStore.TokenStore, store)
      const auth = yield* sessions.get("shared")
      const anns = yield* auth.signIn("ann")
      yield* TestClock.adjust("5 seconds")
      yield* auth.signOut
      yield* (yield* sessions.get("shared")).signIn("bob")
      isChanged(yield* Effect.flip(auth.renew(anns)))
    }))

  it.scoped("a request that is refused after the change is not sent again", () =>
    Effect.gen(function*() {
      const { owners, service } = yield* world()
      const auth = yield* service
      yield* auth.signIn("ann")
      const sent: Array<string> = []
      const arrived = yield* Deferred.make<void>()
      const go = yield* Deferred.make<void>()
      const below = HttpClient.make((request) =>
        Effect.gen(function*() {
          const who = owners.get(request.headers["authorization"]?.slice(7) ?? "") ?? "?"
          sent.push(`${request.method} as ${who}`)
          if (sent.length > 1) return HttpClientResponse.fromWeb(request, new Response("{}"))
          yield* Deferred.succeed(arrived, void 0)
          yield* Deferred.await(go)
          return HttpClientResponse.fromWeb(request, new Response("{}", { status: 401 }))
        })
      )
      const client = AuthHttpClient.withAuth(below, auth)
      const calling = yield* Effect.fork(Effect.flip(client.execute(HttpClientRequest.del("https://api.test/mine"))))
      yield* Deferred.await(arrived)
      yield* TestClock.adjust("5 seconds")
      yield* auth.signOut
      yield* auth.signIn("bob")
      yield* Deferred.succeed(go, void 0)
      isChanged(yield* Fiber.join(calling))
      assert.deepStrictEqual(sent, ["DELETE as ann"])
    }))
})
