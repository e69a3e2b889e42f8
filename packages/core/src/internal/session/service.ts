/** The service of one account: reading a token, and the doors to everything else. */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type AccessToken, isSame } from "../../AccessToken.ts"
import type { AccessTokenError } from "../../AuthError.ts"
import { AccessTokenRejected, AuthMisconfigured } from "../../AuthError.ts"
import { type AuthProvider, originsOf } from "../../AuthProvider.ts"
import type { AuthService, ForResource } from "../shapes/session.ts"
import { asking, belongingTo, ofSame } from "./belonging.ts"
import { type Ask, type Cell, extrasOf } from "./cell.ts"
import { freshness, reading, rejection } from "./decide.ts"
import * as errors from "./errors.ts"
import { listen } from "./events.ts"
import { ensure, joined, launch } from "./flight.ts"
import { catchUp } from "./hearing.ts"
import { type Machine, subjectOf } from "./machine.ts"
import { closeIn } from "./provider.ts"
import * as resources from "./resources.ts"
import { tokenOf } from "./resources.ts"
import { adoptTokens, signIn } from "./signIn.ts"
import { signOut } from "./signOut.ts"
import { coarseMonoOf, now } from "./time.ts"
import { stateOf, statusFor, viewOf } from "./view.ts"

/** `cellOf` finds the account's cell at each use: an idle one may have been evicted and come back. */
export const serviceOf = <C>(
  machine: Machine,
  provider: AuthProvider<C>,
  account: string,
  cellOf: () => Cell
): AuthService<C> => {
  const { api, name, origins, realm, rejection } = provider
  const closed = closeIn(provider)
  let handed: AccessToken | undefined
  const peek: Peek = (cell, clock) => isFresh(cell, clock) ? handed = cell.tokenOr(handed) : undefined
  return {
    provider: name,
    realm,
    account,
    origins,
    rejection,
    api,
    signIn: (credentials) => Effect.suspend(() => signIn(machine, cellOf(), closed(credentials))),
    adopt: (tokens) => Effect.suspend(() => adoptTokens(machine, cellOf(), tokens)),
    ...tokenMembers(machine, cellOf, undefined, peek),
    signOut: Effect.suspend(() => signOut(machine, cellOf())),
    state: Effect.suspend(() => state(machine, cellOf())),
    events: Stream.unwrapScoped(Effect.suspend(() => listen(cellOf())))
  }
}

type Peek = (cell: Cell, clock: Clock.Clock) => AccessToken | undefined

/** The members about one access token: the session's own, or that of a further API. */
const tokenMembers = (
  machine: Machine,
  cellOf: () => Cell,
  resource: string | undefined,
  peek: Peek
): Pick<AuthService<never>, "accessToken" | "renew" | "refresh" | "unsafePeek"> => ({
  accessToken: Effect.clockWith((clock) => {
    const cell = cellOf()
    const token = peek(cell, clock)
    return token === undefined
      ? asking(machine, cell, resource, (ask) => obtain(machine, cell, ask, resource))
      : Effect.succeed(token)
  }),
  renew: (rejected, options) =>
    Effect.clockWith((clock) => {
      const cell = cellOf()
      const token = peek(cell, clock)
      return token !== undefined && !isSame(token, rejected)
        ? ofSame(machine, cell, belongingTo(rejected), token, "renew")
        : renew(machine, cell, rejected, options?.wasAccepted === true, resource)
    }),
  refresh: Effect.suspend(() => {
    const cell = cellOf()
    return asking(machine, cell, resource, (ask) => force(machine, cell, ask, resource))
  }),
  unsafePeek: (clock) => peek(cellOf(), clock)
})

/** The hot path: no store, no lock, and nothing allocated. */
const isFresh = (cell: Cell, clock: Clock.Clock): boolean => {
  const wall = clock.unsafeCurrentTimeMillis()
  const { margin } = cell
  if (wall >= cell.expiresAt - margin) return false
  const mono = coarseMonoOf(clock, wall)
  const need = cell.flight?.need
  return mono < cell.due && mono < cell.deadAt - margin && !cell.outdated &&
    (need?._tag !== "rejected" || need.resource !== undefined)
}

/** Makes the session with the access token of a further API. The members about the token use the same rules, with the resource. */
export const resourcesOf =
  (machine: Machine, auth: AuthService<never>, cellOf: () => Cell): ForResource => (resource, options = {}) => {
    const service: AuthService<never> = {
      ...auth,
      origins: options.origins ?? originsOf(resource),
      rejection: options.rejection ?? auth.rejection,
      api: options.api,
      ...tokenMembers(machine, cellOf, resource, (cell, clock) => peekResource(cell, resource, clock))
    }
    return isResource(resource) ? service : withoutToken(service)
  }

/** An absolute URI without a fragment (RFC 8707 section 2). */
const isResource = (text: string): boolean => URL.canParse(text) && !text.includes("#")

/** No request is sent for a name that can't be a resource. */
const withoutToken = (service: AuthService<never>): AuthService<never> => {
  const { account, provider } = service
  const refused = (operation: string) =>
    Effect.fail(new AuthMisconfigured({ provider, account, operation, reason: "options" }))
  return {
    ...service,
    accessToken: refused("accessToken"),
    renew: () => refused("renew"),
    refresh: refused("refresh"),
    unsafePeek: () => undefined
  }
}

