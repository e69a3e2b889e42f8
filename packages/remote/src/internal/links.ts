/** Several keepers, of which one answers: connecting, going on to the next one, and coming back. */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { Endpoint } from "../Endpoint.ts"
import { type Connection, open, settled, type Wanted } from "./connection.ts"
import * as counts from "./counts.ts"
import * as limits from "./limits.ts"
import { away, type Trouble } from "./trouble.ts"

interface Link {
  readonly endpoint: Endpoint
  /** Its connection, or the attempt to open one. */
  opening: Deferred.Deferred<Connection, Trouble> | undefined
  /** A look whether its keeper still answers. */
  probing: Deferred.Deferred<boolean> | undefined
  /** Closes the connection. */
  close: Effect.Effect<void>
  /** It is asked last until then (wall clock). */
  restsUntil: number
}

/** One call: its name, whether another keeper may be asked after an answer was lost, and how long to look for one. */
export interface Call<A> {
  readonly name: string
  readonly isRepeatable: boolean
  /** Milliseconds. */
  readonly patience: number
  readonly send: (connection: Connection) => Parameters<typeof settled<A>>[0]
}

/** No answer of one keeper, and whether the call may have been carried out there. */
interface Missed {
  readonly trouble: Trouble
  readonly wasSent: boolean
}

const notAllowed: Trouble = { _tag: "Refused" }

export class Links {
  private links: ReadonlyArray<Link> = []
  private readonly scope: Scope.Scope
  private readonly wanted: Wanted

  constructor(endpoints: ReadonlyArray<Endpoint>, wanted: Wanted, scope: Scope.Scope) {
    this.links = endpoints.map((endpoint) => ({
      endpoint,
      opening: undefined,
      probing: undefined,
      close: Effect.void,
      restsUntil: 0
    }))
    this.wanted = wanted
    this.scope = scope
  }

