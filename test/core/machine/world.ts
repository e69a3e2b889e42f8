/**
 * A small world for the session machine: a server of each rotation policy that punishes reuse, a store that fails, two clocks, and a
 * log of what was presented when. Nothing here shares code with the machine beyond its public interfaces.
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import { type AuthProvider, isRotating, type Rotation, type TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as RecordKey from "@effect-auth/core/RecordKey"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** What happens to one exchange. */
export type Fault =
  | { readonly _tag: "ok"; readonly delay: number }
  | { readonly _tag: "notSent" }
  | { readonly _tag: "unavailable"; readonly delay: number }
  | { readonly _tag: "lostBefore"; readonly delay: number }
  | { readonly _tag: "lostAfter"; readonly delay: number }
  | { readonly _tag: "hangs"; readonly carriedOut: boolean }
  | { readonly _tag: "misconfigured" }

/** What happens to one store call. `after`: the write arrived, and its answer was lost. */
export type StoreFault = "ok" | "slow" | "before" | "after"

/** Twelve for each session (G30); a history may sign in several times, and each session starts anew. */
const mostFailuresAMinute = 24

interface Grant {
  alive: boolean
  /** Refresh tokens that were not exchanged yet; more than one where an old one could be repeated. */
  readonly live: Set<string>
  /** Refresh tokens that were replaced: since when, and whether a token that replaced them was used. */
  readonly spent: Map<string, { readonly at: number; replacementUsed: boolean }>
  /** Until when each access token lives. */
  readonly access: Map<string, number>
  /** Which refresh token was exchanged for a token, of either kind. */
  readonly replaces: Map<string, string>
}

/** Milliseconds that an exchange may take, by default. */
const deadline = 15_000

/** One presentation of a refresh token. */
export interface Presentation {
  readonly token: string
  readonly grant: string
  readonly at: number
  /** How it ended, as the client can know it; undefined while it is under way. */
  outcome: "issued" | "refused" | "notSent" | "answered" | "unknown" | undefined
  /** Whether the access token that the client held was alive on the server when the token was presented. */
  readonly accessAlive: boolean
}

export interface Config {
  readonly rotation: Rotation
  /** Whether reuse ends the whole grant; where it may be repeated, reuse after that. */
  readonly strict: boolean
  /** Whether a refresh answers without a refresh token (and so keeps the old one). */
  readonly omitsRefreshToken: boolean
  readonly lifetime: number
}

export class World {
  readonly grants = new Map<string, Grant>()
  readonly presentations: Array<Presentation> = []
  readonly faults: Array<Fault> = []
  readonly storeFaults: Array<StoreFault> = []
  readonly records = new Map<string, SessionRecord>()
  readonly violations: Array<string> = []
  readonly rejectedByServer = new Set<string>()
  readonly config: Config
  readonly nowMs: () => number
  private count = 0
  /** Grants whose refresh token is being exchanged now. */
  readonly underWay = new Map<string, Set<Presentation>>()
  /** Whether the histories contain something that may cost a session on a strict server. */
  mayBeLost = false
  revokedByServer = false
  /** After a jump client and server disagree about which token lives. */
  clockJumped = false

  constructor(config: Config, nowMs: () => number) {
    this.config = config
    this.nowMs = nowMs
  }

  violate(what: string): void {
    this.violations.push(what)
  }

  private issue(name: string, grant: Grant, refresh: string | undefined, replaces?: string): TokenResponse {
    const access = `${name}.a${++this.count}`
    grant.access.set(access, this.nowMs() + this.config.lifetime)
    if (replaces !== undefined) {
      grant.replaces.set(access, replaces)
      if (refresh !== undefined) grant.replaces.set(refresh, replaces)
    }
    return {
      accessToken: Redacted.make(access),
      refreshToken: refresh === undefined ? undefined : Redacted.make(refresh),
      tokenType: "Bearer",
      expiresIn: this.config.lifetime / 1000
    }
  }

  /** `margin`: the client counts a life from the send, so it takes a token for dead a little earlier than the server. */
  isAlive(access: string, margin = 0): boolean {
    const grant = this.grants.get(access.split(".")[0]!)
    const until = grant?.access.get(access)
    return grant !== undefined && grant.alive && until !== undefined && this.nowMs() < until - margin
  }

