/**
 * Many accounts in one process: every member of a club, every tenant of a service. An idle session is a plain object; all
 * share one schedule, and no more than a bounded number of exchanges is under way at once.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AuthProvider } from "./AuthProvider.ts"
import type { AuthService, RefreshOptions } from "./AuthService.ts"
import { settingsOf } from "./internal/engine.ts"
import { makeEngine, serviceOf } from "./internal/service.ts"
import { makeSessions } from "./internal/sessions.ts"
import type { TokenStore } from "./TokenStore.ts"

/**
 * The sessions of one provider.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthSessions<in Credentials> {
  /**
   * The service of one account. It is loaded from the store when it is first used, and stays valid after its session was
   * evicted: the next use loads it again. Cheap, so it may be called for each request.
   */
  readonly get: (account: string) => Effect.Effect<AuthService<Credentials>>
  /** How many sessions are held in memory now. */
  readonly size: Effect.Effect<number>
}

/**
 * How the sessions behave. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Credentials> {
  /** As for one service, given the account. Default: none, and `SignInRequired` instead. */
  readonly credentials?: ((account: string) => Effect.Effect<Credentials, unknown>) | undefined
  readonly refresh?: RefreshOptions | undefined
  /** How many exchanges may be under way at once. Default: 16. */
  readonly concurrentExchanges?: number | undefined
  /**
   * A session that nobody asked for during this long (up to twice as long) leaves memory, and is no longer refreshed ahead
   * of expiry. Its record stays in the store. Default: 30 minutes.
   */
  readonly idleAfter?: Duration.DurationInput | undefined
}

/**
 * Makes the sessions of one provider. Closing the scope ends them as it ends a single service.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Credentials>(
  provider: AuthProvider<Credentials>,
  options?: Options<Credentials>
): Effect.Effect<AuthSessions<Credentials>, never, TokenStore | Scope.Scope> =>
  Effect.gen(function*() {
    const settings = settingsOf<Credentials>(options?.refresh ?? {}, options?.credentials)
    const engine = yield* makeEngine(provider, settings, options?.concurrentExchanges ?? 16)
    const sessions = yield* makeSessions(engine, Duration.toMillis(options?.idleAfter ?? "30 minutes"))
    return {
      get: (account) => Effect.sync(() => serviceOf(engine, account, sessions.cellOf(account))),
      size: Effect.sync(sessions.size)
    }
  })
