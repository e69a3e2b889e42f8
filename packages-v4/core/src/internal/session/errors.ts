/** The only place in core where the outcome of an exchange, or a tombstone, becomes a public error. */
import * as Duration from "effect/Duration"
import {
  AccessTokenRejected,
  AuthMisconfigured,
  ProviderUnavailable,
  RefreshOutcomeUnknown,
  RefreshTokenRejected,
  type SignInError,
  SignInRequired,
  TokenRequestRejected
} from "../../AuthError.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { Because, Ended } from "./model.ts"

/** The session and the operation that an error is about. */
export interface Subject {
  readonly provider: string
  readonly account: string
  readonly operation: string
}

const refusals = ["credentials", "banned", "request", "unknown"] as const
const faults = ["client", "permission", "feature", "header", "scope", "request", "url"] as const
const passing = ["transport", "timeout", "rate-limited", "server", "malformed", "closing", "defect"] as const

const oneOf = <const Names extends ReadonlyArray<string>>(names: Names, name: string, otherwise: Names[number]) =>
  names.find((known): known is Names[number] => known === name) ?? otherwise

export const details = (failure: ExchangeFailure) => ({
  status: failure.status,
  error: failure.error,
  errorDescription: failure.errorDescription
})

const unavailable = (subject: Subject, failure: ExchangeFailure, wait: Duration.Duration | undefined) =>
  new ProviderUnavailable({
    ...subject,
    ...details(failure),
    reason: failure.kind === "refused" ? "refused" : oneOf(passing, failure.reason, "server"),
    detail: failure.detail,
    retryAfter: wait ?? failure.retryAfter
  })

const misconfigured = (subject: Subject, failure: ExchangeFailure) =>
  new AuthMisconfigured({ ...subject, ...details(failure), reason: oneOf(faults, failure.reason, "request") })

/** A sign-in, or another call that carries the caller's own input. */
export const ofRequest = (
  subject: Subject,
  failure: ExchangeFailure
): Exclude<SignInError, { readonly _tag: "TokenStoreError" }> => {
  switch (failure.kind) {
    case "terminal":
    case "refused":
      return new TokenRequestRejected({
        ...subject,
        ...details(failure),
        reason: oneOf(refusals, failure.reason, "unknown")
      })
    case "config":
      return misconfigured(subject, failure)
    case "transient":
      return unavailable(subject, failure, undefined)
  }
}

/** A refresh that failed and did not end the session. `wait`: the shared backoff in milliseconds. */
export const ofRefresh = (subject: Subject, failure: ExchangeFailure, wait: number | undefined) =>
  failure.kind === "config"
    ? misconfigured(subject, failure)
    : unavailable(subject, failure, wait === undefined ? undefined : Duration.millis(wait))

/** Why there is no token. */
export const ofNone = (subject: Subject, because: Because) =>
  typeof because === "string" ? new SignInRequired({ ...subject, reason: because }) : ofEnd(subject, because)

/** The request was asked for in another session. */
export const ofChange = (subject: Subject): AccessTokenRejected =>
  new AccessTokenRejected({ ...subject, reason: "session-changed" })

/** The error of an ended session, the same for every caller. */
export const ofEnd = (
  subject: Subject,
  ended: Ended
): RefreshTokenRejected | RefreshOutcomeUnknown | SignInRequired | TokenRequestRejected => {
  const told = { ...subject, status: ended.status, error: ended.error, errorDescription: ended.errorDescription }
  switch (ended.reason) {
    case "refresh-token-rejected":
      return new RefreshTokenRejected(told)
    case "outcome-unknown":
      return new RefreshOutcomeUnknown(told)
    case "credentials":
      return new TokenRequestRejected({ ...told, reason: "credentials" })
    case "expired":
      return new SignInRequired({ ...subject, reason: "expired" })
  }
}

/** No request is sent for `wait` milliseconds, because the last answers were failures. */
export const ofBackoff = (subject: Subject, wait: number, status: number | undefined): ProviderUnavailable =>
  new ProviderUnavailable({ ...subject, status, reason: "backoff", retryAfter: Duration.millis(Math.ceil(wait)) })

/** Tokens were issued, but each was dead when it arrived. */
export const ofUseless = (subject: Subject, wait: number): ProviderUnavailable =>
  new ProviderUnavailable({ ...subject, reason: "timeout", retryAfter: Duration.millis(wait) })
