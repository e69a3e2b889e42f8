/** Planted: tests that break the rules of honest testing, and some that keep them. `honesty.slow.test.ts` runs them. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"

let tries = 0
it("flaky", { retry: 2 }, () => assert.isAbove(++tries, 1, "the first failure"))
it("no assertion", () => {})
it("expect without a matcher", () => {
  expect(1)
})
it.effect("no assertion in an effect", () => Effect.void)
it.skip("skipped", () => assert.isTrue(true))
it("skipped from inside", ({ skip }) => skip())
it.todo("left for later")
describe.skip("a skipped suite", () => {
  it("inside", () => assert.isTrue(true))
})
it("failed", () => assert.fail("as it should"))

it("assert counts", () => assert.isTrue(true))
it("a plain assert counts", () => assert(true))
it("expect counts", () => expect({ a: 1 }).toEqual({ a: 1 }))
it("a matcher that throws by itself counts", () => expect({ a: 1 }).toMatchObject({ a: 1 }))
it("expect of a promise counts", () => expect(Promise.reject(new Error("no"))).rejects.toThrow("no"))
it.prop("a property counts", [FastCheck.integer()], ([n]) => {
  assert.isNumber(n)
})
describe("some provider: the laws of a provider", () => {
  it("a listed test needs no assertion", () => {})
})
