/** Decides how long a record must be kept. */
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as TokenSet from "@effect-auth/core/TokenSet"

/** When the session of a record is over (epoch milliseconds); `Infinity` if that is not known. */
const sessionEnd = (record: SessionRecord): number => {
  // Sealed fields can't be read here.
  if (record.sealed !== undefined) return Infinity
  if (record.tokens === undefined) return 0
  // The server's expiry of a refresh token may be too early, or from a wrong clock. The record is kept, so that the
  // server can decide.
  return record.tokens.refreshToken === undefined ? TokenSet.expiresAt(record.tokens) : Infinity
}

/** Milliseconds after which Redis may remove the record; `undefined`: never. */
export const expiresIn = (record: SessionRecord, timeToLive: number | undefined, now: number): number | undefined => {
  if (timeToLive === undefined) return undefined
  const end = Math.max(
    now + timeToLive,
    sessionEnd(record),
    record.claim === undefined ? 0 : record.claim.at + record.claim.ttl,
    record.retry === undefined ? 0 : record.retry.at + record.retry.delay
  )
  // Redis refuses a longer time, but only after the script has written the record.
  return end - now <= Number.MAX_SAFE_INTEGER ? end - now : undefined
}
