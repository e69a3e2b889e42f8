/** Spans, counters and the gauge of a session, written once. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type AccessTokenError, requiresSignIn } from "../../AuthError.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { Revocation } from "../../Revocation.ts"
import type { Trigger } from "../../SessionEvent.ts"
import * as Telemetry from "../../Telemetry.ts"
import type { TokenSet } from "../../TokenSet.ts"
import * as counts from "../counts.ts"
import type { Cell, Flight } from "./cell.ts"
import type { Machine } from "./machine.ts"
import type { Need } from "./model.ts"
import { now } from "./time.ts"

const triggers: Record<Need["_tag"], Trigger> = {
  load: "expired",
  scheduled: "scheduled",
  expired: "expired",
  rejected: "rejected",
  forced: "forced"
}

export const triggerOf = (need: Need): Trigger => triggers[need._tag]

export const operationOf = (need: Need): string =>
  need._tag === "rejected" ? "renew" : need._tag === "expired" || need._tag === "load" ? "accessToken" : "refresh"

/** One span and one count a flight; looking at the store for the first time is neither. */
export const observed = (
  machine: Machine,
  cell: Cell,
  flight: Flight,
  flown: Effect.Effect<void, AccessTokenError>
): Effect.Effect<void, AccessTokenError> => {
  if (flight.need._tag === "load") return flown
  const provider = machine.provider.name
  const trigger = triggerOf(flight.need)
  const told = (outcome: counts.Attempt["outcome"], errorType?: string) =>
    Effect.andThen(
      Effect.annotateCurrentSpan({
        [Telemetry.attributes.outcome]: outcome,
        [Telemetry.attributes.role]: flight.exchanges > 0 ? "leader" : "adopted",
        [Telemetry.attributes.generation]: cell.token?.generation ?? 0,
        [Telemetry.attributes.waiters]: flight.waiters,
        ...(errorType === undefined ? {} : { [Telemetry.attributes.errorType]: errorType })
      }),
      counts.refreshed({ provider, trigger, outcome, errorType })
    )
  return flown.pipe(
    Effect.tap(() => told(flight.exchanges > 0 ? "refreshed" : "adopted")),
    Effect.tapError((error) => {
      const isOver = requiresSignIn(error)
      // Asking in a session that is over, or that nobody began, is no attempt.
      if (isOver && flight.exchanges === 0) {
        return Effect.annotateCurrentSpan(Telemetry.attributes.errorType, error._tag)
      }
      return told(cell.status === "ended" ? "ended" : "failed", error._tag)
    }),
    Effect.withSpan(Telemetry.spans.refresh, {
      attributes: { ...whose(machine, cell), [Telemetry.attributes.trigger]: trigger }
    }, { captureStackTrace: false })
  )
}

const whose = (machine: Machine, cell: Cell) => ({
  [Telemetry.attributes.provider]: machine.provider.name,
  [Telemetry.attributes.account]: cell.account
})

/** A span with its outcome: `outcomeOf` gives the one of a success; a failure has `failed` and the tag of the error. */
const spanned = <A, E extends { readonly _tag: string }>(
  machine: Machine,
  cell: Cell,
  name: string,
  self: Effect.Effect<A, E>,
  outcomeOf: (value: A) => { readonly outcome: string; readonly errorType?: string }
): Effect.Effect<A, E> => {
  const told = (outcome: string, errorType?: string) =>
    Effect.annotateCurrentSpan({
      [Telemetry.attributes.outcome]: outcome,
      ...(errorType === undefined ? {} : { [Telemetry.attributes.errorType]: errorType })
    })
  return self.pipe(
    Effect.tap((value) => {
      const { errorType, outcome } = outcomeOf(value)
      return told(outcome, errorType)
    }),
    Effect.tapError((error) => told("failed", error._tag)),
    Effect.withSpan(name, { attributes: whose(machine, cell) }, { captureStackTrace: false })
  )
}

/** One span a sign-in by the caller. */
export const signingIn = <A, E extends { readonly _tag: string }>(
  machine: Machine,
  cell: Cell,
  self: Effect.Effect<A, E>
): Effect.Effect<A, E> => spanned(machine, cell, Telemetry.spans.signIn, self, () => ({ outcome: "signed-in" }))

/** One span a sign-out: what became of the tokens on the server. */
export const signingOut = <E extends { readonly _tag: string }>(
  machine: Machine,
  cell: Cell,
  self: Effect.Effect<Revocation, E>
): Effect.Effect<Revocation, E> => spanned(machine, cell, Telemetry.spans.signOut, self, (outcome) => ({ outcome }))

/** One span an exchange: issued, or what its failure means for the session. */
export const exchanging = (
  machine: Machine,
  cell: Cell,
  self: Effect.Effect<Result.Result<TokenSet, ExchangeFailure>>
): Effect.Effect<Result.Result<TokenSet, ExchangeFailure>> =>
  spanned(machine, cell, Telemetry.spans.exchange, self, (issued) =>
    Result.isFailure(issued)
      ? { outcome: issued.failure.kind, errorType: issued.failure.reason }
      : { outcome: "issued" })

/** One exchange: how long it took, and how long its token has left. */
export const exchanged = (
  machine: Machine,
  issued: Result.Result<TokenSet, ExchangeFailure>,
  took: number
): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* counts.exchanged(machine.provider.name, took)
    if (issued._tag === "Failure") return
    const { lifetime, obtainedAt } = issued.success
    const left = lifetime === undefined ? Infinity : obtainedAt + lifetime - (yield* now).wall
    yield* counts.left(machine.provider.name, left / 1000)
  })
