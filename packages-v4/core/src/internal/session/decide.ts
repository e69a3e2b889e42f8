/**
 * Every rule of the session machine, as pure functions. Obtaining a token, the flight, the release of a claim and the
 * schedule ask these functions and no others; no rotation policy is tested anywhere else.
 *
 * | question | function |
 * | --- | --- |
 * | how old is the token? | `freshness` |
 * | when does a process refresh what another one obtained? | `substituteTurn` |
 * | is the need met? | `isMet` |
 * | in doubt: serve the live token, or repeat the exchange? | `mayServe`, `mayRepeat`, `isKeptBack` |
 * | what does a caller get who asks for a token? | `reading` |
 * | what does a rejection of the token lead to? | `rejection` |
 * | what does a flight do next? | `decide` |
 * | what does a failed exchange mean? | `verdict`, `mayTryAgain` |
 */
import * as Duration from "effect/Duration"
import { type AccessToken, isSame } from "../../AccessToken.ts"
import { isRotating } from "../../AuthProvider.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { EndReason, SessionRecord } from "../../SessionRecord.ts"
import * as limits from "../limits.ts"
import type { Because, Held, Need, Policy, Step, Stored, View } from "./model.ts"
import type { Now } from "./time.ts"

export { belongsTo } from "../../AccessToken.ts"

// ── The token

export type Freshness = "none" | "fresh" | "stale" | "margin" | "dead"

/** Dead: its end has passed on one of the clocks. Margin: callers wait for a refresh. Stale: due, but not in the margin. */
export const freshness = ({ due, token }: Pick<View, "due" | "token">, at: Now): Freshness => {
  if (token === undefined) return "none"
  if (at.mono >= token.deadAt || at.wall >= token.expiresAt) return "dead"
  if (at.mono >= token.marginAt || at.wall >= token.expiresAt - (token.deadAt - token.marginAt)) return "margin"
  return at.mono < due ? "fresh" : "stale"
}

/** It can be handed out without waiting for another one. */
const isFresh = (view: Pick<View, "due" | "token">, at: Now): boolean => {
  const how = freshness(view, at)
  return how === "fresh" || how === "stale"
}

/** The held token, unless it is dead. */
const living = (view: Pick<View, "due" | "token">, at: Now): Held | undefined =>
  freshness(view, at) === "dead" ? undefined : view.token

/** Whether the session meets the need, without asking anybody. */
export const isMet = (view: View, need: Need, at: Now): boolean => {
  if (view.status === "unloaded") return false
  const token = living(view, at)
  switch (need._tag) {
    case "load":
      return !view.outdated
    case "scheduled":
      return view.status !== "active" || at.mono < view.due
    case "expired":
      return isFresh(view, at)
    case "rejected":
      return token !== undefined && !isSame(token, need.token)
    case "forced":
      return token !== undefined && !isSame(token, need)
  }
}

/**
 * Monotonic: when a process refreshes ahead the tokens that another one obtained. The other's turn is first; this one acts
 * when the other seems to be gone, in the second half of the time that is left until `last`. `chance`: from 0 to 1, so that not all of
 * them act at once.
 */
export const substituteTurn = (turn: number, last: number, chance: number): number =>
  Number.isFinite(last) ? turn + (last - turn) * (1 + chance) / 2 : turn

// ── Doubt and rotation

/** Whether the exchange of a lost answer may be repeated now, by what the provider documents (G63). */
export const mayRepeat = (policy: Policy, since: number, at: Now): boolean => {
  const { rotation } = policy
  if (typeof rotation === "string") return !isRotating(rotation)
  const { repeatable } = rotation.rotating
  return repeatable === "untilUsed" || at.wall - since < Duration.toMillis(repeatable)
}

/**
 * In doubt, serve the live token: repeating the exchange could end the session while its access token still works. It is
 * served to its end, or until the server rejects it (G19).
 */
export const mayServe = (policy: Policy, view: View, at: Now): boolean =>
  view.doubt !== undefined && !mayRepeat(policy, view.doubt, at) && living(view, at) !== undefined

/**
 * In doubt, no exchange for a further API is sent while the session's own token lives: it could end the session with that
 * token (G19).
 */
