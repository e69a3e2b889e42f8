/**
 * The token of most commands: in the first part of its life, with nothing to decide. It is read without the session machine,
 * which takes as long to load as everything else; in all other cases the machine decides.
 */
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import { expiresAt, type TokenSet } from "@effect-auth/core/TokenSet"
import { TokenStore } from "@effect-auth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { Account } from "./accounts.ts"
import { lifeOf } from "./looking.ts"

/** Below the smallest part of a life after which a token can be due by default (0.70). */
const early = 0.65

export interface EarlyToken {
  readonly value: Redacted.Redacted<string>
  /** Epoch milliseconds; `Infinity`: no end is known. */
  readonly expiresAt: number
}

/** A clock that went back says nothing of a token's age. */
const isInFirstPart = (tokens: TokenSet, now: number): boolean =>
  now >= tokens.obtainedAt && now < tokens.obtainedAt + early * lifeOf(tokens)

/** The token of a record in which nothing is under way and nothing is due. */
export const earlyToken = (record: SessionRecord, now: number): EarlyToken | undefined => {
  const { claim, doubt, refusal, retry, state, tokens } = record
  const isCalm = state._tag === "active" && [claim, doubt, refusal, retry].every((mark) => mark === undefined)
  return isCalm && tokens !== undefined && isInFirstPart(tokens, now)
    ? { value: tokens.accessToken, expiresAt: expiresAt(tokens) }
    : undefined
}

export const read = ({ account, provider, realm }: Account) =>
  Effect.gen(function*() {
    const record = yield* (yield* TokenStore).get({ provider, realm, account })
    const now = yield* Clock.currentTimeMillis
    return Option.flatMapNullable(record, (found) => earlyToken(found, now))
  }).pipe(
    // The session machine reports a record that can't be read.
    Effect.orElseSucceed(() => Option.none<EarlyToken>())
  )
