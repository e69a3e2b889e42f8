/**
 * Signing in without being asked, with the service's own credentials: on first use, and once for each session that ended.
 * It goes under the same claim and the same shared backoff as a refresh, or many processes would lock the account.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { type AccessTokenError, AuthMisconfigured, TokenRequestRejected } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import { disconnect } from "../seams/disconnect.ts"
import { type Cell, extrasOf, type Flight } from "./cell.ts"
import * as remembered from "./credentials.ts"
import { waitsAfter } from "./decide.ts"
import * as errors from "./errors.ts"
import { closing, exchange, type Failing, type Grant, type Outcome } from "./exchange.ts"
import { orFailed } from "./foreignCode.ts"
import { type Machine, subjectOf } from "./machine.ts"
import type { Because } from "./model.ts"
import type { Credentials } from "./provider.ts"
import * as sharedBackoff from "./sharedBackoff.ts"
import { begin } from "./signIn.ts"
import { now } from "./time.ts"
import * as transitions from "./transitions.ts"

export const selfSignIn = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  flight: Flight,
  record: SessionRecord | undefined,
  otherwise: Because
): Effect.fn.Return<Outcome, AccessTokenError> {
  const { provider } = machine
  const subject = subjectOf(machine, cell, "signIn")
  const given = provider.ownCredentials
  const instead = errors.ofNone(subject, otherwise)
  if (given === undefined) return yield* instead
  const credentials = yield* ask(machine, cell, () => given(cell.account))
  const before = yield* remembered.recall(record, credentials)
  if (remembered.isSpent(provider, before)) {
    if (instead._tag !== "SignInRequired") return yield* instead
    return yield* new TokenRequestRejected({ ...subject, reason: "credentials", error: "already_used" })
  }
  // A code that is used once is used up from here on, unless it turns out that it never left.
  const credential = provider.singleUse ? yield* remembered.remember(provider, credentials, "unknown") : undefined
  return yield* exchange(machine, cell, flight, {
    kind: "signIn",
    trigger: "credentials",
    base: record,
    noted: { credential },
    previous: undefined,
    send: () => credentials.send,
    succeed: Effect.fnUntraced(function*(claimed, tokens, sent) {
      yield* begin(machine, cell, tokens, {
        by: "itself",
        sentAt: sent.mono,
        isAfterRejection: flight.need._tag === "rejected",
        isAhead: flight.need._tag === "scheduled",
        credential: yield* remembered.remember(provider, credentials, "accepted"),
        // Only now: credentials of an attempt that failed began no session.
        principal: yield* remembered.principalOf(machine, cell, record, credentials, true),
        claimed
      })
    }),
    fail: failing(machine, cell, credentials, record?.credential)
  })
})

/**
 * The application's own Effect: bounded like an exchange. Whatever it fails with or throws is a fault of the configuration;
 * its text is not shown, because it may hold the credentials.
 */
const ask = (machine: Machine, cell: Cell, given: () => Effect.Effect<Credentials, unknown>) =>
  orFailed(given, () => undefined).pipe(
    disconnect,
    Effect.timeout(machine.options.deadline),
    Effect.mapError(() => new AuthMisconfigured({ ...subjectOf(machine, cell, "signIn"), reason: "credentials" })),
    Effect.raceFirst(Effect.andThen(Deferred.await(machine.leaving), closing(machine, cell, "signIn")))
  )

/** Refused credentials end the session until there are others; everything else is tried again later. */
const failing = (
  machine: Machine,
  cell: Cell,
  credentials: Credentials,
  before: SessionRecord["credential"]
): Grant["fail"] =>
  Effect.fnUntraced(function*(claimed, failure): Effect.fn.Return<Failing> {
    const at = yield* now
    const subject = subjectOf(machine, cell, "signIn")
    const waits = waitsAfter(failure)
    const retry = waits === "everybody"
      ? yield* sharedBackoff.next(machine, cell, claimed.retry, failure, at)
      : undefined
    const isRefused = failure.kind === "terminal" || failure.kind === "refused"
    const isUsed = isRefused || (machine.provider.singleUse && failure.sent === "unknown")
    const credential = isUsed
      ? yield* remembered.remember(machine.provider, credentials, isRefused ? "refused" : "unknown")
      : before
    const error = isRefused ? errors.ofRequest(subject, failure) : errors.ofRefresh(subject, failure, retry?.delay)
    if (waits === "thisProcess") sharedBackoff.rest(extrasOf(cell), error, at)
    const id = claimed.claim?.id
    return {
      change: isRefused
        ? transitions.end(id, "credentials", failure, credential)
        : transitions.fail(id, { credential, retry }),
      error,
      retryIn: failure.kind === "transient" ? retry?.delay : undefined,
      isEnd: false,
      suspect: undefined
    }
  })
