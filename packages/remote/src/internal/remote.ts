/** The sessions of a keeper, as one process holds them. */
import { type AccessToken, belongsTo, isSame, type Principal } from "@effect-auth/core/AccessToken"
import * as AuthError from "@effect-auth/core/AuthError"
import type { Revocation } from "@effect-auth/core/Revocation"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { State, Token } from "../SessionRpcs.ts"
import { backoff } from "./backoff.ts"
import type { Connection, Wanted } from "./connection.ts"
import type { Hearing } from "./hearing.ts"
import { type Heard, Held, nowOf, peek } from "./held.ts"
import * as limits from "./limits.ts"
import type { Call, Links, Missed } from "./links.ts"
import * as ownFiber from "./ownFiber.ts"
import { away, errorOf, type Subject, type Trouble } from "./trouble.ts"

/** An account, or a further API of it. */
export interface Target {
  readonly account: string
  readonly resource: string | undefined
}

/** A question whose answer is a token. */
interface Question {
  readonly target: Target
  /** The same for all who need the same answer. It names the turn: a question before a sign-in is no answer after it. */
  readonly key: string
  readonly call: Call<Token>
}

/** When a call was sent, and on which connection. */
interface Sent {
  readonly at: Heard
  readonly connection: Connection | undefined
}

/** What a keeper needs to know of a token: which one it is, and whose. */
const knownOf = ({ generation, principal, session, subject }: AccessToken) => ({
  generation,
  principal,
  session,
  subject
})

/** Whether the keeper said that there is no session. Everything else may pass, and a live token serves meanwhile. */
const isOver = (trouble: Trouble): boolean => trouble._tag === "Told" && AuthError.requiresSignIn(trouble.error)

/** Whether keepers will not do it later either. */
const isFinal = ({ _tag }: Trouble): boolean => _tag === "Refused" || _tag === "Mismatch"

/** Whether the keeper said that it has another user's session: the next use asks for that one. */
const isChange = (trouble: Trouble): boolean =>
  trouble._tag === "Told" && trouble.error._tag === "AccessTokenRejected" && trouble.error.reason === "session-changed"

export class Remote {
  readonly wanted: Wanted
  readonly links: Links
  private readonly scope: Scope.Scope
  private readonly all = new Map<string, Held>()
  private readonly ofResources = new Map<string, Map<string, Held>>()
  /** The session of an account that signed out here, until its keeper knows. */
  private readonly leaving = new Map<string, string>()
  hearing: Hearing | undefined = undefined

  constructor(wanted: Wanted, links: Links, scope: Scope.Scope) {
    this.wanted = wanted
    this.links = links
    this.scope = scope
  }

  get size(): number {
    let count = 0
    for (const held of this.all.values()) if (held.token !== undefined) count++
    return count
  }

  entries(): Iterable<readonly [string, Held]> {
    return this.all
  }

  find({ account, resource }: Target): Held | undefined {
    return resource === undefined ? this.all.get(account) : this.ofResources.get(account)?.get(resource)
  }

  private mapOf({ account, resource }: Target): { readonly map: Map<string, Held>; readonly name: string } {
    if (resource === undefined) return { map: this.all, name: account }
    let map = this.ofResources.get(account)
    if (map === undefined) this.ofResources.set(account, map = new Map())
    return { map, name: resource }
  }

  heldOf(target: Target): Held {
    const { map, name } = this.mapOf(target)
    let held = map.get(name)
    if (held === undefined) map.set(name, held = new Held())
    return held
  }

  /** All that is held for an account. */
  private *heldFor(account: string): Iterable<Held> {
    const own = this.all.get(account)
    if (own !== undefined) yield own
    yield* this.ofResources.get(account)?.values() ?? []
  }

  /** Without an account: all of them. */
  outdate(account: string | undefined): void {
    const accounts = account === undefined ? new Set([...this.all.keys(), ...this.ofResources.keys()]) : [account]
    for (const one of accounts) {
      for (const held of this.heldFor(one)) held.outdate()
    }
  }

