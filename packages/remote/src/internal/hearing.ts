/** Hears what changes at the keeper: one stream of notices for all sessions, on the connection that is there. */
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { Notice } from "../SessionRpcs.ts"
import type { Connection, Wanted } from "./connection.ts"
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
  /** Whether changes are heard now. */
  isOn = false
  /** Another number after each time in which changes were perhaps missed. */
  epoch = 0
  private readonly hub: PubSub.PubSub<SessionEvent>
  private readonly links: Links
  private readonly wanted: Wanted
  private readonly onChange: (account: string) => void

  constructor(
    links: Links,
    wanted: Wanted,
    hub: PubSub.PubSub<SessionEvent>,
    onChange: (account: string) => void
  ) {
    this.links = links
    this.wanted = wanted
    this.hub = hub
    this.onChange = onChange
  }

  readonly events: Stream.Stream<SessionEvent> = Stream.unwrapScoped(
    Effect.suspend(() => Effect.map(PubSub.subscribe(this.hub), (queue) => Stream.fromQueue(queue)))
  )

  private set(isOn: boolean): void {
    if (this.isOn === isOn) return
    this.isOn = isOn
    this.epoch++
  }

  private hear(notice: Notice): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (notice._tag === "Listening") this.set(true)
      if (notice._tag === "EverythingChanged") this.epoch++
      if (changing.has(notice._tag)) this.onChange(notice.account)
      return isEvent(notice) ? PubSub.publish(this.hub, notice) : Effect.void
    })
  }

  private follow({ client, headers }: Connection): Effect.Effect<void> {
    return Stream.runForEach(client.Events(this.wanted, { headers }), (notice) => this.hear(notice)).pipe(
      Effect.exit,
      Effect.ensuring(Effect.sync(() => this.set(false))),
      Effect.asVoid
    )
  }

  /** How long to wait before the next look for a keeper. */
  private readonly once: Effect.Effect<number> = Effect.gen(this, function*() {
    const found = yield* Effect.either(this.links.any)
    if (found._tag === "Left") {
      return found.left._tag === "Away" || found.left._tag === "Closing" ? limits.lookEach : limits.pollEach
    }
    if (!found.right.calls.has("Events")) return limits.pollEach
    yield* this.follow(found.right)
    return limits.betweenRounds
  })

  /** Listens until it is interrupted. */
  readonly run: Effect.Effect<never> = Effect.forever(Effect.gen(this, function*() {
    const wait = yield* this.once
    const chance = yield* Random.next
    yield* Effect.sleep(wait * (0.5 + chance / 2))
  }))
}
