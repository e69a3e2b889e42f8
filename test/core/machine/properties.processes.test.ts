import { describe, it } from "@effect/vitest"
import { historyOfProcesses } from "./arbitrary.ts"
import { histories, keepsPromises } from "./keepsPromises.ts"

describe("two processes", () => {
  it(
    `keep the promises of the session machine in ${histories} generated histories`,
    { timeout: 600_000 },
    () => keepsPromises(historyOfProcesses)
  )
})
