/**
 * An access token as callers get it: the secret, the session it belongs to, and its number in that session.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * One access token. `(session, generation)` identifies it without showing the secret. With these two, a rejection that
 * arrives late is recognised as a rejection of a token that was already replaced.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccessToken {
  /** The text that follows `Bearer` in the `Authorization` header. */
  readonly value: Redacted.Redacted<string>
  /** The id of the session: each sign-in gets a new one, and a refresh keeps it. */
  readonly session: string
  /** Counts the token sets of a session: one more for each sign-in, refresh or sign-out. */
  readonly generation: number
  /** When it expires (epoch milliseconds); `Infinity` when the expiry is not known. */
  readonly expiresAt: number
  /** The granted scopes, if the provider reports them. */
  readonly scopes: ReadonlyArray<string> | undefined
  /**
   * The provider's id of the person or service that the token was issued to; absent if the provider does not send it.
   */
  readonly subject?: string | undefined
  /** An opaque id. All sessions that the service started by itself with the same credentials have the same one. */
  readonly principal?: string | undefined
}

/**
 * The session that a request is sent for, and the two ids that can show that another session has the same user.
 *
 * @since 0.1.0
 * @category models
 */
export interface Principal extends Pick<AccessToken, "session" | "subject" | "principal"> {}

/**
 * Whether a request that began in one session may continue in another one. It may only when both surely have the same
 * principal: the same session, the same subject, or the service's own credentials.
 *
 * @since 0.1.0
 * @category predicates
 */
export const belongsTo = (asked: Principal, current: Principal): boolean =>
  asked.session === current.session ||
  (asked.subject !== undefined && asked.subject === current.subject) ||
  (asked.principal !== undefined && asked.principal === current.principal)

/**
 * Whether two values are the same token of the same session.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSame = (
  a: Pick<AccessToken, "session" | "generation">,
  b: Pick<AccessToken, "session" | "generation">
): boolean => a.session === b.session && a.generation === b.generation
