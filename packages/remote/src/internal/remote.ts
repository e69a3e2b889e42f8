/** The sessions of a keeper, as one process holds them. */
import { type AccessToken, belongsTo, isSame, type Principal } from "@effect-auth/core/AccessToken"
import { AccessTokenRejected } from "@effect-auth/core/AuthError"
import type * as AuthError from "@effect-auth/core/AuthError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Token } from "../SessionRpcs.ts"
import type { Connection, Wanted } from "./connection.ts"
import type { Hearing } from "./hearing.ts"
import { Held, nowOf, peek } from "./held.ts"
import * as limits from "./limits.ts"
import type { Call, Links } from "./links.ts"
import { away, errorOf, type Subject, type Trouble } from "./trouble.ts"

/** An account, or a further API of it. */
export interface Target {
  readonly account: string
  readonly resource: string | undefined
}

/** A question whose answer is a token. */
interface Question {
  /** The same for all who need the same answer. It names the turn: a question before a sign-in is no answer after it. */
  readonly key: string
  readonly call: Omit<Call<Token>, "patience" | "send">
  readonly send: (connection: Connection) => ReturnType<Call<Token>["send"]>
}

/** What a keeper needs to know of a token: which one it is, and whose. */
const knownOf = ({ generation, principal, session, subject }: AccessToken) => ({
  generation,
  principal,
  session,
  subject
})

/** Whether the keeper said that the token is not to be used any more. Everything else may pass. */
const isOver = (trouble: Trouble): boolean =>
  trouble._tag === "Refused" ||
  (trouble._tag === "Told" && !trouble.error.isRetryable && trouble.error._tag !== "AccessTokenRejected")

/** Whether the keeper said that it has another user's session: the next use asks for that one. */
const isChange = (trouble: Trouble): boolean =>
  trouble._tag === "Told" && trouble.error._tag === "AccessTokenRejected" && trouble.error.reason === "session-changed"

export class Remote {
  readonly wanted: Wanted
  readonly links: Links
  private readonly scope: Scope.Scope
  private readonly all = new Map<string, Held>()
  private readonly ofResources = new Map<string, Map<string, Held>>()
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

  outdate(account: string): void {
    for (const held of this.heldFor(account)) held.isOutdated = true
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
  ): Effect.Effect<AccessToken, AccessTokenRejected> {
    return asked === undefined || belongsTo(asked, token)
      ? Effect.succeed(token)
      : Effect.fail(new AccessTokenRejected({ ...this.subject(target, operation), reason: "session-changed" }))
  }

  private take(held: Held, token: Token, sent: ReturnType<typeof nowOf>): Effect.Effect<AccessToken> {
    return Effect.map(Random.next, (chance) => {
      const late = 20 + chance * 0.02 * token.freshFor
      return held.take(token, sent, late, this.hearing?.isOn ?? false, this.hearing?.epoch ?? 0)
    })
  }

  /** Sends a call. Its patience is longer where there is no token that would serve meanwhile. */
  private sent(held: Held, { call, send }: Question): Effect.Effect<AccessToken, Trouble> {
    return Effect.clockWith((clock) =>
      Effect.gen(this, function*() {
        const { turn } = held
        let sent = nowOf(clock)
        const answer = yield* Effect.either(this.links.ask<Token>({
          ...call,
          patience: limits.reconnectPatience,
          send: (connection) =>
            Effect.suspend(() => {
              sent = nowOf(clock)
              return send(connection)
            })
        }))
        if (answer._tag === "Right") {
          // A sign-in or sign-out of this process has overtaken it: it is nothing that may be held.
          return yield* this.take(held.turn === turn ? held : new Held(), answer.right, sent)
        }
        if (held.turn === turn) {
          if (isOver(answer.left)) held.drop()
          else if (isChange(answer.left)) held.isOutdated = true
          else held.askAgainAt(nowOf(clock).mono + limits.askAgain, this.hearing?.epoch ?? 0)
        }
        return yield* Effect.fail(answer.left)
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
      const flight = Effect.onExit(this.sent(held, question), (exit) => {
        if (held.asking.get(key) === answer) held.asking.delete(key)
        return exit._tag === "Success" || exit.cause._tag === "Fail"
          ? Deferred.done(answer, exit)
          : Deferred.fail(answer, away)
      })
      return Effect.as(Effect.forkIn(Effect.ignore(flight), this.scope), answer)
    })
  }

  private target({ account, resource }: Target) {
    return { ...this.wanted, account, resource }
  }

  private tokenQuestion(target: Target, held: Held): Question {
    return {
      key: `token ${held.turn}`,
      call: { name: "AccessToken", isRepeatable: true },
      send: ({ client, headers }) => client.AccessToken(this.target(target), { headers })
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
            ? Effect.timeoutFail(asked, { duration: limits.catchUpPatience, onTimeout: () => away })
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
            key: `renew ${held.turn} ${rejected.session} ${rejected.generation} ${wasAccepted}`,
            call: { name: "Renew", isRepeatable: true },
            send: ({ client, headers }) =>
              client.Renew({ ...this.target(target), ...knownOf(rejected), wasAccepted }, { headers })
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
            key: `refresh ${turn} ${known?.session}`,
            call: { name: "Refresh", isRepeatable: known !== undefined },
            send: ({ client, headers }) => client.Refresh({ ...this.target(target), known }, { headers })
          }),
          (trouble) => errorOf(trouble, this.subject(target, "refresh"))
        ),
        (answer) => this.ofSame(target, token, answer, "refresh")
      )
    })
  }

  /** A sign-in is sent once. */
  signIn(target: Target, credentials: unknown): Effect.Effect<AccessToken, Trouble> {
    return Effect.clockWith((clock) =>
      Effect.gen(this, function*() {
        let sent = nowOf(clock)
        const token = yield* this.links.ask<Token>({
          name: "SignIn",
          isRepeatable: false,
          patience: limits.reconnectPatience,
          send: ({ client, headers }) =>
            Effect.suspend(() => {
              sent = nowOf(clock)
              return client.SignIn({ ...this.target(target), credentials }, { headers })
            })
        })
        this.forget(target.account)
        return yield* this.take(this.heldOf(target), token, sent)
      })
    )
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
