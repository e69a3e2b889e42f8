/** Reports changed rows on one channel. A notification holds the version of the row and the hash of its name. */
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as Effect from "effect/Effect"
import { digest } from "./rowKey.ts"

export const channelOf = (table: string): Effect.Effect<string> =>
  Effect.map(digest(table), (hash) => `effect_auth_${hash.slice(0, 32)}`)

export const payload = (version: number, hash: number): string => `${version} ${hash}`

export interface News extends Pick<RecordChanges.Hub, "changes" | "listening" | "away"> {
  readonly heard: (payload: string) => void
}

export const makeNews = (): News => {
  const { away, changed, changes, listening } = RecordChanges.makeHub()
  return {
    changes,
    listening,
    away,
    heard: (payload) => {
      const [version, hash] = payload.split(" ").map(Number)
      if (Number.isSafeInteger(version) && Number.isSafeInteger(hash)) changed(hash!, version!)
    }
  }
}