const isKeptBack = (policy: Policy, view: View, at: Now): boolean =>
  view.own !== undefined && mayServe(policy, { ...view, token: view.own }, at)

// ── A caller asks for a token

export type Reading =
  /** The held token, at once. `refreshesBehind`: and a refresh starts in the background. */
  | { readonly _tag: "Hand"; readonly refreshesBehind: boolean }
  /**
   * A better token is waited for, but not longer than `millis` (infinite: until the refresh is over, since nobody would see to
   * its end); then the held one. `due`: a refresh ahead of the margin.
   */
  | { readonly _tag: "Soon"; readonly millis: number; readonly of: "flight" | "refresh" | "due" }
  | { readonly _tag: "Wait" }

/** What a caller gets. `isRenewing`: a flight is replacing the held token because the server rejected it. */
export const reading = (policy: Policy, view: View, isRenewing: boolean, at: Now): Reading => {
  const token = living(view, at)
  if (token === undefined) return { _tag: "Wait" }
  const how = freshness(view, at)
  const millis = Math.max(1, Math.min((token.deadAt - at.mono) / 2, policy.retryPatience))
  if (how === "margin") {
    return mayServe(policy, view, at)
      ? { _tag: "Hand", refreshesBehind: false }
      : { _tag: "Soon", millis: policy.mayLeaveWork ? millis : Infinity, of: "refresh" }
  }
  if (isRenewing) return { _tag: "Soon", millis, of: "flight" }
  const isDue = how === "stale" && view.status === "active" && !view.closing
  if (isDue && !policy.mayLeaveWork) return { _tag: "Soon", millis: Infinity, of: "due" }
  return { _tag: "Hand", refreshesBehind: isDue }
}

// ── The server rejects a token

export type Rejection =
  /** Perhaps the API does not know the token yet: the same one is tried again after `millis` (G64). */
  | { readonly _tag: "TryAgain"; readonly millis: number }
  /** It was born from a rejection a moment ago: a refresh does not help (G13). */
  | { readonly _tag: "Hopeless" }
  | { readonly _tag: "Renew" }

/**
 * `waitedUntil`: monotonic time until which the first rejection of this very token is waited out, once there was one.
 * `wasAccepted`: the API has accepted this token before, so it knows it.
 */
export const rejection = (
  policy: Policy,
  view: View,
  rejected: AccessToken,
  known: { readonly isRenewing: boolean; readonly waitedUntil: number | undefined; readonly wasAccepted: boolean },
  at: Now
): Rejection => {
  const { token } = view
  if (token === undefined || !isSame(token, rejected) || known.isRenewing) return { _tag: "Renew" }
  const age = at.mono - token.obtainedAt
  // A clock that has not moved since the token was asked for stands still, as in a test: waiting would never end.
  const mayBeUnknown = !known.wasAccepted && age > 0
  const until = known.waitedUntil ?? (mayBeUnknown ? token.obtainedAt + policy.propagation : -Infinity)
  if (at.mono < until) return { _tag: "TryAgain", millis: until - at.mono }
  const young = Math.min(limits.youth, (token.deadAt - token.obtainedAt) / 2)
  return token.born === "rejection" && age < young ? { _tag: "Hopeless" } : { _tag: "Renew" }
}

// ── A flight

/** What a flight does next. */
export const decide = (policy: Policy, view: View, need: Need, at: Now): Step => {
  if (isMet(view, need, at)) return { _tag: "Done" }
  if (view.unsaved) return { _tag: "Save" }
  const { stored } = view
  if (stored === undefined || need._tag === "load") return { _tag: "Read" }
  if (stored.isUnreleased) return { _tag: "Release" }
  if (stored.claim === "living") return whileClaimed(policy, view, need, at)
  if (view.exchanges >= limits.mostExchanges) return { _tag: "Exhausted" }
  if (view.status === "active") return ofActive(policy, view, stored, need, at)
  return orSignIn(policy, view, stored, need, withoutSession(policy, view, stored))
}

