/**
 * What happened to a session, for logs and user interfaces. No event holds a secret.
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
 * What started a refresh: `scheduled` ahead of expiry · `expired` · `rejected` by the server · `forced` by the caller ·
 * `credentials`: signing in by itself.
 *
 * @since 0.1.0
 * @category models
 */
export type Trigger = "scheduled" | "expired" | "rejected" | "forced" | "credentials"

/**
 * - `SignedIn`: by the caller, by adopted tokens, or by itself (`by`).
 * - `Refreshing`: an exchange is about to be sent.
 * - `Refreshed`: by this process, saved, and published.
 * - `RefreshFailed`: an exchange failed; the session is kept unless `Ended` was told.
 * - `Adopted`: another owner refreshed, signed in or signed out; this process took that over.
 * - `Degraded`: the newest tokens could not be saved and are served from memory; `Recovered` when they are saved.
 * - `Suspect`: the provider keeps refusing without saying why; somebody should look.
 * - `Ended`: told once to each process.
 * - `SignedOut`.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionEvent =
  | (Common & { readonly _tag: "SignedIn"; readonly by: "caller" | "adopted" | "itself" })
  | (Common & { readonly _tag: "Refreshing"; readonly trigger: Trigger })
  | (Common & { readonly _tag: "Refreshed"; readonly trigger: Trigger })
  | (Common & {
    readonly _tag: "RefreshFailed"
    readonly trigger: Trigger
    readonly kind: "terminal" | "refused" | "config" | "transient"
    readonly sent: "no" | "answered" | "unknown"
    readonly reason: string
  })
  | (Common & { readonly _tag: "Adopted" })
  | (Common & { readonly _tag: "Degraded" })
  | (Common & { readonly _tag: "Recovered" })
  | (Common & { readonly _tag: "Suspect"; readonly failures: number })
  | (Common & { readonly _tag: "Ended"; readonly reason: EndReason })
  | (Common & { readonly _tag: "SignedOut" })
