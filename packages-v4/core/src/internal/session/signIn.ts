/** Signing in: by the caller, or with tokens that were obtained elsewhere. Both begin a new session. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { AccessToken } from "../../AccessToken.ts"
import { type SignInError, TokenRequestRejected, type TokenStoreError } from "../../AuthError.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as TokenSet from "../../TokenSet.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import type { AdoptedTokens } from "../shapes/session.ts"
import * as tokenSets from "../tokenSets.ts"
import { keepAsks } from "./belonging.ts"
import { callProvider } from "./callProvider.ts"
import { type Cell, extrasOf, type Unsaved } from "./cell.ts"
import { commit } from "./commit.ts"
import * as remembered from "./credentials.ts"
import * as errors from "./errors.ts"
import { emit } from "./events.ts"
import { randomId } from "./ids.ts"
import { signingIn } from "./instrument.ts"
import { keyOf, type Machine, subjectOf, toItsEnd } from "./machine.ts"
import type { Credentials } from "./provider.ts"
import { replacedBy } from "./replaced.ts"
import { revoke } from "./revoke.ts"
import { now } from "./time.ts"
import { tokensOf } from "./tokens.ts"
import * as transitions from "./transitions.ts"
import { inTurn } from "./turn.ts"
import * as records from "./writeRecord.ts"

/**
 * Runs in a fiber of its own: once credentials have left, their answer is not thrown away because the caller went.
 * Sign-ins of one account come one after the other.
 */
export const signIn = (
  machine: Machine,
  cell: Cell,
  credentials: Credentials
): Effect.Effect<AccessToken, SignInError> =>
  toItsEnd(
    machine,
    () =>
      signingIn(
        machine,
        cell,
        inTurn(machine, cell, Effect.uninterruptible(send(machine, cell, credentials)))
      )
  )

const send = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  credentials: Credentials
): Effect.fn.Return<AccessToken, SignInError> {
  const { options, policy, provider, store } = machine
  const subject = subjectOf(machine, cell, "signIn")
  const before = provider.singleUse || policy.canSignIn
    ? Option.getOrUndefined(yield* readable(store.get(keyOf(machine, cell))))
    : undefined
  if (provider.singleUse) {
    if (remembered.isSpent(provider, yield* remembered.recall(before, credentials))) {
      return yield* new TokenRequestRejected({ ...subject, reason: "credentials", error: "already_used" })
    }
  }
  const sent = yield* now
  const answer = yield* callProvider(machine, options.deadline, () => credentials.send)
  const issued = Result.flatMap(answer, (response) => tokensOf(provider, response, sent.wall, undefined))
  if (Result.isFailure(issued)) {
    yield* burn(machine, cell, credentials, issued.failure)
    return yield* errors.ofRequest(subject, issued.failure)
  }
  const credential = yield* remembered.remember(provider, credentials, "accepted")
  const principal = yield* remembered.principalOf(machine, cell, before, credentials, false)
  return yield* begin(machine, cell, issued.success, { by: "caller", sentAt: sent.mono, credential, principal })
})

/** A record that can't be read does not prevent a sign-in: it will be replaced. */
const readable = (got: ReturnType<Machine["store"]["get"]>) =>
  Effect.catchIf(got, (error) => error.version !== undefined, () => Effect.succeedNone)

/** A code that was refused, or whose outcome is unknown, is used up; one that never left is not. */
const burn = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  credentials: Credentials,
  failure: ExchangeFailure
) {
  const isUsed = failure.kind === "terminal" || failure.kind === "refused" || failure.sent === "unknown"
  if (!machine.provider.singleUse || !isUsed) return
  const credential = yield* remembered.remember(
    machine.provider,
    credentials,
    failure.sent === "unknown" ? "unknown" : "refused"
  )
  const key = keyOf(machine, cell)
  const change = records.unmarked(transitions.burn(key, credential))
  yield* records.write(machine.store, key, change, machine.options.commitPatience)
})

/** Tokens that were obtained elsewhere. Their life is counted from `obtainedAt`, or from now. */
export const adoptTokens = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  given: AdoptedTokens
): Effect.fn.Return<AccessToken, TokenRequestRejected | TokenStoreError> {
  const at = yield* now
  const then = given.obtainedAt ?? at.wall
  const obtainedAt = Number.isFinite(then) ? Math.min(then, at.wall) : at.wall
  const read = Result.map(tokensOf(machine.provider, given, obtainedAt, undefined), (tokens) => ({
    ...tokens,
    lifetime: adoptedLifetime(given, obtainedAt, tokens)
  }))
  if (Result.isFailure(read)) {
    return yield* new TokenRequestRejected({ ...subjectOf(machine, cell, "adopt"), reason: "request" })
  }
  const sentAt = at.mono - (at.wall - obtainedAt)
  const beginning = begin(machine, cell, read.success, { by: "adopted", sentAt })
  return yield* toItsEnd(machine, () => inTurn(machine, cell, Effect.uninterruptible(beginning)))
})

