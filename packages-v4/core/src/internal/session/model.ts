/** The words in which the rules are written: what is needed, what is known of a session, and what is to be done. */
import type { AccessToken } from "../../AccessToken.ts"
import type { Rotation } from "../../AuthProvider.ts"
import type { SessionRecord } from "../../SessionRecord.ts"

/** The resource of a further API whose access token is needed (RFC 8707). Absent: the session's own access token. */
interface Audience {
  readonly resource?: string | undefined
}

/** The needs of callers, weakest first. A flight for a weaker need, or for another audience, does not satisfy a stronger one. */
export type Need =
  & Audience
  & (
    | { readonly _tag: "load" }
    | { readonly _tag: "scheduled" }
    | { readonly _tag: "expired" }
    | { readonly _tag: "rejected"; readonly token: AccessToken }
    | { readonly _tag: "forced"; readonly session: string; readonly generation: number }
  )

export const strength: Record<Need["_tag"], number> = { load: 0, scheduled: 1, expired: 2, rejected: 3, forced: 3 }

/** The facts of the provider and the options that a rule needs. Lengths are milliseconds. */
export interface Policy {
  readonly rotation: Rotation
  /** The provider has a refresh call. */
  readonly canRefresh: boolean
  /** The service has credentials of its own. */
  readonly canSignIn: boolean
  /** Refused credentials are recognised when they come again. */
  readonly knowsCredentials: boolean
  /** A refresh may go on when the caller has its token: there is a schedule, or the platform keeps the process alive. */
  readonly mayLeaveWork: boolean
  readonly retryPatience: number
  readonly confirmRefusalAfter: number
  readonly propagation: number
}

/** `never`: no user signed in yet. `unloaded`: the store was not read yet. */
export type Status = "unloaded" | "never" | "signedOut" | "active" | "ended"

/** The access token that is held. `…At` is on the monotonic clock, but for `expiresAt`, which is on the wall clock. */
export interface Held {
  readonly session: string
  readonly generation: number
  readonly born: SessionRecord["born"]
  /** When it was asked for. */
  readonly obtainedAt: number
  /** From when callers wait for a refresh. */
  readonly marginAt: number
  readonly deadAt: number
  readonly expiresAt: number
}

export type Ended = Extract<SessionRecord["state"], { readonly _tag: "ended" }>

/** The knowledge that a process has of one session, for one audience. The first half is known without reading the store. */
export interface View {
  readonly status: Status
  readonly token: Held | undefined
  /** The session's own token, where `token` is that of a further API. */
  readonly own?: Held | undefined
  /** Monotonic: when the session is due for a refresh ahead, or for another look. */
  readonly due: number
  /** Another process has written a version that this one has not read yet. */
  readonly outdated: boolean
  /** Tokens are held that the store does not have yet. */
  readonly unsaved: boolean
  /** No new exchange may begin. */
  readonly closing: boolean
  /** How many exchanges the flight has sent. */
  readonly exchanges: number
  /** Milliseconds in which this process sends no request, also when a caller needs a token. */
  readonly rest: number
  /** Wall clock: an exchange was sent at this time and its outcome is unknown. */
  readonly doubt: number | undefined
  /** The record as it was just read; absent: not read yet in this round. */
  readonly stored?: Stored | undefined
}

/** The facts that only the record has. */
export interface Stored {
  readonly refreshToken: "none" | "usable" | "pastItsEnd"
  /** `leftover`: its owner is gone, or it has outlived its ttl. */
  readonly claim: "none" | "living" | "leftover"
  /** A claim of this process whose release could not be written. */
  readonly isUnreleased: boolean
  readonly ended: Ended | undefined
  /** The service began the session by itself, with credentials that can be sent again. */
  readonly isOwn: boolean
  /** Milliseconds until the next exchange is allowed; `floor` is the part that even a forced refresh obeys. */
  readonly backoff: { readonly wait: number; readonly floor: number }
}

/** Why there is no token: no sign-in yet, a sign-out, no way to refresh, or the reason of an ended session. */
export type Because = "never" | "signed-out" | "expired" | Ended

/** The next step of a flight. */
export type Step =
  /** The need is met. */
  | { readonly _tag: "Done" }
  /** Save the tokens that are not in the store yet. */
  | { readonly _tag: "Save" }
  | { readonly _tag: "Read" }
  /** Write the release that failed when the last exchange ended. */
  | { readonly _tag: "Release" }
  | { readonly _tag: "WaitForClaim" }
  /** The live token serves; nothing is to be done before `until` (monotonic). */
  | { readonly _tag: "Serve"; readonly until: number; readonly dropsLeftover: boolean }
  /** No request is sent for `millis`. `isWaitedOut`: a caller may wait that long and try again. */
  | {
    readonly _tag: "Backoff"
    readonly millis: number
    readonly isWaitedOut: boolean
    readonly dropsLeftover: boolean
  }
  /** The flight has sent so many exchanges in vain that another one makes no sense. */
  | { readonly _tag: "Exhausted" }
  | { readonly _tag: "Closing" }
  | { readonly _tag: "Fail"; readonly because: Because; readonly dropsToken: boolean }
  | { readonly _tag: "Refresh" }
  | { readonly _tag: "SignIn"; readonly otherwise: Because; readonly dropsToken: boolean }
