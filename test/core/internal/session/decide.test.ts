/**
 * The rules of the session machine as a table: every combination of need, state, freshness, refresh token, doubt, rotation,
 * claim, backoff and unsaved tokens meets exactly one row. `decide` must do what that row says.
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import {
  belongsTo,
  decide,
  freshness,
  isMet,
  mayRepeat,
  mayServe,
  mayTryAgain,
  reading,
  rejection,
  substituteTurn,
  verdict,
  waitsAfter
} from "../../../../packages/core/src/internal/session/decide.ts"
import type {
  Ended,
  Held,
  Need,
  Policy,
  Status,
  Step,
  View
} from "../../../../packages/core/src/internal/session/model.ts"

const at = { mono: 1_000_000, wall: 1_700_000_000_000 }

const policy: Policy = {
  rotation: "rotating",
  canRefresh: true,
  canSignIn: false,
  knowsCredentials: true,
  mayLeaveWork: true,
  retryPatience: 2_000,
  confirmRefusalAfter: 4 * 3_600_000,
  propagation: 1_000
}

const tombstone: Ended = { _tag: "ended", reason: "refresh-token-rejected" }

type How = "none" | "fresh" | "stale" | "margin" | "dead"

/** A token of a life of 100 s, at the age that makes it so. */
const held = (how: How): Held | undefined => {
  if (how === "none") return undefined
  const age = { fresh: 10_000, stale: 80_000, margin: 95_000, dead: 100_000 }[how]
  const obtainedAt = at.mono - age
  const deadAt = obtainedAt + 100_000
  return {
    session: "s",
    generation: 1,
    born: "time",
    obtainedAt,
    marginAt: deadAt - 10_000,
    deadAt,
    expiresAt: at.wall + (deadAt - at.mono)
  }
}

const dueOf = (how: How): number => how === "fresh" ? at.mono + 65_000 : at.mono - 1

const tokenOf = (generation: number, session = "s"): AccessToken => ({
  value: Redacted.make("token"),
  session,
  generation,
  expiresAt: 0,
  scopes: undefined
})

const view = (how: How, more: Partial<View> = {}): View => ({
  status: "active",
  token: held(how),
  due: dueOf(how),
  outdated: false,
  unsaved: false,
  closing: false,
  exchanges: 0,
  rest: 0,
  doubt: undefined,
  stored: {
    refreshToken: "usable",
    claim: "none",
    isUnreleased: false,
    ended: undefined,
    isOwn: false,
    backoff: { wait: 0, floor: 0 }
  },
  ...more
})

const needs: ReadonlyArray<Need> = [
  { _tag: "load" },
  { _tag: "scheduled" },
  { _tag: "expired" },
  { _tag: "rejected", token: tokenOf(1) },
  { _tag: "rejected", token: tokenOf(0) },
  { _tag: "forced", session: "s", generation: 1 },
  { _tag: "forced", session: "s", generation: 0 }
]

/** One situation, in the words of the table. */
interface Situation {
  readonly need: Need
  /** The need is about a token that is not the held one (any more). */
  readonly isAboutOld: boolean
  readonly status: Exclude<Status, "unloaded">
  readonly how: How
  readonly refreshToken: "none" | "usable" | "pastItsEnd"
  readonly doubt: "none" | "strict" | "repeatable"
  readonly claim: "none" | "living" | "leftover"
  readonly backoff: "none" | "soft" | "hard"
  readonly unsaved: boolean
  readonly canSignIn: boolean
  /** The service began the session by itself. */
  readonly isOwn: boolean
}

const alive = (one: Situation) => one.how !== "none" && one.how !== "dead"

/** Why a situation can't come up, or nothing. */
const impossible = (one: Situation): string | undefined => {
  if (one.isOwn && one.status !== "active" && one.status !== "ended") return "nobody's session"
  if (one.status === "active" && one.how === "none") return "an active session holds a token"
  if ((one.status === "never" || one.status === "signedOut") && one.how !== "none") return "nobody's token is held"
  if ((one.status === "never" || one.status === "signedOut") && one.refreshToken !== "none") return "it was erased"
  if (one.status === "ended" && one.refreshToken !== "none") return "a tombstone has no refresh token"
  if (one.status !== "active" && one.claim === "leftover" && one.doubt !== "none") return "no refresh without a session"
  if (one.claim === "leftover" && one.doubt === "none" && one.status === "active" && one.refreshToken !== "none") {
    return "a leftover of a refresh leaves doubt"
  }
  return undefined
}

