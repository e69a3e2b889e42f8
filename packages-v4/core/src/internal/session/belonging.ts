/**
 * A request belongs to the session in which it was asked for (G55). Where the held token is dead, or another process wrote
 * the record, perhaps this process does not know that another one signed in long ago. Then the next read of the store says which session it was; a sign-in or sign-out of
 * this process meanwhile says that it was the one before.
 */
import * as Effect from "effect/Effect"
import type { AccessToken, Principal } from "../../AccessToken.ts"
import type { AccessTokenError, AccessTokenRejected } from "../../AuthError.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import { type Ask, type Cell, extrasOf, tidy } from "./cell.ts"
import { isOwn } from "./credentials.ts"
import { belongsTo, freshness } from "./decide.ts"
import * as errors from "./errors.ts"
import { type Machine, subjectOf } from "./machine.ts"
import { now } from "./time.ts"
import { viewOf } from "./view.ts"

/** Runs `use` with the session in which the caller asks now. */
export const asking = <A>(
  machine: Machine,
  cell: Cell,
  resource: string | undefined,
  use: (ask: Ask) => Effect.Effect<A, AccessTokenError>
): Effect.Effect<A, AccessTokenError> =>
  Effect.flatMap(now, (at) => {
    const ask: Ask = { principal: cell.holder, orOwn: false }
    const how = freshness(viewOf(machine, cell, at, resource), at)
    if (cell.status === "active" && !cell.outdated && how !== "none" && how !== "dead") return use(ask)
    const asks = extrasOf(cell).asks ??= new Set()
    asks.add(ask)
    return Effect.ensuring(
      use(ask),
      Effect.sync(() => {
        asks.delete(ask)
        if (asks.size === 0 && cell.extras?.asks === asks) cell.extras.asks = undefined
        tidy(cell)
      })
    )
  })

/** The store was read: this is the session in which the waiting callers asked. */
export const settle = (machine: Machine, cell: Cell, record: SessionRecord | undefined): void => {
  const { extras } = cell
  if (extras?.asks === undefined) return
  const asked: Ask = { principal: cell.holder, orOwn: !isOpen(machine, record) }
  for (const ask of extras.asks) Object.assign(ask, asked)
  extras.asks = undefined
}

/**
 * Whether the session can go on. A session that has ended, or can't be refreshed, is followed by one that the service begins
 * by itself. Callers wait for that session, and not for another user's sign-in.
 */
const isOpen = (machine: Machine, record: SessionRecord | undefined): boolean =>
  record?.state._tag === "active" && machine.policy.canRefresh && record.tokens?.refreshToken !== undefined

/** The session in which callers asked, if its record was not read before it was replaced. */
const askedIn = (machine: Machine, record: SessionRecord | undefined): Ask => {
  const isHeld = record !== undefined && record.session !== "" && record.state._tag !== "signedOut"
  const principal = isHeld
    ? { session: record.session, subject: record.tokens?.subject, principal: record.principal }
    : undefined
  return { principal, orOwn: !isOpen(machine, record) }
}

/**
 * Somebody signs in or out in this process: the waiting callers asked in the session before. Where this process has not
 * read the store yet, only the record that is replaced can say which one that was: the answer takes that record. Until
 * then such a caller belongs to no session that can be held.
 */
export const keepAsks = (machine: Machine, cell: Cell): (before: SessionRecord | undefined) => void => {
  const asks = cell.status === "unloaded" ? cell.extras?.asks : undefined
  if (cell.extras !== undefined) cell.extras.asks = undefined
  for (const ask of asks ?? []) ask.principal = unknown
  return (before) => {
    for (const ask of asks ?? []) Object.assign(ask, askedIn(machine, before))
  }
}

const unknown: Principal = { session: "" }

/** The principal of a request that was sent with this token and was rejected. */
export const belongingTo = (token: AccessToken): Ask => ({ principal: token, orOwn: false })

/** The token, if the request may go on with it. */
export const ofSame = (
  machine: Machine,
  cell: Cell,
  { orOwn, principal }: Ask,
  token: AccessToken,
  operation: string
): Effect.Effect<AccessToken, AccessTokenRejected> =>
  principal === undefined || belongsTo(principal, token) || (orOwn && isOwn(token))
    ? Effect.succeed(token)
    : errors.ofChange(subjectOf(machine, cell, operation))
