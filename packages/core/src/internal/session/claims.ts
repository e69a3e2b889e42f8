/** Claims on the record: whether the owner lives, the meaning of a leftover, and how other processes wait. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import type { RecordChange } from "../../RecordChanges.ts"
import * as RecordKey from "../../RecordKey.ts"
import type { Claim, SessionRecord } from "../../SessionRecord.ts"
import * as limits from "../limits.ts"
import { disconnect } from "../seams/disconnect.ts"
import { type Cell, extrasOf } from "./cell.ts"
import { orFailed } from "./foreignCode.ts"
import { keyOf, type Machine } from "./machine.ts"
import type { Stored } from "./model.ts"
import { now } from "./time.ts"

/**
 * A claim lives while its owner is present and this process has seen it for less than its ttl on its own monotonic clock.
 * A paused owner is present: it is not robbed before the ttl. An owner whose connection was cut is present for a while.
 * Where the store does not know, the ttl alone decides.
 */
export const stateOf = (
  machine: Machine,
  cell: Cell,
  claim: Claim | undefined
): Effect.Effect<Stored["claim"]> =>
  claim === undefined
    ? Effect.succeed("none")
    : Effect.map(isLiving(machine, cell, claim), (isAlive) => isAlive ? "living" : "leftover")

const isLiving = Effect.fnUntraced(function*(machine: Machine, cell: Cell, claim: Claim) {
  const { mono } = yield* now
  const extras = extrasOf(cell)
  if (extras.seenClaim?.id !== claim.id) extras.seenClaim = { id: claim.id, at: mono }
  const seen = extras.seenClaim
  // A claim of this process lives as long as its tokens are not saved, whatever its ttl is.
  if (claim.owner === machine.owner.name) return machine.owner.liveClaims.has(claim.id)
  if (mono - seen.at >= claim.ttl) return false
  const presence = machine.store.presence
  if (presence === undefined) return true
  const isPresent = yield* Effect.orElseSucceed(presence.isAlive(claim.owner), () => true)
  if (isPresent) seen.awaySince = undefined
  if (isPresent || presence.watches === "process") return isPresent
  const awaySince = seen.awaySince ??= mono
  return (yield* now).mono - awaySince < Math.max(limits.shortestAbsence, limits.absence - (awaySince - seen.at))
})

/**
 * A leftover of an exchange that may have been sent leaves doubt, since it was claimed. (What became of a claim of this process
 * that could not be released is written before anything else is decided.)
 */
export const doubtOf = (claim: Claim | undefined): SessionRecord["doubt"] =>
  claim?.kind === "refresh" ? { since: claim.at } : undefined

/** Waits until the record changes, but no longer than `limits.claimWait`: the store pushes it, or it is looked for. */
export const waitForChange = Effect.fnUntraced(function*(machine: Machine, cell: Cell, version: number) {
  const key = keyOf(machine, cell)
  const until = (yield* now).mono + limits.claimWait
  const { changes } = machine.store
  const hash = RecordKey.hash(key)
  const isNews = (change: RecordChange) =>
    change._tag === "Changed" && change.hash === hash && change.version !== version
  const pushed = changes === undefined
    ? Effect.never
    : orFailed(() => Stream.runHead(Stream.filter(changes, isNews)), () => "thrown").pipe(
      Effect.filterOrFail(Option.isSome),
      Effect.orElse(() => Effect.never),
      disconnect
    )
  const looked = Effect.gen(function*() {
    for (let delay = limits.firstLook; (yield* now).mono < until; delay = Math.min(delay * 1.5, limits.slowestLook)) {
      yield* Effect.sleep(Math.ceil(delay * (0.75 + 0.5 * (yield* Random.next))))
      const found = Option.flatten(yield* Effect.option(machine.store.get(key)))
      if (Option.isSome(found) && found.value.version !== version) return
    }
  })
  yield* Effect.raceFirst(Effect.raceFirst(pushed, looked), Deferred.await(machine.leaving))
})
