/** One keeper: a connection that is opened once for all who want it, and left when its keeper shows no life. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"
import type { Endpoint } from "../Endpoint.ts"
import { backoff } from "./backoff.ts"
import { type Connection, open, settled, type Wanted } from "./connection.ts"
import * as counts from "./counts.ts"
import { nowOf } from "./held.ts"
import * as limits from "./limits.ts"
import * as ownFiber from "./ownFiber.ts"
import { away, type Trouble } from "./trouble.ts"

/** A connection that is open, and how to close it. */
interface Opened {
  readonly connection: Connection
  readonly left: Deferred.Deferred<void>
}

export class Link {
  /** The connection, or the attempt to open one. */
  private opening: Deferred.Deferred<Connection, Trouble> | undefined = undefined
  private opened: Opened | undefined = undefined
  private isLooking = false
  /** Attempts that failed in a row, what the last one came to, and until when there is no other one (monotonic). */
  private failures = 0
  private trouble: Trouble = away
  private restsUntil = -Infinity
  private readonly endpoint: Endpoint
  private readonly wanted: Wanted
  private readonly scope: Scope.Scope
  private readonly onLeft: (link: Link) => void

  constructor(endpoint: Endpoint, wanted: Wanted, scope: Scope.Scope, onLeft: (link: Link) => void) {
    this.endpoint = endpoint
    this.wanted = wanted
    this.scope = scope
    this.onLeft = onLeft
  }

  /** The connection; after a failure there is a short rest, in which it is not tried. */
  readonly connection: Effect.Effect<Connection, Trouble> = Effect.clockWith((clock) =>
    Effect.suspend(() => {
      if (this.opening !== undefined) return Deferred.await(this.opening)
      if (nowOf(clock).mono < this.restsUntil) return Effect.fail(this.trouble)
      const opening = this.opening = Deferred.unsafeMake<Connection, Trouble>(FiberId.none)
      return Effect.zipRight(ownFiber.start(this.scope, opening, this.life(opening)), Deferred.await(opening))
    })
  )

  /** A connection from its opening to its closing. */
  private life(opening: Deferred.Deferred<Connection, Trouble>): Effect.Effect<Connection, Trouble> {
    return Effect.scoped(Effect.gen(this, function*() {
      const connection = yield* Effect.tapError(open(this.endpoint, this.wanted), (trouble) => this.rest(trouble))
      const left = yield* Deferred.make<void>()
      this.failures = 0
      this.opened = { connection, left }
      yield* Deferred.succeed(opening, connection)
      yield* Deferred.await(left)
      return connection
    }))
  }

  private rest(trouble: Trouble): Effect.Effect<void> {
    return Effect.gen(this, function*() {
      this.opening = undefined
      this.failures++
      this.trouble = trouble
      const wait = yield* backoff(this.failures, limits.leastRest, limits.longestRest)
      this.restsUntil = nowOf(yield* Effect.clock).mono + wait
    })
  }

  /** This connection is not used again, and what waits for it has no answer. */
  leave(connection: Connection): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.opened?.connection !== connection) return Effect.void
      const { left } = this.opened
      this.opened = this.opening = undefined
      this.onLeft(this)
      return Effect.zipRight(counts.leftEndpoint, Deferred.succeed(left, undefined)).pipe(
        Effect.zipRight(Effect.logDebug("a keeper was left")),
        Effect.annotateLogs({ endpoint: this.endpoint.name })
      )
    })
  }

  /**
   * Looks whether the keeper still answers on this connection, and takes this caller; if not, it is left. One look serves
   * all who wonder, so it is nobody's own.
   */
  look(connection: Connection): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.isLooking || this.opened?.connection !== connection) return Effect.void
      this.isLooking = true
      const { client, headers } = connection
      const hello = settled(client.Hello({ ...this.wanted, ...limits.versions }, { headers })).pipe(
        Effect.timeoutFail({ duration: limits.probePatience, onTimeout: () => away }),
        Effect.tapError(({ _tag }) => _tag === "Away" || _tag === "Refused" ? this.leave(connection) : Effect.void),
        Effect.ensuring(Effect.sync(() => {
          this.isLooking = false
        }))
      )
      return ownFiber.start(this.scope, Deferred.unsafeMake(FiberId.none), hello)
    })
  }
}