  /** Sign-in and sign-out: what was held or asked for before is void. */
  forget(account: string): void {
    for (const held of this.heldFor(account)) held.drop()
  }

  peek(target: Target, clock: Parameters<typeof peek>[1]): AccessToken | undefined {
    return peek(this.find(target), clock, this.hearing?.epoch ?? 0)
  }

  subject({ account }: Target, operation: string): Subject {
    return { provider: this.wanted.provider, account, operation }
  }

  /** The token, if a request that was begun with `asked` may go on with it. An older keeper does not look at this. */
  private ofSame(
    target: Target,
    asked: Principal | undefined,
    token: AccessToken,
    operation: string
  ): Effect.Effect<AccessToken, AuthError.AccessTokenRejected> {
    return asked === undefined || belongsTo(asked, token)
      ? Effect.succeed(token)
      : Effect.fail(
        new AuthError.AccessTokenRejected({ ...this.subject(target, operation), reason: "session-changed" })
      )
  }

  private take(held: Held, token: Token, { at, connection }: Sent): Effect.Effect<AccessToken> {
    return Effect.map(Random.next, (chance) => {
      const late = 20 + chance * 0.02 * token.freshFor
      return held.take(token, at, late, this.hearing?.hears(connection) ?? false, this.hearing?.epoch ?? 0)
    })
  }

  /** Asks, and notes when that was sent. */
  private asked(held: Held, call: Call<Token>): Effect.Effect<{ readonly token: Token; readonly sent: Sent }, Missed> {
    return Effect.clockWith((clock) => {
      const heard = () => ({ ...nowOf(clock), changes: held.changes })
      let sent: Sent = { at: heard(), connection: undefined }
      const send: Call<Token>["send"] = (connection) =>
        Effect.suspend(() => {
          sent = { at: heard(), connection }
          return call.send(connection)
        })
      return Effect.map(this.links.ask<Token>({ ...call, send }), (token) => ({ token, sent }))
    })
  }

  private answered(held: Held, { call, target }: Question): Effect.Effect<AccessToken, Trouble> {
    return Effect.clockWith((clock) =>
      Effect.gen(this, function*() {
        const { turn } = held
        const answer = yield* Effect.either(this.asked(held, call))
        if (answer._tag === "Right") {
          const { sent, token } = answer.right
          if (this.leaving.get(target.account) === token.session) {
            const error = new AuthError.SignInRequired({ ...this.subject(target, "accessToken"), reason: "signed-out" })
            return yield* Effect.fail<Trouble>({ _tag: "Told", error })
          }
          // A sign-in or sign-out of this process has overtaken it: it is nothing that may be held.
          return yield* this.take(held.turn === turn ? held : new Held(), token, sent)
        }
        const { trouble } = answer.left
        if (held.turn === turn) {
          if (isOver(trouble)) held.drop()
          else if (isChange(trouble)) held.isOutdated = true
          else held.askAgainAt(nowOf(clock).mono + limits.askAgain, this.hearing?.epoch ?? 0)
        }
        return yield* Effect.fail(trouble)
      })
    )
  }

  /** Asks once for all who need the same answer. The question goes on when those who wait for it leave. */
  private ask(held: Held, question: Question): Effect.Effect<AccessToken, Trouble> {
    return Effect.flatMap(this.launch(held, question), Deferred.await)
  }

  private launch(held: Held, question: Question): Effect.Effect<Deferred.Deferred<AccessToken, Trouble>> {
    return Effect.suspend(() => {
      const { key } = question
      const before = held.asking.get(key)
      if (before !== undefined) return Effect.succeed(before)
      const answer = Deferred.unsafeMake<AccessToken, Trouble>(FiberId.none)
      held.asking.set(key, answer)
      const flight = Effect.ensuring(
        this.answered(held, question),
        Effect.sync(() => held.asking.delete(key))
      )
      return Effect.as(ownFiber.start(this.scope, answer, flight), answer)
    })
  }

