/** Runs one generated history against the machine and tells which promises it broke. */
import { type AccessToken, isSame } from "@effect-auth/core/AccessToken"
import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Simulation } from "./simulation.ts"
import { type Config, type Fault, type StoreFault, World } from "./world.ts"

/** What a history is made of. `who` picks a service. */
export type Step =
  | { readonly _tag: "call"; readonly who: number; readonly times: number }
  | { readonly _tag: "late"; readonly who: number }
  | { readonly _tag: "refresh"; readonly who: number }
  | { readonly _tag: "signIn"; readonly who: number }
  | { readonly _tag: "signOut"; readonly who: number; readonly waits: boolean }
  | { readonly _tag: "interrupt"; readonly which: number }
  | { readonly _tag: "advance"; readonly by: number }
  | { readonly _tag: "jump"; readonly by: number }
  | { readonly _tag: "fault"; readonly fault: Fault }
  | { readonly _tag: "storeFault"; readonly fault: StoreFault }
  | { readonly _tag: "expireAll" }
  | { readonly _tag: "revoke" }
  | { readonly _tag: "close"; readonly who: number }

export interface History {
  readonly config: Config
  /** Whether the services share one store instance (siblings) or have one each (processes). */
  readonly siblings: boolean
  readonly scheduled: boolean
  /** Draws the interleaving. */
  readonly seed: number
  /** After how many operations a fiber gives way: small numbers find the gaps between a check and a set. */
  readonly opsBeforeYield: number
  readonly steps: ReadonlyArray<Step>
}

interface Seat {
  readonly service: AuthService.AuthService<void>
  readonly scope: Scope.CloseableScope
  readonly owner: string
  /** The sessions that began by a sign-in in this place, in their order. */
  readonly begun: Array<string>
  /** Somebody signed in here, and nobody out since. */
  isSignedIn: boolean
}

interface Caller {
  readonly seat?: Seat | undefined
  readonly what: string
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  interrupted: boolean
  ended: boolean
}

class Run {
  readonly history: History
  readonly simulation: Simulation
  readonly world: World
  readonly owners = new Set<string>(["shared"])
  readonly seats: Array<Seat> = []
  readonly callers: Array<Caller> = []
  private readonly shared: TokenStore.Service
  private opened = 0
  lastToken: AccessToken | undefined
  /** Who signed out last, if nobody signed in since. The others learn it when they next look at the store. */
  signedOut: Seat | undefined = undefined
  everSignedIn = false
  isContested = false
  storeFaulted = false

  constructor(history: History) {
    this.history = history
    this.simulation = new Simulation(history.seed, history.opsBeforeYield)
    this.world = new World(history.config, () => this.simulation.mono)
    this.shared = this.world.store("shared", this.owners)
  }

  open(): void {
    const owner = this.history.siblings ? "shared" : `process-${++this.opened}`
    this.owners.add(owner)
    const store = this.history.siblings ? this.shared : this.world.store(owner, this.owners)
    const opened = this.simulation.run(Effect.gen(this, function*() {
      const scope = yield* Scope.make()
      const service = yield* AuthService.make(this.world.provider(), {
        account: "account",
        // Without refresh tokens, a session goes on only by signing in again by itself.
        credentials: this.history.config.rotation === "none" ? Effect.void : undefined,
        refresh: { mode: this.history.scheduled ? "scheduled" : "onDemand" }
      }).pipe(Effect.provideService(TokenStore.TokenStore, store), Scope.extend(scope))
      return { service, scope, owner, begun: [], isSignedIn: false }
    }))
    if (Option.isSome(opened) && Exit.isSuccess(opened.value)) this.seats.push(opened.value.value)
    else throw new Error("a service could not be made")
  }

  seat(who: number): Seat {
    return this.seats[who % this.seats.length]!
  }

  fork(what: string, effect: Effect.Effect<unknown, unknown>, seat?: Seat): Caller {
    const fiber = this.simulation.fork(effect)
    const caller: Caller = { seat, what, fiber, interrupted: false, ended: false }
    fiber.addObserver((exit) => {
      caller.ended = true
      this.judge(what, exit, caller.interrupted)
    })
    this.callers.push(caller)
    return caller
  }

