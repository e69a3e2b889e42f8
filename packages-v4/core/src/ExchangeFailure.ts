/**
 * The failure of a call to a token endpoint, as a provider reports it to the session machine. It is not a public error:
 * the machine turns it into an `AuthError` with the operation and the account.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"

/**
 * What the failure means for the session.
 *
 * - `terminal`: a final refusal. The provider documents it as the end of the grant, or it is `invalid_grant` of RFC
 *   6749 in an answer that has the token endpoint's own shape. On a refresh, the refresh token is invalid; on a
 *   sign-in, the input is wrong.
 * - `refused`: a refusal that the provider does not document. The session ends only when a refresh gets the same
 *   refusal for hours (`RefreshOptions.confirmRefusalAfter`). Until then a live access token is served.
 * - `config`: the application's configuration is wrong. The session is kept.
 * - `transient`: a fault that may pass by itself, including errors of a gateway or framework. The session is kept.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "terminal" | "refused" | "config" | "transient"

/**
 * Whether the server may have carried out the request.
 *
 * - `no`: the request was surely never sent (connection refused, name not found, invalid URL). Sending it again is
 *   safe.
 * - `answered`: the server answered and surely issued no tokens (a documented error, 429, 503).
 * - `unknown`: the server may have carried it out (500, 502, 504, a reset or timeout after the send, an unreadable
 *   2xx). With a rotating refresh token, sending it again may end the session.
 *
 * @since 0.1.0
 * @category models
 */
export type Sent = "no" | "answered" | "unknown"

/**
 * The reason, with the names of the public errors. For a refusal: `credentials | banned | request | unknown`. For a
 * configuration fault: `client | permission | feature | header | scope | request | url`. The other values are for
 * transient failures.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason =
  | "credentials"
  | "banned"
  | "request"
  | "unknown"
  | "client"
  | "permission"
  | "feature"
  | "header"
  | "scope"
  | "url"
  | "transport"
  | "timeout"
  | "rate-limited"
  | "server"
  | "malformed"
  | "closing"
  | "defect"

/**
 * One failed exchange.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExchangeFailure extends Data.TaggedError("ExchangeFailure")<{
  readonly kind: Kind
  readonly sent: Sent
  readonly reason: Reason
  readonly status?: number | undefined
  /** The `error` of the body, shortened and without secrets. */
  readonly error?: string | undefined
  /** The `error_description` of the body, shortened and without secrets. */
  readonly errorDescription?: string | undefined
  /** The status of the answer and the name of the field that can't be read; never a value. */
  readonly detail?: string | undefined
  /** How long the server asked to wait. */
  readonly retryAfter?: Duration.Duration | undefined
}> {
  override get message(): string {
    return `${this.kind} (${this.reason}), sent: ${this.sent}`
  }
}
