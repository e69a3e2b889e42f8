/** An owner is alive while a database session holds the advisory lock with the owner's name. */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import { ofStore } from "./failures.ts"
import { isLocked } from "./pgSession.ts"
import type { Use } from "./records.ts"

/** A lost connection comes back sooner than this. An owner counts as gone only after this. */
const grace = Duration.millis(300)

const prefix = "postgresql:"

/** The owner's name contains the key of the lock: 64 random bits, which PostgreSQL reads as a signed number. */
export const makeOwner = (): { readonly name: string; readonly lock: string } => {
  const hex = Hex.encode(crypto.getRandomValues(new Uint8Array(8)))
  const name = `${prefix}${hex}`
  return { name, lock: lockOf(name) }
}

const lockOf = (name: string): string => String(BigInt.asIntN(64, BigInt(`0x${name.slice(prefix.length)}`)))

export const makePresence = (options: {
  readonly use: Use
  readonly owner: string
  /** Whether this owner was connected long enough to decide that another owner is gone. */
  readonly isSettled: Effect.Effect<boolean>
}): TokenStore.Presence => {
  const { isSettled, owner, use } = options
  // If the server does not see this owner either, its answer means nothing. After a restart, perhaps other owners are not
  // connected yet.
  const look = `SELECT ${isLocked("$1")} AS there, ${isLocked("$2")} AS me,
  now() - pg_postmaster_start_time() < interval '5 seconds' AS young`
  const isThere = (name: string) =>
    use((sql) =>
      sql.unsafe<{ readonly there: boolean; readonly me: boolean; readonly young: boolean }>(
        look,
        [lockOf(name), lockOf(owner)]
      )
    ).pipe(
      Effect.mapError(ofStore("postgresql", "presence")),
      Effect.map((rows) => rows[0]?.there !== false || !rows[0].me || rows[0].young)
    )
  return {
    owner,
    isAlive: Effect.fnUntraced(function*(name) {
      if (name === owner || !/^postgresql:[0-9a-f]{16}$/.test(name)) return true
      if (yield* isThere(name)) return true
      yield* Effect.sleep(grace)
      return (yield* isThere(name)) || !(yield* isSettled)
    })
  }
}