  judge(what: string, exit: Exit.Exit<unknown, unknown>, interrupted: boolean): void {
    if (Exit.isSuccess(exit)) return
    const failure = Cause.failureOption(exit.cause)
    if (Option.isSome(failure)) {
      if (!AuthError.isAuthError(failure.value)) this.world.violate(`${what} failed with ${String(failure.value)}`)
    } else if (!interrupted || Cause.isDie(exit.cause)) {
      this.world.violate(`${what} died: ${Cause.pretty(exit.cause)}`)
    }
  }

  /** What a middleware does: use the token, and once more after a rejection. A newborn one may be tried twice. */
  call(seat: Seat): Effect.Effect<void, unknown> {
    return Effect.gen(this, function*() {
      const asked = this.ask(seat)
      const token = yield* seat.service.accessToken
      this.handed(seat, token)
      asked(token)
      if (this.use(token)) return
      let renewed = yield* seat.service.renew(token)
      if (isSame(renewed, token)) {
        if (this.use(renewed)) return
        renewed = yield* seat.service.renew(token)
        if (isSame(renewed, token)) this.world.violate("renew gave the rejected token back twice")
      }
      if (renewed.session !== token.session && this.isOthers(renewed.session)) {
        this.world.violate("a request went on in another user's session")
      }
      this.handed(seat, renewed)
      this.use(renewed)
    })
  }

  /**
   * Who asks now must not be served by a session that begins in the same place later (G55). After a sign-out elsewhere the
   * service may know that nobody is signed in: then it is the next session that is asked for.
   */
  ask(seat: Seat): (token: AccessToken) => void {
    const { begun } = seat
    const isHeld = seat.isSignedIn && this.signedOut === undefined
    const before = begun.length
    return (token) => {
      if (isHeld && begun.indexOf(token.session) >= before) {
        this.world.violate("a caller who waited was served by another user's session")
      }
    }
  }

  /** Whether somebody began this session; one that the service began by itself is its own. */
  private isOthers(session: string): boolean {
    return this.world.config.rotation !== "none" || this.seats.some((seat) => seat.begun.includes(session))
  }

  /** Uses a token on the server; a refusal is remembered, because it allows what doubt forbids. */
  use(token: AccessToken): boolean {
    this.lastToken = token
    const text = Redacted.value(token.value)
    const isAlive = this.world.isAlive(text)
    if (isAlive) this.world.used(text)
    if (!isAlive) this.world.rejectedByServer.add(text)
    return isAlive
  }

  /** Nobody may see a token that is not in the store, except while the store fails. */
  handed(seat: Seat, token: AccessToken): void {
    const record = [...this.world.records.values()][0]
    if (!this.storeFaulted && (record === undefined || record.generation < token.generation)) {
      this.world.violate(`generation ${token.generation} was handed out before it was saved (${seat.owner})`)
    }
  }

  step(step: Step): void {
    switch (step._tag) {
      case "call":
        for (let n = 0; n < step.times; n++) this.fork("call", this.call(this.seat(step.who)))
        return
      case "late":
        return this.late(this.seat(step.who))
      case "refresh": {
        const seat = this.seat(step.who)
        const forced = Effect.suspend(() => Effect.map(seat.service.refresh, this.ask(seat)))
        this.fork("refresh", forced)
        return
      }
      case "signIn":
        return this.signIn(this.seat(step.who))
      case "signOut":
        return this.signOut(this.seat(step.who), step.waits)
      case "interrupt": {
        const caller = this.callers[step.which % Math.max(1, this.callers.length)]
        if (caller === undefined || caller.ended || caller.what === "signOut") return
        caller.interrupted = true
        this.simulation.fork(caller.fiber.interruptAsFork(caller.fiber.id()))
        return
      }
      case "advance":
        return this.simulation.advance(step.by)
      case "jump":
        this.simulation.offset += step.by
        this.world.clockJumped = true
        return
      case "fault":
        this.world.faults.push(step.fault)
        return
      case "storeFault":
        this.storeFaulted ||= step.fault === "before" || step.fault === "after"
        this.world.storeFaults.push(step.fault)
        return
      case "expireAll":
        return this.world.expireAll()
      case "revoke":
        return this.world.revokeGrants()
      case "close":
        return this.reopen(step.who)
    }
  }

  /** A rejection that arrives late, or of which only the caller knows. */
  late(seat: Seat): void {
    if (this.lastToken === undefined) return
    this.world.rejectedByServer.add(Redacted.value(this.lastToken.value))
    this.fork("renew", seat.service.renew(this.lastToken))
  }

