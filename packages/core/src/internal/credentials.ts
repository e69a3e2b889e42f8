/** Remembering credentials without storing them: by a digest keyed with a salt of the record. */
import * as Effect from "effect/Effect"
import type { SessionRecord } from "../SessionRecord.ts"
import type { Engine } from "./engine.ts"
import { digest, randomId } from "./ids.ts"

type Remembered = NonNullable<SessionRecord["credential"]>

/** What is remembered of these credentials, if they are the ones on the record. */
export const recall = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  record: SessionRecord | undefined,
  credentials: C
): Effect.fn.Return<Remembered | undefined> {
  const remembered = record?.credential
  const fingerprint = engine.provider.fingerprint
  if (remembered === undefined || fingerprint === undefined) return undefined
  return (yield* digest(remembered.salt, fingerprint(credentials))) === remembered.digest ? remembered : undefined
})

/** Whether they must not be sent again: refused before, or usable once and used. */
export const isSpent = <C>(engine: Engine<C>, remembered: Remembered | undefined): boolean =>
  remembered !== undefined && (remembered.outcome === "refused" || engine.provider.singleUse === true)

/** What the record shall remember. */
export const remember = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  credentials: C,
  outcome: Remembered["outcome"]
): Effect.fn.Return<Remembered | undefined> {
  const fingerprint = engine.provider.fingerprint
  if (fingerprint === undefined) return undefined
  const salt = randomId()
  return { salt, digest: yield* digest(salt, fingerprint(credentials)), outcome }
})
