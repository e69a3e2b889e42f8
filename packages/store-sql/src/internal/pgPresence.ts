/** An owner is there while a session holds the advisory lock that bears its name. */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import { ofStore } from "./failures.ts"
import type { Use } from "./records.ts"

/** A connection that was cut comes back sooner than this, so that its owner is not taken for gone. */
const grace = Duration.millis(300)

const prefix = "postgresql:"

/** The lock is named by the owner: 64 random bits, which PostgreSQL takes as a signed number. */
export const makeOwner = (): { readonly name: string; readonly lock: string } => {
  const hex = Encoding.encodeHex(crypto.getRandomValues(new Uint8Array(8)))
  return { name: `${prefix}${hex}`, lock: lockOf(hex) }
}

const lockOf = (hex: string): string => String(BigInt.asIntN(64, BigInt(`0x${hex}`)))

export const makePresence = (options: {
  readonly use: Use
  readonly owner: string
  /** Whether this owner itself was there long enough to tell who is not. */
  readonly isSettled: Effect.Effect<boolean>
}): TokenStore.Presence => {
  const { isSettled, owner, use } = options
  // The key of the lock is in two halves there. A server that was just started may not have everybody back yet.
  const isLocked = (lock: string) =>
    use((sql) =>
      sql<{ readonly there: boolean; readonly young: boolean }>`SELECT EXISTS (
  SELECT 1 FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND ((classid::bigint << 32) | objid::bigint) = ${lock}::bigint
) AS there, now() - pg_postmaster_start_time() < interval '5 seconds' AS young`
    ).pipe(
      Effect.mapError(ofStore("postgresql", "presence")),
      Effect.map((rows) => rows[0]?.there !== false || rows[0].young)
    )
  return {
    owner,
    isAlive: Effect.fnUntraced(function*(name) {
      const hex = name.startsWith(prefix) ? name.slice(prefix.length) : ""
      if (name === owner || !/^[0-9a-f]{16}$/.test(hex)) return true
      if (yield* isLocked(lockOf(hex))) return true
      yield* Effect.sleep(grace)
      return (yield* isLocked(lockOf(hex))) || !(yield* isSettled)
    })
  }
}
