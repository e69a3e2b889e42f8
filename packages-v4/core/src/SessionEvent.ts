/**
 * The events of a session, for logs and user interfaces. No event holds a secret.
 *
 * @since 0.1.0
 */
import type { EndReason } from "./SessionRecord.ts"

/** Which session of which account, and which generation of tokens. */
interface Common {
  readonly provider: string
  readonly account: string
  readonly session: string
  readonly generation: number
}

/**
 * What started a refresh. `scheduled`: ahead of expiry · `expired`: the access token had expired · `rejected`: the API
 * rejected the access token · `forced`: the caller asked for it · `credentials`: the service signed in by itself.
 *
 * @since 0.1.0
 * @category models
 */
export type Trigger = "scheduled" | "expired" | "rejected" | "forced" | "credentials"

/** The audience of an exchange. */
interface Audience {
  /** The further API that the access token is for (RFC 8707); absent: it is the session's own. */
  readonly resource?: string | undefined
}

/**
 * - `SignedIn`: a session began: by the caller, with adopted tokens, or by the service itself (`by`).
 * - `Refreshing`: an exchange is about to be sent.
 * - `Refreshed`: this process refreshed and saved the tokens.
 * - `RefreshFailed`: an exchange failed. The session is kept unless `Ended` also comes.
 * - `Adopted`: another owner refreshed, signed in or signed out, and this process now uses that record.
 * - `Degraded`: the newest tokens could not be saved, and are served from memory.
 * - `Recovered`: the newest tokens are saved again (`from: "degraded"`), or a refresh worked after failures (`from:
 *   "failures"`).
 * - `ReauthenticationDue`: the session ends at `by` (epoch milliseconds) unless a person signs in. It comes once for
 *   each `by`, when a day is left, or half of the time if that is less.
 * - `Suspect`: the provider refused a refresh without a documented reason, or its answers can't be read ten times in a
 *   row. An operator should look at it.
 * - `Ended`: the session is over, and a new sign-in is needed. It comes once in each process.
 * - `SignedOut`: the session was signed out.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionEvent =
  | (Common & { readonly _tag: "SignedIn"; readonly by: "caller" | "adopted" | "itself" })
  | (Common & Audience & { readonly _tag: "Refreshing"; readonly trigger: Trigger })
  | (Common & Audience & { readonly _tag: "Refreshed"; readonly trigger: Trigger })
  | (Common & Audience & {
    readonly _tag: "RefreshFailed"
    readonly trigger: Trigger
    readonly kind: "terminal" | "refused" | "config" | "transient"
    readonly sent: "no" | "answered" | "unknown"
    readonly reason: string
  })
  | (Common & { readonly _tag: "Adopted" })
  | (Common & { readonly _tag: "Degraded" })
  | (Common & { readonly _tag: "Recovered"; readonly from: "degraded" | "failures" })
  | (Common & { readonly _tag: "ReauthenticationDue"; readonly by: number })
  | (Common & { readonly _tag: "Suspect"; readonly failures: number })
  | (Common & { readonly _tag: "Ended"; readonly reason: EndReason })
  | (Common & { readonly _tag: "SignedOut" })
