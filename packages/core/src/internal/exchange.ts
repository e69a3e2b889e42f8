/**
 * Step 5: claim, exchange, commit or release. Uninterruptible from the claim to the publication; the HTTP call inside is
 * interruptible under its own deadline, so that neither a caller nor a slow server can leave it half done.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ProviderUnavailable } from "../AuthError.ts"
import type { TokenResponse } from "../AuthProvider.ts"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import * as TokenSet from "../TokenSet.ts"
import { call, unknownOutcome } from "./call.ts"
import { type Cell, extrasOf, type Need, type Unsaved } from "./cell.ts"
import * as commits from "./commit.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, type FlightError, keyOf } from "./engine.ts"
import { randomId } from "./ids.ts"
import { exchanged, exchanging, triggerOf } from "./observe.ts"
import { release } from "./release.ts"
import { now } from "./time.ts"

/** What one exchange came to. */
export type Outcome =
  /** Look at the session again: it is new, or somebody else moved it. */
  | { readonly _tag: "Again" }
  /** It failed; `retryIn` is set when it may pass by itself. */
  | { readonly _tag: "Failed"; readonly error: FlightError; readonly retryIn?: number | undefined }

/** Writes a claim over `record`; `false` when somebody else was faster. */
export const claim = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  claimed: SessionRecord,
  expected: number
): Effect.fn.Return<boolean, FlightError> {
  const id = claimed.claim?.id
  const written = yield* durable.write(engine.store, keyOf(engine, cell), {
    next: (current) => (current?.version ?? 0) === expected ? claimed : undefined,
    isThere: (current) => current.claim?.id === id
  }, engine.settings.commitPatience)
  if (written._tag === "Failed") {
    if (id !== undefined) extrasOf(cell).unreleased = { id, doubt: false, next: withoutClaim(id) }
    return yield* written.error
  }
  return written._tag === "Saved"
})

/** A claim that came to nothing: nothing was sent under it. */
export const giveBack = <C>(engine: Engine<C>, cell: Cell, claimed: SessionRecord): Effect.Effect<void> =>
  Effect.asVoid(
    durable.write(engine.store, keyOf(engine, cell), { next: withoutClaim(claimed.claim?.id), isThere: () => false }, 0)
  )

const withoutClaim = (id: string | undefined): Unsaved["next"] => (current) =>
  current !== undefined && current.claim?.id === id ? { ...current, claim: undefined } : undefined

/** The mark for a new claim of this process. */
export const newClaim = <C>(engine: Engine<C>, kind: "refresh" | "signIn", at: number) => ({
  id: randomId(),
  owner: engine.siblings.owner,
  at,
  ttl: engine.settings.claimTtl,
  kind
})

export const exchangeRefreshToken = <C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord,
  tokens: TokenSet.TokenSet
): Effect.Effect<Outcome, FlightError> =>
  engine.exchanges.withPermits(1)(Effect.uninterruptible(Effect.gen(function*() {
    if (engine.closed) return yield* closing(engine, cell)
    const mark = newClaim(engine, "refresh", (yield* now).wall)
    const claimed: SessionRecord = { ...record, version: record.version + 1, claim: mark }
    return yield* holding(engine, cell, mark.id, underClaim(engine, cell, need, record, claimed, tokens))
  })))

/** A claim lives until its exchange is over, and longer while its tokens are not saved. */
export const holding = <C, A, E>(
  engine: Engine<C>,
  cell: Cell,
  id: string,
  effect: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    engine.siblings.liveClaims.add(id)
    return Effect.ensuring(
      effect,
      Effect.sync(() => {
        if (cell.extras?.unsaved?.claim !== id) engine.siblings.liveClaims.delete(id)
      })
    )
  })

/** A claim that is shorter than this is not meant to protect anything. */
const shortestClaim = 1_000

/**
 * How much of a claim that was written since `since` (monotonic) is left for its exchange, at most the deadline; zero when
 * others may take it for a leftover already.
 */
export const leftOf = <C>(engine: Engine<C>, since: number): Effect.Effect<number> =>
  Effect.map(now, ({ mono }) => {
    const { claimTtl, deadline } = engine.settings
    return claimTtl < shortestClaim ? deadline : Math.max(0, Math.min(deadline, claimTtl - (mono - since)))
  })

