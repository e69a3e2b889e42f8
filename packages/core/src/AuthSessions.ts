/**
 * Many accounts in one process: every member of a club, every tenant of a service. An idle session is a plain object.
 * All sessions share one schedule, and the number of exchanges at the same time is limited.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { AuthProvider, Extended } from "./AuthProvider.ts"
import type { AuthService } from "./AuthService.ts"
import * as limits from "./internal/limits.ts"
import type { Cell } from "./internal/session/cell.ts"
import { listenToAll } from "./internal/session/events.ts"
import { extendedService } from "./internal/session/extension.ts"
import { makeMachine } from "./internal/session/layer.ts"
import * as options from "./internal/session/options.ts"
import * as providers from "./internal/session/provider.ts"
import { makeSessions } from "./internal/session/sessions.ts"
import { now } from "./internal/session/time.ts"
import { summaryOf } from "./internal/session/view.ts"
import type { RefreshOptions } from "./RefreshOptions.ts"
import type { SessionEvent } from "./SessionEvent.ts"
import type { SessionSummary } from "./SessionSummary.ts"
import type { TokenStore } from "./TokenStore.ts"

/**
 * A view of the sessions in memory, without secrets. Looking loads nothing from the store, and does not keep an idle
 * session in memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface Overview {
  readonly provider: string
  /** All sessions in memory. Accounts that never had a session are left out. */
  readonly all: Effect.Effect<ReadonlyArray<SessionSummary>>
  /** One account's session; `undefined` if it is not in memory. */
  readonly one: (account: string) => Effect.Effect<SessionSummary | undefined>
  /** Listens to the events of all sessions, from now until the scope closes. A slow reader misses the oldest events. */
  readonly listen: Effect.Effect<Stream.Stream<SessionEvent>, never, Scope.Scope>
}

/**
 * The sessions of one provider.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthSessions<out Service> {
  /**
   * The service of one account. It is loaded from the store on first use. It stays valid after its session was evicted
   * from memory: the next use loads the session again. It is cheap to call for each request. An account without a
   * session takes no lasting memory, so unknown account names can't fill it.
   */
  readonly get: (account: string) => Effect.Effect<Service>
  /** How many sessions are in memory now. Accounts without a session are not counted. */
  readonly size: Effect.Effect<number>
  /** What is in memory now, for user interfaces. */
  readonly overview: Overview
}

/**
 * How the sessions behave. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<Credentials> {
  /**
   * Like the option of one service, but takes the account. Default: none; an account without a session fails with
   * `SignInRequired`.
   */
  readonly credentials?: ((account: string) => Effect.Effect<Credentials, unknown>) | undefined
  readonly refresh?: RefreshOptions | undefined
  /** How many exchanges may be under way at once. Default: 16. */
  readonly concurrentExchanges?: number | undefined
  /**
   * A session that is not used for this long (at most twice as long) is evicted from memory and is no longer refreshed
   * ahead of expiry. Its record stays in the store. Default: 30 minutes.
   */
  readonly idleAfter?: Duration.DurationInput | undefined
}

/**
 * Makes the sessions of one provider. Closing the scope closes them like a single service.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the sessions of one provider, with the provider's additional members.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials, Service>(
    provider: Extended<Credentials, Service>,
    options?: Options<Credentials>
  ): Effect.Effect<AuthSessions<Service>, never, TokenStore | Scope.Scope>
  /**
   * Makes the sessions of one provider.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials>(
    provider: AuthProvider<Credentials>,
    options?: Options<Credentials>
  ): Effect.Effect<AuthSessions<AuthService<Credentials>>, never, TokenStore | Scope.Scope>
} = <Credentials>(provider: AuthProvider<Credentials>, given?: Options<Credentials>) =>
  Effect.gen(function*() {
    const machine = yield* makeMachine(
      providers.of(provider, given?.credentials),
      options.resolve(given?.refresh ?? {}),
      given?.concurrentExchanges ?? limits.concurrentExchanges
    )
    const sessions = yield* makeSessions(machine, Duration.toMillis(given?.idleAfter ?? limits.idleAfter))
    return {
      get: (account: string) =>
        Effect.sync(() => extendedService(machine, provider, account, sessions.cellOf(account))),
      size: Effect.sync(sessions.size),
      overview: {
        provider: provider.name,
        all: Effect.map(
          now,
          (at) => Array.from(sessions.all()).flatMap((cell) => hadSession(cell) ? [summaryOf(machine, cell, at)] : [])
        ),
        one: (account: string) =>
          Effect.map(now, (at) => {
            const cell = sessions.find(account)
            return cell !== undefined && hadSession(cell) ? summaryOf(machine, cell, at) : undefined
          }),
        listen: listenToAll(machine)
      }
    }
  })

const hadSession = ({ status }: Cell): boolean => status !== "unloaded" && status !== "never"
