/** Services over one store: shared, decorated, or seen through a connection that can be away. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as AuthService from "@effect-auth/core/AuthService"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"

export const key = { provider: "scripted", realm: "test", account: "default" }

export const away = new TokenStoreError({ ...key, operation: "test", reason: "unavailable" })

/** One process sees the store through this: it can be away, and slow to answer a claim. */
const seen = (inner: TokenStore.Service) => {
  const control = { isAway: false, claimsTake: "0 millis" as Duration.DurationInput }
  const reached = <A>(effect: Effect.Effect<A, TokenStoreError>) =>
    Effect.suspend(() => control.isAway ? Effect.fail(away) : effect)
  const store: TokenStore.Service = {
    ...inner,
    get: (key) => reached(inner.get(key)),
    compareAndSet: (key, expected, next) =>
      Effect.suspend(() => {
        const written = reached(inner.compareAndSet(key, expected, next))
        return next.claim === undefined ? written : Effect.delay(written, control.claimsTake)
      })
  }
  return { store, control }
}

/** A store in memory that can tell who is present: everybody, or nobody knows. */
export const shared = (isAlive: Effect.Effect<boolean> = Effect.succeed(true)) =>
  Effect.map(TokenStore.makeMemory, (inner): TokenStore.Service => ({
    ...inner,
    presence: { owner: "this-process", isAlive: () => isAlive }
  }))

export const serviceOver = (
  script: ScriptedProvider.ScriptedProvider<string>,
  store: TokenStore.Service,
  refresh: RefreshOptions = {}
) =>
  Effect.provideService(
    AuthService.make(script.provider, { refresh: { mode: "onDemand", ...refresh } }),
    TokenStore.TokenStore,
    store
  )

/** Closes with the test, and moves time on for that: closing waits for an exchange that is under way. */
export const closedWithTest = <A, E, R>(make: Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Scope.make(),
      Effect.fnUntraced(function*(scope, exit) {
        const closing = yield* Effect.fork(Scope.close(scope, exit))
        yield* TestClock.adjust("2 minutes")
        yield* Fiber.join(closing)
      })
    ),
    (scope) => Scope.extend(make, scope)
  )

/** A service that closes with the test. */
export const over = (...args: Parameters<typeof serviceOver>) => closedWithTest(serviceOver(...args))

export const recordIn = (store: TokenStore.Service) => Effect.map(store.get(key), Option.getOrThrow)

/** Two services over one store, which one of them, `auth`, can lose; `elsewhere` never does. */
export const setup = Effect.fnUntraced(function*(refresh?: RefreshOptions) {
  const inner = yield* shared()
  const { control, store } = seen(inner)
  const script = yield* ScriptedProvider.make<string>()
  const auth = yield* serviceOver(script, store, refresh)
  const elsewhere = { ...yield* serviceOver(script, inner), erase: inner.erase?.(key) ?? Effect.succeed(false) }
  return { auth, control, elsewhere, record: recordIn(inner), script }
})