  private target({ account, resource }: Target) {
    return { ...this.wanted, account, resource }
  }

  private tokenQuestion(target: Target, held: Held): Question {
    return {
      target,
      key: `token ${held.turn}`,
      call: {
        name: "AccessToken",
        isRepeatable: true,
        send: ({ client, headers }) => client.AccessToken(this.target(target), { headers })
      }
    }
  }

  /** When the held token is not fresh. */
  obtain(target: Target): Effect.Effect<AccessToken, AuthError.AccessTokenError> {
    return Effect.clockWith((clock) =>
      Effect.gen(this, function*() {
        const held = this.heldOf(target)
        const at = nowOf(clock)
        const { token, turn } = held
        const question = this.tokenQuestion(target, held)
        const how = held.freshness(at)
        if (token !== undefined && !held.isOutdated && (how === "fresh" || how === "stale")) {
          yield* this.launch(held, question)
          return token
        }
        const isServed = token !== undefined && held.isAlive(at)
        const asked = this.ask(held, question)
        const answer = yield* Effect.either(
          isServed
            ? Effect.timeoutFail(Effect.interruptible(asked), {
              duration: limits.catchUpPatience,
              onTimeout: () => away
            })
            : asked
        )
        if (answer._tag === "Right") {
          // It waited while this process signed in or out.
          return yield* this.ofSame(target, held.turn === turn ? undefined : token, answer.right, "accessToken")
        }
        if (isServed && held.turn === turn && !isOver(answer.left)) return token
        return yield* errorOf(answer.left, this.subject(target, "accessToken"))
      })
    )
  }

  /** Another token than one that the API rejected. */
  renew(
    target: Target,
    rejected: AccessToken,
    wasAccepted: boolean
  ): Effect.Effect<AccessToken, AuthError.AccessTokenError> {
    return Effect.clockWith((clock) => {
      const current = this.peek(target, clock)
      if (current !== undefined && !isSame(current, rejected)) {
        return this.ofSame(target, rejected, current, "renew")
      }
      const held = this.heldOf(target)
      return Effect.flatMap(
        Effect.mapError(
          this.ask(held, {
            target,
            key: `renew ${held.turn} ${rejected.session} ${rejected.generation} ${wasAccepted}`,
            call: {
              name: "Renew",
              isRepeatable: true,
              send: ({ client, headers }) =>
                client.Renew({ ...this.target(target), ...knownOf(rejected), wasAccepted }, { headers })
            }
          }),
          (trouble) => errorOf(trouble, this.subject(target, "renew"))
        ),
        (token) => this.ofSame(target, rejected, token, "renew")
      )
    })
  }

  /** A refresh is asked for again only if the keeper can see that it was made. */
  refresh(target: Target): Effect.Effect<AccessToken, AuthError.AccessTokenError> {
    return Effect.suspend(() => {
      const held = this.heldOf(target)
      const { token, turn } = held
      const known = token === undefined ? undefined : knownOf(token)
      return Effect.flatMap(
        Effect.mapError(
          this.ask(held, {
            target,
            key: `refresh ${turn} ${known?.session}`,
            call: {
              name: "Refresh",
              isRepeatable: known !== undefined,
              send: ({ client, headers }) => client.Refresh({ ...this.target(target), known }, { headers })
            }
          }),
          (trouble) => errorOf(trouble, this.subject(target, "refresh"))
        ),
        (answer) => this.ofSame(target, token, answer, "refresh")
      )
    })
  }

