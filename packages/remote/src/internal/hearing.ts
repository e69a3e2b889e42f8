/** Hears what changes at the keeper: one stream of notices for all sessions, on the connection that is there. */
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Stream from "effect/Stream"
import type { Notice } from "../SessionRpcs.ts"
import { backoff } from "./backoff.ts"
import { type Connection, settled, type Wanted } from "./connection.ts"
import * as limits from "./limits.ts"
import type { Links } from "./links.ts"

type Notice = typeof Notice.Type

const events: ReadonlySet<string> = new Set<SessionEvent["_tag"]>([
  "SignedIn",
  "Refreshing",
  "Refreshed",
  "RefreshFailed",
  "Adopted",
  "Degraded",
  "Recovered",
  "ReauthenticationDue",
  "Suspect",
  "Ended",
  "SignedOut"
])

/** The keeper is no older than the notice, so a known name has its fields. */
const isEvent = (notice: { readonly _tag: string }): notice is SessionEvent => events.has(notice._tag)

/** After these the token may be another one. */
const changing: ReadonlySet<string> = new Set(["Changed", "SignedIn", "SignedOut", "Ended"])

export class Hearing {
  /** The connection on which changes are heard now. */
  private on: Connection | undefined = undefined
  /** Another number after each time in which changes were perhaps missed. */
  epoch = 0
  private readonly hub: PubSub.PubSub<SessionEvent>
  private readonly links: Links
  private readonly wanted: Wanted
  /** `undefined`: of all accounts. */
  private readonly onChange: (account: string | undefined) => void

  constructor(
    links: Links,
    wanted: Wanted,
    hub: PubSub.PubSub<SessionEvent>,
    onChange: (account: string | undefined) => void
  ) {
    this.links = links
    this.wanted = wanted
    this.hub = hub
    this.onChange = onChange
  }

  readonly events: Stream.Stream<SessionEvent> = Stream.unwrapScoped(
    Effect.suspend(() => Effect.map(PubSub.subscribe(this.hub), (queue) => Stream.fromQueue(queue)))
  )

  /** Whether changes of tokens that this connection brought are heard: a keeper reports those that it gave. */
  hears(connection: Connection | undefined): boolean {
    return connection !== undefined && connection === this.on
  }

  private listen(on: Connection | undefined): void {
    if (this.on === on) return
    this.on = on
    this.epoch++
  }

  private hear(connection: Connection, notice: Notice): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (notice._tag === "Listening") this.listen(connection)
      if (notice._tag === "EverythingChanged") this.onChange(undefined)
      if (changing.has(notice._tag)) this.onChange(notice.account)
      return isEvent(notice) ? PubSub.publish(this.hub, notice) : Effect.void
    })
  }

  /** Listens until the stream ends. A connection without an answer is left, so that others don't wait for it. */
  private readonly once: Effect.Effect<void> = Effect.gen(this, function*() {
    const { connection, link } = yield* this.links.current
    const { calls, client, headers } = connection
    if (!calls.has("Events")) return
    yield* settled(
      Stream.runForEach(client.Events(this.wanted, { headers }), (notice) => this.hear(connection, notice))
    ).pipe(
      Effect.tapError(({ _tag }) => _tag === "Away" || _tag === "Closing" ? link.leave(connection) : Effect.void),
      Effect.ensuring(Effect.sync(() => this.listen(undefined)))
    )
  }).pipe(Effect.ignore)

  /** Listens until it is interrupted. */
  readonly run: Effect.Effect<never> = Effect.suspend(() => {
    let failures = 0
    return Effect.forever(Effect.gen(this, function*() {
      const before = this.epoch
      yield* this.once
      failures = this.epoch === before ? failures + 1 : 1
      yield* Effect.sleep(yield* backoff(failures, limits.leastDeafness, limits.longestDeafness))
    }))
  })
}
