/** Several keepers: a client stays with one until it fails, and goes on to the next one. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Endpoint } from "../Endpoint.ts"
import { type Connection, settled, type Wanted } from "./connection.ts"
import { nowOf } from "./held.ts"
import * as limits from "./limits.ts"
import { Link } from "./link.ts"
import { away, type Trouble } from "./trouble.ts"

/** One call: its name, and whether another keeper may be asked after an answer was lost. */
export interface Call<A> {
  readonly name: string
  readonly isRepeatable: boolean
  readonly send: (connection: Connection) => Parameters<typeof settled<A>>[0]
}

/** No answer, and whether the call may have been carried out. */
export interface Missed {
  readonly trouble: Trouble
  readonly wasSent: boolean
}

const unsent = (trouble: Trouble): Missed => ({ trouble, wasSent: false })

/**
 * What several keepers said counts in this order. That one refuses says less than that another one is away: its list of
 * callers may be older.
 */
const weights: Readonly<Record<Trouble["_tag"], number>> = {
  Refused: 0,
  Mismatch: 0,
  Away: 1,
  Closing: 1,
  Busy: 2,
  Odd: 3,
  Told: 4
}

export class Links {
  /** The one that failed last is the last. */
  private links: ReadonlyArray<Link>

  constructor(endpoints: ReadonlyArray<Endpoint>, wanted: Wanted, scope: Scope.Scope) {
    this.links = endpoints.map((endpoint) => new Link(endpoint, wanted, scope, (link) => this.last(link)))
  }

  /** Clients begin at different keepers. */
  readonly shuffle: Effect.Effect<void> = Effect.suspend(() =>
    Effect.map(Random.shuffle(this.links), (links) => {
      this.links = Array.from(links)
    })
  )

  /** It is asked after all others from now on. */
  private last(link: Link): void {
    this.links = [...this.links.filter((other) => other !== link), link]
  }

  /** Beside others nobody waits for long until a keeper is connected: that goes on, and a later call finds it open. */
  private connected(link: Link): Effect.Effect<Connection, Trouble> {
    const connection = this.links.length === 1
      ? link.connection
      : Effect.timeoutFail(link.connection, { duration: limits.openPatience, onTimeout: () => away })
    return Effect.tapError(connection, () => Effect.sync(() => this.last(link)))
  }

  /** A call may take long because the provider does. It ends here when its keeper shows no life, or at its deadline. */
  private one<A>(link: Link, call: Call<A>): Effect.Effect<A, Missed> {
    return Effect.gen(this, function*() {
      const connection = yield* Effect.mapError(this.connected(link), unsent)
      if (!connection.calls.has(call.name)) return yield* Effect.fail(unsent({ _tag: "Refused" }))
      const looks = Effect.repeatN(
        Effect.delay(link.look(connection), limits.answerPatience),
        limits.callDeadline / limits.answerPatience - 1
      )
      const answer = yield* Effect.raceFirst(
        Effect.asSome(Effect.either(settled(call.send(connection)))),
        Effect.as(looks, Option.none())
      )
      if (Option.isNone(answer)) return yield* Effect.fail<Missed>({ trouble: away, wasSent: true })
      if (Either.isRight(answer.value)) return answer.value.right
      const trouble = answer.value.left
      if (trouble._tag === "Away" || trouble._tag === "Closing") yield* link.leave(connection)
      // Perhaps its bearer is not the right one any more.
      if (trouble._tag === "Refused") yield* link.look(connection)
      return yield* Effect.fail({ trouble, wasSent: trouble._tag === "Away" || trouble._tag === "Odd" })
    })
  }

  /** One round over all keepers. What one of them says is the answer; the rest is for the next one. */
  private round<A>(call: Call<A>): Effect.Effect<A, Missed> {
    return Effect.gen(this, function*() {
      let told: Missed | undefined
      for (const link of this.links) {
        const answer = yield* Effect.either(this.one(link, call))
        if (answer._tag === "Right") return answer.right
        const { left } = answer
        if (left.trouble._tag === "Told" || (left.wasSent && !call.isRepeatable)) return yield* Effect.fail(left)
        if (told === undefined || weights[left.trouble._tag] >= weights[told.trouble._tag]) told = left
      }
      return yield* Effect.fail(told ?? unsent(away))
    })
  }

  /** Asks until a keeper answers, or for as long as a caller waits for one. It has to be interruptible. */
  ask<A>(call: Call<A>): Effect.Effect<A, Missed> {
    return Effect.clockWith((clock) =>
      Effect.gen(this, function*() {
        const until = nowOf(clock).mono + limits.reconnectPatience
        while (true) {
          const answer = yield* Effect.either(this.round(call))
          if (answer._tag === "Right") return answer.right
          const { trouble, wasSent } = answer.left
          const mayPass = trouble._tag === "Busy" || trouble._tag === "Closing" ||
            (trouble._tag === "Away" && (call.isRepeatable || !wasSent))
          const wait = trouble._tag === "Busy" ? trouble.retryAfter : limits.betweenRounds
          if (!mayPass || nowOf(clock).mono + wait > until) return yield* Effect.fail(answer.left)
          const chance = yield* Random.next
          yield* Effect.sleep(wait * (0.5 + chance))
        }
      })
    )
  }

  /** The connection on which calls are made, and its keeper. */
  readonly current: Effect.Effect<{ readonly link: Link; readonly connection: Connection }, Trouble> = Effect.gen(
    this,
    function*() {
      let last: Trouble = away
      for (const link of this.links) {
        const connected = yield* Effect.either(this.connected(link))
        if (connected._tag === "Right") return { link, connection: connected.right }
        last = connected.left
      }
      return yield* Effect.fail(last)
    }
  )
}
