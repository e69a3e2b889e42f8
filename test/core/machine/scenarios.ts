/** Histories written by hand, and those that once found a defect. Each is run as it is, and before the generated ones. */
import type { History, Step } from "./history.ts"

const base: Omit<History, "steps"> = {
  config: { rotation: "rotating", strict: true, omitsRefreshToken: false, lifetime: 60_000 },
  siblings: false,
  scheduled: false,
  seed: 1,
  opsBeforeYield: 2_048
}

const advance = (by: number): Step => ({ _tag: "advance", by })
const call = (who: number, times = 1): Step => ({ _tag: "call", who, times })
const refresh = (who: number): Step => ({ _tag: "refresh", who })
const slowly = (delay: number): Step => ({ _tag: "fault", fault: { _tag: "ok", delay } })
const repeat = (times: number, ...steps: ReadonlyArray<Step>): ReadonlyArray<Step> =>
  Array.from({ length: times }, () => steps).flat()
const storeFails: Step = { _tag: "storeFault", fault: "before" }

export const scenarios: Readonly<Record<string, History>> = {
  "two processes refresh at once": {
    ...base,
    steps: [
      call(0),
      call(1),
      advance(10),
      { _tag: "expireAll" },
      slowly(200),
      call(0),
      advance(50),
      call(1),
      advance(1_000)
    ]
  },
  "an answer is lost and asked for again within a window, and after it": {
    ...base,
    config: { ...base.config, lifetime: 3_600_000 },
    steps: [
      call(0),
      { _tag: "fault", fault: { _tag: "lostAfter", delay: 50 } },
      refresh(0),
      advance(3_000),
      call(0),
      refresh(0),
      advance(40_000),
      { _tag: "fault", fault: { _tag: "lostAfter", delay: 50 } },
      refresh(0),
      { _tag: "fault", fault: { _tag: "notSent" } },
      { _tag: "fault", fault: { _tag: "notSent" } },
      advance(40_000),
      refresh(0),
      call(1, 2),
      advance(3_600_000),
      call(0)
    ]
  },
  "a living token is used before its refresh, whose answer is lost with the process": {
    ...base,
    steps: [
      call(0),
      { _tag: "fault", fault: { _tag: "hangs", carriedOut: true } },
      refresh(0),
      advance(1_000),
      { _tag: "close", who: 0 },
      advance(70_000),
      call(1),
      advance(70_000),
      call(0)
    ]
  },
  "two siblings refresh at once": {
    ...base,
    siblings: true,
    steps: [
      call(0),
      call(1),
      advance(10),
      { _tag: "expireAll" },
      slowly(200),
      call(0),
      advance(50),
      call(1),
      advance(1_000)
    ]
  },
  "a token is asked for while the new one is being saved": {
    ...base,
    steps: [slowly(10), refresh(0), advance(12), call(0), advance(1), call(0), advance(100)]
  },
  "the store fails for longer than a commit is patient": {
    ...base,
    steps: [slowly(200), refresh(0), advance(100), ...repeat(60, storeFails), advance(10_000), advance(70_000), call(0)]
  },
  "a service closes while its newest tokens are not saved": {
    ...base,
    steps: [
      slowly(200),
      refresh(0),
      advance(100),
      ...repeat(12, storeFails),
      advance(6_000),
      { _tag: "close", who: 0 },
      advance(70_000),
      call(0)
    ]
  },
  "an endpoint is down and everybody asks": {
    ...base,
    steps: [
      { _tag: "expireAll" },
      ...repeat(60, { _tag: "fault", fault: { _tag: "unavailable", delay: 0 } }),
      ...repeat(40, call(0), call(1), advance(1_000))
    ]
  },
  "signing in while signing out waits for the store": {
    ...base,
    steps: [storeFails, { _tag: "signOut", who: 0, waits: false }, { _tag: "signIn", who: 0 }, call(0)]
  },
  "signing out while a refresh is under way": {
    ...base,
    steps: [slowly(200), refresh(0), advance(50), { _tag: "signOut", who: 0, waits: true }, advance(1_000), call(0)]
  },
  "a caller that started a refresh is interrupted": {
    ...base,
    steps: [
      { _tag: "expireAll" },
      slowly(200),
      call(0, 4),
      advance(50),
      { _tag: "interrupt", which: 0 },
      advance(1_000)
    ]
  },
  "an answer is lost while the token lives": {
    ...base,
    steps: [
      { _tag: "fault", fault: { _tag: "lostAfter", delay: 10 } },
      refresh(0),
      advance(100),
      ...repeat(5, call(0), advance(1_000))
    ]
  },
  "a caller waits for a session that can't go on, and another user signs in": {
    ...base,
    seed: 0,
    steps: [advance(70_000), slowly(200), call(0), call(1, 2), { _tag: "signIn", who: 0 }, advance(1_000)]
  },
  "late rejections of one token": {
    ...base,
    steps: [
      call(0),
      { _tag: "late", who: 0 },
      { _tag: "late", who: 0 },
      advance(100),
      ...repeat(10, { _tag: "late", who: 1 }, advance(10))
    ]
  },
  "an owner is refused in doubt": {
    ...base,
    steps: [
      { _tag: "expireAll" },
      { _tag: "fault", fault: { _tag: "hangs", carriedOut: true } },
      call(0),
      advance(30_000),
      call(1),
      advance(30_000)
    ]
  }
}
