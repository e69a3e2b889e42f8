import * as RecordKey from "@effect-auth/core/RecordKey"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
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

  it("gives the key back that a text was made of, and nothing for any other text", () => {
    const key = fc.record({ provider: part, realm: part, account: part })
    fc.assert(fc.property(key, (given) => {
      assert.deepStrictEqual(RecordKey.fromString(RecordKey.toString(given)), given)
    }))
    for (const text of ["", "a/b", "a/b/c/d", "sha256:00", "a/b/%", "a/b/%zz", "a/b/%61", "a/b/ c"]) {
      assert.isUndefined(RecordKey.fromString(text), text)
    }
  })

  it("has one hash for a key and its text, a safe integer, and hardly ever one for two keys", () => {
    const hashes = new Set<number>()
    const low = new Set<number>()
    for (let index = 0; index < 200_000; index++) {
      const hash = RecordKey.hash({ provider: "placewise", realm: "club", account: `member-${index}` })
      hashes.add(hash)
      low.add(hash % 2 ** 30)
    }
    assert.strictEqual(hashes.size, 200_000)
    // Chance alone makes some 19 of 200,000 meet in 30 bits.
    assert.isAbove(low.size, 199_900)
    for (const hash of hashes) if (!Number.isSafeInteger(hash) || hash < 0) assert.fail(String(hash))
    // On the wire between processes of different versions.
    const key = { provider: "p", realm: "r", account: "a" }
    assert.strictEqual(RecordKey.hash(key), RecordKey.hash("p/r/a"))
    assert.strictEqual(RecordKey.hash("p/r/a"), 6_339_673_797_535_261)
  })

  it("names slashes, percent signs, half characters and nothing at all", () => {
    const text = (account: string) => RecordKey.toString({ provider: "p", realm: "a/b", account })
    assert.strictEqual(text("x/y%"), "p/a%2Fb/x%2Fy%25")
    assert.strictEqual(text("\ud800"), "p/a%2Fb/%ud800")
    assert.strictEqual(text(""), "p/a%2Fb/")
  })

  const loose = (account: unknown) => RecordKey.check({ provider: "p", realm: "r", account: account as string })

  for (const account of ["", "\0", "a/b", "\ud800", "x".repeat(4_096)]) {
    it.effect(`takes ${JSON.stringify(account.slice(0, 10))} as a name`, () =>
      Effect.map(loose(account), (text) => {
        assert.strictEqual(text, RecordKey.toString({ provider: "p", realm: "r", account }))
      }))
  }

  for (const account of ["x".repeat(4_097), "x".repeat(5_000_000), undefined, null, 42, {}, ["a"]]) {
    it.effect(`refuses ${JSON.stringify(account)?.slice(0, 10)} (${String(account).length})`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(loose(account))
        assert.deepStrictEqual([error._tag, error.reason], ["TokenStoreError", "misconfigured"])
        assert.include(error.message, "account: give a text of at most 4,096 characters")
        assert.isBelow(error.message.length, 300)
      }))
  }
})
