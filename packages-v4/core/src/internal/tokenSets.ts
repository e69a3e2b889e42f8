/** Pure functions of the session machine over its tokens. */
import * as Redacted from "effect/Redacted"
import { isTokenText, type TokenSet } from "../TokenSet.ts"
import * as limits from "./limits.ts"

/**
 * The lifetime in milliseconds from an `expires_in` (seconds). Numbers, numeric strings and fractions are accepted.
 * More than a year counts as a year. Less than a tenth of a second, zero and negative values count as 5 seconds.
 * Anything else gives `fallback`.
 * @see RFC 6749 section 5.1: https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export const lifetimeFromSeconds = (expiresIn: unknown, fallback: number | undefined): number | undefined => {
  const seconds = typeof expiresIn === "string" && expiresIn.trim() !== "" ? Number(expiresIn) : expiresIn
  if (typeof seconds !== "number" || Number.isNaN(seconds)) return fallback
  const millis = Math.round(seconds * 1000)
  return millis < limits.negligibleLifetime ? limits.shortestLifetime : Math.min(millis, limits.longestLifetime)
}

/** A lifetime in milliseconds between zero and a year. */
export const clampLifetime = (millis: number): number => Math.min(Math.max(0, millis), limits.longestLifetime)

/**
 * The lifetime of the refresh token in milliseconds, counted from `obtainedAt`. `undefined` if its expiry is not known,
 * or too near for a refresh ahead.
 */
export const refreshLifetime = ({ obtainedAt, refreshExpiresAt, refreshToken }: TokenSet): number | undefined => {
  if (refreshToken === undefined || refreshExpiresAt === undefined) return undefined
  const life = refreshExpiresAt - obtainedAt
  return life < limits.shortestRefreshLife ? undefined : life
}

/**
 * Fields that an answer omits keep their previous value: an answer without `refresh_token` keeps the old one. The
 * expiry of a refresh token is kept only if the refresh token is the same.
 * @see RFC 6749 section 6: https://www.rfc-editor.org/rfc/rfc6749#section-6
 */
export const carryForward = (next: TokenSet, previous: TokenSet): TokenSet => ({
  ...next,
  refreshToken: next.refreshToken ?? previous.refreshToken,
  refreshExpiresAt: next.refreshExpiresAt ?? (isReplaced(next, previous) ? undefined : previous.refreshExpiresAt),
  scopes: next.scopes ?? previous.scopes,
  subject: next.subject ?? previous.subject
})

const isReplaced = (next: TokenSet, previous: TokenSet): boolean =>
  next.refreshToken !== undefined &&
  (previous.refreshToken === undefined || Redacted.value(next.refreshToken) !== Redacted.value(previous.refreshToken))

/** Whether both tokens of a set can be sent. */
export const isSendable = (self: Pick<TokenSet, "accessToken" | "refreshToken">): boolean =>
  isTokenText(Redacted.value(self.accessToken)) &&
  (self.refreshToken === undefined || isTokenText(Redacted.value(self.refreshToken)))
