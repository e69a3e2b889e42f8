/**
 * A story that is told step by step: each step is run, and what it did is read from the server's counters and the
 * service's state, before and after.
 */
import type * as SessionState from "@effect-auth/core/SessionState"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

/** A step of the story did not happen as it should. */
export class StepMissing extends Data.TaggedError("StepMissing")<{
  readonly chapter: string
  readonly step: string
  readonly problem: string
}> {
  override get message(): string {
    return `${this.chapter}, "${this.step}": ${this.problem}`
  }
}

/** What the server counted during one step. */
export interface Counted {
  /** Token calls by grant. */
  readonly exchanges: Readonly<Record<string, Sandbox.Outcomes>>
  /** Protected calls by status. */
  readonly calls: Readonly<Record<string, number>>
  readonly revocations: number
  /** Refresh tokens presented that had been exchanged before. */
  readonly spent: number
}

/** One line of the story. */
export interface Row {
  readonly chapter: string
  /** Seconds since the chapter began. */
  readonly at: number
  readonly step: string
  /** What the program that called got. */
  readonly caller: string
  readonly server: Counted
  readonly session: string
  /** Why this step is not what it should be. */
  readonly problem?: string | undefined
}

/** One provider's part of the demo. It tells its rows as they come. */
export interface Chapter {
  readonly name: string
  readonly run: (tell: (row: Row) => Effect.Effect<void>) => Effect.Effect<void, unknown>
}

/** What a step should have done; false is a problem, and its text says which. */
export type Claims = Readonly<Record<string, boolean>>

export interface Step<E> {
  readonly title: string
  /** Yields what the caller got, in a few words. */
  readonly run: Effect.Effect<string, E>
  readonly claims: (counted: Counted, session: SessionState.SessionState, caller: string) => Claims
}

const since = (before: Sandbox.Counters, after: Sandbox.Counters): Counted => {
  const minus = (a: Sandbox.Outcomes, b: Sandbox.Outcomes): Sandbox.Outcomes => ({
    granted: a.granted - b.granted,
    refused: a.refused - b.refused,
    unhandled: a.unhandled - b.unhandled
  })
  const grants = Object.keys(after.exchanges)
    .map((grant) => [grant, minus(Sandbox.exchanges(after, grant), Sandbox.exchanges(before, grant))] as const)
    .filter(([, { granted, refused, unhandled }]) => granted + refused + unhandled > 0)
  const calls = Object.entries(after.calls)
    .map(([status, count]) => [status, count - (before.calls[Number(status)] ?? 0)] as const)
    .filter(([, count]) => count > 0)
  return {
    exchanges: Object.fromEntries(grants),
    calls: Object.fromEntries(calls),
    revocations: after.revocations - before.revocations,
    spent: after.spent - before.spent
  }
}

const describe = (state: SessionState.SessionState): string => {
  switch (state._tag) {
    case "SignedOut":
      return `signed out (${state.reason})`
    case "Ended":
      return `ended (${state.reason})`
    case "Active":
      return `active, generation ${state.generation}, ${state.freshness}`
  }
}

/** How many exchanges of a grant were granted. */
export const granted = (counted: Counted, grant: string): number => counted.exchanges[grant]?.granted ?? 0

/** How many exchanges of a grant were refused. */
export const refused = (counted: Counted, grant: string): number => counted.exchanges[grant]?.refused ?? 0

const untrue = (claims: Claims): string | undefined => {
  const failed = Object.entries(claims).filter(([, holds]) => !holds)
  return failed.length === 0 ? undefined : `not true: ${failed.map(([claim]) => claim).join("; ")}`
}

/** Runs steps against one server and one session, and tells each of them. */
export const make = Effect.fnUntraced(function*<E>(options: {
  readonly chapter: string
  readonly sandbox: Pick<Sandbox.Sandbox, "counters">
  readonly state: Effect.Effect<SessionState.SessionState, E>
  readonly tell: (row: Row) => Effect.Effect<void>
}) {
  const started = yield* Clock.currentTimeMillis
  return Effect.fnUntraced(function*<E2>(step: Step<E2>) {
    const before = yield* options.sandbox.counters
    const ended = yield* Effect.either(step.run)
    const caller = Either.getOrElse(ended, () => "a failure")
    const session = yield* options.state
    const server = since(before, yield* options.sandbox.counters)
    const problem = Either.isLeft(ended)
      ? `it failed: ${ended.left}`
      : untrue(step.claims(server, session, caller))
    const at = ((yield* Clock.currentTimeMillis) - started) / 1000
    const { chapter } = options
    yield* options.tell({ chapter, at, step: step.title, caller, server, session: describe(session), problem })
    if (problem !== undefined) return yield* new StepMissing({ chapter, step: step.title, problem })
  })
})
