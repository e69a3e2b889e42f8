/** Signing out: forgotten here first, then in the store, then told to the server. */
import * as Effect from "effect/Effect"
import type { TokenStoreError } from "../AuthError.ts"
import type { Revocation } from "../AuthService.ts"
import type { SessionRecord } from "../SessionRecord.ts"
import type { TokenSet } from "../TokenSet.ts"
import { adopt } from "./adopt.ts"
import { type Cell, extrasOf, inTurn, type Unsaved } from "./cell.ts"
import { keep, saveLater } from "./commit.ts"
import * as durable from "./durable.ts"
import { emit, type Engine, keyOf, toItsEnd } from "./engine.ts"
import { cleared } from "./exchange.ts"
import { randomId } from "./ids.ts"
import { signingOut } from "./observe.ts"
import * as ownFiber from "./ownFiber.ts"
import { revoke } from "./revoke.ts"

/**
 * Bumps the generation, so that a refresh in flight finds the session gone and can't bring it back. When the store fails
 * the session is forgotten here all the same, and the write is tried again in the background.
 */
export const signOut = <C>(engine: Engine<C>, cell: Cell): Effect.Effect<Revocation, TokenStoreError> =>
  toItsEnd(engine, () => {
    forget(engine, cell)
    return signingOut(engine, cell, inTurn(cell, Effect.uninterruptible(leave(engine, cell))))
  })

/** Nothing of this session is handed out any more, whatever the store still says. */
const forget = <C>(engine: Engine<C>, cell: Cell): void => {
  if (cell.token !== undefined) extrasOf(cell).forgotten = cell.token.session
  cell.status = "signedOut"
  cell.token = undefined
  engine.scheduler.schedule(cell, Infinity)
  // What is being read now was asked for before.
  if (cell.flight !== undefined) cell.flight.adoptions++
}

const leave = Effect.fnUntraced(function*<C>(
  engine: Engine<C>,
  cell: Cell
): Effect.fn.Return<Revocation, TokenStoreError> {
  // A sign-in that was under way when this was asked for has ended by now.
  forget(engine, cell)
  let tokens: TokenSet | undefined
  let isLate = false
  const left = new Set([cell.extras?.forgotten])
  const known = cell.version
  const leaving = departure(cell.extras?.unsaved, (found, latest) => {
    // What somebody begins elsewhere after the store failed is not what was left.
    const isLeft = !isLate || found === undefined || left.has(found.session) || found.version < known
    if (!isLate) left.add(found?.session)
    tokens = isLeft ? latest.tokens : undefined
    return isLeft
  })
  keep(engine, cell, leaving)
  const written = yield* durable.write(engine.store, keyOf(engine, cell), {
    next: leaving.next,
    isThere: (current) => current.commitId === leaving.commitId
  }, engine.settings.commitPatience)
  if (written._tag === "Failed") {
    isLate = true
    const told = Effect.suspend(() => tokens === undefined ? Effect.void : revoke(engine, tokens))
    yield* ownFiber.start(toItsEnd(engine, () => Effect.zipRight(saveLater(engine, cell, leaving), told)))
    return yield* written.error
  }
  if (cell.extras?.unsaved === leaving) {
    keep(engine, cell, undefined)
    cell.extras.forgotten = undefined
    yield* adopt(engine, cell, written.record, "written")
    if (written._tag === "Saved") yield* emit(engine, cell, { _tag: "SignedOut" }, written.record)
  }
  return tokens === undefined ? "nothing-to-revoke" : yield* revoke(engine, tokens)
})

/** Erases the tokens and bumps the generation; tokens that were not saved yet go the same way. */
const departure = (
  unsaved: Unsaved | undefined,
  isLeft: (found: SessionRecord | undefined, latest: SessionRecord) => boolean
): Unsaved => {
  const commitId = randomId()
  return {
    commitId,
    isDeparture: true,
    next: (current) => {
      const latest = unsaved?.next(current) ?? current
      if (latest === undefined || !isLeft(current, latest)) return undefined
      return {
        ...latest,
        ...cleared,
        tokens: undefined,
        generation: latest.generation + 1,
        state: { _tag: "signedOut" },
        commitId
      }
    }
  }
}