const isMetIn = (one: Situation): boolean => {
  switch (one.need._tag) {
    case "load":
      return true
    case "scheduled":
      return one.status !== "active" || one.how === "fresh"
    case "expired":
      return one.how === "fresh" || one.how === "stale"
    case "rejected":
    case "forced":
      return alive(one) && one.isAboutOld
  }
}

const renewsBySignIn = (one: Situation) => one.isOwn && one.canSignIn
const hasGrant = (one: Situation) =>
  one.status === "active" && one.refreshToken !== "none" &&
  !(one.refreshToken === "pastItsEnd" && renewsBySignIn(one))
const waits = (one: Situation) => one.backoff === "hard" || (one.backoff === "soft" && one.need._tag !== "forced")
/** Signing in by itself: on first use, after an end, and where a refresh is not possible. Never after a sign-out. */
const signsIn = (one: Situation) => one.canSignIn && one.status !== "signedOut"

/** The rows, first match first. */
const rows: ReadonlyArray<{ readonly when: (one: Situation) => boolean; readonly step: Step["_tag"] }> = [
  { when: isMetIn, step: "Done" },
  { when: (one) => one.unsaved, step: "Save" },
  { when: (one) => one.claim === "living", step: "WaitForClaim" },
  {
    when: (one) => one.status === "active" && !hasGrant(one) && one.need._tag === "scheduled" && !renewsBySignIn(one),
    step: "Serve"
  },
  {
    when: (one) => hasGrant(one) && one.doubt === "strict" && alive(one) && one.need._tag === "forced",
    step: "Backoff"
  },
  {
    when: (one) => hasGrant(one) && one.doubt === "strict" && alive(one) && one.need._tag !== "rejected",
    step: "Serve"
  },
  { when: (one) => hasGrant(one) && waits(one), step: "Backoff" },
  { when: hasGrant, step: "Refresh" },
  { when: (one) => !signsIn(one), step: "Fail" },
  { when: waits, step: "Backoff" },
  { when: () => true, step: "SignIn" }
]

