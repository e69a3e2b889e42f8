/** The failures that this package makes itself. None keeps an error of another library: those may hold tokens. */
import * as AuthError from "@effect-auth/core/AuthError"
import { ExchangeFailure, type Kind, type Reason } from "@effect-auth/core/ExchangeFailure"

/** The options can't be right. */
export const misconfigured = (
  provider: string,
  reason: AuthError.AuthMisconfigured["reason"],
  errorDescription: string
): AuthError.AuthMisconfigured =>
  new AuthError.AuthMisconfigured({ provider, account: "default", operation: "configure", reason, errorDescription })

/** Nothing was sent, because the configuration is at fault. */
export const unsent = (reason: Reason, errorDescription: string): ExchangeFailure =>
  new ExchangeFailure({ kind: "config", sent: "no", reason, errorDescription })

/** The server answered, and the answer is refused here. `error` is a word of this package, never of the server. */
export const refused = (kind: Kind, reason: Reason, error: string, errorDescription?: string): ExchangeFailure =>
  new ExchangeFailure({ kind, sent: "answered", reason, error, errorDescription })

export const invalidIdToken = refused(
  "terminal",
  "unknown",
  "invalid_id_token",
  "the ID token is missing, forged, or not for this sign-in"
)
