import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { Held } from "../../../packages/remote/src/internal/held.ts"

const token = (generation: number) => ({
  value: Redacted.make(`access-${generation}`),
  session: "s",
  generation,
  freshFor: 1_000,
  left: 60_000,
  scopes: undefined,
  subject: undefined,
  principal: undefined
})

const heard = (held: Held) => ({ wall: 0, mono: 0, changes: held.changes })

describe("what a client holds", () => {
  it("an answer that a report of a change overtook is outdated; the next one is not", () => {
    const held = new Held()
    const sent = heard(held)
    held.outdate()
    held.take(token(1), sent, 0, true, 3)
    assert.isTrue(held.isOutdated)
    held.take(token(2), heard(held), 0, true, 3)
    assert.isFalse(held.isOutdated)
  })
})
