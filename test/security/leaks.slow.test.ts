/** No provider tells a secret, whatever its server does. */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { faults, hunt, subjects } from "./hunt.ts"

for (const subject of subjects) {
  describe(subject.name, () => {
    for (const [name, fault] of Object.entries(faults)) {
      it(`tells no secret: ${name}`, { timeout: 120_000 }, () => Effect.runPromise(hunt(subject, fault)))
    }
  })
}