  /** The server has seen a token, of either kind: what it replaced can't be repeated any more, where that is the policy. */
  used(token: string): void {
    const grant = this.grants.get(token.split(".")[0]!)
    const spent = grant?.spent.get(grant.replaces.get(token) ?? "")
    if (spent !== undefined) spent.replacementUsed = true
  }

  private isRepeatable(grant: Grant, token: string): boolean {
    const spent = grant.spent.get(token)
    const { rotation } = this.config
    if (spent === undefined || typeof rotation === "string") return false
    const { repeatable } = rotation.rotating
    return repeatable === "untilUsed" ? !spent.replacementUsed : this.nowMs() - spent.at < Duration.toMillis(repeatable)
  }

  /** Whether a lost answer may cost the session: not where the spent token works until the new one is used. */
  private lost(): void {
    const { rotation } = this.config
    if (typeof rotation === "string" || rotation.rotating.repeatable !== "untilUsed") this.mayBeLost = true
  }

  /** The server forgets every access token: each use of one is now a rejection. */
  expireAll(): void {
    for (const grant of this.grants.values()) grant.access.clear()
  }

  revokeGrants(): void {
    this.revokedByServer = true
    for (const grant of this.grants.values()) grant.alive = false
  }

  readonly signIn = Effect.suspend(() => {
    const name = `g${++this.count}`
    const refresh = this.config.rotation === "none" ? undefined : `${name}.r0`
    const live = new Set(refresh === undefined ? [] : [refresh])
    const grant: Grant = { alive: true, live, spent: new Map(), access: new Map(), replaces: new Map() }
    this.grants.set(name, grant)
    this.revokedByServer = false
    return Effect.delay(Effect.succeed(this.issue(name, grant, refresh)), 5)
  })

  private exchange(presentation: Presentation): Effect.Effect<TokenResponse, ExchangeFailure> {
    const grant = this.grants.get(presentation.grant)
    const refused = () => {
      presentation.outcome = "refused"
      return Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown" }))
    }
    if (grant === undefined || !grant.alive) return refused()
    const { token } = presentation
    if (!grant.live.has(token) && !this.isRepeatable(grant, token)) {
      if (this.config.strict && grant.spent.has(token)) grant.alive = false
      return refused()
    }
    this.used(token)
    if (this.config.rotation === "static" || this.config.omitsRefreshToken) {
      return Effect.succeed(this.issue(presentation.grant, grant, this.config.omitsRefreshToken ? undefined : token))
    }
    if (!grant.spent.has(token)) grant.spent.set(token, { at: this.nowMs(), replacementUsed: false })
    grant.live.delete(token)
    const next = `${presentation.grant}.r${++this.count}`
    grant.live.add(next)
    return Effect.succeed(this.issue(presentation.grant, grant, next, token))
  }

  private failing(presentation: Presentation, fault: Fault): Effect.Effect<TokenResponse, ExchangeFailure> {
    const fail = (outcome: "notSent" | "answered" | "unknown", kind: "transient" | "config" = "transient") =>
      Effect.suspend(() => {
        presentation.outcome = outcome
        const sent = outcome === "notSent" ? "no" : outcome
        return Effect.fail(new ExchangeFailure({ kind, sent, reason: kind === "config" ? "client" : "server" }))
      })
    switch (fault._tag) {
      case "ok":
        return Effect.flatMap(
          Effect.sleep(fault.delay),
          () =>
            Effect.tap(this.exchange(presentation), () =>
              Effect.sync(() => {
                presentation.outcome = "issued"
              }))
        )
      case "notSent":
        return fail("notSent")
      case "misconfigured":
        return fail("answered", "config")
      case "unavailable":
        return Effect.zipRight(Effect.sleep(fault.delay), fail("answered"))
      case "lostBefore":
        return Effect.zipRight(Effect.sleep(fault.delay), fail("unknown"))
      case "lostAfter":
        this.lost()
        return Effect.zipRight(
          Effect.zipRight(Effect.ignore(this.exchange(presentation)), Effect.sleep(fault.delay)),
          fail("unknown")
        )
      case "hangs": {
        if (fault.carriedOut) this.lost()
        return Effect.zipRight(
          fault.carriedOut ? Effect.ignore(this.exchange(presentation)) : Effect.void,
          Effect.suspend(() => {
            presentation.outcome = "unknown"
            return Effect.async<never>(() => {})
          })
        )
      }
    }
  }

