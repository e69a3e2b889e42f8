/** The only module that turns a status or body of Priava into a failure of a session. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Predicate from "effect/Predicate"
import { waitOf } from "./retryDate.ts"

/** The operation. */
export type Operation = "signIn" | "refresh"

const bodyWait = (answer: TokenEndpoint.Answer) =>
  Predicate.isObject(answer.body) ? waitOf(answer.body["retry-after"], answer.at) : undefined

/**
 * Classifies an answer.
 *
 * Priava answers 400 to "any problem" and lists no codes. The codes of RFC 6749 keep their meaning. On a sign-in, any
 * other code is final. On a refresh it is `refused`, because after a wrong end of the session a person would have to
 * make a new code.
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const limited = answer.status === 429 && answer.retryAfter === undefined
  const known = TokenEndpoint.common(limited ? { ...answer, retryAfter: bodyWait(answer) } : answer)
  if (known !== undefined) return known
  // The base of the token path is not documented, so the URL is probably wrong.
  if (answer.status === 404 || answer.status === 405) {
    return TokenEndpoint.failure(answer, { kind: "config", reason: "url" })
  }
  const failure = TokenEndpoint.oauth(answer)
  // The documented refusal has both texts. An unknown code without a description comes from another server.
  const isDocumented = answer.errorDescription !== undefined
  const read = failure.kind === "refused" && !isDocumented
    ? TokenEndpoint.failure(answer, { kind: "transient", reason: "malformed" })
    : failure
  return operation === "signIn" ? ofCode(answer, read) : read
}

/**
 * After a 400 a code counts as used up, because the documentation does not say otherwise. Any text under `error` of a
 * 400 refuses the code, because Priava answers "any problem" like that. A gateway's own error does not.
 */
const ofCode = (answer: TokenEndpoint.Answer, failure: ExchangeFailure): ExchangeFailure => {
  const isRefused = answer.status === 400 && failure.kind === "transient" &&
    TokenEndpoint.errorCode(answer) !== undefined && !TokenEndpoint.isGatewayError(answer)
  if (failure.kind === "refused" || isRefused) {
    return TokenEndpoint.failure(answer, { kind: "terminal", reason: "unknown" })
  }
  return answer.status === 400 && failure.kind !== "terminal"
    ? new ExchangeFailure({ ...failure, sent: "unknown" })
    : failure
}
