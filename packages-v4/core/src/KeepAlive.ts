/**
 * Keeps unused sessions alive. Many servers end a refresh token that is not used for some weeks. A pass over the store
 * finds the sessions whose refresh token expires soon, and refreshes them.
 *
 * A pass is an ordinary effect: run it once a day, in one process or in all of them. Only one process at a time does
 * the work; a claim in the store decides which one.
 *
 * ```ts
 * const keepAlive = Effect.gen(function*() {
 *   const sessions = yield* Placewise.PlacewiseSessions
 *   yield* KeepAlive.pass(sessions, { within: "7 days" })
 * }).pipe(Effect.catch(Effect.logWarning), Effect.repeat(Schedule.spaced("1 day")))
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { type AccessTokenError, TokenStoreError } from "./AuthError.ts"
import type * as AuthService from "./AuthService.ts"
import type { AuthSessions } from "./AuthSessions.ts"
import { randomId } from "./internal/session/ids.ts"
import * as transitions from "./internal/session/transitions.ts"
import type * as RecordKey from "./RecordKey.ts"
import type { SessionRecord } from "./SessionRecord.ts"
import * as TokenStore from "./TokenStore.ts"

/**
 * The options of a pass. Everything has a default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * A session is refreshed when its refresh token has less than this left. Set it longer than the time between two
   * passes. Default: 7 days.
   */
  readonly within?: Duration.Input | undefined
  /**
   * How long an unused refresh token lives, counted from the last refresh. It is needed when the provider's answers do
   * not contain this. Default: not known; then only sessions with a known end are refreshed.
   */
  readonly refreshTokenLife?: Duration.Input | undefined
  /** How many sessions are refreshed at once. Default: 4. */
  readonly concurrency?: number | undefined
}

/**
 * The result of a pass.
 *
 * @since 0.1.0
 * @category models
 */
export interface Pass {
  /** Whether another process was already at work, so that this pass did nothing. */
  readonly isElsewhere: boolean
  /** How many records were read. */
  readonly read: number
  /** How many sessions were refreshed. */
  readonly refreshed: number
  /** How many records could not be read or refreshed. The events and errors of these sessions say why. */
  readonly failed: number
}

const elsewhere: Pass = { isElsewhere: true, read: 0, refreshed: 0, failed: 0 }

/** If a process dies during a pass, another process may start one after this (milliseconds). */
const leaseTtl = 10 * 60_000

/**
 * Runs one pass over all sessions of a provider. Fails with `TokenStoreError`: `misconfigured` when the store can't
 * list its records (all stores of this project can).
 *
 * @since 0.1.0
 * @category constructors
 */
export const pass = (
  sessions: Pick<AuthSessions<AuthService.Any | { readonly auth: AuthService.Any }>, "get">,
  options?: Options
): Effect.Effect<Pass, TokenStoreError, TokenStore.TokenStore> =>
  Effect.gen(function*() {
    const store = yield* TokenStore.TokenStore
    const serviceOf = (account: string) =>
      Effect.map(sessions.get(account), (found) => "auth" in found ? found.auth : found)
    const { provider, realm } = yield* serviceOf("keep-alive")
    const { scan } = store
    if (scan === undefined) {
      const detail = "this store can't list its records"
      return yield* new TokenStoreError({ provider, account: "", operation: "scan", reason: "misconfigured", detail })
    }
    const within = Duration.toMillis(options?.within ?? "7 days")
    const life = options?.refreshTokenLife === undefined ? undefined : Duration.toMillis(options.refreshTokenLife)
    const lease = leaseOf(store, { provider, realm: `${realm} (keep-alive)`, account: "lease" })
    const counts = { isElsewhere: false, read: 0, refreshed: 0, failed: 0 }
    const look = Effect.fnUntraced(function*(key: RecordKey.RecordKey) {
      const record = Option.getOrUndefined(yield* store.get(key))
      counts.read++
      if (record === undefined || !isDue(record, yield* Clock.currentTimeMillis, within, life)) return
      // Another process has the lease by now.
      if (!(yield* lease.renew)) return
      const auth = yield* serviceOf(key.account)
      yield* Effect.retry(auth.refresh, { times: patience.times, while: passes })
      counts.refreshed++
    })
    const all = Effect.gen(function*() {
      let after: string | undefined
      do {
        const page = yield* scan({ provider, realm }, { after })
        yield* Effect.forEach(
          page.keys,
          (key) => Effect.catch(look(key), () => Effect.sync(() => counts.failed++)),
          {
            concurrency: options?.concurrency ?? 4,
            discard: true
          }
        )
        after = page.next
      } while (after !== undefined && (yield* lease.take))
    })
    return yield* Effect.acquireUseRelease(
      lease.take,
      (isOurs) => isOurs ? Effect.as(all, counts) : Effect.succeed(elsewhere),
      (isOurs) => isOurs ? Effect.ignore(lease.release) : Effect.void
    )
  })

/** A rate limit is no reason to leave the rest of the sessions for the next pass. */
const patience = { times: 5, atMost: Duration.minutes(1) }

const passes = (error: AccessTokenError): Effect.Effect<boolean> =>
  error._tag === "ProviderUnavailable" && error.retryAfter !== undefined
    ? Effect.as(Effect.sleep(Duration.min(error.retryAfter, patience.atMost)), true)
    : Effect.succeed(false)

/** Whether the refresh token works now and expires soon. */
const isDue = ({ state, tokens }: SessionRecord, now: number, within: number, life: number | undefined): boolean => {
  if (state._tag !== "active" || tokens?.refreshToken === undefined) return false
  const end = tokens.refreshExpiresAt ?? (life === undefined ? Infinity : tokens.obtainedAt + life)
  return now < end && end - now < within
}

/** A separate record. Its claim names the process that runs the pass. */
const leaseOf = (store: TokenStore.Service, key: RecordKey.RecordKey) => {
  const id = randomId()
  const write = (isOurs: boolean) =>
    Effect.gen(function*() {
      const at = yield* Clock.currentTimeMillis
      const base = Option.getOrUndefined(yield* store.get(key))
      const held = base?.claim
      // If the clock was set back, an old claim must not block all processes.
      const isHeld = held !== undefined && held.id !== id && Math.abs(at - held.at) < held.ttl
      if (isHeld) return false
      if (!isOurs && held?.id !== id) return true
      const claim = { id, owner: store.presence?.owner ?? id, at, ttl: leaseTtl, kind: "refresh" as const }
      const taken = transitions.claimed(base, key, claim, {})
      const next = isOurs ? taken : { ...taken, claim: undefined }
      return yield* store.compareAndSet(key, base?.version ?? 0, next)
    })
  let takenAt = 0
  const take = Effect.tap(write(true), (isOurs) =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      takenAt = isOurs ? at : -Infinity
    }))
  // One look at a time: of several that take the lease at once, all but one would lose.
  const renew = Semaphore.makeUnsafe(1).withPermits(1)(Effect.flatMap(
    Clock.currentTimeMillis,
    (at) => Math.abs(at - takenAt) < leaseTtl / 2 ? Effect.succeed(true) : take
  ))
  return { take, renew, release: write(false) }
}
