/**
 * Signing in without being asked, with credentials that the application gave for that: on first use, and once for each
 * session that ended. Under the same claim and the same shared backoff as a refresh, or many processes lock the account.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { AuthMisconfigured, TokenRequestRejected } from "../AuthError.ts"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import * as SessionRecord from "../SessionRecord.ts"
import { adopt } from "./adopt.ts"
import { orFailed } from "./bounded.ts"
import { call } from "./call.ts"
import { type Cell, extrasOf, type Need } from "./cell.ts"
import * as credential from "./credentials.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, type FlightError, keyOf } from "./engine.ts"
import * as errors from "./errors.ts"
import { claim, closing, giveBack, holding, leftOf, newClaim, type Outcome, tokensOf } from "./exchange.ts"
import { exchanged, exchanging } from "./observe.ts"
import { ended, hasMovedOn } from "./release.ts"
import * as retrying from "./retrying.ts"
import { begin } from "./signIn.ts"
import { now } from "./time.ts"

export const signInByItself = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord.SessionRecord | undefined,
  otherwise: FlightError
): Effect.fn.Return<Outcome, FlightError> {
  const subject = { provider: engine.provider.name, account: cell.account, operation: "signIn" }
  const given = engine.settings.credentials
  if (given === undefined) return yield* otherwise
  const credentials = yield* ask(engine, cell, () => given(cell.account), subject)
  const remembered = yield* credential.recall(engine, record, credentials)
  if (credential.isSpent(engine, remembered)) {
    if (otherwise._tag !== "SignInRequired") return yield* otherwise
    return yield* new TokenRequestRejected({ ...subject, reason: "credentials", error: "already_used" })
  }
  const signing = underClaim(engine, cell, need, record, credentials)
  return yield* engine.exchanges.withPermits(1)(Effect.uninterruptible(signing))
})

/**
 * The application's own Effect: bounded like an exchange, and whatever it fails with or throws is a fault of the
 * configuration. What it says may hold the credentials.
 */
const ask = <C>(engine: Engine<C>, cell: Cell, given: () => Effect.Effect<C, unknown>, subject: errors.Subject) =>
  orFailed(given, () => undefined).pipe(
    Effect.disconnect,
    Effect.timeout(engine.settings.deadline),
    Effect.mapError(() => new AuthMisconfigured({ ...subject, reason: "credentials" })),
    Effect.raceFirst(Effect.zipRight(Deferred.await(engine.leaving), closing(engine, cell, subject.operation)))
  )

const underClaim = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  need: Need,
  record: SessionRecord.SessionRecord | undefined,
  credentials: C
): Effect.fn.Return<Outcome, FlightError> {
  if (engine.closed) return yield* closing(engine, cell, "signIn")
  const mark = newClaim(engine, "signIn", (yield* now).wall)
  const key = keyOf(engine, cell)
  const base = record ?? SessionRecord.empty(key)
  const expected = record?.version ?? 0
  // A code that is used once is used up from here on, unless it turns out that it never left.
  const credentialInDoubt = engine.provider.singleUse === true
    ? yield* credential.remember(engine, credentials, "unknown")
    : base.credential
  const claimed = { ...base, version: expected + 1, claim: mark, credential: credentialInDoubt }
  return yield* holding(
    engine,
    cell,
    mark.id,
    Effect.gen(function*() {
      const since = (yield* now).mono
      if (!(yield* claim(engine, cell, claimed, expected))) return { _tag: "Again" } as const
      const left = yield* leftOf(engine, since)
      if (left === 0) {
        yield* giveBack(engine, cell, claimed)
        return { _tag: "Again" } as const
      }
      yield* emit(engine, cell, { _tag: "Refreshing", trigger: "credentials" }, base)
      const sent = yield* now
      const answer = Effect.map(
        call(engine, left, () => engine.provider.signIn(credentials)),
        Either.flatMap((response) => tokensOf(engine, response, sent.wall, undefined))
      )
      const issued = yield* exchanging(engine, cell, answer)
      yield* exchanged(engine, cell, issued, (yield* now).mono - sent.mono)
      if (Either.isLeft(issued)) {
        return yield* failed(engine, cell, claimed, base.credential, credentials, issued.left)
      }
      const remembered = yield* credential.remember(engine, credentials, "accepted")
      const afterRejection = need._tag === "rejected"
      yield* begin(engine, cell, issued.right, { by: "itself", sentAt: sent.mono, afterRejection, remembered, claimed })
      return { _tag: "Again" } as const
    })
  )
})

/** Refused credentials end the session until there are others; everything else is tried again later. */
const failed = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  claimed: SessionRecord.SessionRecord,
  before: SessionRecord.SessionRecord["credential"],
  credentials: C,
  failure: ExchangeFailure
): Effect.fn.Return<Outcome, FlightError> {
  const at = yield* now
  const retry = yield* retrying.next(engine, cell, claimed.retry, failure, at)
  const isRefused = failure.kind === "terminal" || failure.kind === "refused"
  const isUsed = isRefused || (engine.provider.singleUse === true && failure.sent === "unknown")
  const remembered = isUsed
    ? yield* credential.remember(engine, credentials, isRefused ? "refused" : "unknown")
    : before
  const id = claimed.claim?.id
  const next = (current: SessionRecord.SessionRecord | undefined): SessionRecord.SessionRecord | undefined => {
    if (current?.claim?.id !== id || current === undefined) return undefined
    const kept = { ...current, claim: undefined, credential: remembered }
    return isRefused ? ended(kept, "credentials", failure) : { ...kept, retry }
  }
  const written = yield* durable.write(
    engine.store,
    keyOf(engine, cell),
    { next, isThere: () => false },
    engine.settings.commitPatience,
    claimed
  )
  if (written._tag === "Failed") {
    if (id !== undefined) extrasOf(cell).unreleased = { id, doubt: false, next }
  } else {
    yield* adopt(engine, cell, written.record, "written")
  }
  const { kind, reason, sent } = failure
  yield* emit(engine, cell, { _tag: "RefreshFailed", trigger: "credentials", kind, sent, reason }, claimed)
  if (hasMovedOn(written, claimed)) return { _tag: "Again" }
  return {
    _tag: "Failed",
    error: isRefused
      ? errors.ofRequest({ provider: engine.provider.name, account: cell.account, operation: "signIn" }, failure)
      : errors.ofRefresh(
        { provider: engine.provider.name, account: cell.account, operation: "signIn" },
        failure,
        retry.delay
      ),
    retryIn: kind === "transient" ? retry.delay : undefined
  }
})
