/**
 * What a session is at one moment, without any secret: for user interfaces, logs and health checks.
 *
 * @since 0.1.0
 */
import type { EndReason } from "./SessionRecord.ts"

/**
 * Nobody is signed in.
 *
 * @since 0.1.0
 * @category models
 */
export interface SignedOut {
  readonly _tag: "SignedOut"
  /** `never`: nobody signed in yet · `signed-out`: somebody signed out, and signing in by itself is suspended. */
  readonly reason: "never" | "signed-out"
}

/**
 * Somebody is signed in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Active {
  readonly _tag: "Active"
  readonly session: string
  readonly generation: number
  /** `fresh`: not yet in the refresh window · `stale`: in it but usable · `dead`: past the hard margin before expiry. */
  readonly freshness: "fresh" | "stale" | "dead"
  /** When the access token dies (epoch milliseconds); `Infinity` where no end is known. */
  readonly expiresAt: number
  readonly scopes: ReadonlyArray<string> | undefined
  /** What the tokens came from: a sign-in, tokens given to `adopt`, a refresh in time, or one after a rejection. */
  readonly born: "signIn" | "adopted" | "time" | "rejection"
  /** Whether the service signed in by itself, with the credentials it was given. */
  readonly signedInByItself: boolean
  /** An exchange is under way. */
  readonly refreshing: boolean
  /** The newest tokens are not saved yet, because the store fails; they are served from memory. */
  readonly degraded: boolean
  /** An exchange was sent and its outcome is unknown. */
  readonly inDoubt: boolean
}

/**
 * The session is over and only signing in helps. A live access token is served until it dies or is rejected.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ended {
  readonly _tag: "Ended"
  readonly reason: EndReason
  /** When the access token that is still served dies (epoch milliseconds); absent when there is none. */
  readonly expiresAt?: number | undefined
}

/**
 * Where a session stands.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionState = SignedOut | Active | Ended
