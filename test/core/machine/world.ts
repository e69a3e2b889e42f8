/**
 * A small world for the session machine: a server that rotates and punishes reuse, a store that fails, two clocks, and a
 * log of what was presented when. Nothing here shares code with the machine beyond its public interfaces.
 */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import type { AuthProvider, Rotation, TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as RecordKey from "@effect-auth/core/RecordKey"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import type * as TokenStore from "@effect-auth/core/TokenStore"
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
  refresh: string
  /** Refresh tokens that were replaced. */
  readonly spent: Set<string>
  access: Map<string, number>
}

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
  /** Whether reuse ends the whole grant. */
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
  readonly underWay = new Map<string, number>()
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

  private issue(name: string, grant: Grant, refresh: string | undefined): TokenResponse {
    const access = `${name}.a${++this.count}`
    grant.access.set(access, this.nowMs() + this.config.lifetime)
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
    const grant: Grant = { alive: true, refresh: `${name}.r0`, spent: new Set(), access: new Map() }
    this.grants.set(name, grant)
    return Effect.delay(Effect.succeed(this.issue(name, grant, grant.refresh)), 5)
  })

  private exchange(presentation: Presentation): Effect.Effect<TokenResponse, ExchangeFailure> {
    const grant = this.grants.get(presentation.grant)
    const refused = () => {
      presentation.outcome = "refused"
      return Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "unknown" }))
    }
    if (grant === undefined || !grant.alive) return refused()
    if (grant.refresh !== presentation.token) {
      if (this.config.strict && grant.spent.has(presentation.token)) grant.alive = false
      return refused()
    }
    if (this.config.rotation === "static" || this.config.omitsRefreshToken) {
      return Effect.succeed(
        this.issue(presentation.grant, grant, this.config.omitsRefreshToken ? undefined : grant.refresh)
      )
    }
    grant.spent.add(grant.refresh)
    grant.refresh = `${presentation.grant}.r${++this.count}`
    return Effect.succeed(this.issue(presentation.grant, grant, grant.refresh))
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
        this.mayBeLost = true
        return Effect.zipRight(
          Effect.zipRight(Effect.ignore(this.exchange(presentation)), Effect.sleep(fault.delay)),
          fail("unknown")
        )
      case "hangs": {
        if (fault.carriedOut) this.mayBeLost = true
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

  /** Presenting a refresh token: the rules that no client may break are checked here. */
  private present(token: string, access: string): Effect.Effect<TokenResponse, ExchangeFailure> {
    return Effect.suspend(() => {
      const before = this.presentations.filter((earlier) => earlier.token === token)
      const accessAlive = !this.clockJumped && this.isAlive(access, 500) && !this.rejectedByServer.has(access)
      const grant = token.split(".")[0]!
      if ((this.underWay.get(grant) ?? 0) > 0) this.violate(`two exchanges at once: ${token}`)
      const last = before[before.length - 1]
      if (this.config.rotation === "rotating" && !this.config.omitsRefreshToken && last !== undefined) {
        if (last.outcome === "issued") this.violate(`spent twice: ${token}`)
        if (last.outcome === "refused") this.violate(`presented again after a definitive refusal: ${token}`)
        if (last.outcome === undefined) this.violate(`presented again while under way: ${token}`)
        const inDoubt = before.some((earlier) => earlier.outcome === "unknown")
        if (inDoubt && accessAlive) this.violate(`replayed in doubt while the access token lived: ${token}`)
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
      this.underWay.set(grant, (this.underWay.get(grant) ?? 0) + 1)
      return Effect.ensuring(
        this.failing(presentation, this.faults.shift() ?? { _tag: "ok", delay: 10 }),
        Effect.sync(() => {
          this.underWay.set(grant, (this.underWay.get(grant) ?? 1) - 1)
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
    refresh: (token, previous) => this.present(Redacted.value(token), Redacted.value(previous.accessToken))
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
