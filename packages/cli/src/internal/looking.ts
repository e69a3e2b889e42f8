/**
 * The state of a session, from its record. It is read without the session machine: that takes as long to load as everything else,
 * and a command that only looks has nothing to decide.
 */
import type { TokenStoreError } from "@effect-auth/core/AuthError"
import type { EndReason, SessionRecord } from "@effect-auth/core/SessionRecord"
import { expiresAt, hardMargin, type TokenSet } from "@effect-auth/core/TokenSet"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Account } from "./accounts.ts"

/** A command is short: it refreshes when it is asked to, and not on a schedule. */
export const refresh = { mode: "onDemand" } as const

export type Look =
  | { readonly _tag: "SignedOut"; readonly reason: "never" | "signed-out" }
  | { readonly _tag: "Ended"; readonly reason: EndReason; readonly expiresAt: number | undefined }
  | {
    readonly _tag: "Active"
    readonly freshness: "fresh" | "stale" | "dead"
    readonly expiresAt: number
    readonly inDoubt: boolean
    readonly scopes: ReadonlyArray<string> | undefined
  }

/** The part of a life after which the machine refreshes: 0.70 to 0.80, by chance. */
const due = 0.75

/** When the shorter of the two lives is over, counted from `obtainedAt` (milliseconds). */
export const lifeOf = ({ lifetime, obtainedAt, refreshExpiresAt }: TokenSet): number =>
  Math.min(lifetime ?? Infinity, refreshExpiresAt === undefined ? Infinity : refreshExpiresAt - obtainedAt)

const freshnessOf = (tokens: TokenSet, now: number): "fresh" | "stale" | "dead" => {
  const { lifetime = Infinity, obtainedAt } = tokens
  if (now >= obtainedAt + lifetime - hardMargin(lifetime)) return "dead"
  return now < obtainedAt + due * lifeOf(tokens) ? "fresh" : "stale"
}

export const lookAt = ({ doubt, state, tokens }: SessionRecord, now: number): Look => {
  switch (state._tag) {
    case "signedOut":
      return { _tag: "SignedOut", reason: "signed-out" }
    case "ended": {
      const isAlive = tokens !== undefined && freshnessOf(tokens, now) !== "dead"
      return { _tag: "Ended", reason: state.reason, expiresAt: isAlive ? expiresAt(tokens) : undefined }
    }
    case "active":
      return tokens === undefined ? { _tag: "SignedOut", reason: "never" } : {
        _tag: "Active",
        freshness: freshnessOf(tokens, now),
        expiresAt: expiresAt(tokens),
        inDoubt: doubt !== undefined,
        scopes: tokens.scopes
      }
  }
}

export const stateOf = ({ account, provider, realm }: Account): Effect.Effect<Look, TokenStoreError, TokenStore> =>
  Effect.gen(function*() {
    const record = yield* (yield* TokenStore).get({ provider, realm, account })
    const now = yield* Clock.currentTimeMillis
    return Option.match(record, {
      onNone: (): Look => ({ _tag: "SignedOut", reason: "never" }),
      onSome: (found) => lookAt(found, now)
    })
  })
