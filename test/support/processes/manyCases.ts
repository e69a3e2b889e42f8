/** Eight processes on each store that processes can share: what is done to them, and what must come of it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { ClusterOptions, Report } from "./cluster.ts"
import type { SharedStore } from "./sharedStores.ts"
import { runKept } from "./suite.ts"

interface Case {
  readonly title: string
  /** In the log. */
  readonly name: string
  readonly options: Omit<ClusterOptions, "store" | "workers" | "seconds">
  /** Where a shorter run may show nothing. */
  readonly atLeast?: number
  readonly check?: (report: Report) => void
}

const chaos = { kill: true, pause: true }

const spentAgain = ({ repeats }: Report) => Object.values(repeats).reduce((sum, count) => sum + count, 0)

const leftAlone: Case = {
  title: "left alone, spend no refresh token twice and lose nothing",
  name: "left alone",
  options: { sessions: 1, lifetime: 2, claimTtl: 2_000 }
}

const oneSession: Case = {
  title: "killed and paused, keep one session or say that it is lost",
  name: "1 session",
  options: { sessions: 1, lifetime: 1, claimTtl: 1_500, chaos }
}

export const manySessions: Case = {
  title: "killed and paused, keep 200 sessions or say which are lost",
  name: "200 sessions",
  options: { sessions: 200, lives: 1.5, claimTtl: 8_000, chaos }
}

/** Whoever meets a claim waits for a second, so that most exchanges take longer than that and than the token lives. */
const noClaims: Case = {
  title: "without claims that hold, never put an older generation over a newer one",
  name: "claims of 1 ms",
  options: {
    sessions: 1,
    lifetime: 3,
    claimTtl: 1,
    reuse: { repeatable: "untilUsed" },
    mode: "onDemand",
    slow: [1_000, 3_000]
  },
  atLeast: 12,
  check: (report) => assert.isAbove(spentAgain(report), 0, "claims that do not hold are seen not to hold")
}

const badNetwork: Case = {
  title: "over a bad network, keep their sessions or say which are lost",
  name: "bad network",
  options: { sessions: 8, lifetime: 2, claimTtl: 2_000, networkFaults: 25 }
}

export const shortCases: ReadonlyArray<Case> = [leftAlone, oneSession, manySessions, noClaims]

export const allCases: ReadonlyArray<Case> = [...shortCases, badNetwork]

const workers = 8

/** Declares the cases on each of the stores; a run goes on for so many seconds. */
export const manyProcesses = (
  script: () => string,
  stores: ReadonlyArray<SharedStore>,
  options: { readonly cases: ReadonlyArray<Case>; readonly seconds: number }
): void => {
  for (const { isSkipped, name, store } of stores) {
    describe.skipIf(isSkipped)(`eight processes on ${name}`, () => {
      for (const one of options.cases) {
        const seconds = Math.max(options.seconds, one.atLeast ?? 0)
        it.scopedLive(one.title, () =>
          Effect.map(
            Effect.flatMap(store, (store) =>
              runKept(script(), `${name}, ${one.name}`, { store, workers, seconds, ...one.options })),
            (report) =>
              one.check?.(report)
          ), (3 * seconds + 240) * 1_000)
      }
    })
  }
}
