/** What a page of the browser tests can do; bundled, and called from the test. */
import type * as AuthProvider from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { fetchExchange } from "../support/fetchExchange.ts"
import { changesOf } from "../support/stores/changesOf.ts"

const exchange = (refreshToken: string) => fetchExchange(`/token${location.search}`, refreshToken)

const provider: AuthProvider.AuthProvider<string> = {
  name: "test",
  realm: location.origin,
  origins: [location.origin],
  rotation: "rotating",
  rejection: { statuses: [401] },
  signIn: exchange,
  refresh: (token) => exchange(Redacted.value(token))
}

class Auth extends Context.Tag("test/Auth")<Auth, AuthService.AuthService<string>>() {}

/** `?onDemand`: this tab refreshes only when it has to. */
const mode = location.search === "?onDemand" ? "onDemand" : "scheduled"

const runtime = ManagedRuntime.make(
  Layer.scoped(Auth, AuthService.make(provider, { refresh: { mode } })).pipe(
    Layer.provideMerge(BrowserTokenStore.layer())
  )
)

const key = { provider: "test", realm: "page", account: "count" }

const withStore = <A, E>(use: (store: TokenStore.Service) => Effect.Effect<A, E>) =>
  runtime.runPromise(Effect.flatMap(TokenStore.TokenStore, use))

const withAuth = <A, E>(use: (auth: AuthService.AuthService<string>) => Effect.Effect<A, E>) =>
  runtime.runPromise(Effect.flatMap(Auth, use))

const versionIn = (store: TokenStore.Service) =>
  Effect.map(store.get(key), (found) => Option.isSome(found) ? found.value.version : 0)

const increment = Effect.fnUntraced(function*(store: TokenStore.Service) {
  while (true) {
    const version = yield* versionIn(store)
    if (yield* store.compareAndSet(key, version, { ...SessionRecord.empty(key), version: version + 1 })) return
  }
})

const page = {
  count: (times: number) => withStore((store) => Effect.repeatN(increment(store), times - 1)),
  version: () => withStore(versionIn),
  /** The first version that is heard of. */
  heard: () =>
    withStore((store) =>
      Effect.map(
        Stream.runHead(Stream.filter(changesOf(store, key), (heard) => heard !== "listening")),
        Option.getOrNull
      )
    ),
  owner: () => withStore((store) => Effect.succeed(store.presence!.owner)),
  isAlive: (owner: string) => withStore((store) => store.presence!.isAlive(owner)),
  /** Why the store can't be made, or nothing. */
  refused: () => withStore(() => Effect.void).then(() => null, (error) => String(error)),
  signIn: () => withAuth((auth) => Effect.asVoid(auth.signIn("first"))),
  /** Asks for a token and for nothing else. */
  token: () => withAuth((auth) => Effect.asVoid(auth.accessToken)),
  /** Calls the API with the token every few milliseconds for a while, and tells what went wrong and the longest wait for a token. */
  use: (millis: number) =>
    withAuth((auth) => {
      const problems: Array<string> = []
      let calls = 0
      let longest = 0
      return Effect.gen(function*() {
        const asked = performance.now()
        const token = yield* auth.accessToken
        longest = Math.max(longest, performance.now() - asked)
        const headers = { authorization: `Bearer ${Redacted.value(token.value)}` }
        const { status } = yield* Effect.promise(() => fetch("/api", { headers }))
        calls++
        if (status !== 200) problems.push(`HTTP ${status}`)
      }).pipe(
        Effect.catchAll((error) => Effect.sync(() => problems.push(error._tag))),
        Effect.zipRight(Effect.sleep(20)),
        Effect.forever,
        Effect.timeoutOption(millis),
        Effect.map(() => ({ calls, problems, longest }))
      )
    })
}

export type TestPage = typeof page

Object.assign(globalThis, { page })
