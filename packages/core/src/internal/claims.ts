/** Step 3: whose claim is on the record, whether its owner lives, and what a leftover means. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { TokenStoreError } from "../AuthError.ts"
import type { Claim, SessionRecord } from "../SessionRecord.ts"
import { type Cell, extrasOf } from "./cell.ts"
import * as durable from "./durable.ts"
import { type Engine, keyOf } from "./engine.ts"
import { now } from "./time.ts"

/**
 * A claim lives while its owner is present and this process has seen it for less than its ttl on its own monotonic clock.
 * A paused owner is present: it is not robbed before the ttl. A store that can't tell is waited for.
 */
export const isLiving = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell, claim: Claim) {
  const { mono } = yield* now
  const extras = extrasOf(cell)
  if (extras.seenClaim?.id !== claim.id) extras.seenClaim = { id: claim.id, at: mono }
  if (mono - extras.seenClaim.at >= claim.ttl) return false
  if (claim.owner === engine.siblings.owner) return engine.siblings.liveClaims.has(claim.id)
  const presence = engine.store.presence
  if (presence === undefined) return true
  return yield* Effect.orElseSucceed(presence.isAlive(claim.owner), () => true)
})

/** A leftover of an exchange that may have been sent: in doubt since it was claimed. */
export const doubtOf = (cell: Cell, claim: Claim | undefined): { readonly since: number } | undefined => {
  if (claim === undefined || claim.kind !== "refresh") return undefined
  const own = cell.extras?.unreleased
  if (own?.id === claim.id && !own.doubt) return undefined
  return { since: claim.at }
}

/** Takes a leftover claim off the record and keeps its doubt. */
export const drop = <C>(
  engine: Engine<C>,
  cell: Cell,
  claim: Claim,
  doubt: { readonly since: number }
): Effect.Effect<void> =>
  Effect.asVoid(durable.write(engine.store, keyOf(engine, cell), {
    next: (current) =>
      current?.claim?.id === claim.id ? { ...current, claim: undefined, doubt: current.doubt ?? doubt } : undefined,
    isThere: () => false
  }, 0))

/** Until the record changes: told by the store, or looked for every 20 to 200 ms, jittered. */
export const waitForChange = Effect.fnUntraced(function*<C>(engine: Engine<C>, cell: Cell, record: SessionRecord) {
  const key = keyOf(engine, cell)
  const until = (yield* now).mono + 1_000
  const told = engine.store.changes === undefined
    ? Effect.never
    : engine.store.changes(key).pipe(
      Stream.filter((version) => version > record.version),
      Stream.runHead,
      Effect.catchAll(() => Effect.never),
      Effect.catchAllDefect(() => Effect.never),
      Effect.andThen((head) => head._tag === "Some" ? Effect.void : Effect.never),
      Effect.disconnect
    )
  const looked = Effect.gen(function*() {
    for (let delay = 20; (yield* now).mono < until; delay = Math.min(delay * 1.5, 200)) {
      yield* Effect.sleep(Math.ceil(delay * (0.75 + 0.5 * (yield* Random.next))))
      const current = yield* Effect.option(engine.store.get(key))
      if (current._tag === "Some" && current.value._tag === "Some" && current.value.value.version !== record.version) {
        return
      }
    }
  })
  yield* Effect.raceFirst(Effect.raceFirst(told, looked), Deferred.await(engine.leaving))
})

/** What could not be written when an exchange failed is written before anything else: its backoff, its doubt, its end. */
export const releaseLate = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell,
  record: SessionRecord | undefined
): Effect.fn.Return<boolean, TokenStoreError> {
  const own = cell.extras?.unreleased
  if (own?.next === undefined || record?.claim?.id !== own.id) return false
  const change = { next: own.next, isThere: () => false }
  const written = yield* durable.write(engine.store, keyOf(engine, cell), change, 0, record)
  if (written._tag === "Failed") return yield* written.error
  if (cell.extras !== undefined) cell.extras.unreleased = undefined
  return true
})
