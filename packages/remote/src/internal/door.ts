/** Lets in known callers, within limits, while the keeper is open. */
import type * as Headers from "@effect/platform/Headers"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Callers from "../Callers.ts"
import type { Failure } from "../SessionRpcs.ts"
import * as counts from "./counts.ts"
import * as limits from "./limits.ts"

/** Names are those of the calls; `Hello` and `Events` need `read` too. */
export const operationOf: Readonly<Record<string, Callers.Operation>> = {
  AccessToken: "read",
  Renew: "read",
  State: "read",
  Events: "read",
  Refresh: "refresh",
  SignOut: "signOut",
  SignIn: "signIn"
}

/** Which caller came, and whether over HTTP. */
export interface Visitor {
  readonly caller: Callers.Caller
  readonly isHttp: boolean
}

/** A message: its headers, and a number of its connection. */
export interface Asked {
  readonly headers: Headers.Headers
  readonly clientId: number
}

export interface Bounds {
  readonly calls: number
  readonly callsOfOne: number
  readonly listeners: number
}

const busy: Failure = { kind: "busy", retryAfter: limits.busyFor }
const closing: Failure = { kind: "closing" }
const refusal: Failure = { kind: "refused" }

export const refuse = (reason: counts.Reason): Effect.Effect<never, Failure> =>
  Effect.zipRight(
    counts.refused(reason),
    Effect.fail(reason === "busy" ? busy : reason === "closing" ? closing : refusal)
  )

/** Takes the same time wherever two headers of one length differ. */
const isSame = (one: string, other: string): boolean => {
  let different = one.length ^ other.length
  for (let index = 0; index < one.length; index++) different |= one.charCodeAt(index) ^ other.charCodeAt(index)
  return different === 0
}

/** The authentication scheme is case-insensitive (RFC 9110 section 11.1). */
const bearerOf = (header: string | undefined): string | undefined => /^bearer +(\S+)$/i.exec(header ?? "")?.[1]

export class Door {
  /** No call may begin any more. */
  isClosing = false
  private inside = 0
  private listening = 0
  private readonly insideOf = new Map<string, number>()
  /** The header of each connection that was a caller's: its next message needs no digest. */
  private readonly seen = new Map<number, { readonly header: string; readonly caller: Callers.Caller }>()
  private readonly whoHas: (bearer: string | undefined) => Effect.Effect<Callers.Caller | undefined>
  private readonly bounds: Bounds

  constructor(callers: ReadonlyArray<Callers.Caller>, bounds: Bounds) {
    this.whoHas = Callers.finder(callers)
    this.bounds = bounds
  }

  get underWay(): number {
    return this.inside
  }

  /**
   * Over HTTP the request's own header counts: @effect/rpc lets a header inside the message win, so a message that has one
   * is refused. Over a socket there is only the message.
   */
  private visitor({ clientId, headers }: Asked): Effect.Effect<Visitor, Failure> {
    return Effect.gen(this, function*() {
      const request = yield* Effect.serviceOption(HttpServerRequest.HttpServerRequest)
      const isHttp = Option.isSome(request)
      const own = isHttp ? request.value.headers["authorization"] : headers["authorization"]
      if (headers["authorization"] !== own) return yield* refuse("forged")
      const before = isHttp ? undefined : this.seen.get(clientId)
      if (before !== undefined && own !== undefined && isSame(own, before.header)) {
        return { caller: before.caller, isHttp }
      }
      const caller = yield* this.whoHas(bearerOf(own))
      if (caller === undefined) return yield* refuse("caller")
      if (!isHttp && own !== undefined) this.remember(clientId, own, caller)
      return { caller, isHttp }
    })
  }

  private remember(clientId: number, header: string, caller: Callers.Caller): void {
    this.seen.delete(clientId)
    this.seen.set(clientId, { header, caller })
    const [oldest] = this.seen.keys()
    if (this.seen.size > limits.mostSeen && oldest !== undefined) this.seen.delete(oldest)
  }

  /** A call begins, or ends. */
  private move(by: 1 | -1): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.inside += by
      return counts.inFlight(this.inside)
    })
  }

  /** Runs a call of a known caller, unless there are too many. */
  enter<A>(
    asked: Asked,
    use: (visitor: Visitor) => Effect.Effect<A, Failure>
  ): Effect.Effect<A, Failure> {
    return Effect.suspend(() => {
      if (this.isClosing) return refuse("closing")
      if (this.inside >= this.bounds.calls) return refuse("busy")
      return Effect.ensuring(
        Effect.zipRight(this.move(1), Effect.flatMap(this.visitor(asked), (visitor) => this.counted(visitor, use))),
        this.move(-1)
      )
    })
  }

  private counted<A>(
    visitor: Visitor,
    use: (visitor: Visitor) => Effect.Effect<A, Failure>
  ): Effect.Effect<A, Failure> {
    return Effect.suspend(() => {
      const { caller: { name } } = visitor
      const count = this.insideOf.get(name) ?? 0
      if (count >= this.bounds.callsOfOne) return refuse("busy")
      this.insideOf.set(name, count + 1)
      return Effect.ensuring(
        use(visitor),
        Effect.sync(() => {
          this.insideOf.set(name, (this.insideOf.get(name) ?? 1) - 1)
        })
      )
    })
  }

  /** A listener stays for long, so it has a limit of its own. */
  readonly listen = Effect.acquireRelease(
    Effect.suspend((): Effect.Effect<void, Failure> => {
      if (this.listening >= this.bounds.listeners) return refuse("busy")
      this.listening++
      return Effect.void
    }),
    () =>
      Effect.sync(() => {
        this.listening--
      })
  )

  get hasListeners(): boolean {
    return this.listening > 0
  }

  may(
    { caller }: Visitor,
    operation: Callers.Operation,
    provider: string,
    account: string
  ): Effect.Effect<void, Failure> {
    if (!Callers.mayDo(caller, operation)) return refuse("operation")
    return Callers.mayUse(caller, provider, account) ? Effect.void : refuse("account")
  }
}
