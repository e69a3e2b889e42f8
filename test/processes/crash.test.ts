/** The two cases that say most; `crash.slow.test.ts` has every step. */
import { describe, it } from "@effect/vitest"
import { type CrashCase, crashCase } from "../support/processes/crash.ts"
import { workerScript } from "../support/processes/suite.ts"

const script = workerScript()

const strict = "revoke-family"

const cases: ReadonlyArray<CrashCase & { readonly title: string }> = [
  { title: "with its claim is taken over at once", point: "claimed", reuse: strict, access: "dead" },
  {
    title: "before the answer ends the session only once the token is dead",
    point: "rotated",
    reuse: strict,
    access: "alive"
  }
]

describe.concurrent("a process killed by SIGKILL (SQLite)", () => {
  for (const { title, ...self } of cases) it.scopedLive(title, () => crashCase(script(), self), 120_000)
})
