/**
 * Access tokens for further APIs (RFC 8707), obtained with the session's one refresh token. The record holds them beside the
 * session's own token, and the same flight, claim and rules apply to them. A process holds them as this file says.
 */
import * as Effect from "effect/Effect"
import type { AccessToken } from "../../AccessToken.ts"
import type { SessionRecord } from "../../SessionRecord.ts"
import * as TokenSet from "../../TokenSet.ts"
import * as limits from "../limits.ts"
import { firstWait } from "../seams/scheduleStepper.ts"
import { type Cell, extrasOf, type Resource, type Rests } from "./cell.ts"
import type { Machine } from "./machine.ts"
import type { Need } from "./model.ts"
import type { Now } from "./time.ts"

export const find = (cell: Cell, resource: string): Resource | undefined => cell.extras?.resources?.get(resource)

/** From now on each applied record gives its token for this resource. */
export const register = (cell: Cell, resource: string): Resource => {
  const all = extrasOf(cell).resources ??= new Map<string, Resource>()
  const found = all.get(resource)
  if (found !== undefined) return found
  const made: Resource = { held: undefined, due: Infinity, isLoaded: false }
  all.set(resource, made)
  return made
}

/** Where a rest is noted: the fault of one resource is no fault of the session. */
export const restsOf = (cell: Cell, { resource }: Need): Rests =>
  resource === undefined ? extrasOf(cell) : register(cell, resource)

/** The held token for an audience. */
export const tokenOf = (cell: Cell, resource: string | undefined): AccessToken | undefined =>
  resource === undefined ? cell.token : find(cell, resource)?.held?.token

/** Its token is not served any more: the session has ended, and the API rejected it. */
export const drop = (cell: Cell, resource: string): void => {
  const one = register(cell, resource)
  one.dropped = one.held?.generation
  one.held = undefined
}

/** Takes the tokens of registered resources from a record. `sent`: the one that this process has just obtained, and when its request was sent (monotonic). */
export const take = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  record: SessionRecord,
  at: Now,
  sent: { readonly sentAt: number; readonly resource?: string | undefined } | undefined
) {
  const { tokens } = record
  for (const [resource, one] of cell.extras?.resources ?? []) {
    const token = TokenSet.ofResource(tokens, resource)
    const isHeld = one.held?.session === record.session && one.held.generation === token?.generation
    const isDropped = record.state._tag === "ended" && token?.generation === one.dropped
    one.isLoaded = true
    if (record.state._tag !== "ended") one.dropped = undefined
    if (tokens === undefined || token === undefined || isDropped) one.held = undefined
    else if (!isHeld) {
      const age = sent?.resource === resource ? at.mono - sent.sentAt : Math.max(0, at.wall - token.obtainedAt)
      one.newborn = undefined
      one.held = heldOf(record, tokens, token, at.mono - age)
      // It has no schedule of its own: it is refreshed ahead when a caller asks for it.
      const ahead = yield* firstWait(machine.options.ahead, at.wall, { ...tokens, ...token, lifetime: token.lifetime })
      one.due = Math.max(Math.min(at.mono + ahead, one.held.marginAt), at.mono + limits.spacing)
    }
  }
})

const heldOf = (
  { principal, session }: SessionRecord,
  { subject }: TokenSet.TokenSet,
  { accessToken, born, generation, lifetime, obtainedAt: sentAt, scopes }: TokenSet.ResourceToken,
  obtainedAt: number
): NonNullable<Resource["held"]> => {
  const expiresAt = TokenSet.expiresAt({ obtainedAt: sentAt, lifetime })
  const deadAt = obtainedAt + (lifetime ?? Infinity)
  const marginAt = deadAt - TokenSet.hardMargin(lifetime)
  const token = { value: accessToken, session, generation, expiresAt, scopes, subject, principal }
  return { token, session, generation, born, obtainedAt, marginAt, deadAt, expiresAt }
}
