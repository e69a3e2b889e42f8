/** Reports changed records on one channel. A message holds the version of the record and the hash of its name. */
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Channels } from "./channels.ts"

export const channelOf = (prefix: string): string => `${prefix}:changes`

export const message = (version: number, hash: number): string => `${version} ${hash}`

export const makeChanges = (
  channels: Channels,
  prefix: string
): Effect.Effect<Stream.Stream<RecordChanges.RecordChange>, never, Scope> =>
  Effect.gen(function*() {
    const hub = RecordChanges.makeHub()
    yield* channels.subscribe(channelOf(prefix), {
      heard: (text) => {
        const [version, hash] = text.split(" ").map(Number)
        if (Number.isSafeInteger(version) && Number.isSafeInteger(hash)) hub.changed(hash!, version!)
      },
      confirmed: hub.listening,
      away: hub.away
    })
    return hub.changes
  })
