/**
 * Runs before each test file: `expect(…).toEqual` compares Effect's data by `Equal`.
 */
import { addEqualityTesters } from "@effect/vitest"

addEqualityTesters()
