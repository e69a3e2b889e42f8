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
  let only: string | undefined
  const leaving = departure(cell.extras?.unsaved, (found) => {
    const isLeft = only === undefined || only === found.session
    tokens = isLeft ? found.tokens : undefined
    return isLeft
  })
  keep(engine, cell, leaving)
  const written = yield* durable.write(engine.store, keyOf(engine, cell), {
    next: leaving.next,
    isThere: (current) => current.commitId === leaving.commitId
  }, engine.settings.commitPatience)
  if (written._tag === "Failed") {
    // What somebody begins elsewhere from now on is not what was left.
    only = cell.extras?.forgotten
    const told = Effect.suspend(() => tokens === undefined ? Effect.void : revoke(engine, tokens))
    yield* ownFiber.start(Effect.zipRight(saveLater(engine, cell, leaving), told))
    return yield* written.error
  }
  if (cell.extras?.unsaved === leaving) {
    keep(engine, cell, undefined)
    cell.extras.forgotten = undefined
    yield* adopt(engine, cell, written.record, "written")
  }
  if (written._tag === "Saved") yield* emit(engine, cell, { _tag: "SignedOut" }, written.record)
  return tokens === undefined ? "nothing-to-revoke" : yield* revoke(engine, tokens)
})

/** Erases the tokens and bumps the generation; tokens that were not saved yet go the same way. */
const departure = (unsaved: Unsaved | undefined, isLeft: (found: SessionRecord) => boolean): Unsaved => {
  const commitId = randomId()
  return {
    commitId,
    isDeparture: true,
    next: (current) => {
      const latest = unsaved?.next(current) ?? current
      if (latest === undefined || !isLeft(latest)) return undefined
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
