/** Spans, counters and the gauge of one flight, written once. */
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { ExchangeFailure } from "../ExchangeFailure.ts"
import type { Trigger } from "../SessionEvent.ts"
import * as Telemetry from "../Telemetry.ts"
import type { TokenSet } from "../TokenSet.ts"
import type { Cell, Flight, Need } from "./cell.ts"
import type { Engine, FlightError } from "./engine.ts"
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
export const observed = <C>(
  engine: Engine<C>,
  cell: Cell,
  flight: Flight,
  flown: Effect.Effect<void, FlightError>
): Effect.Effect<void, FlightError> => {
  if (flight.need._tag === "load") return flown
  const provider = engine.provider.name
  const trigger = triggerOf(flight.need)
  const told = (outcome: Telemetry.Attempt["outcome"], errorType?: string) =>
    Effect.zipRight(
      Effect.annotateCurrentSpan({
        [Telemetry.attributes.outcome]: outcome,
        [Telemetry.attributes.role]: flight.exchanges > 0 ? "leader" : "adopted",
        [Telemetry.attributes.generation]: cell.token?.generation ?? 0,
        [Telemetry.attributes.waiters]: flight.waiters
      }),
      Telemetry.refreshed({ provider, trigger, outcome, errorType })
    )
  return flown.pipe(
    Effect.tap(() => told(flight.exchanges > 0 ? "refreshed" : "adopted")),
    Effect.tapError((error) => told(cell.status === "ended" ? "ended" : "failed", error._tag)),
    Effect.withSpan(Telemetry.spans.refresh, {
      captureStackTrace: false,
      attributes: { [Telemetry.attributes.provider]: provider, [Telemetry.attributes.trigger]: trigger }
    })
  )
}

/** One exchange: how long it took, and how long its token has left. */
export const exchanged = <C>(
  engine: Engine<C>,
  cell: Cell,
  issued: Either.Either<TokenSet, ExchangeFailure>,
  took: number
): Effect.Effect<void> =>
  Effect.gen(function*() {
    if (cell.flight !== undefined) cell.flight.exchanges++
    yield* Telemetry.exchanged(engine.provider.name, took)
    if (issued._tag === "Left") return
    const { lifetime, obtainedAt } = issued.right
    const left = lifetime === undefined ? Infinity : obtainedAt + lifetime - (yield* now).wall
    yield* Telemetry.left(engine.provider.name, left / 1000)
  })
