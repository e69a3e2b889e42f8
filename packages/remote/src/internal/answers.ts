/** Turns what a session answers into what crosses the wire. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as AuthError from "@effect-auth/core/AuthError"
import type { SessionState } from "@effect-auth/core/SessionState"
import { hardMargin } from "@effect-auth/core/TokenSet"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Rpcs from "../SessionRpcs.ts"
import * as limits from "./limits.ts"

const encodeError = Schema.encodeSync(AuthError.AuthError)

const unknown: Rpcs.Failure = { kind: "unknown" }

/** A defect may quote anything, so nothing of it leaves the keeper. */
export const failing = <A, R>(work: Effect.Effect<A, AuthError.AuthError | Rpcs.Failure, R>) =>
  work.pipe(
    Effect.mapError((error): Rpcs.Failure =>
      AuthError.isAuthError(error) ? { kind: "auth", error: encodeError(error) } : error
    ),
    Effect.catchAllDefect(() => Effect.fail(unknown))
  )

const isFinite = (left: number): boolean => left < Infinity

/**
 * `fresh`: the keeper would hand it out at once. `isWatched`: its client is notified when it is replaced. `dueAt`: when the
 * keeper refreshes it (epoch milliseconds); a client asks after that.
 */
export const tokenOf = (
  token: AccessToken,
  at: {
    readonly wall: number
    readonly fresh: boolean
    readonly isWatched: boolean
    readonly dueAt: number | undefined
  }
): Rpcs.Token => {
  const left = Math.max(0, token.expiresAt - at.wall)
  const untilDue = Math.max(0, (at.dueAt ?? Infinity) - at.wall)
  const longest = at.isWatched ? limits.longestFresh : limits.pollEach
  const wanted = at.fresh ? Math.min(untilDue, longest) : limits.staleFor
  const fresh = Math.min(wanted, Math.max(left - hardMargin(isFinite(left) ? left : undefined), 0))
  return {
    value: token.value,
    session: token.session,
    generation: token.generation,
    left: isFinite(left) ? left : undefined,
    freshFor: fresh,
    scopes: token.scopes,
    subject: token.subject,
    principal: token.principal
  }
}

const expiresIn = (expiresAt: number, wall: number): number | null => isFinite(expiresAt) ? expiresAt - wall : null

export const stateOf = (state: SessionState, wall: number): Rpcs.State => {
  switch (state._tag) {
    case "SignedOut":
      return { _tag: "SignedOut", reason: state.reason }
    case "Ended":
      return {
        _tag: "Ended",
        reason: state.reason,
        expiresIn: state.expiresAt === undefined ? undefined : expiresIn(state.expiresAt, wall)
      }
    case "Active": {
      const { expiresAt, reauthenticateBy, ...rest } = state
      return {
        ...rest,
        expiresIn: expiresIn(expiresAt, wall),
        reauthenticateIn: reauthenticateBy === undefined ? undefined : reauthenticateBy - wall
      }
    }
  }
}
