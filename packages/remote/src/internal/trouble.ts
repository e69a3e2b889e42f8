/** How a call failed, in the client's words, and the public errors that come of it. */
import * as AuthError from "@effect-auth/core/AuthError"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Failure } from "../SessionRpcs.ts"

/**
 * `Away`: no answer; perhaps the call was carried out · `Closing`: surely not.
 *
 * `Busy` · `Refused`: this caller is not allowed to ·
 * `Mismatch`: other sessions or other versions · `Odd`: an answer that this version does not know · `Told`: the keeper's
 * own answer.
 */
export type Trouble =
  | { readonly _tag: "Away" }
  | { readonly _tag: "Closing" }
  | { readonly _tag: "Busy"; readonly retryAfter: number }
  | { readonly _tag: "Refused" }
  | { readonly _tag: "Mismatch"; readonly what: string }
  | { readonly _tag: "Odd" }
  | { readonly _tag: "Told"; readonly error: AuthError.AuthError }

export const away: Trouble = { _tag: "Away" }

const decodeError = Schema.decodeUnknownOption(AuthError.AuthError)

export const ofFailure = ({ error, kind, retryAfter }: Failure): Trouble => {
  switch (kind) {
    case "auth": {
      const told = decodeError(error)
      return Option.isSome(told) ? { _tag: "Told", error: told.value } : { _tag: "Odd" }
    }
    case "refused":
      return { _tag: "Refused" }
    case "busy":
      return { _tag: "Busy", retryAfter: retryAfter ?? 100 }
    case "closing":
      return { _tag: "Closing" }
    case "mismatch":
      return { _tag: "Mismatch", what: "the keeper does not keep these sessions" }
    default:
      return { _tag: "Odd" }
  }
}

/** Whom an error is about. */
export interface Subject {
  readonly provider: string
  readonly account: string
  readonly operation: string
}

const store = (subject: Subject, reason: "unavailable" | "misconfigured", detail: string) =>
  new AuthError.TokenStoreError({ ...subject, reason, detail })

/** The store of a remote session is its keeper. */
export const storeErrorOf = (trouble: Trouble, subject: Subject): AuthError.TokenStoreError => {
  switch (trouble._tag) {
    case "Told":
      return trouble.error._tag === "TokenStoreError"
        ? trouble.error
        : store(subject, "unavailable", `the keeper failed: ${trouble.error._tag}`)
    case "Refused":
      return store(subject, "misconfigured", "the keeper refuses this caller, operation or account")
    case "Mismatch":
      return store(subject, "misconfigured", trouble.what)
    case "Busy":
      return store(subject, "unavailable", "the keeper is busy")
    case "Odd":
      return store(subject, "unavailable", "the keeper failed, or its answer can't be read")
    default:
      return store(subject, "unavailable", "no keeper can be reached")
  }
}

export const errorOf = (trouble: Trouble, subject: Subject): AuthError.AuthError => {
  switch (trouble._tag) {
    case "Told":
      return trouble.error
    case "Refused":
      return new AuthError.AuthMisconfigured({
        ...subject,
        reason: "permission",
        errorDescription: "the keeper refuses this caller, operation or account"
      })
    case "Mismatch":
      return new AuthError.AuthMisconfigured({ ...subject, reason: "options", errorDescription: trouble.what })
    case "Busy":
      return new AuthError.ProviderUnavailable({
        ...subject,
        reason: "busy",
        detail: "the keeper is busy",
        retryAfter: Duration.millis(trouble.retryAfter)
      })
    default:
      return storeErrorOf(trouble, subject)
  }
}
