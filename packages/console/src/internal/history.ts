/** What happened to the sessions of a program, as far as the console heard it. Bounded, without secrets. */
import type { SessionEvent } from "@effect-auth/core/SessionEvent"
import type { SessionSummary } from "@effect-auth/core/SessionSummary"
import type * as Model from "../ConsoleModel.ts"

/** How many accounts, and of each how many marks and lives, are kept. */
const most = { accounts: 20_000, marks: 200, lives: 40 }

interface Past {
  readonly marks: Array<Model.Mark>
  readonly lives: Array<Model.Life>
  readonly doubts: Array<{ readonly from: number; to?: number | undefined }>
  count: number
}

const keep = <A>(all: Array<A>, count: number): void => {
  if (all.length > count) all.splice(0, all.length - count)
}

const exchange = (event: Extract<SessionEvent, { readonly _tag: "RefreshFailed" }>): Omit<Model.Mark, "at"> => {
  const { generation, kind, reason, sent } = event
  if (sent === "unknown") return { kind: "lost", generation, text: `the answer of an exchange is lost (${reason})` }
  if (kind === "terminal" || kind === "refused") return { kind: "refused", generation, text: `refused: ${reason}` }
  return { kind: "failed", generation, text: `the exchange failed: ${reason}` }
}

const triggers: Readonly<Record<string, string>> = {
  scheduled: "ahead of expiry",
  expired: "after expiry",
  rejected: "after a rejection",
  forced: "because the program asked",
  credentials: "by signing in again"
}

/** The mark of an event; `undefined` if it has none. */
const markOf = (event: SessionEvent): Omit<Model.Mark, "at"> | undefined => {
  const { generation } = event
  switch (event._tag) {
    case "SignedIn":
      return { kind: "signed-in", generation, text: event.by === "itself" ? "signed in by itself" : "signed in" }
    case "Refreshing":
      return event.trigger === "rejected"
        ? { kind: "rejected", generation, text: "the API rejected the access token" }
        : undefined
    case "Refreshed":
      return { kind: "exchanged", generation, text: `new tokens, ${triggers[event.trigger]}` }
    case "RefreshFailed":
      return exchange(event)
    case "Adopted":
      return { kind: "adopted", generation, text: "another process changed the session" }
    case "Degraded":
      return { kind: "note", generation, text: "the newest tokens could not be saved" }
    case "Recovered":
      return { kind: "note", generation, text: "recovered" }
    case "ReauthenticationDue":
      return { kind: "note", generation, text: "a person has to sign in soon" }
    case "Suspect":
      return { kind: "note", generation, text: `suspect: an operator should look (${event.failures} failures)` }
    case "Ended":
      return { kind: "ended", generation, text: `ended: ${event.reason}` }
    case "SignedOut":
      return { kind: "signed-out", generation, text: "signed out" }
  }
}

const finite = (time: number | undefined): number | undefined => Number.isFinite(time) ? time : undefined

/** The row of a session. All rows have the same fields in the same order: there may be many thousands. */
export const rowOf = (provider: string, summary: SessionSummary, marks: number): Model.SessionRow => {
  const { account, dueAt, failures, inDoubtSince, obtainedAt, state } = summary
  const active = state._tag === "Active" ? state : undefined
  const expiresAt = state._tag === "SignedOut" ? undefined : state.expiresAt
  return {
    id: `${provider}/${account}`,
    provider,
    account,
    state: state._tag === "Active" ? "active" : state._tag === "Ended" ? "ended" : "signed-out",
    reason: state._tag === "Ended" ? state.reason : undefined,
    generation: active?.generation ?? 0,
    obtainedAt: whole(expiresAt === undefined ? undefined : obtainedAt),
    expiresAt: whole(finite(expiresAt)),
    dueAt: whole(finite(active === undefined ? undefined : dueAt)),
    failures: active === undefined ? undefined : failures,
    refreshing: active?.refreshing ?? false,
    degraded: active?.degraded ?? false,
    inDoubtSince: active?.inDoubt === true ? inDoubtSince : undefined,
    reauthenticateBy: active?.reauthenticateBy,
    marks
  }
}

/** Times that are computed from two clocks move by parts of a millisecond. A row that is shown must not change with them. */
const whole = (time: number | undefined): number | undefined =>
  time === undefined ? undefined : Math.round(time / 50) * 50

export class History {
  private readonly past = new Map<string, Past>()

  private of(account: string): Past {
    let past = this.past.get(account)
    if (past === undefined) {
      past = { marks: [], lives: [], doubts: [], count: 0 }
      this.past.set(account, past)
      const [oldest] = this.past.keys()
      if (this.past.size > most.accounts && oldest !== undefined) this.past.delete(oldest)
    }
    return past
  }

  countOf(account: string): number {
    return this.past.get(account)?.count ?? 0
  }

  /** `summary`: the session as it is now. */
  add(event: SessionEvent, at: number, summary: SessionSummary | undefined): void {
    const mark = markOf(event)
    if (mark === undefined) return
    const past = this.of(event.account)
    past.count++
    past.marks.push({ at, ...mark })
    keep(past.marks, most.marks)
    const open = past.doubts.at(-1)
    if (mark.kind === "lost" && (open === undefined || open.to !== undefined)) past.doubts.push({ from: at })
    else if (
      mark.kind !== "lost" && mark.kind !== "rejected" && open !== undefined && summary?.inDoubtSince === undefined
    ) {
      open.to ??= at
    }
    keep(past.doubts, most.lives)
    this.live(past, at, summary)
  }

  /** Notes the life of the current token, and that the one before it is not used any more. */
  private live(past: Past, at: number, summary: SessionSummary | undefined): void {
    const last = past.lives.at(-1)
    const state = summary?.state
    if (state?._tag !== "Active") {
      if (last !== undefined && (last.to === undefined || last.to > at)) {
        past.lives[past.lives.length - 1] = cutAt(last, at)
      }
      return
    }
    if (last?.generation === state.generation) return
    past.lives.push({
      generation: state.generation,
      from: whole(summary?.obtainedAt) ?? at,
      to: whole(finite(state.expiresAt))
    })
    keep(past.lives, most.lives)
  }

  timelineOf(provider: string, summary: SessionSummary, now: number): Model.Timeline {
    const past = this.past.get(summary.account) ?? { marks: [], lives: [], doubts: [], count: 0 }
    const { obtainedAt, state } = summary
    const isKnown = state._tag !== "Active" || past.lives.at(-1)?.generation === state.generation
    const current = isKnown || obtainedAt === undefined
      ? []
      : [{ generation: state.generation, from: obtainedAt, to: finite(state.expiresAt) }]
    const isOpen = past.doubts.at(-1)?.to === undefined && past.doubts.length > 0
    const doubt = summary.inDoubtSince === undefined || isOpen ? [] : [{ from: summary.inDoubtSince }]
    return {
      session: rowOf(provider, summary, past.count),
      now,
      lives: [...past.lives, ...current],
      marks: [...past.marks],
      doubts: [...past.doubts, ...doubt],
      showsRequests: false
    }
  }
}

const cutAt = (life: Model.Life, at: number): Model.Life => ({ ...life, to: Math.max(life.from, at), cut: true })
