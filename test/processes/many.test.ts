import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { runKept, sqliteStore, workerScript } from "../support/processes/suite.ts"

const script = workerScript()

describe("many processes on one SQLite store", () => {
  it.scopedLive(
    "killed and paused, they spend no refresh token twice and lose no session in silence",
    () =>
      Effect.flatMap(sqliteStore, (store) =>
        runKept(script(), "4 processes, 1 session", {
          store,
          workers: 4,
          sessions: 1,
          lifetime: 1,
          seconds: 5,
          claimTtl: 1_500,
          chaos: { kill: true, pause: true }
        })),
    90_000
  )
})
