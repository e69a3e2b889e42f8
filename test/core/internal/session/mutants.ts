/**
 * Safety lines of the machine, each taken out by putting another function in its place. A set of properties that misses one
 * is too weak. `swap` gets the module as it is and yields the exports that replace it for all its importers.
 */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type * as tokens from "../../../../packages/core/src/AccessToken.ts"
import { applyRecord } from "../../../../packages/core/src/internal/session/applyRecord.ts"
import type * as cells from "../../../../packages/core/src/internal/session/cell.ts"
import type * as claims from "../../../../packages/core/src/internal/session/claims.ts"
import type * as commits from "../../../../packages/core/src/internal/session/commit.ts"
import type * as deadlines from "../../../../packages/core/src/internal/session/deadline.ts"
import type * as rules from "../../../../packages/core/src/internal/session/decide.ts"
import type * as machines from "../../../../packages/core/src/internal/session/machine.ts"
import type { View } from "../../../../packages/core/src/internal/session/model.ts"
import type * as backoffs from "../../../../packages/core/src/internal/session/sharedBackoff.ts"
import type * as transitions from "../../../../packages/core/src/internal/session/transitions.ts"
import type * as turns from "../../../../packages/core/src/internal/session/turn.ts"
import type * as tokenSets from "../../../../packages/core/src/internal/tokenSets.ts"

export interface Mutant {
  readonly name: string
  /** Below `packages/core/src`. */
  readonly module: string
  /** Which exports it replaces. */
  readonly exports: ReadonlyArray<string>
  readonly swap: (original: any) => Record<string, unknown>
}

const mutant = <Module, const Names extends ReadonlyArray<keyof Module & string>>(
  name: string,
  module: string,
  exports: Names,
  swap: (original: Module) => Pick<Module, Names[number]>
): Mutant => ({ name, module, exports, swap })

type Verdict = Parameters<typeof rules.verdict>

const verdictOf = (change: (failure: ExchangeFailure) => ExchangeFailure) => (original: typeof rules) => ({
  verdict: (...[policy, view, claimed, failure, ...rest]: Verdict) =>
    original.verdict(policy, view, claimed, change(failure), ...rest)
})

const withoutDoubt = (view: View): View => ({ ...view, doubt: undefined })

