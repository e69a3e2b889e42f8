/** An owner is alive while a connection holds the named lock with the owner's name. */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import { ofStore } from "./failures.ts"
import type { Use } from "./records.ts"

/** A lost connection comes back sooner than this. An owner counts as gone only after this. */
const grace = Duration.millis(300)

/** Seconds. In this time after a server start, perhaps other owners are not connected yet. */
const youth = 5

export const makeOwner = (): string => `mysql:${Hex.encode(crypto.getRandomValues(new Uint8Array(16)))}`

/** A lock name is unique in the whole server and has at most 64 characters. */
export const lockOf = (owner: string): string => `effect-auth.${owner.slice("mysql:".length)}`

export const makePresence = (options: {
  readonly use: Use
  readonly owner: string
  /** Whether this owner was connected long enough to decide that another owner is gone. */
  readonly isSettled: Effect.Effect<boolean>
}): TokenStore.Presence => {
  const { isSettled, owner, use } = options
  // If the server does not see this owner either (another node of a cluster), its answer means nothing.
  const isLocked = (name: string) =>
    use((sql) =>
      sql<{ readonly there: number | null; readonly me: number | null }>`SELECT IS_USED_LOCK(${
        lockOf(name)
      }) AS there, IS_USED_LOCK(${lockOf(owner)}) AS me`
    ).pipe(
      Effect.mapError(ofStore("mysql", "presence")),
      Effect.map(([row]) => row === undefined || row.there !== null || row.me === null)
    )
  const isYoung = use((sql) => sql<{ readonly Value: string }>`SHOW GLOBAL STATUS LIKE 'Uptime'`).pipe(
    Effect.mapError(ofStore("mysql", "presence")),
    Effect.map(([row]) => Number(row?.Value ?? 0) < youth)
  )
  return {
    owner,
    isAlive: Effect.fnUntraced(function*(name) {
      if (name === owner || !/^mysql:[0-9a-f]{32}$/.test(name)) return true
      if ((yield* isLocked(name)) || (yield* isYoung)) return true
      yield* Effect.sleep(grace)
      return (yield* isLocked(name)) || !(yield* isSettled)
    })
  }
}