const peekResource = (cell: Cell, resource: string, clock: Clock.Clock): AccessToken | undefined => {
  const one = resources.find(cell, resource)
  if (one?.held === undefined || cell.outdated || renewing(cell, resource) !== undefined) return undefined
  const wall = clock.unsafeCurrentTimeMillis()
  const how = freshness({ due: one.due, token: one.held }, { wall, mono: coarseMonoOf(clock, wall) })
  return how === "fresh" ? one.held.token : undefined
}

/** The flight that replaces the token of an audience because the server rejected it. */
const renewing = ({ flight }: Cell, resource: string | undefined) =>
  flight?.need._tag === "rejected" && flight.need.resource === resource
    ? { flight, token: flight.need.token }
    : undefined

const loaded = (machine: Machine, cell: Cell, resource: string | undefined): Effect.Effect<void, AccessTokenError> =>
  statusFor(cell, resource) === "unloaded" ? ensure(machine, cell, { _tag: "load", resource }) : Effect.void

/** When the token is not fresh. */
const obtain = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  ask: Ask,
  resource?: string
): Effect.fn.Return<AccessToken, AccessTokenError> {
  yield* loaded(machine, cell, resource)
  yield* catchUp(machine, cell, machine.options.retryPatience)
  const token = tokenOf(cell, resource)
  const at = yield* now
  const rejected = renewing(cell, resource)
  const what = reading(machine.policy, viewOf(machine, cell, at, resource), rejected !== undefined, at)
  if (token !== undefined && what._tag === "Hand") {
    if (what.refreshesBehind) yield* launch(machine, cell, { _tag: "scheduled", resource })
    return yield* ofSame(machine, cell, ask, token, "accessToken")
  }
  if (token !== undefined && what._tag === "Soon") {
    const better = what.of === "flight" && rejected !== undefined
      ? joined(rejected.flight)
      : ensure(machine, cell, { _tag: what.of === "due" ? "scheduled" : "expired", resource })
    // If the refresh fails, also by a defect, the live token is served.
    yield* Effect.exit(what.millis === Infinity ? better : Effect.timeout(better, what.millis))
    const now = tokenOf(cell, resource)
    if (now !== undefined) return yield* ofSame(machine, cell, ask, now, "accessToken")
    if (cell.status === "signedOut") {
      return yield* errors.ofNone(subjectOf(machine, cell, "accessToken"), "signed-out")
    }
    const { holder } = cell
    if (holder === undefined || holder.session === token.session) return token
    return yield* errors.ofChange(subjectOf(machine, cell, "accessToken"))
  }
  yield* ensure(machine, cell, { _tag: "expired", resource })
  return yield* current(machine, cell, ask, "accessToken", resource)
})

const current = (
  machine: Machine,
  cell: Cell,
  ask: Ask,
  operation: string,
  resource: string | undefined
): Effect.Effect<AccessToken, AccessTokenError> => {
  const token = tokenOf(cell, resource)
  return token === undefined
    ? obtain(machine, cell, ask, resource)
    : ofSame(machine, cell, ask, token, operation)
}

/** `until`: monotonic milliseconds. A timer can fire up to a millisecond early; then the rest is waited, too. */
const waitUntil = Effect.fnUntraced(function*(until: number) {
  for (let left = until - (yield* now).mono; left > 0; left = until - (yield* now).mono) {
    yield* Effect.sleep(Math.ceil(left))
  }
})

const renew = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  rejected: AccessToken,
  wasAccepted: boolean,
  resource?: string
): Effect.fn.Return<AccessToken, AccessTokenError> {
  yield* loaded(machine, cell, resource)
  yield* catchUp(machine, cell, machine.options.retryPatience)
  const at = yield* now
  const token = tokenOf(cell, resource)
  const under = renewing(cell, resource)
  const notes = resource === undefined ? cell.extras : resources.find(cell, resource)
  const newborn = notes?.newborn
  const known = {
    wasAccepted,
    isRenewing: under !== undefined && isSame(under.token, rejected),
    waitedUntil: newborn !== undefined && isSame(newborn, rejected) ? newborn.until : undefined
  }
  const what = rejection(machine.policy, viewOf(machine, cell, at, resource), rejected, known, at)
  if (token !== undefined && what._tag === "TryAgain") {
    const { generation, session } = rejected
    const until = at.mono + what.millis
    const noted = resource === undefined ? extrasOf(cell) : resources.register(cell, resource)
    noted.newborn = { session, generation, until }
    yield* waitUntil(until)
    return yield* current(machine, cell, belongingTo(rejected), "renew", resource)
  }
  if (what._tag === "Hopeless") {
    return yield* new AccessTokenRejected({ ...subjectOf(machine, cell, "renew"), reason: "rejected-again" })
  }
  yield* ensure(machine, cell, { _tag: "rejected", token: rejected, resource })
  return yield* current(machine, cell, belongingTo(rejected), "renew", resource)
})

const force = Effect.fnUntraced(function*(
  machine: Machine,
  cell: Cell,
  ask: Ask,
  resource?: string
): Effect.fn.Return<AccessToken, AccessTokenError> {
  yield* loaded(machine, cell, resource)
  const { generation, session } = tokenOf(cell, resource) ?? { generation: -1, session: "" }
  yield* ensure(machine, cell, { _tag: "forced", session, generation, resource })
  return yield* current(machine, cell, ask, "refresh", resource)
})

const state = Effect.fnUntraced(function*(machine: Machine, cell: Cell) {
  yield* Effect.catchAll(
    loaded(machine, cell, undefined),
    (error) => error._tag === "TokenStoreError" ? Effect.fail(error) : Effect.void
  )
  yield* catchUp(machine, cell, machine.options.retryPatience)
  return stateOf(machine, cell, yield* now)
})
