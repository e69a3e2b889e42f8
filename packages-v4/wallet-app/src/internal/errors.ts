/** The only module that turns a status of Wallet App into a failure of a session. */
import type { ExchangeFailure, Kind, Reason } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"

/** The operation. */
export type Operation = "signIn" | "revoke" | "tokenInfo"

interface Meaning {
  readonly kind: Kind
  readonly reason: Reason
}

const toSignIn: { readonly [status: number]: Meaning } = {
  400: { kind: "terminal", reason: "request" },
  401: { kind: "terminal", reason: "credentials" },
  403: { kind: "terminal", reason: "credentials" },
  422: { kind: "terminal", reason: "request" }
}

const toAny: { readonly [status: number]: Meaning } = {
  404: { kind: "config", reason: "url" },
  405: { kind: "config", reason: "url" },
  406: { kind: "config", reason: "header" },
  415: { kind: "config", reason: "header" }
}

/**
 * No error is documented, so only the status is read, with its common meaning; a text under `message` is kept. An HTML
 * page comes from another server (a firewall), so it must not count as refused credentials.
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  const known = TokenEndpoint.common(answer)
  if (known !== undefined) return known
  const told = withMessage(answer)
  if (TokenEndpoint.isGatewayError(answer)) {
    return TokenEndpoint.failure(told, { kind: "transient", reason: "malformed" })
  }
  const meaning = operation === "signIn" ? toSignIn[answer.status] ?? toAny[answer.status] : toAny[answer.status]
  return TokenEndpoint.failure(told, meaning ?? { kind: "refused", reason: "unknown" })
}

const withMessage = (answer: TokenEndpoint.Answer): TokenEndpoint.Answer => {
  const { body } = answer
  if (typeof body !== "object" || body === null || !("message" in body)) return answer
  return typeof body.message === "string" ? { ...answer, errorDescription: answer.scrub(body.message) } : answer
}
