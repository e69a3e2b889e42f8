/** An owner is there while somebody is subscribed to the channel that bears its name. */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type { Scope } from "effect/Scope"
import type { Channels } from "./channels.ts"
import { ofStore } from "./failures.ts"
import type { Connection } from "./redis.ts"

/** A connection that was cut comes back sooner than this, so that its owner is not taken for gone. */
const grace = Duration.millis(300)

/** A server that was started so recently (seconds) may not have everybody back yet. */
const youth = 5

const failure = ofStore("presence")

const uptimeOf = (info: string): number => Number(/^uptime_in_seconds:(\d+)/m.exec(info)?.[1] ?? 0)

export const makePresence = (options: {
  readonly commands: Connection
  readonly channels: Channels
  readonly prefix: string
}): Effect.Effect<TokenStore.Presence, TokenStoreError, Scope> =>
  Effect.gen(function*() {
    const { channels, commands, prefix } = options
    const owner = `redis:${Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(16)))}`
    const channelOf = (name: string) => `${prefix}:owner:${name}`

    const isSubscribed = (name: string) =>
      Effect.map(
        commands.send((redis) => redis.pubsub("NUMSUB", channelOf(name)), failure),
        (answer) => Array.isArray(answer) && Number(answer[1]) > 0
      )
    const isYoung = Effect.map(
      commands.send((redis) => redis.info("server"), failure),
      (info) => uptimeOf(info) < youth
    )

    const isConfirmed = yield* channels.subscribe(channelOf(owner), () => {})
    if (!isConfirmed) return yield* failure("the subscription was not confirmed")

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