  /**
   * A sign-in is sent once, and goes on when its caller leaves. When it was carried out, or perhaps was, nothing of the
   * session before is served.
   */
  signIn(target: Target, credentials: unknown): Effect.Effect<AccessToken, Trouble> {
    const signingIn = Effect.gen(this, function*() {
      const before = this.heldOf(target)
      const { turn } = before
      const answer = yield* Effect.either(this.asked(this.heldOf(target), {
        name: "SignIn",
        isRepeatable: false,
        send: ({ client, headers }) => client.SignIn({ ...this.target(target), credentials }, { headers })
      }))
      const isOvertaken = before.turn !== turn
      if (answer._tag === "Right" || answer.left.wasSent) this.forget(target.account)
      if (answer._tag === "Left") return yield* Effect.fail(answer.left.trouble)
      const { sent, token } = answer.right
      return yield* this.take(isOvertaken ? new Held() : this.heldOf(target), token, sent)
    })
    return ownFiber.toItsEnd(this.scope, signingIn)
  }

  private askState(account: string): Effect.Effect<State, Missed> {
    return this.links.ask<State>({
      name: "State",
      isRepeatable: true,
      send: ({ client, headers }) => client.State({ ...this.wanted, account }, { headers })
    })
  }

  state(account: string): Effect.Effect<State, Trouble> {
    return ownFiber.toItsEnd(this.scope, Effect.mapError(this.askState(account), ({ trouble }) => trouble))
  }

  /** With `session` another session of the account stays. An older keeper does not look at it. */
  private askSignOut(account: string, session?: string): Effect.Effect<Revocation, Missed> {
    return this.links.ask<Revocation>({
      name: "SignOut",
      isRepeatable: false,
      send: ({ client, headers }) => client.SignOut({ ...this.wanted, account, session }, { headers })
    })
  }

  /** Here it is over at once. A keeper that is away is asked later. */
  signOut(account: string): Effect.Effect<Revocation, Trouble> {
    return Effect.suspend(() => {
      const session = Array.from(this.heldFor(account), ({ token }) => token?.session).find((id) => id !== undefined)
      if (session !== undefined) this.leaving.set(account, session)
      this.forget(account)
      const signingOut = this.askSignOut(account).pipe(
        Effect.ensuring(Effect.sync(() => this.forget(account))),
        Effect.tapBoth({
          onFailure: ({ trouble }) =>
            isFinal(trouble) || session === undefined
              ? this.leave(account, session)
              : Effect.forkIn(this.signOutLater(account, session), this.scope),
          onSuccess: () => this.leave(account, this.leaving.get(account))
        }),
        Effect.mapError(({ trouble }) => trouble)
      )
      return ownFiber.toItsEnd(this.scope, signingOut)
    })
  }

  /** The keeper knows that this session was left, or never will. */
  private leave(account: string, session: string | undefined): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.leaving.get(account) === session) this.leaving.delete(account)
    })
  }

  /** Only the session that was left is signed out: somebody may have signed in meanwhile. */
  private signOutLater(account: string, session: string): Effect.Effect<void> {
    let failures = 0
    const once = Effect.gen(this, function*() {
      yield* Effect.sleep(yield* backoff(++failures, limits.askAgain, limits.pollEach))
      if (this.leaving.get(account) !== session) return true
      const state = yield* this.askState(account)
      if (state._tag !== "Active" || state.session !== session) return true
      yield* this.askSignOut(account, session)
      return true
    })
    return Effect.repeat(Effect.catchAll(once, ({ trouble }) => Effect.succeed(isFinal(trouble))), {
      until: (isDone) => isDone
    }).pipe(Effect.zipRight(this.leave(account, session)))
  }

  /** Lets go of dead tokens. */
  readonly sweep: Effect.Effect<void> = Effect.clockWith((clock) =>
    Effect.sync(() => {
      const at = nowOf(clock)
      const clean = (map: Map<string, Held>) => {
        for (const [name, held] of map) if (!held.isAlive(at) && held.asking.size === 0) map.delete(name)
      }
      clean(this.all)
      for (const [account, map] of this.ofResources) {
        clean(map)
        if (map.size === 0) this.ofResources.delete(account)
      }
    })
  )
}
