/** Planted: a skip in a file that test/exceptions.json lists. */
import { assert, it } from "@effect/vitest"

it.skip("skipped, and listed", () => assert.isTrue(true))
