/** The only module that turns a status or body of Placewise into a failure of a session. */
import type { ExchangeFailure, Kind, Reason } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"

/** The operation. `send` is for one-time and registration passwords. */
export type Operation = "signIn" | "refresh" | "revoke" | "tokenInfo" | "send"

interface Meaning {
  readonly kind: Kind
  readonly reason: Reason
}

const always: { readonly [status: number]: Meaning } = {
  // An unparsable body is answered with an empty 400 (406 in the documentation of 2021).
  400: { kind: "config", reason: "request" },
  406: { kind: "config", reason: "request" },
  // 401 is about the client token, never about the member.
  401: { kind: "config", reason: "client" },
  402: { kind: "config", reason: "feature" },
  403: { kind: "config", reason: "permission" },
  405: { kind: "config", reason: "request" },
  // A firewall: it says nothing about the session.
  444: { kind: "transient", reason: "server" },
  462: { kind: "terminal", reason: "unknown" },
  467: { kind: "terminal", reason: "banned" },
  470: { kind: "config", reason: "header" },
  471: { kind: "config", reason: "header" }
}

/** Statuses with a meaning that depends on the source of the input: the caller or the session. */
const byOperation = (status: number, operation: Operation): Meaning | undefined => {
  const isInput = operation === "signIn" || operation === "send"
  switch (status) {
    case 404:
      return operation === "send" ? { kind: "terminal", reason: "request" } : { kind: "config", reason: "url" }
    case 422:
      return isInput ? { kind: "terminal", reason: "request" } : { kind: "config", reason: "request" }
    // It is documented for passwords only, so on a refresh it is an undocumented refusal.
    case 461:
      return isInput ? { kind: "terminal", reason: "credentials" } : { kind: "refused", reason: "unknown" }
    case 460:
      return operation === "tokenInfo" ? { kind: "terminal", reason: "unknown" } : undefined
  }
  return undefined
}

/**
 * Classifies an answer. An undocumented status with the documented body is a refusal. Without that body it comes from
 * another server (a proxy), so it is transient.
 */
export const classify = (operation: Operation) => (answer: TokenEndpoint.Answer): ExchangeFailure => {
  if (isForeign(answer)) return TokenEndpoint.failure(answer, { kind: "transient", reason: "malformed" })
  const meaning = always[answer.status] ?? byOperation(answer.status, operation)
  if (meaning !== undefined) {
    return TokenEndpoint.failure(answer.status === 422 ? withDetails(answer) : answer, meaning)
  }
  const known = TokenEndpoint.common(answer)
  if (known !== undefined) return known
  return TokenEndpoint.errorCode(answer) === undefined
    ? TokenEndpoint.failure(answer, { kind: "transient", reason: "malformed" })
    : TokenEndpoint.failure(answer, { kind: "refused", reason: "unknown" })
}

/**
 * Whether a gateway in front of Placewise made the error: an HTML page, or a body that repeats the status. The text
 * alone is no proof, because Placewise itself also sends `Not found`. Statuses from 444 on are Placewise's own.
 */
const isForeign = (answer: TokenEndpoint.Answer): boolean => {
  const { body, status } = answer
  // With a 408 from a gateway, the server behind it may have carried out the request.
  if (status < 400 || status === 408 || status === 429 || status >= 444) return false
  const rest = typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body, error: undefined } : body
  return TokenEndpoint.isGatewayError({ ...answer, body: rest })
}

/** The details of a 422 become the paths of the wrong fields, without their values. */
const withDetails = (answer: TokenEndpoint.Answer): TokenEndpoint.Answer => {
  const { body } = answer
  if (typeof body !== "object" || body === null || !("details" in body)) return answer
  const found: Array<string> = []
  collect(body.details, [], found)
  return found.length === 0 ? answer : { ...answer, errorDescription: answer.scrub(found.join(", ")) }
}

const collect = (node: unknown, path: ReadonlyArray<string>, found: Array<string>): void => {
  if (typeof node !== "object" || node === null || path.length > 8 || found.length >= 10) return
  if (!Array.isArray(node)) {
    for (const [name, value] of Object.entries(node)) collect(value, [...path, name], found)
    return
  }
  const codes = node.map((leaf) => (typeof leaf?.error === "string" ? leaf.error : "invalid"))
  found.push(`${path.join(".")}: ${codes.join(" ")}`)
}
