/**
 * A sandbox of `@effect-auth/testing` as a part of the console: its sign-ins are the sessions, its log the time lines,
 * and it can be controlled. It needs `@effect-auth/testing`.
 *
 * @since 0.1.0
 */
import * as Faults from "@effect-auth/testing/Faults"
import type { Entry, Sandbox } from "@effect-auth/testing/Sandbox"
import type { SignIn } from "@effect-auth/testing/TokenAuthority"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { NotThere } from "./ConsoleApi.ts"
import type * as Model from "./ConsoleModel.ts"
import type { ConsoleSource, SandboxControls } from "./ConsoleSource.ts"
import { timelineOf } from "./internal/sandboxTimeline.ts"

/**
 * What the console says of a sandbox beside what it finds in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Where it is served. */
  readonly url: string
  /** Lines to copy. They hold made-up credentials only. */
  readonly recipes?: ReadonlyArray<Model.Recipe> | undefined
  /** Makes a one-time code. */
  readonly makeCode?: Effect.Effect<string> | undefined
}

/** The statuses that mean a rejected access token, at any of the providers. */
const rejections = [401, 403, 460]

const viewOf = Effect.fnUntraced(function*(sandbox: Sandbox, options: Options) {
  const { calls, exchanges, requests, revocations, spent } = yield* sandbox.counters
  const { refreshLifetime, reuse, rotation } = yield* sandbox.authority.options
  const sum = (one: "granted" | "refused" | "unhandled") =>
    Object.values(exchanges).reduce((total, outcomes) => total + outcomes[one], 0)
  const view: Model.SandboxView = {
    provider: sandbox.name,
    url: options.url,
    counters: {
      requests,
      granted: sum("granted"),
      refused: sum("refused"),
      unanswered: sum("unhandled"),
      rejected: rejections.reduce((total, status) => total + (calls[status] ?? 0), 0),
      doubleSpends: spent,
      revocations
    },
    faultsWaiting: yield* sandbox.faults.pending,
    rotates: rotation !== false,
    punishesReuse: reuse === "revoke-family",
    hasRefreshTokens: refreshLifetime !== "none",
    makesCodes: options.makeCode !== undefined
  }
  return view
})

const faults = {
  "503": Faults.status(503),
  lost: Faults.lost,
  slow: Faults.delayAnswer("5 seconds")
}

const controlsOf = (sandbox: Sandbox, options: Options): SandboxControls => ({
  provider: sandbox.name,
  view: viewOf(sandbox, options),
  recipes: Effect.succeed(options.recipes ?? []),
  expire: sandbox.expireAccessTokens,
  revoke: sandbox.revokeAll,
  next: (answer, at) => Effect.zipRight(sandbox.faults.next(at, faults[answer]), sandbox.faults.pending),
  clear: Effect.zipLeft(sandbox.faults.pending, sandbox.faults.clear),
  rules: ({ punishesReuse, rotates }) =>
    Effect.flatMap(sandbox.authority.options, ({ refreshLifetime }) =>
      refreshLifetime === "none"
        ? Effect.fail(new NotThere({ message: "this provider has no refresh tokens" }))
        : sandbox.authority.configure({
          ...(rotates === undefined ? {} : { rotation: rotates }),
          ...(punishesReuse === undefined ? {} : { reuse: punishesReuse ? "revoke-family" : "refuse" })
        })),
  code: options.makeCode
})

const idOf = (sandbox: Sandbox, family: number): string => `${sandbox.name}/${family}`

const rowOf = (
  sandbox: Sandbox,
  { at, family, generation, pairs, refreshEndsAt, subject }: SignIn,
  entries: ReadonlyArray<Entry>,
  now: number
): Model.SessionRow => {
  const newest = pairs[pairs.length - 1]
  const isLive = newest !== undefined && !newest.revoked && newest.endsAt > now
  const isActive = isLive || refreshEndsAt !== undefined
  const doubt = timelineOf(sandbox.authority, entries).doubts.at(-1)
  const until = refreshEndsAt ?? newest?.endsAt
  return {
    id: idOf(sandbox, family),
    provider: sandbox.name,
    account: `${subject} #${family}`,
    state: isActive ? "active" : "ended",
    ...(isActive ? {} : { reason: newest?.revoked === true ? "revoked" : "expired" }),
    generation,
    obtainedAt: newest?.issuedAt ?? at,
    ...(newest === undefined || !Number.isFinite(newest.endsAt) ? {} : { expiresAt: newest.endsAt }),
    refreshing: false,
    degraded: false,
    ...(doubt === undefined || doubt.to !== undefined ? {} : { inDoubtSince: doubt.from }),
    ...(isActive && until !== undefined && Number.isFinite(until) ? { reauthenticateBy: until } : {}),
    // A slow answer changes a mark after it was made.
    marks: entries.length + entries.filter((entry) => entry.sent !== undefined).length + generation
  }
}

const numberOf = (name: string | undefined): number | undefined => {
  const [, digits] = /^(?:access|refresh) (\d+)$/.exec(name ?? "") ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** The log by sign-in. Requests without a known token belong to none. */
const entriesByFamily = Effect.fnUntraced(function*(sandbox: Sandbox) {
  const all = new Map<number, Array<Entry>>()
  for (const entry of yield* sandbox.log) {
    const number = entry.issued ?? numberOf(entry.access) ?? numberOf(entry.refresh) ?? numberOf(entry.revoked)
    const family = number === undefined ? undefined : sandbox.authority.familyOf(number)
    if (family === undefined) continue
    const entries = all.get(family)
    if (entries === undefined) all.set(family, [entry])
    else entries.push(entry)
  }
  return all
})

/** How many marks of one sign-in are shown. */
const mostMarks = 400

/**
 * Makes a source from a sandbox. Its tokens stay in it: the console gets their numbers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (sandbox: Sandbox, options: Options): ConsoleSource => ({
  sessions: Effect.gen(function*() {
    const entries = yield* entriesByFamily(sandbox)
    const now = yield* Clock.currentTimeMillis
    return (yield* sandbox.authority.signIns).map((signIn) =>
      rowOf(sandbox, signIn, entries.get(signIn.family) ?? [], now)
    )
  }),
  timeline: (id) =>
    Effect.gen(function*() {
      const signIn = (yield* sandbox.authority.signIns).find(({ family }) => idOf(sandbox, family) === id)
      if (signIn === undefined) return undefined
      const entries = (yield* entriesByFamily(sandbox)).get(signIn.family) ?? []
      const now = yield* Clock.currentTimeMillis
      const { doubts, marks } = timelineOf(sandbox.authority, entries)
      return {
        session: rowOf(sandbox, signIn, entries, now),
        now,
        lives: signIn.pairs.map(({ endsAt, generation, issuedAt, revoked }) => ({
          generation,
          from: issuedAt,
          ...(Number.isFinite(endsAt) ? { to: endsAt } : {}),
          ...(revoked ? { cut: true } : {})
        })),
        marks: marks.slice(-mostMarks),
        doubts,
        showsRequests: true
      }
    }),
  sandbox: controlsOf(sandbox, options)
})