/** Here a life of zero or less is not an odd answer of a server: the token is dead. */
const adoptedLifetime = (
  { expiresAt, expiresIn }: AdoptedTokens,
  obtainedAt: number,
  { lifetime }: TokenSet.TokenSet
): number | undefined => {
  if (expiresAt !== undefined) {
    return Number.isFinite(expiresAt) ? tokenSets.clampLifetime(expiresAt - obtainedAt) : undefined
  }
  const seconds = Number(expiresIn)
  return expiresIn !== undefined && expiresIn !== null && expiresIn !== "" && seconds <= 0 ? 0 : lifetime
}

interface Beginning {
  readonly by: "caller" | "adopted" | "itself"
  /** Monotonic. */
  readonly sentAt: number
  /** It replaces a token that the server rejected: then it is not replaced again for a while (G13). */
  readonly isAfterRejection?: boolean
  /** It replaces a token that still works. */
  readonly isAhead?: boolean
  readonly credential?: SessionRecord["credential"]
  readonly principal?: string | undefined
  /** The record as this owner claimed it: a caller who signed in or out meanwhile took the claim away, and comes first. */
  readonly claimed?: SessionRecord
}

/** A new session over whatever there was: a refresh in flight sees it and gives way. */
export const begin = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  tokens: TokenSet.TokenSet,
  beginning: Beginning
): Effect.fn.Return<AccessToken> {
  const { by, claimed, credential, isAfterRejection, isAhead, principal, sentAt } = beginning
  let tokensBefore: TokenSet.TokenSet | undefined
  const replaced = replacedBy(cell)
  const commitId = randomId()
  const session = randomId()
  const claim = claimed?.claim?.id
  const next = transitions.begin({
    key: keyOf(machine, cell),
    session,
    tokens,
    born: isAfterRejection === true ? "rejection" : by === "adopted" ? "adopted" : "signIn",
    commitId,
    keeper: machine.owner.name,
    credential,
    keepsCredential: by === "adopted" || machine.provider.singleUse,
    principal,
    claim
  })
  const askedBefore = keepAsks(machine, cell)
  // Calls under way may still carry a token that was replaced ahead of its end.
  const revoking = Effect.suspend(() => revokeReplaced(machine, isAhead === true ? undefined : tokensBefore, tokens))
  const unsaved: Unsaved = {
    commitId,
    claim,
    issued: { session, tokens },
    overUnreadable: by === "itself" ? undefined : () => next(undefined),
    begun: session,
    found: (current: SessionRecord | undefined) => {
      tokensBefore = current?.tokens
      replaced.seen(current)
      askedBefore(current)
    },
    next: (current) => replaced.mayReplace(current) ? next(current) : undefined,
    replaces: replaced.includes,
    whenSaved: revoking
  }
  const committed = yield* commit(machine, cell, unsaved, claimed, { sentAt })
  replaced.close()
  if (committed._tag === "Published") {
    const extras = extrasOf(cell)
    extras.forgotten = undefined
    if (by !== "itself") {
      extras.restUntil = undefined
      extras.fault = undefined
    }
    extras.begunByItself = by === "itself" ? session : undefined
    yield* emit(machine, cell, { _tag: "SignedIn", by }, committed.record)
    // Other processes use what is stored until this sign-in is saved.
    if (extras.unsaved !== unsaved) yield* revoking
  }
  return tokenOf(cell, committed.record, tokens)
})

/** Where a new sign-in leaves the old tokens alive, and the provider says that this is not wanted. */
const revokeReplaced = (
  machine: Machine,
  before: TokenSet.TokenSet | undefined,
  after: TokenSet.TokenSet
): Effect.Effect<void> =>
  before === undefined || !machine.provider.revokeReplaced ||
    Redacted.value(before.accessToken) === Redacted.value(after.accessToken)
    ? Effect.void
    : Effect.asVoid(ownFiber.start(revoke(machine, before)))

/** The session's token; when it has already moved on, the one that was issued. */
const tokenOf = (cell: Cell, record: SessionRecord | undefined, tokens: TokenSet.TokenSet): AccessToken =>
  cell.token !== undefined && cell.token.session === record?.session ? cell.token : {
    value: tokens.accessToken,
    session: record?.session ?? "",
    generation: record?.generation ?? 0,
    expiresAt: TokenSet.expiresAt(tokens),
    scopes: tokens.scopes,
    subject: tokens.subject,
    principal: record?.principal
  }
