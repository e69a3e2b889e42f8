/** Planted: an `.only` that was left in, which would hide the test after it. */
import { assert, it } from "@effect/vitest"

it.only("only this one", () => assert.isTrue(true))
it("hidden", () => assert.fail("nobody runs this"))
