/** Signing in: by the caller, with tokens obtained elsewhere, or by the service itself. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "../AccessToken.ts"
import { TokenRequestRejected, type TokenStoreError } from "../AuthError.ts"
import type { TokenResponse } from "../AuthProvider.ts"
import type { SignInError } from "../AuthService.ts"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import * as SessionRecord from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import { call } from "./call.ts"
import { type Cell, extrasOf, inTurn, type Unsaved } from "./cell.ts"
import { commit } from "./commit.ts"
import * as credential from "./credentials.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, keyOf, toItsEnd } from "./engine.ts"
import * as errors from "./errors.ts"
import { cleared, tokensOf } from "./exchange.ts"
import { randomId } from "./ids.ts"
import { signingIn } from "./observe.ts"
import * as ownFiber from "./ownFiber.ts"
import { revoke } from "./revoke.ts"
import { now } from "./time.ts"

const subjectOf = <C>(engine: Engine<C>, cell: Cell, operation: string): errors.Subject => ({
  provider: engine.provider.name,
  account: cell.account,
  operation
})

/**
 * Runs in a fiber of its own: once credentials have left, their answer is not thrown away because the caller went.
 * Sign-ins of one account come one after the other.
 */
export const signIn = <C>(engine: Engine<C>, cell: Cell, credentials: C): Effect.Effect<AccessToken, SignInError> =>
  toItsEnd(
    engine,
    () => signingIn(engine, cell, inTurn(cell, Effect.uninterruptible(send(engine, cell, credentials))))
  )

const send = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  credentials: C
): Effect.fn.Return<AccessToken, SignInError> {
  const subject = subjectOf(engine, cell, "signIn")
  if (engine.provider.singleUse === true) {
    const before = Option.getOrUndefined(yield* engine.store.get(keyOf(engine, cell)))
    const remembered = yield* credential.recall(engine, before, credentials)
    if (credential.isSpent(engine, remembered)) {
      return yield* new TokenRequestRejected({ ...subject, reason: "credentials", error: "already_used" })
    }
  }
  const sent = yield* now
  const answer = yield* call(engine, engine.settings.deadline, () => engine.provider.signIn(credentials))
  const issued = answer._tag === "Left" ? answer : tokensOf(engine, answer.right, sent.wall, undefined)
  if (issued._tag === "Left") {
    yield* burn(engine, cell, credentials, issued.left)
    return yield* errors.ofRequest(subject, issued.left)
  }
  const remembered = yield* credential.remember(engine, credentials, "accepted")
  return yield* begin(engine, cell, issued.right, { by: "caller", sentAt: sent.mono, remembered })
})

/** A code that was refused, or whose outcome is unknown, is used up; one that never left is not. */
const burn = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell, credentials: C, failure: ExchangeFailure) {
  const isUsed = failure.kind === "terminal" || failure.kind === "refused" || failure.sent === "unknown"
  if (engine.provider.singleUse !== true || !isUsed) return
  const remembered = yield* credential.remember(engine, credentials, failure.sent === "unknown" ? "unknown" : "refused")
  const key = keyOf(engine, cell)
  yield* durable.write(engine.store, key, {
    next: (current) => ({ ...current ?? SessionRecord.empty(key), credential: remembered }),
    isThere: () => false
  }, engine.settings.commitPatience)
})

/** Tokens that were obtained elsewhere. Their life is counted from now. */
export const adoptTokens = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  response: TokenResponse
): Effect.fn.Return<AccessToken, TokenRequestRejected | TokenStoreError> {
  const at = yield* now
  const issued = tokensOf(engine, response, at.wall, undefined)
  if (issued._tag === "Left") {
    return yield* new TokenRequestRejected({ ...subjectOf(engine, cell, "adopt"), reason: "request" })
  }
  const beginning = begin(engine, cell, issued.right, { by: "adopted", sentAt: at.mono })
  return yield* toItsEnd(engine, () => inTurn(cell, Effect.uninterruptible(beginning)))
})

interface Beginning {
  readonly by: "caller" | "adopted" | "itself"
  readonly sentAt: number
  /** Whether it replaces a token that the server rejected: then it is not replaced again for a while (G13). */
  readonly afterRejection?: boolean
  readonly remembered?: SessionRecord.SessionRecord["credential"]
  /** The record as this owner claimed it: whoever signed in or out meanwhile took the claim away, and comes first. */
  readonly claimed?: SessionRecord.SessionRecord
}

/** A new session over whatever there was: a refresh in flight sees it and gives way. */
export const begin = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  tokens: TokenSet,
  beginning: Beginning
): Effect.fn.Return<AccessToken> {
  const { by, claimed, sentAt } = beginning
  let replaced: TokenSet | undefined
  const unsaved = newSession(engine, cell, tokens, beginning, (before) => {
    replaced = before
  })
  const committed = yield* commit(engine, cell, unsaved, claimed, { sentAt })
  if (committed._tag === "Published") {
    const extras = extrasOf(cell)
    extras.forgotten = undefined
    if (by !== "itself") extras.restUntil = undefined
    extras.signedInByItself = by === "itself"
    yield* emit(engine, cell, { _tag: "SignedIn", by }, committed.record)
    yield* revokeReplaced(engine, replaced, tokens)
  }
  return tokenOf(cell, committed.record, tokens)
})

/** Where a new sign-in leaves the old tokens alive, and the provider says that this is not wanted. */
const revokeReplaced = <C>(engine: Engine<C>, before: TokenSet | undefined, after: TokenSet): Effect.Effect<void> =>
  before === undefined || engine.provider.revokeReplaced !== true ||
    Redacted.value(before.accessToken) === Redacted.value(after.accessToken)
    ? Effect.void
    : Effect.asVoid(ownFiber.start(revoke(engine, before)))

const newSession = <C>(
  engine: Engine<C>,
  cell: Cell,
  tokens: TokenSet,
  { afterRejection, by, claimed, remembered }: Beginning,
  onReplace: (tokens: TokenSet | undefined) => void
): Unsaved => {
  const commitId = randomId()
  const session = randomId()
  const key = keyOf(engine, cell)
  const next: Unsaved["next"] = (current) => {
    if (claimed !== undefined && current?.claim?.id !== claimed.claim?.id) return undefined
    onReplace(current?.tokens)
    const base = current ?? SessionRecord.empty(key)
    return {
      ...base,
      ...cleared,
      credential: remembered ?? base.credential,
      session,
      generation: base.generation + 1,
      state: { _tag: "active" },
      tokens,
      born: afterRejection === true ? "rejection" : by === "adopted" ? "adopted" : "signIn",
      commitId
    }
  }
  return { commitId, claim: claimed?.claim?.id, issued: { session, tokens }, next }
}

/** The session's token; when it has already moved on, the one that was issued. */
const tokenOf = (
  cell: Cell,
  record: SessionRecord.SessionRecord | undefined,
  tokens: TokenSet
): AccessToken =>
  cell.token !== undefined && cell.token.session === record?.session ? cell.token : {
    value: tokens.accessToken,
    session: record?.session ?? "",
    generation: record?.generation ?? 0,
    expiresAt: tokens.lifetime === undefined ? Infinity : tokens.obtainedAt + tokens.lifetime,
    scopes: tokens.scopes
  }
