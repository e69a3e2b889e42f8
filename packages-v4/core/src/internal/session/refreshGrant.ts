/** The refresh grant: spends the refresh token for new tokens of the same session. */
import * as Effect from "effect/Effect"
import type { AccessTokenError } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as TokenSet from "../../TokenSet.ts"
import type { Cell, Flight } from "./cell.ts"
import { doubtOf } from "./claims.ts"
import { commit } from "./commit.ts"
import { verdict } from "./decide.ts"
import * as errors from "./errors.ts"
import { emit } from "./events.ts"
import { exchange, type Failing, type Grant, type Outcome } from "./exchange.ts"
import { randomId } from "./ids.ts"
import { operationOf, triggerOf } from "./instrument.ts"
import { type Machine, subjectOf } from "./machine.ts"
import type { Need } from "./model.ts"
import { restsOf } from "./resources.ts"
import * as sharedBackoff from "./sharedBackoff.ts"
import { now } from "./time.ts"
import * as transitions from "./transitions.ts"
import { viewOf } from "./view.ts"

export const refresh = (
  machine: Machine,
  cell: Cell,
  flight: Flight,
  record: SessionRecord
): Effect.Effect<Outcome, AccessTokenError> => {
  const { refresh: call } = machine.provider
  const { tokens } = record
  const { need } = flight
  const { resource } = need
  if (call === undefined || tokens?.refreshToken === undefined) return Effect.succeed({ _tag: "Again" })
  const { refreshToken } = tokens
  const trigger = triggerOf(need)
  const grant: Grant = {
    kind: "refresh",
    trigger,
    base: record,
    noted: { doubt: record.doubt ?? doubtOf(record.claim) },
    previous: resource === undefined ? tokens : { ...tokens, ...lastOf(tokens, resource) },
    send: () => call(refreshToken, tokens, resource),
    succeed: Effect.fnUntraced(function*(claimed, issued, sent) {
      const commitId = randomId()
      const renewal = { tokens: issued, born: need._tag === "rejected" ? "rejection" : "time", commitId } as const
      const unsaved = {
        commitId,
        claim: claimed.claim?.id,
        issued: { session: claimed.session, tokens: issued },
        next: resource === undefined
          ? transitions.renew(claimed, { ...renewal, keeper: machine.owner.name })
          : transitions.renewResource(claimed, resource, renewal)
      }
      const committed = yield* commit(machine, cell, unsaved, claimed, { sentAt: sent.mono, resource })
      if (committed._tag !== "Published") return
      yield* emit(machine, cell, { _tag: "Refreshed", trigger, resource }, committed.record)
      if (record.retry !== undefined) {
        yield* emit(machine, cell, { _tag: "Recovered", from: "failures" }, committed.record)
      }
    }),
    fail: failing(machine, cell, need)
  }
  return exchange(machine, cell, flight, grant)
}

/** The life and scopes of the last token for this resource: an answer may leave them out. */
const lastOf = (tokens: TokenSet.TokenSet, resource: string): Pick<TokenSet.TokenSet, "lifetime" | "scopes"> => {
  const last = TokenSet.ofResource(tokens, resource)
  return { lifetime: last?.lifetime, scopes: last?.scopes }
}

/** `verdict` in `decide.ts` says what the failure means for the session. This function writes it down. */
const failing = (machine: Machine, cell: Cell, need: Need): Grant["fail"] =>
  Effect.fnUntraced(function*(claimed, failure, sent): Effect.fn.Return<Failing> {
    const at = yield* now
    const view = viewOf(machine, cell, at, need.resource)
    const failures = (claimed.retry?.failures ?? 0) + 1
    const means = verdict(machine.policy, view, claimed, failure, need, sent.wall, failures, at)
    const retry = means.waits === "everybody"
      ? yield* sharedBackoff.next(machine, cell, claimed.retry, failure, at)
      : undefined
    const subject = subjectOf(machine, cell, operationOf(need))
    const error = means.end === undefined
      ? errors.ofRefresh(subject, failure, retry?.delay)
      : errors.ofEnd(subject, { _tag: "ended", reason: means.end, ...errors.details(failure) })
    if (means.waits === "thisProcess") sharedBackoff.rest(restsOf(cell, need), error, at)
    const id = claimed.claim?.id
    return {
      change: means.end === undefined
        ? transitions.fail(id, { doubt: means.doubt, refusal: means.refusal, retry })
        : transitions.end(id, means.end, failure),
      error,
      // While the live token serves, there is nothing to wait for.
      retryIn: failure.kind === "transient" && !means.isServed ? retry?.delay : undefined,
      isEnd: means.end !== undefined,
      suspect: means.isSuspect ? failures : undefined
    }
  })