  signIn(seat: Seat): void {
    const before = this.world.mayBeLost
    const exit = this.simulation.run(seat.service.signIn())
    if (Option.isNone(exit)) return this.world.violate("signIn hangs")
    this.judge("signIn", exit.value, false)
    if (Exit.isFailure(exit.value)) return
    this.everSignedIn = true
    seat.begun.push(exit.value.value.session)
    seat.isSignedIn = true
    // Signing out in one process while another signs in: either may come last.
    this.isContested = this.callers.some((caller) => caller.what === "signOut" && !caller.ended && caller.seat !== seat)
    this.signedOut = undefined
    this.world.revokedByServer = false
    // An exchange of the session before may still be under way, but it can't cost this one.
    this.world.mayBeLost = before && this.storeFaulted
  }

  signOut(seat: Seat, waits: boolean): void {
    this.signedOut = seat
    seat.isSignedIn = false
    if (!waits) {
      this.fork("signOut", seat.service.signOut, seat)
      // It has begun before anything else is asked for; how long it takes is left to chance.
      this.simulation.flush()
      return
    }
    const exit = this.simulation.run(seat.service.signOut)
    if (Option.isNone(exit)) this.world.violate("signOut hangs")
    else this.judge("signOut", exit.value, false)
  }

  reopen(who: number): void {
    const index = who % this.seats.length
    const old = this.seats[index]!
    if (Option.isNone(this.simulation.run(Scope.close(old.scope, Exit.void)))) this.world.violate("close hangs")
    if (!this.history.siblings) this.owners.delete(old.owner)
    this.open()
    this.seats[index] = this.seats.pop()!
  }

  /** The faults are over: everybody must come to an end, and what was not lost must work again. */
  settle(): void {
    this.world.faults.length = 0
    this.world.storeFaults.length = 0
    for (let turn = 0; turn < 20; turn++) this.simulation.advance(100)
    for (let turn = 0; turn < 60; turn++) this.simulation.advance(2_000)
    for (const caller of this.callers) if (!caller.ended) this.world.violate(`${caller.what} hangs`)
    for (const seat of this.seats) this.lastCall(seat)
    for (const seat of this.seats) {
      if (Option.isNone(this.simulation.run(Scope.close(seat.scope, Exit.void)))) this.world.violate("close hangs")
    }
    this.simulation.advance(120_000)
  }

  /** Waits as a `ProviderUnavailable` asks for, and until a newborn token that was rejected is no longer young. */
  private patiently(effect: Effect.Effect<void, unknown>): Exit.Exit<void, unknown> | undefined {
    let exit: Exit.Exit<void, unknown> | undefined
    for (let tries = 0; tries < 4; tries++) {
      exit = Option.getOrUndefined(this.simulation.run(effect))
      const failure = exit !== undefined && Exit.isFailure(exit) ? Cause.failureOption(exit.cause) : Option.none()
      if (Option.isNone(failure) || !AuthError.isAuthError(failure.value)) break
      if (failure.value._tag === "AccessTokenRejected") this.simulation.advance(31_000)
      else if (failure.value._tag === "AuthMisconfigured") this.simulation.advance(15 * 60_000)
      else if (failure.value._tag !== "ProviderUnavailable") break
      else this.simulation.advance(Duration.toMillis(failure.value.retryAfter ?? 1_000))
    }
    return exit
  }

  private lastCall(seat: Seat): void {
    if (!this.everSignedIn || this.isContested) return
    const exit = this.patiently(this.call(seat))
    if (exit === undefined) return this.world.violate("the last call hangs")
    this.judge("the last call", exit, false)
    const state = this.simulation.run(seat.service.state)
    const tag = Option.isSome(state) && Exit.isSuccess(state.value) ? state.value.value._tag : "?"
    if (this.signedOut !== undefined) {
      if (tag === "Active" && this.signedOut === seat) this.world.violate("a signed-out session came back")
    } else if (!this.world.mayBeLost && !this.world.revokedByServer && Exit.isFailure(exit)) {
      this.world.violate(`lost without a reason (${tag}): ${Cause.pretty(exit.cause)}`)
    }
  }
}

/** Runs one history; the promises that it broke. */
export const runHistory = (history: History): ReadonlyArray<string> => {
  const run = new Run(history)
  run.open()
  run.open()
  run.signIn(run.seats[0]!)
  for (const step of history.steps) run.step(step)
  run.settle()
  return run.world.violations
}
