/** How long a record must be kept. */
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as TokenSet from "@effect-auth/core/TokenSet"

/** When the session of a record is over (epoch milliseconds); `Infinity` where that is not known. */
const sessionEnd = (record: SessionRecord): number => {
  // What is sealed can't be looked at.
  if (record.sealed !== undefined) return Infinity
  if (record.tokens === undefined) return 0
  const accessEnd = TokenSet.expiresAt(record.tokens)
  if (record.tokens.refreshToken === undefined) return accessEnd
  return Math.max(accessEnd, record.tokens.refreshExpiresAt ?? Infinity)
}

/** Milliseconds after which Redis may forget the record; `undefined`: never. */
export const expiresIn = (record: SessionRecord, timeToLive: number | undefined, now: number): number | undefined => {
  if (timeToLive === undefined) return undefined
  const end = Math.max(
    now + timeToLive,
    sessionEnd(record),
    record.claim === undefined ? 0 : record.claim.at + record.claim.ttl,
    record.retry === undefined ? 0 : record.retry.at + record.retry.delay
  )
  // Redis refuses a longer life, after the script has written the record.
  return end - now <= Number.MAX_SAFE_INTEGER ? end - now : undefined
}
