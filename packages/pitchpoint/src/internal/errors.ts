/** The only place where a Pitchpoint status or body becomes a failure of a session. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"

/** What was being done. */
export type Operation = "signIn" | "refresh"

/**
 * 400 and 403 mean the same and have the same body: refused. The codes are not documented beside `access_denied`; those
 * of RFC 6749 are read as that says. Without the documented body it is somebody else's answer (a firewall's), and
 * passes: a refresh token must not die of it.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const known = TokenEndpoint.common(answer)
  if (known !== undefined) return known
  const failure = TokenEndpoint.oauth(answer)
  const isDocumented = answer.status === 400 || answer.status === 403
  return isDocumented && (failure.kind === "refused" || failure.kind === "terminal")
    ? TokenEndpoint.failure(answer, {
      kind: "terminal",
      reason: operation === "signIn" ? "credentials" : "unknown"
    })
    : failure
}