  /** Clients begin at different keepers. */
  readonly shuffle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.map(Random.shuffle(this.links), (links) => {
      this.links = Array.from(links)
    })
  )

  private readonly inOrder: Effect.Effect<ReadonlyArray<Link>> = Effect.map(Clock.currentTimeMillis, (now) => [
    ...this.links.filter((link) => link.restsUntil <= now),
    ...this.links.filter((link) => link.restsUntil > now)
  ])

  /** A connection that is there, or one that is opened now for all who wait for it. */
  private connected(link: Link): Effect.Effect<Connection, Trouble> {
    return Effect.suspend(() => {
      if (link.opening !== undefined) return Deferred.await(link.opening)
      const opening = link.opening = Deferred.unsafeMake<Connection, Trouble>(FiberId.none)
      return Effect.zipRight(Effect.forkIn(this.openOne(link, opening), this.scope), Deferred.await(opening))
    })
  }

  private openOne(link: Link, opening: Deferred.Deferred<Connection, Trouble>): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      const own = yield* Scope.fork(this.scope, ExecutionStrategy.sequential)
      const exit = yield* Effect.exit(Scope.extend(open(link.endpoint, this.wanted), own))
      if (Exit.isSuccess(exit)) {
        link.close = Scope.close(own, Exit.void)
      } else {
        if (link.opening === opening) link.opening = undefined
        yield* Scope.close(own, Exit.void)
      }
      yield* Deferred.done(opening, exit)
    }).pipe(
      // The client is closed.
      Effect.onInterrupt(() => Deferred.fail(opening, away))
    )
  }

  /** A connection without an answer is not used again, and its keeper is asked last for a while. */
  private leave(link: Link, opening: Link["opening"]): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      link.restsUntil = (yield* Clock.currentTimeMillis) + limits.restAfterFailure
      if (opening === undefined || link.opening !== opening) return
      link.opening = undefined
      yield* counts.leftEndpoint
      yield* Effect.forkIn(link.close, this.scope)
    })
  }

  /** Whether the keeper still answers on this connection, asked once for all who wonder. */
  private isAlive(link: Link, { client, headers }: Connection): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      if (link.probing !== undefined) return Deferred.await(link.probing)
      const probing = link.probing = Deferred.unsafeMake<boolean>(FiberId.none)
      return settled(client.Hello({ ...this.wanted, ...limits.versions }, { headers })).pipe(
        Effect.timeoutFail({ duration: limits.probePatience, onTimeout: () => away }),
        // A refusal is a sign of life too.
        Effect.match({ onFailure: ({ _tag }) => _tag !== "Away", onSuccess: () => true }),
        Effect.onExit((exit) => {
          link.probing = undefined
          return Deferred.succeed(probing, exit._tag === "Success" && exit.value)
        })
      )
    })
  }

  /** A call may take long because the provider does; it ends only when its keeper shows no life. */
  private untilDead(link: Link, connection: Connection): Effect.Effect<void> {
    return Effect.repeat(
      Effect.delay(this.isAlive(link, connection), limits.answerPatience),
      { while: (isAlive) => isAlive }
    ).pipe(Effect.asVoid, Effect.timeout(limits.callDeadline), Effect.ignore)
  }

  private one<A>(link: Link, call: Call<A>): Effect.Effect<A, Missed> {
    return Effect.gen(this, function*() {
      const connection = yield* Effect.mapError(
        Effect.tapError(this.connected(link), () => this.leave(link, undefined)),
        (trouble): Missed => ({ trouble, wasSent: false })
      )
      const { opening } = link
      if (!connection.calls.has(call.name)) {
        return yield* Effect.fail<Missed>({ trouble: notAllowed, wasSent: false })
      }
      const answer = yield* Effect.raceFirst(
        Effect.either(settled(call.send(connection))),
        Effect.as(this.untilDead(link, connection), Either.left(away))
      )
      if (Either.isRight(answer)) return answer.right
      const trouble = answer.left
      const isOver = trouble._tag === "Away" || trouble._tag === "Closing" || trouble._tag === "Refused"
      if (isOver) yield* this.leave(link, opening)
      return yield* Effect.fail<Missed>({ trouble, wasSent: trouble._tag === "Away" || trouble._tag === "Odd" })
    })
  }

  /** One round over all keepers. What one of them says is the answer; the rest is for the next one. */
  private round<A>(call: Call<A>): Effect.Effect<A, Missed> {
    return Effect.gen(this, function*() {
      const links = yield* this.inOrder
      let last: Missed = { trouble: away, wasSent: false }
      for (const link of links) {
        const answer = yield* Effect.either(this.one(link, call))
        if (answer._tag === "Right") return answer.right
        const { left } = answer
        if (left.trouble._tag === "Told" || (left.wasSent && !call.isRepeatable)) return yield* Effect.fail(left)
        // What another one said is worth more than that this one is away.
        if (left.trouble._tag !== "Away") last = left
      }
      return yield* Effect.fail(last)
    })
  }

  /** Asks until a keeper answers, or until the patience of the call is over. */
  ask<A>(call: Call<A>): Effect.Effect<A, Trouble> {
    return Effect.gen(this, function*() {
      const begun = yield* Clock.currentTimeMillis
      while (true) {
        const answer = yield* Effect.either(this.round(call))
        if (answer._tag === "Right") return answer.right
        const { trouble, wasSent } = answer.left
        const mayPass = trouble._tag === "Busy" || trouble._tag === "Closing" ||
          (trouble._tag === "Away" && (call.isRepeatable || !wasSent))
        const wait = trouble._tag === "Busy" ? trouble.retryAfter : limits.betweenRounds
        const waited = (yield* Clock.currentTimeMillis) - begun
        if (!mayPass || waited + wait > call.patience) return yield* Effect.fail(trouble)
        const chance = yield* Random.next
        yield* Effect.sleep(wait * (0.5 + chance))
      }
    })
  }

  /** A connection to any keeper. */
  readonly any: Effect.Effect<Connection, Trouble> = Effect.gen(this, function*() {
    let last: Trouble = away
    for (const link of yield* this.inOrder) {
      const opened = yield* Effect.either(this.connected(link))
      if (opened._tag === "Right") return opened.right
      last = opened.left
      yield* this.leave(link, undefined)
    }
    return yield* Effect.fail(last)
  })
}
