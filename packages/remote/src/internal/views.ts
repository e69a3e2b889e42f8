/** What a client shows of its sessions. */
import type { SessionState } from "@effect-auth/core/SessionState"
import type { SessionSummary } from "@effect-auth/core/SessionSummary"
import type * as Clock from "effect/Clock"
import type { State } from "../SessionRpcs.ts"
import { type Held, nowOf } from "./held.ts"

/** Instants on this process's clock. */
export const stateOf = (state: State, wall: number): SessionState => {
  switch (state._tag) {
    case "SignedOut":
      return state
    case "Ended": {
      const { expiresIn, ...rest } = state
      return {
        ...rest,
        expiresAt: expiresIn === null ? Infinity : expiresIn === undefined ? undefined : wall + expiresIn
      }
    }
    case "Active": {
      const { expiresIn, reauthenticateIn, ...rest } = state
      return {
        ...rest,
        scopes: rest.scopes,
        expiresAt: wall + (expiresIn ?? Infinity),
        reauthenticateBy: reauthenticateIn === undefined ? undefined : wall + reauthenticateIn
      }
    }
  }
}

/** Of what this process holds: the keeper knows more. `undefined` without a token. */
export const summaryOf = (account: string, held: Held, clock: Clock.Clock): SessionSummary | undefined => {
  const at = nowOf(clock)
  const { token } = held
  if (token === undefined) return undefined
  const { expiresAt, generation, scopes, session } = token
  const how = held.freshness(at)
  return {
    account,
    state: {
      _tag: "Active",
      session,
      generation,
      freshness: how === "none" ? "dead" : how,
      expiresAt,
      scopes,
      born: "adopted",
      signedInByItself: false,
      refreshing: held.asking.size > 0,
      degraded: false,
      inDoubt: false
    },
    obtainedAt: at.wall + held.obtainedAt - at.mono,
    dueAt: held.dueAt < Infinity ? at.wall + held.dueAt - at.mono : undefined
  }
}
