/** Generates histories. */
import type { Rotation } from "@effect-auth/core/AuthProvider"
import * as fc from "effect/FastCheck"
import type { History, Step } from "./history.ts"
import type { Config, Fault, StoreFault } from "./world.ts"

const delay = fc.constantFrom(0, 1, 10, 50, 200)

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ _tag: fc.constant("ok" as const), delay }),
  fc.constant({ _tag: "notSent" as const }),
  fc.record({ _tag: fc.constant("unavailable" as const), delay }),
  fc.record({ _tag: fc.constant("lostBefore" as const), delay }),
  fc.record({ _tag: fc.constant("lostAfter" as const), delay }),
  fc.record({ _tag: fc.constant("hangs" as const), carriedOut: fc.boolean() }),
  fc.constant({ _tag: "misconfigured" as const })
)

const storeFault: fc.Arbitrary<StoreFault> = fc.constantFrom("ok", "slow", "slow", "before", "after")

const who = fc.nat(1)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ _tag: fc.constant("call" as const), who, times: fc.integer({ min: 1, max: 4 }) })
  },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("late" as const), who }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("refresh" as const), who }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("signIn" as const), who }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("signOut" as const), who, waits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("interrupt" as const), which: fc.nat(10) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      _tag: fc.constant("advance" as const),
      by: fc.constantFrom(0, 1, 5, 20, 100, 1_000, 15_000, 40_000, 70_000)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      _tag: fc.constant("jump" as const),
      by: fc.constantFrom(-3_600_000, -10_000, 10_000, 3_600_000)
    })
  },
  { weight: 4, arbitrary: fc.record({ _tag: fc.constant("fault" as const), fault }) },
  { weight: 2, arbitrary: fc.record({ _tag: fc.constant("storeFault" as const), fault: storeFault }) },
  { weight: 2, arbitrary: fc.constant({ _tag: "expireAll" as const }) },
  { weight: 1, arbitrary: fc.constant({ _tag: "revoke" as const }) },
  { weight: 1, arbitrary: fc.record({ _tag: fc.constant("close" as const), who }) }
)

/** Each policy that a provider can state. */
export const rotations: ReadonlyArray<Rotation> = [
  "rotating",
  "static",
  "none",
  { rotating: { repeatable: "10 seconds" } },
  { rotating: { repeatable: "untilUsed" } }
]

const config: fc.Arbitrary<Config> = fc.record({
  rotation: fc.constantFrom(...rotations, "rotating" as const),
  strict: fc.boolean(),
  omitsRefreshToken: fc.constantFrom(false, false, false, true),
  lifetime: fc.constantFrom(60_000, 60_000, 3_600_000)
})

const historyOf = (siblings: fc.Arbitrary<boolean>): fc.Arbitrary<History> =>
  fc.record({
    config,
    siblings,
    scheduled: fc.boolean(),
    seed: fc.nat(),
    opsBeforeYield: fc.constantFrom(2_048, 64, 13),
    steps: fc.array(step, { minLength: 1, maxLength: 20 })
  })

/** Two services over one store instance. */
export const historyOfSiblings = historyOf(fc.constant(true))

/** Two services over one set of records, as two processes have them. */
export const historyOfProcesses = historyOf(fc.constant(false))

/** Either. */
export const history = historyOf(fc.boolean())