/** Another owner is exchanging. A caller with a live token that is only due is not kept waiting for it. */
const whileClaimed = (policy: Policy, view: View, need: Need, at: Now): Step => {
  if (view.closing) return { _tag: "Closing" }
  const isKept = !policy.mayLeaveWork && need._tag === "scheduled" && living(view, at) !== undefined
  return isKept
    ? { _tag: "Serve", until: at.mono + limits.claimWait, dropsLeftover: false }
    : { _tag: "WaitForClaim" }
}

const withoutSession = (
  policy: Policy,
  view: View,
  { ended }: Stored
): { readonly because: Because; readonly maySignIn: boolean } => {
  if (view.status === "ended" && ended !== undefined) {
    // Refused credentials are sent again only if a fingerprint shows that they are new ones.
    return { because: ended, maySignIn: ended.reason !== "credentials" || policy.knowsCredentials }
  }
  // After a sign-out the service does not sign in by itself.
  if (view.status === "signedOut") return { because: "signed-out", maySignIn: false }
  return { because: "never", maySignIn: true }
}

/**
 * A session that the service began by itself is renewed ahead by signing in again, if it has no refresh token or an expired one
 * (G61). In other sessions an expired refresh token is tried once more: one request costs less than a human (G57).
 */
const ofActive = (policy: Policy, view: View, stored: Stored, need: Need, at: Now): Step => {
  const dropsLeftover = stored.claim === "leftover"
  const isOwn = stored.isOwn && policy.canSignIn
  const canRefresh = policy.canRefresh && stored.refreshToken !== "none"
  // A new session would bring its own access token, and no other.
  if (!canRefresh && need.resource !== undefined) return { _tag: "Fail", because: "expired", dropsToken: false }
  if (!canRefresh || (stored.refreshToken === "pastItsEnd" && isOwn)) {
    if (need._tag === "scheduled" && !isOwn) {
      return { _tag: "Serve", until: untilDeath(view, at), dropsLeftover: false }
    }
    return orSignIn(policy, view, stored, need, { because: "expired", maySignIn: true })
  }
  if (need._tag !== "rejected" && mayServe(policy, view, at)) {
    const until = untilDeath(view, at)
    if (need._tag !== "forced") return { _tag: "Serve", until, dropsLeftover }
    return { _tag: "Backoff", millis: until - at.mono, isWaitedOut: false, dropsLeftover }
  }
  if (isKeptBack(policy, view, at)) {
    const millis = untilDeath({ ...view, token: view.own }, at) - at.mono
    return { _tag: "Backoff", millis, isWaitedOut: false, dropsLeftover }
  }
  return unlessWaiting(view, stored, need, { _tag: "Refresh" })
}

/** Monotonic: when the live token dies. A dead one is left alone until a caller asks. */
const untilDeath = ({ token }: View, at: Now): number =>
  token !== undefined && token.deadAt > at.mono ? token.deadAt : Infinity

const orSignIn = (
  policy: Policy,
  view: View,
  stored: Stored,
  need: Need,
  { because, maySignIn }: { readonly because: Because; readonly maySignIn: boolean }
): Step => {
  // An ended session serves its live token until the server rejects it.
  const dropsToken = view.status === "ended" && need._tag === "rejected"
  if (!maySignIn || !policy.canSignIn) return { _tag: "Fail", because, dropsToken }
  return unlessWaiting(view, stored, need, { _tag: "SignIn", otherwise: because, dropsToken })
}

const unlessWaiting = (view: View, { backoff }: Stored, need: Need, step: Step): Step => {
  const isForced = need._tag === "forced"
  const millis = Math.max(view.rest, isForced ? backoff.floor : backoff.wait)
  // A forced refresh obeys Retry-After and the cooldown, but does not wait for their end.
  return millis <= 0 ? step : { _tag: "Backoff", millis, isWaitedOut: !isForced, dropsLeftover: false }
}

// ── An exchange has failed

/** What a failed refresh means for the session. */
export interface Verdict {
  /** Why the session is over, if it is. */
  readonly end: EndReason | undefined
  /** Since when the outcome of an exchange is unknown (wall clock). */
  readonly doubt: SessionRecord["doubt"]
  /** The refusal that waits to be confirmed. */
  readonly refusal: SessionRecord["refusal"]
  /** Which processes wait after the failure: all of them, only this one, or none. */
  readonly waits: "everybody" | "thisProcess" | "nobody"
  /** The provider refuses without a documented reason: a person should look. */
  readonly isSuspect: boolean
  /** Whether the live token serves meanwhile, so that no caller has to wait for another attempt. */
  readonly isServed: boolean
}