export const mutants: ReadonlyArray<Mutant> = [
  mutant<typeof claims, ["stateOf"]>("another owner's claim is ignored", "claims", ["stateOf"], () => ({
    stateOf: () => Effect.succeed("none")
  })),
  mutant<typeof claims, ["stateOf"]>(
    "a sibling's claim is taken for a leftover",
    "claims",
    ["stateOf"],
    (original) => ({
      stateOf: (machine, cell, claim) =>
        claim?.owner === machine.owner.name ? Effect.succeed("leftover") : original.stateOf(machine, cell, claim)
    })
  ),
  mutant<typeof commits, ["commit"]>(
    "new tokens are published before they are saved",
    "commit",
    ["commit"],
    (original) => ({
      commit: (machine, cell, unsaved, believed, own) =>
        Effect.gen(function*() {
          const early = unsaved.next(believed)
          if (early !== undefined) {
            yield* applyRecord(machine, cell, { ...early, version: (believed?.version ?? 0) + 1 }, "written", own)
          }
          yield* Effect.sleep(5)
          return yield* original.commit(machine, cell, unsaved, believed, own)
        })
    })
  ),
  mutant<typeof machines, ["launch"]>(
    "the flight belongs to the caller that started it",
    "machine",
    ["launch"],
    () => ({
      launch: (_, done, effect) =>
        Effect.asVoid(
          Effect.fork(Effect.interruptible(Effect.onExit(effect, (exit) => Deferred.done(done, exit))))
        )
    })
  ),
  mutant<typeof tokens, ["isSame"]>(
    "a rejected token counts as one that was replaced",
    "../../AccessToken",
    ["isSame"],
    () => ({ isSame: () => false })
  ),
  mutant<typeof rules, ["verdict"]>(
    "a lost answer counts as a plain failure",
    "decide",
    ["verdict"],
    verdictOf((failure) =>
      new ExchangeFailure({ ...failure, sent: failure.sent === "unknown" ? "answered" : failure.sent })
    )
  ),
  mutant<typeof rules, ["decide", "reading"]>(
    "doubt does not stop an exchange while the token lives",
    "decide",
    ["decide", "reading"],
    (original) => ({
      decide: (policy, view, need, at) => original.decide(policy, withoutDoubt(view), need, at),
      reading: (policy, view, isRenewing, at) => original.reading(policy, withoutDoubt(view), isRenewing, at)
    })
  ),
  mutant<typeof rules, ["verdict"]>(
    "a server that is down ends the session",
    "decide",
    ["verdict"],
    verdictOf((failure) => new ExchangeFailure({ ...failure, kind: failure.kind === "config" ? "config" : "terminal" }))
  ),
  mutant<typeof rules, ["verdict"]>(
    "a misconfigured client ends the session",
    "decide",
    ["verdict"],
    verdictOf((failure) =>
      new ExchangeFailure({ ...failure, kind: failure.kind === "transient" ? "transient" : "terminal" })
    )
  ),
  mutant<typeof rules, ["verdict"]>(
    "a refused refresh token is presented again",
    "decide",
    ["verdict"],
    (original) => ({
      verdict: (...args) => ({ ...original.verdict(...args), end: undefined })
    })
  ),
  mutant<typeof transitions, ["renew"]>(
    "a refresh in flight brings a signed-out session back",
    "transitions",
    ["renew"],
    (original) => ({
      renew: (_, renewal) => (current) =>
        current === undefined
          ? undefined
          : original.renew(current, renewal)({ ...current, state: { _tag: "active" } })
    })
  ),
  mutant<typeof tokenSets, ["carryForward"]>(
    "an answer without a refresh token loses the old one",
    "../tokenSets",
    ["carryForward"],
    (original) => ({
      carryForward: (next, previous) => ({ ...original.carryForward(next, previous), refreshToken: next.refreshToken })
    })
  ),
  mutant<typeof cells, ["Cell"]>("a flight that ended stays in the way", "cell", ["Cell"], (original) => ({
    Cell: class extends original.Cell {
      override get flight() {
        return super.flight
      }
      override set flight(flight) {
        if (flight !== undefined) super.flight = flight
      }
    }
  })),
  mutant<typeof machines, ["launch"]>("waiters are not told", "machine", ["launch"], (original) => ({
    launch: (machine, _, effect) => original.launch(machine, Deferred.unsafeMake<any, any>(FiberId.none), effect)
  })),
  mutant<typeof deadlines, ["deadline"]>("an exchange has no deadline", "deadline", ["deadline"], (original) => ({
    deadline: (_, onTimeout) => original.deadline(1e12, onTimeout)
  })),
  mutant<typeof commits, ["commit"]>(
    "tokens that could not be saved are dropped",
    "commit",
    ["commit"],
    (original) => ({
      commit: (machine, cell, unsaved, believed, own) =>
        Effect.tap(original.commit(machine, cell, unsaved, believed, own), () =>
          Effect.sync(() => {
            if (cell.extras?.unsaved === unsaved) original.keep(machine, cell, undefined)
          }))
    })
  ),
  mutant<typeof backoffs, ["remaining"]>("the backoff is not obeyed", "sharedBackoff", ["remaining"], () => ({
    remaining: () => ({ wait: 0, floor: 0 })
  })),
  mutant<typeof turns, ["inTurn"]>("sign-in and sign-out do not wait for each other", "turn", ["inTurn"], () => ({
    inTurn: (_machine, _cell, effect) => effect
  })),
  mutant<typeof transitions, ["depart"]>(
    "signing out leaves the tokens in the store",
    "transitions",
    ["depart"],
    () => ({
      depart: (commitId, over) => ({ ...over, commitId })
    })
  ),
  mutant<typeof rules, ["belongsTo"]>("a request goes on in anybody's session", "decide", ["belongsTo"], () => ({
    belongsTo: () => true
  }))
]
