/** Lets in known callers, within limits, while the keeper is open. */
import type * as Headers from "@effect/platform/Headers"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
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

/** A message: its headers. */
export interface Asked {
  readonly headers: Headers.Headers
}

export interface Bounds {
  readonly calls: number
  readonly callsOfOne: number
  readonly listeners: number
  readonly listenersOfOne: number
}

const busy: Failure = { kind: "busy", retryAfter: limits.busyFor }
const closing: Failure = { kind: "closing" }
const refusal: Failure = { kind: "refused" }

export const refuse = (reason: counts.Reason): Effect.Effect<never, Failure> =>
  Effect.zipRight(
    counts.refused(reason),
    Effect.fail(reason === "busy" ? busy : reason === "closing" ? closing : refusal)
  )

/** The authentication scheme is case-insensitive (RFC 9110 section 11.1). */
const bearerOf = (header: string | undefined): string | undefined => /^bearer +(\S+)$/i.exec(header ?? "")?.[1]

const countOf = (counts: ReadonlyMap<Callers.Caller, number>, caller: Callers.Caller): number => counts.get(caller) ?? 0

const add = (counts: Map<Callers.Caller, number>, caller: Callers.Caller, by: 1 | -1): void => {
  counts.set(caller, countOf(counts, caller) + by)
}

/** What a call is about. */
interface What {
  readonly provider: string
  readonly account: string
  readonly resource?: string | undefined
}

export class Door {
  /** No call may begin any more. */
  isClosing = false
  private inside = 0
  private asking = 0
  private listening = 0
  private readonly insideOf = new Map<Callers.Caller, number>()
  private readonly listeningOf = new Map<Callers.Caller, number>()
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
   * is refused. Over a socket there is only the message. No bearer is kept: each message costs a digest.
   */
  private visitor({ headers }: Asked): Effect.Effect<Visitor, Failure> {
    return Effect.gen(this, function*() {
      const request = yield* Effect.serviceOption(HttpServerRequest.HttpServerRequest)
      const isHttp = Option.isSome(request)
      const own = isHttp ? request.value.headers["authorization"] : headers["authorization"]
      if (headers["authorization"] !== own) return yield* refuse("forged")
      const caller = yield* this.whoHas(bearerOf(own))
      return caller === undefined ? yield* refuse("caller") : { caller, isHttp }
    })
  }

  /** Digests take a turn of the event loop, so they are bounded apart from the calls that they precede. */
  private known(asked: Asked): Effect.Effect<Visitor, Failure> {
    return Effect.suspend(() => {
      if (this.asking >= limits.digestsForCall * this.bounds.calls) return refuse("busy")
      this.asking++
      return Effect.ensuring(
        this.visitor(asked),
        Effect.sync(() => {
          this.asking--
        })
      )
    })
  }

  /** A call begins, or ends. */
  private move(caller: Callers.Caller, by: 1 | -1): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.inside += by
      add(this.insideOf, caller, by)
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
      return Effect.flatMap(this.known(asked), (visitor) => this.counted(visitor, use))
    })
  }

  private counted<A>(
    visitor: Visitor,
    use: (visitor: Visitor) => Effect.Effect<A, Failure>
  ): Effect.Effect<A, Failure> {
    return Effect.suspend(() => {
      const { caller } = visitor
      if (this.isClosing) return refuse("closing")
      if (this.inside >= this.bounds.calls || countOf(this.insideOf, caller) >= this.bounds.callsOfOne) {
        return refuse("busy")
      }
      return Effect.ensuring(Effect.zipRight(this.move(caller, 1), use(visitor)), this.move(caller, -1))
    })
  }

  /** A listener stays for long, so it has limits of its own. */
  listen(caller: Callers.Caller): Effect.Effect<void, Failure, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.suspend((): Effect.Effect<void, Failure> => {
        const isFull = this.listening >= this.bounds.listeners ||
          countOf(this.listeningOf, caller) >= this.bounds.listenersOfOne
        if (isFull) return refuse("busy")
        this.listening++
        add(this.listeningOf, caller, 1)
        return Effect.void
      }),
      () =>
        Effect.sync(() => {
          this.listening--
          add(this.listeningOf, caller, -1)
        })
    )
  }

  may({ caller }: Visitor, operation: Callers.Operation, what: What): Effect.Effect<void, Failure> {
    if (!Callers.mayDo(caller, operation)) return refuse("operation")
    if (!Callers.mayUse(caller, what.provider, what.account)) return refuse("account")
    const isAllowed = what.resource === undefined || Callers.mayUseResource(caller, what.resource)
    return isAllowed ? Effect.void : refuse("resource")
  }
}