  /** Whether the provider documents that the exchange may be repeated now. The client counts from its send. */
  private isDocumented(doubtful: Presentation): boolean {
    const { rotation } = this.config
    if (typeof rotation === "string") return false
    const { repeatable } = rotation.rotating
    return repeatable === "untilUsed" || this.nowMs() - doubtful.at < Duration.toMillis(repeatable)
  }

  /** Presenting a refresh token: the rules that no client may break are checked here. */
  private present(token: string, access: string): Effect.Effect<TokenResponse, ExchangeFailure> {
    return Effect.suspend(() => {
      const before = this.presentations.filter((earlier) => earlier.token === token)
      const accessAlive = !this.clockJumped && this.isAlive(access, 500) && !this.rejectedByServer.has(access)
      const grant = token.split(".")[0]!
      const others = this.underWay.get(grant) ?? new Set()
      // One that is past its deadline was given up: that its fiber is interrupted may come a moment later.
      if ([...others].some((other) => this.nowMs() - other.at < deadline)) {
        this.violate(`two exchanges at once: ${token}`)
      }
      const last = before[before.length - 1]
      if (isRotating(this.config.rotation) && !this.config.omitsRefreshToken && last !== undefined) {
        if (last.outcome === "issued") this.violate(`spent twice: ${token}`)
        if (last.outcome === "refused") this.violate(`presented again after a definitive refusal: ${token}`)
        if (last.outcome === undefined) this.violate(`presented again while under way: ${token}`)
        const doubtful = before.find((earlier) => earlier.outcome === "unknown")
        if (doubtful !== undefined && accessAlive && !this.isDocumented(doubtful)) {
          this.violate(`replayed in doubt while the access token lived: ${token}`)
        }
      }
      const presentation: Presentation = {
        token,
        grant,
        at: this.nowMs(),
        outcome: undefined,
        accessAlive
      }
      this.presentations.push(presentation)
      const lately = this.presentations.filter((one) => one.outcome !== "issued" && presentation.at - one.at < 60_000)
      if (lately.length > mostFailuresAMinute) this.violate(`${lately.length} failing token calls in a minute`)
      this.underWay.set(grant, others.add(presentation))
      return Effect.ensuring(
        this.failing(presentation, this.faults.shift() ?? { _tag: "ok", delay: 10 }),
        Effect.sync(() => {
          others.delete(presentation)
          presentation.outcome ??= "unknown"
        })
      )
    })
  }

  readonly provider = (): AuthProvider<void> => ({
    name: "world",
    realm: "realm",
    origins: ["https://api.test"],
    rotation: this.config.rotation,
    rejection: { statuses: [401] },
    signIn: () => this.signIn,
    ...(this.config.rotation === "none" ? {} : {
      refresh: (token, previous) => this.present(Redacted.value(token), Redacted.value(previous.accessToken))
    })
  })

  /** One process's view of the store: the same records, its own owner. */
  readonly store = (owner: string, owners: Set<string>): TokenStore.Service => {
    const failed = (key: RecordKey.RecordKey, operation: string) =>
      Effect.fail(
        new TokenStoreError({ provider: key.provider, account: key.account, operation, reason: "unavailable" })
      )
    const through = <A>(key: RecordKey.RecordKey, operation: string, effect: Effect.Effect<A>) =>
      Effect.suspend(() => {
        switch (this.storeFaults.shift() ?? "ok") {
          case "ok":
            return effect
          case "slow":
            return Effect.delay(effect, 15)
          case "before":
            return failed(key, operation)
          case "after":
            return Effect.zipRight(effect, failed(key, operation))
        }
      })
    return {
      presence: { owner, isAlive: (other) => Effect.sync(() => owners.has(other)) },
      get: (key) =>
        through(key, "get", Effect.sync(() => Option.fromNullable(this.records.get(RecordKey.toString(key))))),
      compareAndSet: (key, expected, next) =>
        through(
          key,
          "compareAndSet",
          Effect.sync(() => {
            const name = RecordKey.toString(key)
            const current = this.records.get(name)
            if ((current?.version ?? 0) !== expected) return false
            if (next.version !== expected + 1) this.violate(`version ${expected} was followed by ${next.version}`)
            if (current !== undefined && next.generation < current.generation) {
              this.violate(`generation ${current.generation} was followed by ${next.generation}`)
            }
            this.records.set(name, next)
            return true
          })
        )
    }
  }
}
