/** The only place where a Priava status or body becomes a failure of a session. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Predicate from "effect/Predicate"
import { waitOf } from "./retryDate.ts"

/** What was being done. */
export type Operation = "signIn" | "refresh"

const bodyWait = (answer: TokenEndpoint.Answer) =>
  Predicate.isRecord(answer.body) ? waitOf(answer.body["retry-after"], answer.at) : undefined

/**
 * What an answer means for the operation.
 *
 * Priava answers 400 to "any problem" and lists no codes. Those of RFC 6749 keep their meaning. Another one refuses a
 * code for good; on a refresh it is `refused`, because a session that is ended by mistake costs a human a new code.
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const limited = answer.status === 429 && answer.retryAfter === undefined
  const known = TokenEndpoint.common(limited ? { ...answer, retryAfter: bodyWait(answer) } : answer)
  if (known !== undefined) return known
  // Where the token path begins is not documented, so this is most likely the wrong URL.
  if (answer.status === 404 || answer.status === 405) {
    return TokenEndpoint.failure(answer, { kind: "config", reason: "url" })
  }
  const failure = TokenEndpoint.oauth(answer)
  return operation === "signIn" ? ofCode(answer, failure) : failure
}

/** A code that was answered with 400 is used up, whoever is at fault: nothing says that it was not. */
const ofCode = (answer: TokenEndpoint.Answer, failure: ExchangeFailure): ExchangeFailure => {
  if (failure.kind === "refused") return TokenEndpoint.failure(answer, { kind: "terminal", reason: "unknown" })
  return answer.status === 400 && failure.kind !== "terminal"
    ? new ExchangeFailure({ ...failure, sent: "unknown" })
    : failure
}
