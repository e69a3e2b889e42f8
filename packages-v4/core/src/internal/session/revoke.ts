/** Revokes tokens at the server: once now, and for a while in the background where that may still work. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Revocation } from "../../Revocation.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import type { TokenSet } from "../../TokenSet.ts"
import * as limits from "../limits.ts"
import * as ownFiber from "../seams/ownFiber.ts"
import { callProvider } from "./callProvider.ts"
import type { Machine } from "./machine.ts"

export const revoke = Effect.fnUntraced(function*(
  machine: Machine,
  tokens: TokenSet
): Effect.fn.Return<Revocation> {
  const revoking = machine.provider.revoke
  if (revoking === undefined) return "unsupported"
  const told = yield* callProvider(machine, machine.options.deadline, () => revoking(tokens))
  if (told._tag === "Success") return "revoked"
  if (told.failure.kind === "transient" && !machine.closed) {
    yield* ownFiber.start(later(machine, () => revoking(tokens), told.failure.retryAfter))
  }
  return "failed"
})

/** @see RFC 7009 section 2.2.1: after a 503 the token still exists. https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1 */
const later = Effect.fnUntraced(function*(
  machine: Machine,
  revoking: () => ReturnType<NonNullable<Machine["provider"]["revoke"]>>,
  first: Duration.Duration | undefined
) {
  let wait = Math.max(limits.shortestRevocationWait, Duration.toMillis(first ?? 0))
  for (let tries = 0; tries < limits.mostRevocations; tries++) {
    yield* Effect.raceFirst(Effect.sleep(wait), Deferred.await(machine.leaving))
    if (machine.closed) return
    const told = yield* callProvider(machine, machine.options.deadline, revoking)
    if (told._tag === "Success" || told.failure.kind !== "transient") return
    wait = Math.max(wait * 2, Duration.toMillis(told.failure.retryAfter ?? 0))
  }
})

/**
 * Tokens that were obtained for a session that is no more. Tokens of the same sign-in are left alone: on many servers
 * revoking one ends them all, the current ones too.
 */
export const revokeInVain = (
  machine: Machine,
  record: SessionRecord | undefined,
  session: string,
  tokens: TokenSet
): Effect.Effect<void> =>
  record === undefined || record.session !== session || record.state._tag === "signedOut"
    ? Effect.asVoid(ownFiber.start(revoke(machine, tokens)))
    : Effect.void
