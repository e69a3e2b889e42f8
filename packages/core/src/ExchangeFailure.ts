/**
 * How a call to a token endpoint failed, as a provider tells it to the session machine. Not a public error: the machine
 * turns it into an `AuthError` when it knows what was being done and for whom.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"

/**
 * What the failure means for the session.
 *
 * - `terminal`: a definitive refusal. On a refresh the refresh token is dead; on a sign-in the input is wrong.
 * - `refused`: a refusal whose meaning is not documented. A refresh ends the session only when the same refusal comes
 *   again at least 60 seconds later; the live access token is served meanwhile.
 * - `config`: the application's configuration is at fault. The session is kept.
 * - `transient`: may pass by itself. The session is kept.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "terminal" | "refused" | "config" | "transient"

/**
 * What became of the request.
 *
 * - `no`: it surely never left (connection refused, name not found, invalid URL). Sending it again is safe.
 * - `answered`: the server answered and surely issued nothing (a documented error, 429, 503).
 * - `unknown`: it may have been carried out (500, 502, 504, a reset or timeout after the send, an unreadable 2xx). With
 *   a rotating refresh token, sending it again may end the session.
 *
 * @since 0.1.0
 * @category models
 */
export type Sent = "no" | "answered" | "unknown"

/**
 * Why, in the words of the public errors: `credentials | banned | request | unknown` for a refusal, `client |
 * permission | feature | header | scope | request | url` for a configuration fault, the rest for a transient one.
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
  /** The `error` of the body, cut and scrubbed. */
  readonly error?: string | undefined
  /** The `error_description` of the body, cut and scrubbed. */
  readonly errorDescription?: string | undefined
  /** How long the server asked to wait. */
  readonly retryAfter?: Duration.Duration | undefined
}> {
  override get message(): string {
    return `${this.kind} (${this.reason}), sent: ${this.sent}`
  }
}
