/**
 * Every change of a session record, as a pure function from what is stored to what is written. No other file builds a
 * record. `undefined` refuses the change: what is stored forbids it.
 *
 * | transition | what it does | refused when |
 * | --- | --- | --- |
 * | `claim` | marks that one owner is exchanging now | the record is another version than the one that was decided on |
 * | `releaseClaim` | takes the mark away: nothing was sent under it | the claim is another one |
 * | `dropLeftover` | takes a dead owner's mark away and keeps its doubt | the claim is another one |
 * | `fail` | takes the mark away and notes the failure: doubt, backoff, refusal | the claim is another one |
 * | `end` | makes a tombstone and erases the refresh token | the claim is another one |
 * | `renew` | new tokens, generation + 1 | another session, generation or refresh token, signed out, or ended for certain |
 * | `renewResource` | a new access token for a further API, and the refresh token that came with it | the same, but the generation is that of the resource |
 * | `begin` | a new session, generation + 1 | it was begun under a claim, and the claim is another one |
 * | `depart` | erases the tokens, generation + 1 | there is no record, or it is not the one that was left |
 * | `burn` | remembers credentials that were used up | never |
 * | `remembering` | replaces or clears what is remembered of credentials | never |
 * | `at` | gives the record its version | never |
 *
 * Success clears what failures left: `claim`, `doubt`, `retry`, `refusal`.
 */
import * as Redacted from "effect/Redacted"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { RecordKey } from "../../RecordKey.ts"
import * as SessionRecord from "../../SessionRecord.ts"
import * as TokenSet from "../../TokenSet.ts"

type Record = SessionRecord.SessionRecord

/** From what is stored to what is written; `undefined`: the change is refused. */
export type Transition = (current: Record | undefined) => Record | undefined

const cleared = { claim: undefined, doubt: undefined, retry: undefined, refusal: undefined, sealed: undefined } as const

const underClaim = (id: string | undefined, change: (current: Record) => Record): Transition => (current) =>
  current !== undefined && current.claim !== undefined && current.claim.id === id ? change(current) : undefined

/** The record with the version of its place in the store. */
export const at = (record: Record, version: number): Record => ({ ...record, version })

/** The record that a claim is written over: the stored one, or the first one of an account. */
export const claimed = (
  base: Record | undefined,
  key: RecordKey,
  claim: SessionRecord.Claim,
  noted: { readonly doubt?: Record["doubt"]; readonly credential?: Record["credential"] }
): Record => {
  const record = base ?? SessionRecord.empty(key)
  return {
    ...record,
    version: (base?.version ?? 0) + 1,
    claim,
    doubt: noted.doubt ?? record.doubt,
    credential: noted.credential ?? record.credential
  }
}

export const claim = (next: Record): Transition => (current) =>
  (current?.version ?? 0) === next.version - 1 ? next : undefined

export const releaseClaim = (id: string | undefined): Transition =>
  underClaim(id, (current) => ({ ...current, claim: undefined }))

export const dropLeftover = (id: string, doubt: NonNullable<Record["doubt"]>): Transition =>
  underClaim(id, (current) => ({ ...current, claim: undefined, doubt: current.doubt ?? doubt }))

/** The members of the record that a failure changes. A member that is absent stays as it is. */
export interface Noted {
  readonly doubt?: Record["doubt"]
  readonly retry?: Record["retry"]
  readonly refusal?: Record["refusal"]
  readonly credential?: Record["credential"]
}

export const fail = (id: string | undefined, what: Noted): Transition =>
  underClaim(id, (current) => ({
    ...current,
    claim: undefined,
    doubt: what.doubt ?? current.doubt,
    retry: what.retry ?? current.retry,
    refusal: what.refusal ?? current.refusal,
    // A code that never left is not used up: then what was known before comes back, also when that is nothing.
    credential: "credential" in what ? what.credential : current.credential
  }))

export const end = (
  id: string | undefined,
  reason: SessionRecord.EndReason,
  failure: ExchangeFailure,
  credential?: Record["credential"]
): Transition =>
  underClaim(id, (current) => ({
    ...current,
    claim: undefined,
    retry: undefined,
    refusal: undefined,
    sealed: undefined,
    credential: credential ?? current.credential,
    tokens: current.tokens === undefined ? undefined : { ...current.tokens, refreshToken: undefined },
    state: {
      _tag: "ended",
      reason,
      status: failure.status,
      error: failure.error,
      errorDescription: failure.errorDescription
    }
  }))

