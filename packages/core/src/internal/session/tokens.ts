/** From a token response to the tokens of a session. */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import type { TokenResponse } from "../../AuthProvider.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type * as TokenSet from "../../TokenSet.ts"
import * as tokenSets from "../tokenSets.ts"
import { unknownOutcome } from "./callProvider.ts"
import type { Provider } from "./provider.ts"

/**
 * Validates a token response. `sentAt`: epoch milliseconds, the moment from which the life is counted. Omitted fields keep
 * their previous value; a life that is omitted is the one before, then the provider's default.
 */
export const tokensOf = (
  provider: Provider,
  response: TokenResponse,
  sentAt: number,
  previous: TokenSet.TokenSet | undefined
): Either.Either<TokenSet.TokenSet, ExchangeFailure> => {
  try {
    return read(provider, response, sentAt, previous)
  } catch {
    // A provider in plain JavaScript: an access token that is not `Redacted`, or no object at all.
    return Either.left(unknownOutcome("defect"))
  }
}

const read: typeof tokensOf = (provider, response, sentAt, previous) => {
  const fallback = provider.defaultLifetime === undefined
    ? undefined
    : finite(Duration.toMillis(provider.defaultLifetime))
  const issued: TokenSet.TokenSet = {
    accessToken: response.accessToken,
    refreshToken: response.refreshToken,
    scopes: response.scopes,
    obtainedAt: sentAt,
    lifetime: tokenSets.lifetimeFromSeconds(response.expiresIn, previous?.lifetime ?? fallback),
    refreshExpiresAt: finite(response.refreshExpiresAt),
    subject: response.subject
  }
  const isBearer = (response.tokenType?.trim().toLowerCase() || "bearer") === "bearer"
  const isOthers = previous?.subject !== undefined && issued.subject !== undefined &&
    previous.subject !== issued.subject
  if (isOthers) return Either.left(unknownOutcome("malformed", "other_subject"))
  if (!isBearer || !tokenSets.isSendable(issued)) return Either.left(unknownOutcome("malformed"))
  return Either.right(previous === undefined ? issued : tokenSets.carryForward(issued, previous))
}

/** A record is JSON, which has no infinity: an end that never comes is absent. */
const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined
