/** What the unit tests of pure rules import from `@effect/vitest`, by mocha. */
export { assert } from "chai"
export const { describe, it } = globalThis