/** The record that a refresh began with. */
type Base = Pick<Record, "session" | "generation"> & Partial<Pick<Record, "tokens">>

/**
 * Whether a refresh still has its place. A session has one refresh token for all its access tokens: where another refresh has
 * replaced it, that one came last.
 */
const isCurrent = (current: Record, base: Base): boolean => {
  const { state } = current
  const isOver = state._tag === "ended" ? state.reason !== "outcome-unknown" : state._tag === "signedOut"
  const [now, then] = [current.tokens?.refreshToken, base.tokens?.refreshToken]
  const isReplaced = now !== undefined && then !== undefined && Redacted.value(now) !== Redacted.value(then)
  return current.session === base.session && !isOver && !isReplaced
}

/** New tokens for the same session and generation, at any version: the notes of other processes stay. */
export const renew = (
  base: Base,
  renewal: Pick<Record, "keeper" | "commitId"> & {
    readonly tokens: TokenSet.TokenSet
    readonly born: "time" | "rejection"
  }
): Transition =>
(current) => {
  if (current === undefined || current.generation !== base.generation || !isCurrent(current, base)) return undefined
  const resources = current.tokens?.resources
  const tokens = resources === undefined ? renewal.tokens : { ...renewal.tokens, resources }
  return { ...current, ...cleared, ...renewal, tokens, generation: base.generation + 1, state: { _tag: "active" } }
}

/** The session's own access token stays, and so does its generation. */
export const renewResource = (
  base: Base,
  resource: string,
  renewal: Pick<Record, "commitId"> & {
    readonly tokens: TokenSet.TokenSet
    readonly born: TokenSet.ResourceToken["born"]
  }
): Transition =>
(current) => {
  const { born, commitId, tokens } = renewal
  const generation = TokenSet.ofResource(current?.tokens, resource)?.generation ?? 0
  if (current?.tokens === undefined || !isCurrent(current, base)) return undefined
  if (generation !== (TokenSet.ofResource(base.tokens, resource)?.generation ?? 0)) return undefined
  const { accessToken, lifetime, obtainedAt, refreshExpiresAt, refreshToken, scopes } = tokens
  const token = { accessToken, lifetime, obtainedAt, scopes, generation: generation + 1, born }
  const resources = { ...current.tokens.resources, [resource]: token }
  return {
    ...current,
    ...cleared,
    commitId,
    state: { _tag: "active" },
    tokens: { ...current.tokens, refreshToken, refreshExpiresAt, resources }
  }
}

/** A sign-in, or tokens that were adopted. */
export interface Beginning {
  readonly key: RecordKey
  readonly session: string
  readonly tokens: TokenSet.TokenSet
  readonly born: Record["born"]
  readonly commitId: string
  readonly keeper: string
  /** What the record is to remember of the credentials. */
  readonly credential: Record["credential"]
  /** What it remembered before stays, where `credential` is absent. */
  readonly keepsCredential: boolean
  /** Marks sessions that the service began by itself with the same credentials. */
  readonly principal: string | undefined
  /** The claim under which the service signed in by itself: a caller who signed in or out meanwhile comes first. */
  readonly claim: string | undefined
}

export const begin = (beginning: Beginning): Transition => (current) => {
  const { born, claim, commitId, credential, keeper, keepsCredential, key, principal, session, tokens } = beginning
  if (claim !== undefined && current?.claim?.id !== claim) return undefined
  const base = current ?? SessionRecord.empty(key)
  return {
    ...base,
    ...cleared,
    credential: credential ?? (keepsCredential ? base.credential : undefined),
    principal,
    session,
    generation: base.generation + 1,
    state: { _tag: "active" },
    tokens,
    born,
    commitId,
    keeper
  }
}

/** `over`: the record, with the change that this process has not saved yet. */
export const depart = (commitId: string, over: Record): Record => ({
  ...over,
  ...cleared,
  principal: undefined,
  keeper: undefined,
  tokens: undefined,
  generation: over.generation + 1,
  state: { _tag: "signedOut" },
  commitId
})

export const burn = (key: RecordKey, credential: Record["credential"]): Transition => (current) => ({
  ...current ?? SessionRecord.empty(key),
  credential
})

export const remembering = (record: Record, credential: Record["credential"]): Record => ({ ...record, credential })