const situations = function*(): Generator<Situation> {
  for (const need of needs) {
    for (const status of ["never", "signedOut", "active", "ended"] as const) {
      for (const how of ["none", "fresh", "stale", "margin", "dead"] as const) {
        for (const refreshToken of ["none", "usable", "pastItsEnd"] as const) {
          for (const doubt of ["none", "strict", "repeatable"] as const) {
            for (const claim of ["none", "living", "leftover"] as const) {
              for (const backoff of ["none", "soft", "hard"] as const) {
                for (const unsaved of [false, true]) {
                  for (const canSignIn of [false, true]) {
                    for (const isOwn of [false, true]) {
                      const isAboutOld = (need._tag === "rejected" && need.token.generation === 0) ||
                        (need._tag === "forced" && need.generation === 0)
                      const facts = { refreshToken, doubt, claim, backoff, unsaved, canSignIn, isOwn }
                      yield { need, isAboutOld, status, how, ...facts }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

const asView = (one: Situation): View =>
  view(one.how, {
    status: one.status,
    unsaved: one.unsaved,
    doubt: one.doubt === "none" ? undefined : at.wall - 5_000,
    stored: {
      refreshToken: one.refreshToken,
      claim: one.claim,
      isUnreleased: false,
      ended: one.status === "ended" ? tombstone : undefined,
      isOwn: one.isOwn,
      backoff: { wait: one.backoff === "none" ? 0 : 700, floor: one.backoff === "hard" ? 300 : 0 }
    }
  })

const asPolicy = (one: Situation): Policy => ({
  ...policy,
  canSignIn: one.canSignIn,
  rotation: one.doubt === "repeatable" ? { rotating: { repeatable: "10 seconds" } } : "rotating"
})

describe("decide", () => {
  it("reads before it decides, and what was not released is written first", () => {
    assert.deepStrictEqual(decide(policy, view("dead", { stored: undefined }), { _tag: "expired" }, at), {
      _tag: "Read"
    })
    const stored = { ...view("dead").stored!, isUnreleased: true, claim: "living" as const }
    assert.deepStrictEqual(decide(policy, view("dead", { stored }), { _tag: "expired" }, at), { _tag: "Release" })
  })

  it("a closing machine waits for no claim, and a flight ends after three useless exchanges", () => {
    const living = { ...view("dead").stored!, claim: "living" as const }
    const closing = decide(policy, view("dead", { closing: true, stored: living }), { _tag: "expired" }, at)
    assert.deepStrictEqual(closing, { _tag: "Closing" })
    assert.strictEqual(decide(policy, view("dead", { exchanges: 2 }), { _tag: "expired" }, at)._tag, "Refresh")
    assert.strictEqual(decide(policy, view("dead", { exchanges: 3 }), { _tag: "expired" }, at)._tag, "Exhausted")
  })

  it("serves to the token's death in doubt, and drops a leftover claim", () => {
    const stored = { ...view("margin").stored!, claim: "leftover" as const }
    const one = view("margin", { doubt: at.wall, stored })
    assert.deepStrictEqual(decide(policy, one, { _tag: "expired" }, at), {
      _tag: "Serve",
      until: one.token!.deadAt,
      dropsLeftover: true
    })
    assert.deepStrictEqual(decide(policy, one, needs[5]!, at), {
      _tag: "Backoff",
      millis: one.token!.deadAt - at.mono,
      isWaitedOut: false,
      dropsLeftover: true
    })
    const noLeftover = view("margin", { doubt: at.wall })
    assert.deepInclude(decide(policy, noLeftover, { _tag: "expired" }, at), { _tag: "Serve", dropsLeftover: false })
    for (const how of ["dead", "none"] as const) {
      const withoutGrant = view(how, { stored: { ...stored, refreshToken: "none" } })
      assert.deepStrictEqual(decide(policy, withoutGrant, { _tag: "scheduled" }, at), {
        _tag: "Serve",
        until: Infinity,
        dropsLeftover: false
      })
    }
  })

  it("says how long nobody is asked: the longer of the backoff and the rest of this process", () => {
    const stored = { ...view("dead").stored!, backoff: { wait: 700, floor: 300 } }
    const waited = (need: Need, rest: number) => decide(policy, view("dead", { stored, rest }), need, at)
    assert.deepStrictEqual(waited({ _tag: "expired" }, 0), {
      _tag: "Backoff",
      millis: 700,
      isWaitedOut: true,
      dropsLeftover: false
    })
    assert.deepInclude(waited({ _tag: "expired" }, 900), { millis: 900, isWaitedOut: true })
    assert.deepInclude(waited(needs[5]!, 0), { millis: 300, isWaitedOut: false })
    assert.deepInclude(waited(needs[5]!, 900), { millis: 900, isWaitedOut: false })
  })

  it("says why there is no token, and drops the rejected token of an ended session", () => {
    const stored = { ...view("fresh").stored!, refreshToken: "none" as const, ended: tombstone }
    const ended = view("fresh", { status: "ended", stored })
    assert.deepStrictEqual(decide(policy, ended, needs[3]!, at), { _tag: "Fail", because: tombstone, dropsToken: true })
    assert.deepStrictEqual(decide(policy, ended, needs[5]!, at), {
      _tag: "Fail",
      because: tombstone,
      dropsToken: false
    })
    const rejected = view("fresh", { stored: { ...stored, ended: undefined } })
    assert.deepStrictEqual(decide(policy, rejected, needs[3]!, at), {
      _tag: "Fail",
      because: "expired",
      dropsToken: false
    })
    const unknown = view("none", { status: "ended", stored: { ...stored, ended: undefined } })
    assert.deepInclude(decide(policy, unknown, { _tag: "expired" }, at), { because: "never" })
    const none = (status: Status) => decide(policy, view("none", { status, stored }), { _tag: "expired" }, at)
    assert.deepInclude(none("never"), { because: "never" })
    assert.deepInclude(none("signedOut"), { because: "signed-out" })
    const dead = view("dead", { stored: { ...stored, ended: undefined } })
    assert.deepInclude(decide(policy, dead, { _tag: "expired" }, at), { because: "expired" })
    assert.deepInclude(decide({ ...policy, canRefresh: false }, view("dead"), { _tag: "expired" }, at), {
      _tag: "Fail"
    })
  })

  it("sends refused credentials again only where others are recognised", () => {
    const stored = { ...view("none").stored!, ended: { _tag: "ended", reason: "credentials" } as const }
    const ended = view("none", { status: "ended", stored })
    const can = { ...policy, canSignIn: true }
    assert.strictEqual(decide(can, ended, { _tag: "expired" }, at)._tag, "SignIn")
    assert.strictEqual(decide({ ...can, knowsCredentials: false }, ended, { _tag: "expired" }, at)._tag, "Fail")
    const expired = view("none", {
      status: "ended",
      stored: { ...stored, ended: { _tag: "ended", reason: "expired" } }
    })
    assert.strictEqual(decide({ ...can, knowsCredentials: false }, expired, { _tag: "expired" }, at)._tag, "SignIn")
  })
})

describe("what another process did", () => {
  it("is read before the session counts as loaded, and every other need asks for its token all the same", () => {
    const outdated = view("fresh", { outdated: true })
    assert.isFalse(isMet(outdated, { _tag: "load" }, at))
    assert.isTrue(isMet(outdated, { _tag: "expired" }, at))
    assert.strictEqual(decide(policy, outdated, { _tag: "load" }, at)._tag, "Read")
    assert.strictEqual(decide(policy, view("fresh"), { _tag: "load" }, at)._tag, "Done")
  })

  it("leaves the turn to the process that obtained the tokens, until the second half of what is left", () => {
    assert.strictEqual(substituteTurn(100, 200, 0), 150)
    assert.strictEqual(substituteTurn(100, 200, 0.5), 175)
    assert.strictEqual(substituteTurn(100, 200, 1), 200)
    assert.strictEqual(substituteTurn(100, Infinity, 0.5), 100)
  })
})

describe("another owner's claim", () => {
  const claimed = (how: How) => view(how, { stored: { ...view(how).stored!, claim: "living" } })
  const onDemand = { ...policy, mayLeaveWork: false }

  it("does not keep a caller with a live token waiting, where no work may be left behind", () => {
    const step = decide(onDemand, claimed("stale"), { _tag: "scheduled" }, at)
    assert.deepStrictEqual(step, { _tag: "Serve", until: at.mono + 1_000, dropsLeftover: false })
  })

  it("is waited for by everybody else", () => {
    for (
      const [one, how, need] of [
        [onDemand, "dead", { _tag: "scheduled" }],
        [onDemand, "margin", { _tag: "expired" }],
        [policy, "stale", { _tag: "scheduled" }]
      ] as const
    ) {
      assert.strictEqual(decide(one, claimed(how), need, at)._tag, "WaitForClaim")
    }
  })
})

describe("freshness", () => {
  it("dies by the first of two clocks, each at its very end", () => {
    const one = view("fresh")
    const token = one.token!
    const how = (mono: number, wall: number) => freshness(one, { mono, wall })
    assert.strictEqual(how(token.deadAt - 1, at.wall), "margin")
    assert.strictEqual(how(token.deadAt, at.wall), "dead")
    assert.strictEqual(how(at.mono, token.expiresAt - 1), "margin")
    assert.strictEqual(how(at.mono, token.expiresAt), "dead")
    const margin = token.deadAt - token.marginAt
    assert.strictEqual(how(at.mono, token.expiresAt - margin), "margin")
    assert.strictEqual(how(at.mono, token.expiresAt - margin - 1), "fresh")
    assert.strictEqual(how(token.marginAt, at.wall), "margin")
    assert.strictEqual(how(token.marginAt - 1, at.wall), "stale")
    assert.strictEqual(how(one.due, at.wall), "stale")
    assert.strictEqual(how(one.due - 1, at.wall), "fresh")
    assert.strictEqual(freshness(view("none"), at), "none")
  })

  it("nothing is met before the store was read", () => {
    for (const need of needs) assert.isFalse(isMet(view("fresh", { status: "unloaded" }), need, at))
  })

  it("a token in its margin is alive, and does not meet an expired need", () => {
    assert.isFalse(isMet(view("margin"), { _tag: "expired" }, at))
    assert.isTrue(isMet(view("margin"), needs[4]!, at))
    assert.isFalse(isMet(view("dead"), needs[4]!, at))
    assert.isFalse(isMet(view("none"), needs[6]!, at))
    assert.isFalse(isMet(view("none"), { _tag: "expired" }, at))
  })

  it("a scheduled need is there from the due time on", () => {
    assert.isTrue(isMet(view("fresh", { due: at.mono + 1 }), { _tag: "scheduled" }, at))
    assert.isFalse(isMet(view("fresh", { due: at.mono }), { _tag: "scheduled" }, at))
  })
})

describe("in doubt", () => {
  it("the live token is served where repeating could end the session (G19, G63)", () => {
    const since = at.wall - 5_000
    const may = (rotation: Policy["rotation"]) => mayRepeat({ ...policy, rotation }, since, at)
    assert.isTrue(may("static"))
    assert.isTrue(may("none"))
    assert.isFalse(may("rotating"))
    assert.isTrue(may({ rotating: { repeatable: "untilUsed" } }))
    assert.isTrue(may({ rotating: { repeatable: 5_001 } }))
    assert.isFalse(may({ rotating: { repeatable: 5_000 } }))
    assert.isTrue(mayServe(policy, view("margin", { doubt: since }), at))
    assert.isFalse(mayServe(policy, view("margin"), at))
    assert.isFalse(mayServe(policy, view("dead", { doubt: since }), at))
    assert.isFalse(mayServe(policy, view("none", { doubt: since }), at))
    assert.isFalse(mayServe({ ...policy, rotation: "static" }, view("fresh", { doubt: since }), at))
  })
})

describe("a further API", () => {
  const doubt = at.wall - 5_000
  const about = (tag: "scheduled" | "expired"): Need => ({ _tag: tag, resource: "https://mail.example/" })
  const rejected: Need = { _tag: "rejected", token: tokenOf(1), resource: "https://mail.example/" }
  const beside = (own: How, how: How, more: Partial<View> = {}) =>
    decide(policy, view(how, { own: held(own), doubt, ...more }), about("expired"), at)

  it("is refreshed by the same rules", () => {
    assert.strictEqual(decide(policy, view("none", { own: held("fresh") }), about("expired"), at)._tag, "Refresh")
    assert.strictEqual(decide(policy, view("fresh", { own: held("dead") }), about("expired"), at)._tag, "Done")
    assert.strictEqual(beside("fresh", "margin")._tag, "Serve")
  })

  it("in doubt, is not asked for while the session's own token lives: the session could end with it (G19)", () => {
    const left = held("stale")!.deadAt - at.mono
    const kept = { _tag: "Backoff", millis: left, isWaitedOut: false, dropsLeftover: false } as const
    assert.deepStrictEqual(beside("stale", "dead"), kept)
    assert.deepStrictEqual(beside("stale", "none"), kept)
    assert.deepStrictEqual(decide(policy, view("fresh", { own: held("stale"), doubt }), rejected, at), kept)
    const stored = { ...view("dead").stored!, claim: "leftover" as const }
    assert.deepStrictEqual(beside("stale", "dead", { stored }), { ...kept, dropsLeftover: true })
    assert.strictEqual(beside("dead", "dead")._tag, "Refresh")
    assert.strictEqual(beside("none", "dead")._tag, "Refresh")
    assert.strictEqual(beside("stale", "dead", { doubt: undefined })._tag, "Refresh")
    const repeats = { ...policy, rotation: { rotating: { repeatable: "untilUsed" } } } as const
    assert.strictEqual(
      decide(repeats, view("dead", { own: held("stale"), doubt }), about("expired"), at)._tag,
      "Refresh"
    )
  })

  it("has no token where there is no refresh token: a new session would not bring one", () => {
    const can = { ...policy, canSignIn: true }
    const without = view("none", { stored: { ...view("none").stored!, refreshToken: "none", isOwn: true } })
    const failed = { _tag: "Fail", because: "expired", dropsToken: false } as const
    for (const need of [about("scheduled"), about("expired"), rejected]) {
      assert.deepStrictEqual(decide(can, without, need, at), failed)
      assert.deepStrictEqual(decide({ ...can, canRefresh: false }, view("none"), need, at), failed)
    }
    const past = view("none", { stored: { ...view("none").stored!, refreshToken: "pastItsEnd", isOwn: true } })
    assert.strictEqual(decide(can, past, about("expired"), at)._tag, "SignIn")
    const never = view("none", { status: "never", stored: { ...view("none").stored!, refreshToken: "none" } })
    assert.strictEqual(decide(can, never, about("expired"), at)._tag, "SignIn")
  })
})

describe("reading", () => {
  it("hands out what is fresh or stale, waits a little in the margin, and for a dead token as long as it takes", () => {
    const read = (how: How, more: Partial<View> = {}, isRenewing = false) =>
      reading(policy, view(how, more), isRenewing, at)
    assert.deepStrictEqual(read("fresh"), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("stale"), { _tag: "Hand", refreshesBehind: true })
    assert.deepStrictEqual(read("stale", { closing: true }), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("stale", { status: "ended" }), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("margin"), { _tag: "Soon", millis: 2_000, of: "refresh" })
    assert.deepStrictEqual(read("margin", { doubt: at.wall }), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("fresh", {}, true), { _tag: "Soon", millis: 2_000, of: "flight" })
    assert.deepStrictEqual(read("dead"), { _tag: "Wait" })
    assert.deepStrictEqual(read("none"), { _tag: "Wait" })
  })

  it("leaves no work behind where nobody keeps the process alive: what is due is waited for to its end (G62)", () => {
    const read = (how: How, more: Partial<View> = {}) =>
      reading({ ...policy, mayLeaveWork: false }, view(how, more), false, at)
    assert.deepStrictEqual(read("fresh"), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("stale"), { _tag: "Soon", millis: Infinity, of: "due" })
    assert.deepStrictEqual(read("stale", { closing: true }), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("stale", { status: "ended" }), { _tag: "Hand", refreshesBehind: false })
    assert.deepStrictEqual(read("margin"), { _tag: "Soon", millis: Infinity, of: "refresh" })
  })

  it("waits at most half of what is left", () => {
    const token = { ...held("margin")!, deadAt: at.mono + 600 }
    assert.deepInclude(reading(policy, view("margin", { token }), false, at), { millis: 300 })
    const last = { ...token, deadAt: at.mono + 1 }
    assert.deepInclude(reading(policy, view("margin", { token: last }), false, at), { millis: 1 })
  })
})

describe("a rejection", () => {
  const young = (age: number, born: Held["born"] = "time", life = 100_000): Partial<View> => ({
    token: { ...held("fresh")!, born, obtainedAt: at.mono - age, deadAt: at.mono - age + life }
  })
  const what = (more: Partial<View>, known: Partial<Parameters<typeof rejection>[3]> = {}) =>
    rejection(
      policy,
      view("fresh", more),
      tokenOf(1),
      { isRenewing: false, waitedUntil: undefined, wasAccepted: false, ...known },
      at
    )

  it("of a token that is a second old is waited out once (G64)", () => {
    assert.deepStrictEqual(what(young(400)), { _tag: "TryAgain", millis: 600 })
    assert.deepStrictEqual(what(young(999)), { _tag: "TryAgain", millis: 1 })
    assert.deepStrictEqual(what(young(1_000)), { _tag: "Renew" })
    assert.deepStrictEqual(what(young(0)), { _tag: "Renew" }, "a clock that stands still can't be waited for")
    assert.deepStrictEqual(what(young(400), { wasAccepted: true }), { _tag: "Renew" })
    assert.deepStrictEqual(what(young(400), { waitedUntil: at.mono }), { _tag: "Renew" })
    assert.deepStrictEqual(what(young(900), { waitedUntil: at.mono + 100 }), { _tag: "TryAgain", millis: 100 })
  })

  it("of a token that was born from one a moment ago is hopeless (G13)", () => {
    assert.deepStrictEqual(what(young(2_000, "rejection")), { _tag: "Hopeless" })
    assert.deepStrictEqual(what(young(29_999, "rejection")), { _tag: "Hopeless" })
    assert.deepStrictEqual(what(young(30_000, "rejection")), { _tag: "Renew" })
    assert.deepStrictEqual(what(young(4_999, "rejection", 10_000)), { _tag: "Hopeless" })
    assert.deepStrictEqual(what(young(5_000, "rejection", 10_000)), { _tag: "Renew" })
    assert.deepStrictEqual(what(young(2_000, "signIn")), { _tag: "Renew" })
  })

  it("of another token, or one that is being renewed, joins the renewal", () => {
    assert.deepStrictEqual(what(young(400, "rejection"), { isRenewing: true }), { _tag: "Renew" })
    const known = { isRenewing: false, waitedUntil: undefined, wasAccepted: false }
    assert.deepStrictEqual(rejection(policy, view("fresh", young(400)), tokenOf(0), known, at), { _tag: "Renew" })
    assert.deepStrictEqual(rejection(policy, view("none"), tokenOf(1), known, at), { _tag: "Renew" })
  })
})

const record = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  format: 1,
  provider: "p",
  realm: "r",
  account: "a",
  version: 3,
  session: "s",
  generation: 1,
  state: { _tag: "active" },
  born: "signIn",
  commitId: "c",
  ...more
})

const failure = (more: Partial<ExchangeFailure> = {}) =>
  new ExchangeFailure({ kind: "transient", sent: "answered", reason: "server", ...more })

const judged = (
  failed: ExchangeFailure,
  claimed = record(),
  more: { readonly policy?: Partial<Policy>; readonly view?: View; readonly need?: Need; readonly failures?: number } =
    {}
) =>
  verdict(
    { ...policy, ...more.policy },
    more.view ?? view("fresh"),
    claimed,
    failed,
    more.need ?? { _tag: "expired" },
    at.wall - 10,
    more.failures ?? 1,
    at
  )

const tokens = { accessToken: Redacted.make("a"), refreshToken: Redacted.make("r"), obtainedAt: 0 }
const ago = (millis: number) => at.wall - millis

describe("a verdict", () => {
  it("ends a session for what is documented as its end, and says what is in doubt", () => {
    assert.strictEqual(judged(failure({ kind: "terminal" })).end, "refresh-token-rejected")
    const doubtful = record({ doubt: { since: 1 } })
    assert.strictEqual(judged(failure({ kind: "terminal" }), doubtful).end, "outcome-unknown")
    const reused = judged(failure({ kind: "terminal" }), doubtful, { policy: { rotation: "static" } })
    assert.strictEqual(reused.end, "refresh-token-rejected")
    for (const kind of ["transient", "config"] as const) assert.isUndefined(judged(failure({ kind })).end)
  })

  it("past the end of the refresh token a refusal that goes on for a minute is the end (G57)", () => {
    const past = (refusal?: SessionRecord["refusal"]) =>
      record({ tokens: { ...tokens, refreshExpiresAt: at.wall }, refusal })
    assert.strictEqual(judged(failure({ kind: "terminal" }), past()).end, "expired")
    const undocumented = {
      "400 odd": failure({ kind: "refused", status: 400, error: "odd" }),
      "400 ": failure({ status: 400, reason: "malformed" })
    }
    for (const [error, one] of Object.entries(undocumented)) {
      assert.isUndefined(judged(one, past()).end)
      assert.isUndefined(judged(one, past({ error, at: ago(59_999) })).end)
      assert.strictEqual(judged(one, past({ error, at: ago(60_000) })).end, "expired")
    }
    assert.isUndefined(judged(failure(), past({ error: "400 ", at: ago(60_000) })).end)
    const ahead = record({ tokens: { ...tokens, refreshExpiresAt: at.wall + 1 } })
    assert.strictEqual(judged(failure({ kind: "terminal" }), ahead).end, "refresh-token-rejected")
    assert.isUndefined(judged(failure({ kind: "refused" }), ahead).end)
  })

  it("an undocumented refusal must go on for hours, unchanged (G58)", () => {
    const refused = failure({ kind: "refused", status: 400, error: "odd" })
    assert.deepStrictEqual(judged(refused).refusal, { error: "400 odd", at: at.wall })
    assert.strictEqual(judged(failure({ kind: "refused", error: "odd" })).refusal?.error, " odd")
    const since = (millis: number, error = "400 odd") =>
      judged(refused, record({ refusal: { error, at: ago(millis) } }))
    assert.isUndefined(since(4 * 3_600_000 - 1).end)
    assert.deepStrictEqual(since(1_000).refusal, { error: "400 odd", at: ago(1_000) })
    assert.strictEqual(since(4 * 3_600_000).end, "refresh-token-rejected")
    assert.isUndefined(since(5 * 3_600_000, "400 other").end)
    const passing = judged(failure(), record({ refusal: { error: "400 odd", at: 5 } }))
    assert.deepStrictEqual(passing.refusal, { error: "400 odd", at: 5 })
  })

  it("in doubt, a 400 without a reason must come again after a minute (G27)", () => {
    const mute = failure({ status: 400, reason: "malformed" })
    const doubtful = (millis: number) => record({ doubt: { since: 1 }, refusal: { error: "400 ", at: ago(millis) } })
    assert.isUndefined(judged(mute, doubtful(59_999)).end)
    assert.strictEqual(judged(mute, doubtful(60_000)).end, "outcome-unknown")
    assert.isUndefined(judged(mute, record({ refusal: { error: "400 ", at: 0 } })).end)
    const unauthorized = record({ doubt: { since: 1 }, refusal: { error: "401 ", at: ago(60_000) } })
    assert.isUndefined(judged(failure({ status: 401, reason: "malformed" }), unauthorized).end)
    assert.isUndefined(judged(failure({ status: 400, reason: "malformed", sent: "unknown" }), doubtful(60_000)).end)
  })

  it("keeps an older doubt, and notes a new one where the answer was lost", () => {
    const lost = failure({ sent: "unknown" })
    assert.deepStrictEqual(judged(lost).doubt, { since: at.wall - 10 })
    assert.deepStrictEqual(judged(lost, record({ doubt: { since: 1 } })).doubt, { since: 1 })
    assert.isUndefined(judged(failure()).doubt)
    assert.isUndefined(judged(lost, record(), { policy: { rotation: "static" } }).doubt)
  })

  it("asks for a person where the provider refuses without a reason", () => {
    const refused = failure({ kind: "refused" })
    assert.isTrue(judged(refused, record(), { failures: 1 }).isSuspect)
    assert.isFalse(judged(refused, record(), { failures: 2 }).isSuspect)
    assert.isTrue(judged(refused, record(), { failures: 10 }).isSuspect)
    const mute = failure({ reason: "malformed" })
    assert.isFalse(judged(mute, record(), { failures: 1 }).isSuspect)
    assert.isFalse(judged(mute, record(), { failures: 9 }).isSuspect)
    assert.isTrue(judged(mute, record(), { failures: 10 }).isSuspect)
    assert.isFalse(judged(failure(), record(), { failures: 10 }).isSuspect)
    assert.isFalse(judged(failure({ kind: "terminal", reason: "malformed" }), record(), { failures: 10 }).isSuspect)
  })

  it("nobody waits for another attempt while the live token serves", () => {
    const lost = failure({ sent: "unknown" })
    assert.isTrue(judged(lost).isServed)
    assert.isFalse(judged(failure()).isServed)
    assert.isFalse(judged(lost, record(), { need: needs[3]! }).isServed)
    assert.isFalse(judged(lost, record(), { view: view("dead") }).isServed)
    assert.isFalse(judged(lost, record(), { policy: { rotation: "static" } }).isServed)
  })

  it("an undocumented refusal may be about a further API alone: it ends no session, and the others need not wait", () => {
    const need: Need = { _tag: "expired", resource: "https://mail.example/" }
    const refused = failure({ kind: "refused", status: 400, error: "odd" })
    const noted = { error: "400 odd", at: 0 }
    const past = record({ tokens: { ...tokens, refreshExpiresAt: at.wall }, refusal: noted })
    for (const claimed of [record({ refusal: noted }), past]) {
      const means = judged(refused, claimed, { need })
      assert.deepInclude(means, { end: undefined, waits: "thisProcess", isSuspect: true })
      assert.strictEqual(means.refusal, noted)
    }
    assert.isUndefined(judged(refused, record(), { need }).refusal)
    assert.strictEqual(judged(refused).waits, "everybody")
    assert.strictEqual(judged(failure(), record(), { need }).waits, "everybody")
    assert.strictEqual(judged(failure({ kind: "terminal" }), record(), { need }).end, "refresh-token-rejected")
    const lost = failure({ sent: "unknown" })
    assert.isTrue(judged(lost, record(), { need, view: view("none", { own: held("fresh") }) }).isServed)
    assert.isFalse(judged(lost, record(), { need, view: view("none", { own: held("dead") }) }).isServed)
    assert.isFalse(judged(failure(), record(), { need, view: view("none", { own: held("fresh") }) }).isServed)
  })

  it("a fault of the configuration is this process's, and what closing kept back is nobody's (G59)", () => {
    assert.strictEqual(waitsAfter(failure({ kind: "config" })), "thisProcess")
    assert.strictEqual(waitsAfter(failure({ reason: "closing", sent: "no" })), "nobody")
    assert.strictEqual(waitsAfter(failure({ reason: "closing", sent: "unknown" })), "everybody")
    assert.strictEqual(waitsAfter(failure({ sent: "no" })), "everybody")
    assert.strictEqual(judged(failure({ kind: "config" })).waits, "thisProcess")
  })
})

describe("one more attempt", () => {
  const after = { millis: 500 as number | undefined, attempt: 1, elapsed: 1_500, closing: false }
  const may = (more: Partial<typeof after> = {}, need: Need = { _tag: "expired" }) =>
    mayTryAgain(policy, need, { ...after, ...more })

  it("is made once, within the patience of a caller that waits", () => {
    assert.isTrue(may())
    assert.isFalse(may({ millis: 501 }))
    assert.isFalse(may({ elapsed: 1_501 }))
    assert.isFalse(may({ attempt: 2 }))
    assert.isFalse(may({ millis: undefined }))
    assert.isFalse(may({ closing: true }))
    assert.isFalse(may({}, { _tag: "scheduled" }))
  })
})

describe("belongsTo (G55)", () => {
  it("is true for the same session, subject or principal, and for nothing else", () => {
    const ann = { session: "1", subject: "ann", principal: undefined }
    assert.isTrue(belongsTo({ session: "1" }, { session: "1" }))
    assert.isTrue(belongsTo(ann, { ...ann, session: "2" }))
    assert.isFalse(belongsTo(ann, { session: "2", subject: "bob" }))
    assert.isFalse(belongsTo({ session: "1" }, { session: "2" }))
    assert.isFalse(belongsTo({ session: "1", subject: undefined }, { session: "2", subject: undefined }))
    assert.isTrue(belongsTo({ session: "1", principal: "x" }, { session: "2", principal: "x" }))
    assert.isFalse(belongsTo({ session: "1", principal: "x" }, { session: "2", principal: "y" }))
    assert.isFalse(belongsTo({ session: "1", principal: undefined }, { session: "2", principal: undefined }))
  })
})

// It takes longest, so it comes last: most mutants fail before it.
describe("decide", () => {
  it("does what the table says, in every situation", () => {
    let seen = 0
    const reached = new Set<number>()
    for (const one of situations()) {
      if (impossible(one) !== undefined) continue
      seen++
      const row = rows.findIndex(({ when }) => when(one))
      reached.add(row)
      const step = decide(asPolicy(one), asView(one), one.need, at)
      if (step._tag !== rows[row]?.step) {
        assert.fail(`row ${row} wants ${rows[row]?.step}, and it is ${step._tag}: ${JSON.stringify(one)}`)
      }
    }
    assert.isAbove(seen, 4_000)
    assert.strictEqual(reached.size, rows.length, "each row stands for some situation")
  })
})
