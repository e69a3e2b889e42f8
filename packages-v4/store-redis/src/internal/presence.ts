/** An owner is alive while the channel with its name has a subscriber. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Schedule from "effect/Schedule"
import type { Scope } from "effect/Scope"
import type { Channels } from "./channels.ts"
import { ofStore } from "./failures.ts"
import { type Connections, heartbeat } from "./redis.ts"

/** A lost connection comes back sooner than this. An owner counts as gone only after this. */
const grace = Duration.millis(300)

/** Seconds. In this time after a server start, perhaps other owners are not connected yet. */
const youth = 5

const failure = ofStore("presence")

const uptimeOf = (info: string): number => Number(/^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? 0)

export const makePresence = (options: {
  readonly connections: Connections
  readonly channels: Channels
  readonly prefix: string
}): Effect.Effect<TokenStore.Presence, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const { channels, connections: { commands, leave }, prefix } = options
    const owner = `redis:${Hex.encode(crypto.getRandomValues(new Uint8Array(16)))}`
    const channelOf = (name: string) => `${prefix}:owner:${name}`

    /**
     * Asks about two owners. If the server does not see this owner either (a node, an old primary), its answer means
     * nothing.
     */
    const look = (name: string) =>
      Effect.map(
        commands.send((redis) => redis.pubsub("NUMSUB", channelOf(name), channelOf(owner)), failure),
        (answer) => {
          const [, there, , me] = Array.isArray(answer) ? answer.map(Number) : []
          return { isThere: there !== 0, isMeThere: me !== undefined && me > 0 }
        }
      )
    const isSubscribed = (name: string) => Effect.map(look(name), ({ isMeThere, isThere }) => isThere || !isMeThere)
    const isYoung = Effect.map(
      commands.send((redis) => redis.info("server"), failure),
      (info) => uptimeOf(info) < youth
    )

    const isConfirmed = yield* channels.subscribe(channelOf(owner), {
      heard: () => {},
      confirmed: () => {},
      away: () => {}
    })
    if (!isConfirmed) return yield* failure("the subscription was not confirmed")
    // The commands of presence are tried here. If they were refused only later, nobody would notice: claims of dead
    // owners would just block longer.
    yield* isYoung
    if (!(yield* look(owner)).isMeThere) {
      return yield* failure(
        "the server does not see the subscription: it may be a cluster, or a proxy for several servers"
      )
    }

    // After a failover the subscription may still be at the old primary, where others do not see it.
    const beat = Effect.all([look(owner), channels.isSettled]).pipe(
      Effect.flatMap(([{ isMeThere }, isSettled]) => isSettled && !isMeThere ? leave : Effect.void),
      Effect.ignore
    )
    yield* Effect.forkScoped(Effect.schedule(beat, Schedule.spaced(heartbeat)))

    return {
      owner,
      isAlive: Effect.fnUntraced(function*(name) {
        if (name === owner || !/^redis:[0-9a-f]{32}$/.test(name)) return true
        if ((yield* isSubscribed(name)) || (yield* isYoung)) return true
        yield* Effect.sleep(grace)
        return (yield* isSubscribed(name)) || !(yield* channels.isSettled)
      })
    }
  })
