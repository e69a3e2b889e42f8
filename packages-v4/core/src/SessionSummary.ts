/**
 * One session as it is in memory, without secrets: for user interfaces that list many sessions.
 *
 * @since 0.1.0
 */
import type { SessionState } from "./SessionState.ts"

/**
 * The state of one account's session, and its times. Times are epoch milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionSummary {
  readonly account: string
  readonly state: SessionState
  /** When the request for the current access token was sent. Absent without a token. */
  readonly obtainedAt?: number | undefined
  /** When this process refreshes ahead, or tries again. Absent: nothing is planned. */
  readonly dueAt?: number | undefined
  /** How many exchanges failed in a row. Absent: the last one did not fail. */
  readonly failures?: number | undefined
  /** Since when the outcome of an exchange is unknown. */
  readonly inDoubtSince?: number | undefined
}
