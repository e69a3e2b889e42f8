/**
 * One exchange under a claim: claim, call, commit or release. The refresh grant and signing in by itself both go this way.
 *
 * It is uninterruptible from the claim to the publication; the HTTP call inside is interruptible under its own deadline, so
 * that neither a caller nor a slow server can leave it half done.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { AccessTokenError } from "../../AuthError.ts"
import { ProviderUnavailable } from "../../AuthError.ts"
import type { TokenResponse } from "../../AuthProvider.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { Trigger } from "../../SessionEvent.ts"
import type { Claim, SessionRecord } from "../../SessionRecord.ts"
import type { TokenSet } from "../../TokenSet.ts"
import * as limits from "../limits.ts"
import { applyRecord } from "./applyRecord.ts"
import { callProvider } from "./callProvider.ts"
import { type Cell, extrasOf, type Flight } from "./cell.ts"
import * as errors from "./errors.ts"
import { emit } from "./events.ts"
import { randomId } from "./ids.ts"
import { exchanged, exchanging } from "./instrument.ts"
import { keyOf, type Machine, subjectOf } from "./machine.ts"
import { longestExchange } from "./options.ts"
import type { Permit } from "./permits.ts"
import { restsOf } from "./resources.ts"
import { type Now, now } from "./time.ts"
import { tokensOf } from "./tokens.ts"
import * as transitions from "./transitions.ts"
import * as records from "./writeRecord.ts"

/** The outcome of one exchange. */
export type Outcome =
  /** Look at the session again: it has new tokens, or another process changed it. */
  | { readonly _tag: "Again" }
  /** It failed. `retryIn`: milliseconds after which it may pass by itself. */
  | { readonly _tag: "Failed"; readonly error: AccessTokenError; readonly retryIn?: number | undefined }

/** The change that a failed exchange makes to the record, and the error of its caller. */
export interface Failing {
  readonly change: transitions.Transition
  readonly error: AccessTokenError
  readonly retryIn: number | undefined
  /** The change ends the session in a way that a flight sees when it looks again. */
  readonly isEnd: boolean
  readonly suspect: number | undefined
}

/** The parts in which the grants differ. */
export interface Grant {
  readonly kind: Claim["kind"]
  readonly trigger: Trigger
  /** The stored record on which the decision was made. Absent: the account has no record. */
  readonly base: SessionRecord | undefined
  /** The fields that are written together with the claim. */
  readonly noted: { readonly doubt?: SessionRecord["doubt"]; readonly credential?: SessionRecord["credential"] }
  readonly previous: TokenSet | undefined
  readonly send: () => Effect.Effect<TokenResponse, ExchangeFailure>
  readonly succeed: (claimed: SessionRecord, tokens: TokenSet, sent: Now) => Effect.Effect<void>
  readonly fail: (claimed: SessionRecord, failure: ExchangeFailure, sent: Now) => Effect.Effect<Failing>
}

const again: Outcome = { _tag: "Again" }

export const exchange = (
  machine: Machine,
  cell: Cell,
  flight: Flight,
  grant: Grant
): Effect.Effect<Outcome, AccessTokenError> => {
  const isNeeded = flight.need._tag !== "scheduled" || flight.isNeeded
  const isAgain = flight.exchanges > 0
  const { applied } = flight
  const permitted = machine.exchanges.take(
    isNeeded,
    (place) => {
      flight.place = place
    },
    isAgain
  )
  const reportsAtOnce = machine.store.reportsAtOnce === true
  const run = ({ late }: Permit, waited: number): Effect.Effect<Outcome, AccessTokenError> => {
    if (machine.closed) return closing(machine, cell, grant.kind)
    // The decision was made on a record that is not the newest any more.
    if (cell.outdated || flight.applied !== applied) return Effect.succeed(again)
    if (late !== undefined) return errors.ofBackoff(subjectOf(machine, cell, grant.kind), late, 429)
    const claiming = underClaim(machine, cell, flight, grant)
    if (reportsAtOnce || waited <= limits.longestUnreported) return claiming
    return Effect.flatMap(
      machine.store.get(keyOf(machine, cell)),
      (found) => isSame(Option.getOrUndefined(found), grant.base) ? claiming : Effect.succeed(again)
    )
  }
  return Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      Effect.zip(now, restore(permitted)),
      ([asked, permit]) =>
        Effect.ensuring(
          Effect.flatMap(now, ({ mono }) => run(permit, mono - asked.mono)),
          machine.exchanges.release(permit)
        )
    )
  )
}

/** Versions begin at 1 again where a record was erased. */
const isSame = (one: SessionRecord | undefined, other: SessionRecord | undefined): boolean =>
  one?.version === other?.version && one?.session === other?.session && one?.commitId === other?.commitId

export const closing = (machine: Machine, cell: Cell, kind: Claim["kind"] = "refresh") =>
  new ProviderUnavailable({ ...subjectOf(machine, cell, kind), reason: "closing" })

