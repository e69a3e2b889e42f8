import * as RecordKey from "@effect-auth/core/RecordKey"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"

const part = fc.string({ unit: "binary", maxLength: 6 })

describe("RecordKey", () => {
  it("gives no two keys the same text, whatever the parts are made of", () => {
    const key = fc.record({ provider: part, realm: part, account: part })
    fc.assert(fc.property(key, key, (a, b) => {
      const same = a.provider === b.provider && a.realm === b.realm && a.account === b.account
      assert.strictEqual(RecordKey.toString(a) === RecordKey.toString(b), same)
    }))
  })

  it("names slashes, percent signs, half characters and nothing at all", () => {
    const text = (account: string) => RecordKey.toString({ provider: "p", realm: "a/b", account })
    assert.strictEqual(text("x/y%"), "p/a%2Fb/x%2Fy%25")
    assert.strictEqual(text("\ud800"), "p/a%2Fb/%ud800")
    assert.strictEqual(text(""), "p/a%2Fb/")
  })
})
