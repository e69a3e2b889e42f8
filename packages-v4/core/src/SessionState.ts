/**
 * The state of a session at one moment, without secrets: for user interfaces, logs and health checks.
 *
 * @since 0.1.0
 */
import type { EndReason } from "./SessionRecord.ts"

/**
 * There is no session.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedOut {
  readonly _tag: "SignedOut"
  /**
   * `never`: there was no sign-in yet · `signed-out`: the session was signed out, and the service does not sign in by
   * itself.
   */
  readonly reason: "never" | "signed-out"
}

/**
 * There is a session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Active {
  readonly _tag: "Active"
  readonly session: string
  readonly generation: number
  /**
   * `fresh`: no refresh is due · `stale`: a refresh is due, the access token still works · `dead`: the access token is
   * within the hard margin before expiry, or expired.
   */
  readonly freshness: "fresh" | "stale" | "dead"
  /** When the access token expires (epoch milliseconds); `Infinity` when the expiry is not known. */
  readonly expiresAt: number
  readonly scopes: ReadonlyArray<string> | undefined
  /** How the tokens were obtained: a sign-in, `adopt`, a refresh in time, or a refresh after a rejection. */
  readonly born: "signIn" | "adopted" | "time" | "rejection"
  /** Whether the service signed in by itself, with the option `credentials`. */
  readonly signedInByItself: boolean
  /** An exchange is under way. */
  readonly refreshing: boolean
  /** The store fails, so the newest tokens are not saved yet and are served from memory. */
  readonly degraded: boolean
  /** An exchange was sent and its outcome is unknown. */
  readonly inDoubt: boolean
  /**
   * When the session ends unless a person signs in (epoch milliseconds). A refresh may move it. Absent when the end is
   * not known, and when the service signs in by itself.
   */
  readonly reauthenticateBy?: number | undefined
}

/**
 * The session is over, and only a sign-in helps. A live access token is served until it expires or is rejected.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ended {
  readonly _tag: "Ended"
  readonly reason: EndReason
  /** The expiry of the access token that is still served (epoch milliseconds). Absent: no access token is served. */
  readonly expiresAt?: number | undefined
}

/**
 * The state of a session.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionState = SignedOut | Active | Ended