const underClaim = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  flight: Flight,
  grant: Grant
): Effect.fn.Return<Outcome, AccessTokenError> {
  const since = yield* now
  const mark: Claim = {
    id: randomId(),
    owner: machine.owner.name,
    at: since.wall,
    ttl: machine.options.claimTtl,
    kind: grant.kind
  }
  const claimed = transitions.claimed(grant.base, keyOf(machine, cell), mark, grant.noted)
  const work = Effect.gen(function*() {
    if (!(yield* claim(machine, cell, grant.base, claimed, mark.id))) return again
    const left = leftOf(machine, since, yield* now)
    if (left > 0) return yield* send(machine, cell, flight, grant, claimed, left)
    yield* records.write(machine.store, keyOf(machine, cell), records.unmarked(transitions.releaseClaim(mark.id)), 0)
    return again
  })
  flight.claim = mark.id
  flight.until = Math.max(flight.until, since.mono + longestExchange(machine.options))
  return yield* holding(machine, cell, mark.id, work)
})

/** A claim lives until its exchange is over, and longer while its tokens are not saved. */
const holding = <A, E>(machine: Machine, cell: Cell, id: string, work: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    machine.owner.liveClaims.add(id)
    return Effect.ensuring(
      work,
      Effect.sync(() => {
        if (cell.extras?.unsaved?.claim !== id) machine.owner.liveClaims.delete(id)
      })
    )
  })

/** Writes a claim; `false` when another process was faster. */
const claim = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  base: SessionRecord | undefined,
  claimed: SessionRecord,
  id: string
): Effect.fn.Return<boolean, AccessTokenError> {
  const change: records.Change = {
    next: transitions.claim(claimed),
    isThere: (current) => current.claim?.id === id,
    isForThisVersion: true
  }
  const key = keyOf(machine, cell)
  const written = yield* records.write(machine.store, key, change, machine.options.commitPatience, base)
  if (written._tag === "Failed") {
    extrasOf(cell).unreleased = { id, next: transitions.releaseClaim(id) }
    return yield* written.error
  }
  return written._tag === "Saved"
})

/** Milliseconds that a claim leaves for its exchange; zero when others may take it for a leftover already. */
const leftOf = (machine: Machine, since: Now, at: Now): number => {
  const { claimTtl, deadline } = machine.options
  return claimTtl < limits.shortestClaim
    ? deadline
    : Math.max(0, Math.min(deadline, claimTtl - (at.mono - since.mono)))
}

const send = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  flight: Flight,
  grant: Grant,
  claimed: SessionRecord,
  left: number
): Effect.fn.Return<Outcome> {
  const { resource } = flight.need
  yield* emit(machine, cell, { _tag: "Refreshing", trigger: grant.trigger, resource }, claimed)
  const sent = yield* now
  flight.exchanges++
  const answer = Effect.map(
    callProvider(machine, left, grant.send),
    Either.flatMap((response) => tokensOf(machine.provider, response, sent.wall, grant.previous))
  )
  const issued = yield* exchanging(machine, cell, answer)
  const ended = (yield* now).mono
  yield* exchanged(machine, issued, ended - sent.mono)
  notePace(machine, cell, issued, ended)
  if (Either.isLeft(issued)) {
    const failing = yield* grant.fail(claimed, issued.left, sent)
    return yield* release(machine, cell, grant, resource, claimed, issued.left, failing)
  }
  if (cell.extras !== undefined) cell.extras.fault = undefined
  if (resource !== undefined) restsOf(cell, flight.need).fault = undefined
  yield* grant.succeed(claimed, issued.right, sent)
  return again
})

/** Only a server that was reached says something about its limit. */
const notePace = (
  machine: Machine,
  cell: Cell,
  issued: Either.Either<TokenSet, ExchangeFailure>,
  mono: number
): void => {
  if (Either.isRight(issued)) return machine.pace.answered(mono)
  const { kind, reason, retryAfter, sent } = issued.left
  if (sent !== "answered") return
  if (reason === "rate-limited" || (kind === "transient" && retryAfter !== undefined)) {
    if (machine.pace.limit(cell, Duration.toMillis(retryAfter ?? 0), mono)) machine.exchanges.pause(mono)
  } else machine.pace.answered(mono)
}

/** Writes the meaning of the failure on the record, for the next exchange of any process. */
const release = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  grant: Grant,
  resource: string | undefined,
  claimed: SessionRecord,
  failure: ExchangeFailure,
  failing: Failing
): Effect.fn.Return<Outcome> {
  const { change, error, isEnd, retryIn, suspect } = failing
  const written = yield* records.write(
    machine.store,
    keyOf(machine, cell),
    records.unmarked(change),
    machine.options.commitPatience,
    claimed
  )
  const isWritten = written._tag !== "Failed"
  if (isWritten) yield* applyRecord(machine, cell, written.record, "written")
  else extrasOf(cell).unreleased = { id: claimed.claim?.id ?? "", next: change }
  const { kind, reason, sent } = failure
  yield* emit(machine, cell, { _tag: "RefreshFailed", trigger: grant.trigger, kind, sent, reason, resource }, claimed)
  if (suspect !== undefined) yield* emit(machine, cell, { _tag: "Suspect", failures: suspect }, claimed)
  if (hasMovedOn(written, claimed) || (isEnd && isWritten)) return again
  return { _tag: "Failed", error, retryIn: isWritten ? retryIn : undefined }
})

/** A release that arrived although its answer was lost looks superseded, but then the session is still the same. */
const hasMovedOn = (written: records.Written, claimed: SessionRecord): boolean =>
  written._tag === "Superseded" &&
  (written.record?.session !== claimed.session || written.record.generation !== claimed.generation)