/** `sentAt`: wall clock, when the request left. `failures`: how many there are in a row, with this one. */
export const verdict = (
  policy: Policy,
  view: View,
  claimed: SessionRecord,
  failure: ExchangeFailure,
  need: Need,
  sentAt: number,
  failures: number,
  at: Now
): Verdict => {
  const inDoubt = claimed.doubt !== undefined && isRotating(policy.rotation)
  const isLost = failure.sent === "unknown" && isRotating(policy.rotation)
  const isMute = failure.kind === "transient" && failure.reason === "malformed"
  const pastItsEnd = isPastItsEnd(claimed, at)
  // Some servers say nothing else about a refresh token that was spent or has ended.
  const isMuteRefusal = isMute && (inDoubt || pastItsEnd) && failure.status === 400 && failure.sent === "answered"
  // A refusal that nobody documented may be about the resource alone.
  const isOfSession = need.resource === undefined
  const isUncertain = isOfSession && (failure.kind === "refused" || isMuteRefusal)
  const refusal = isUncertain ? refused(claimed.refusal, failure, at.wall) : undefined
  // The clock may be wrong: no undocumented answer ends a session at its first sight.
  const confirmAfter = pastItsEnd || isMuteRefusal ? limits.confirmSoonAfter : policy.confirmRefusalAfter
  const isConfirmed = refusal !== undefined && at.wall - refusal.at >= confirmAfter
  const isEnd = failure.kind === "terminal" || isConfirmed
  const doubt = claimed.doubt ?? (isLost ? { since: sentAt } : undefined)
  // Stryker disable next-line OptionalChaining: a lost answer leaves doubt, so it is there where it is read.
  const inDoubtNow = { ...view, doubt: doubt?.since }
  return {
    end: !isEnd ? undefined : pastItsEnd ? "expired" : inDoubt ? "outcome-unknown" : "refresh-token-rejected",
    doubt,
    refusal: refusal ?? claimed.refusal,
    waits: !isOfSession && failure.kind === "refused" ? "thisProcess" : waitsAfter(failure),
    isSuspect: isMute || failure.kind === "refused"
      ? failures >= limits.suspectAfter || (failure.kind === "refused" && failures === 1)
      : false,
    isServed: isLost &&
      ((need._tag !== "rejected" && mayServe(policy, inDoubtNow, at)) || isKeptBack(policy, inDoubtNow, at))
  }
}

/** Only the refresh token's own end makes a refusal "expired": it was asked for once more, and is over. */
export const isPastItsEnd = ({ tokens }: Pick<SessionRecord, "tokens">, at: Now): boolean =>
  tokens?.refreshExpiresAt !== undefined && at.wall >= tokens.refreshExpiresAt

/** A fault of the configuration is about this process; a request that closing kept from being sent is no failure (G59). */
export const waitsAfter = (failure: ExchangeFailure): Verdict["waits"] => {
  if (failure.reason === "closing" && failure.sent === "no") return "nobody"
  return failure.kind === "config" ? "thisProcess" : "everybody"
}

const nameOf = (failure: ExchangeFailure): string => `${failure.status ?? ""} ${failure.error ?? ""}`

/** The first refusal of its kind keeps its time. */
const refused = (before: SessionRecord["refusal"], failure: ExchangeFailure, at: number): SessionRecord["refusal"] =>
  before?.error === nameOf(failure) ? before : { error: nameOf(failure), at }

/**
 * Whether a caller that waits for a token gets one more attempt after a failure, also after one that a background refresh
 * or another process met. `millis`: the backoff; absent: waiting does not help.
 */
export const mayTryAgain = (
  policy: Policy,
  need: Need,
  after: {
    readonly millis: number | undefined
    readonly attempt: number
    readonly elapsed: number
    readonly closing: boolean
  }
): after is typeof after & { readonly millis: number } =>
  after.attempt === 1 && need._tag !== "scheduled" && !after.closing &&
  after.elapsed + (after.millis ?? Infinity) <= policy.retryPatience
