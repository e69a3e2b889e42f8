/** The only module that turns a status or body of Pitchpoint into a failure of a session. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"

/** The operation. */
export type Operation = "signIn" | "refresh"

/**
 * 400 and 403 are both a refusal and have the same body. Only the code `access_denied` is documented; the codes of RFC
 * 6749 keep their meaning. Any other code is `refused`, because an undocumented word must not end a session at once. An
 * answer without the documented body comes from another server (a gateway), so it is transient.
 *
 * @see https://docs.pitchpointsolutions.com/api/authentication/signinwithpassword
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const known = TokenEndpoint.common(answer)
  if (known !== undefined) return known
  const failure = TokenEndpoint.oauth(answer)
  const isDocumented = answer.status === 400 || answer.status === 403
  const isRefused = failure.kind === "refused" || failure.kind === "terminal"
  if (!isDocumented || !isRefused) return failure
  if (operation === "signIn") return TokenEndpoint.failure(answer, { kind: "terminal", reason: "credentials" })
  return failure.kind === "terminal" || TokenEndpoint.errorCode(answer) === "access_denied"
    ? TokenEndpoint.failure(answer, { kind: "terminal", reason: "unknown" })
    : failure
}
