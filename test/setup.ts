/**
 * Runs before each test file: `expect(…).toEqual` compares Effect's data by `Equal`, and a test without an assertion fails.
 */
import { addEqualityTesters, afterEach, beforeEach } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { chai } from "vitest"

interface Exception {
  /** A part of the test's full name. */
  readonly name: string
  readonly reason: string
}

const { withoutAssertions }: { readonly withoutAssertions: ReadonlyArray<Exception> } = JSON.parse(
  readFileSync(new URL("./exceptions.json", import.meta.url), "utf8")
)

addEqualityTesters()

interface Counted {
  /** How many assertions ran in this process. */
  [count]?: number
}

const count = Symbol.for("@effect-auth/test/assertions")
// One process runs many test files. They share vitest's `chai`, whose methods are wrapped once.
const assertions: Counted = chai.Assertion.prototype as object

// `assert` and most of `expect` end in chai's method `assert`; some matchers (`toMatchObject`) throw by themselves.
// `expect.requireAssertions` of vitest does not see `assert` at all.
const countAssertions = () => {
  assertions[count] = 0
  for (const [name, { value: matcher }] of Object.entries(Object.getOwnPropertyDescriptors(chai.Assertion.prototype))) {
    if (typeof matcher !== "function" || name !== "assert" && !/^to[A-Z]/.test(name)) continue
    Object.defineProperty(chai.Assertion.prototype, name, {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: ReadonlyArray<unknown>) {
        assertions[count] = made() + 1
        return matcher.apply(this, args)
      }
    })
  }
}

const made = (): number => assertions[count] ?? 0

if (assertions[count] === undefined) countAssertions()

/** How many assertions had run when the test began. Tests that run side by side share the count. */
const begun = new Map<string, number>()

beforeEach(({ task }) => {
  begun.set(task.id, made())
})

afterEach(({ task }) => {
  const state = task.result?.state
  if (state === "fail" || state === "skip" || begun.get(task.id) !== made()) return
  const names = [task.name]
  for (let { suite } = task; suite !== undefined; suite = suite.suite) names.unshift(suite.name)
  const name = names.join(" > ")
  if (withoutAssertions.some((exception) => name.includes(exception.name))) return
  throw new Error("This test made no assertion. (If its assertion is a law, name it in test/exceptions.json.)")
})