export const closing = <C>(engine: Engine<C>, cell: Cell, operation = "refresh") =>
  new ProviderUnavailable({
    provider: engine.provider.name,
    account: cell.account,
    operation,
    reason: "closing"
  })

const underClaim = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord,
  claimed: SessionRecord,
  tokens: TokenSet.TokenSet
): Effect.fn.Return<Outcome, FlightError> {
  const since = (yield* now).mono
  if (!(yield* claim(engine, cell, claimed, record.version))) return { _tag: "Again" }
  const left = yield* leftOf(engine, since)
  if (left === 0) {
    yield* giveBack(engine, cell, claimed)
    return { _tag: "Again" }
  }
  const { provider } = engine
  const { refreshToken } = tokens
  const { refresh } = provider
  if (refreshToken === undefined || refresh === undefined) return { _tag: "Again" }
  const trigger = triggerOf(need)
  yield* emit(engine, cell, { _tag: "Refreshing", trigger }, record)
  const sent = yield* now
  const answer = Effect.map(
    call(engine, left, () => refresh(refreshToken, tokens)),
    Either.flatMap((response) => tokensOf(engine, response, sent.wall, tokens))
  )
  const issued = yield* exchanging(engine, cell, answer)
  yield* exchanged(engine, cell, issued, (yield* now).mono - sent.mono)
  if (Either.isLeft(issued)) return yield* release(engine, cell, need, claimed, issued.left, sent.wall)
  const next = issued.right
  const committed = yield* commits.commit(
    engine,
    cell,
    renewing(claimed, next, need._tag === "rejected" ? "rejection" : "time"),
    claimed,
    { sentAt: sent.mono }
  )
  if (committed._tag === "Published") yield* emit(engine, cell, { _tag: "Refreshed", trigger }, committed.record)
  return { _tag: "Again" }
})

/** New tokens for the same (session, generation), at any version; what others added to the record stays. */
const renewing = (base: SessionRecord, tokens: TokenSet.TokenSet, born: "time" | "rejection"): Unsaved => {
  const commitId = randomId()
  return {
    commitId,
    claim: base.claim?.id,
    issued: { session: base.session, tokens },
    next: (current) =>
      current !== undefined && current.session === base.session && current.generation === base.generation &&
        (current.state._tag === "active" ||
          (current.state._tag === "ended" && current.state.reason === "outcome-unknown"))
        ? { ...current, ...cleared, generation: base.generation + 1, tokens, born, commitId, state: { _tag: "active" } }
        : undefined
  }
}

/** What a success ends. */
export const cleared = {
  claim: undefined,
  doubt: undefined,
  retry: undefined,
  refusal: undefined,
  sealed: undefined
} as const

/** What the wire told, checked; a life counted from the send; what was not said again, kept. */
export const tokensOf = <C>(
  engine: Engine<C>,
  response: TokenResponse,
  sentAt: number,
  previous: TokenSet.TokenSet | undefined
): Either.Either<TokenSet.TokenSet, ExchangeFailure> => {
  const fallback = engine.provider.defaultLifetime
  const issued: TokenSet.TokenSet = {
    accessToken: response.accessToken,
    refreshToken: response.refreshToken,
    scopes: response.scopes,
    obtainedAt: sentAt,
    lifetime: TokenSet.lifetimeFromSeconds(
      response.expiresIn,
      fallback === undefined ? undefined : finite(Duration.toMillis(fallback))
    ),
    refreshExpiresAt: finite(response.refreshExpiresAt),
    subject: response.subject
  }
  const isBearer = (response.tokenType?.trim().toLowerCase() || "bearer") === "bearer"
  const isOthers = previous?.subject !== undefined && issued.subject !== undefined &&
    previous.subject !== issued.subject
  if (isOthers) return Either.left(unknownOutcome("malformed", "other_subject"))
  if (!isBearer || !TokenSet.isSendable(issued)) return Either.left(unknownOutcome("malformed"))
  return Either.right(previous === undefined ? issued : TokenSet.carryForward(issued, previous))
}

/** A record is JSON, which has no infinity: what has no end is not told. */
const finite = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined
