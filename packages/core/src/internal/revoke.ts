/** Telling the server that tokens are no longer wanted: once now, and for a while in the background. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Revocation } from "../AuthService.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import { call } from "./call.ts"
import type { Engine } from "./engine.ts"
import * as ownFiber from "./ownFiber.ts"

/** How often a revocation that may pass is tried again in the background, and how long it waits in between at least. */
const mostTries = 5
const shortestWait = 1_000

export const revoke = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  tokens: TokenSet
): Effect.fn.Return<Revocation> {
  const revoking = engine.provider.revoke
  if (revoking === undefined) return "unsupported"
  const told = yield* call(engine, engine.settings.deadline, () => revoking(tokens))
  if (told._tag === "Right") return "revoked"
  if (told.left.kind === "transient" && !engine.closed) {
    yield* ownFiber.start(later(engine, () => revoking(tokens), told.left.retryAfter))
  }
  return "failed"
})

/** @see RFC 7009 section 2.2.1: after a 503 the token still exists. https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1 */
const later = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  revoking: () => ReturnType<NonNullable<Engine<C>["provider"]["revoke"]>>,
  first: Duration.Duration | undefined
) {
  let wait = Math.max(shortestWait, Duration.toMillis(first ?? 0))
  for (let tries = 0; tries < mostTries; tries++) {
    yield* Effect.raceFirst(Effect.sleep(wait), Deferred.await(engine.leaving))
    if (engine.closed) return
    const told = yield* call(engine, engine.settings.deadline, revoking)
    if (told._tag === "Right" || told.left.kind !== "transient") return
    wait = Math.max(wait * 2, Duration.toMillis(told.left.retryAfter ?? 0))
  }
})

/**
 * Tokens that were obtained for a session that is no more. Tokens of the same sign-in are left alone: on many servers
 * revoking one ends them all, the current ones too.
 */
export const revokeInVain = <C>(
  engine: Engine<C>,
  record: SessionRecord | undefined,
  session: string,
  tokens: TokenSet
): Effect.Effect<void> =>
  record === undefined || record.session !== session || record.state._tag === "signedOut"
    ? Effect.asVoid(ownFiber.start(revoke(engine, tokens)))
    : Effect.void
