import * as Callers from "@effect-auth/remote/Callers"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const caller = (more: Partial<Callers.Caller> = {}): Callers.Caller => ({
  name: "one",
  bearers: [sha256("right")],
  accounts: "all",
  ...more
})

describe("callers", () => {
  it.effect("a new bearer is long, new each time, and known by its digest", () =>
    Effect.gen(function*() {
      const one = yield* Callers.makeBearer
      const other = yield* Callers.makeBearer
      assert.notStrictEqual(Redacted.value(one.bearer), Redacted.value(other.bearer))
      assert.match(Redacted.value(one.bearer), /^[\w-]{43}$/)
      assert.strictEqual(one.digest, sha256(Redacted.value(one.bearer)))
      assert.notInclude(String(one.bearer), Redacted.value(one.bearer))
    }))

  it.effect("the caller of a bearer is found; a part of one, none and a digest are nobody's", () =>
    Effect.gen(function*() {
      const two = caller({ name: "two", bearers: [sha256("old"), sha256("new").toUpperCase()] })
      const who = Callers.finder([caller(), two, caller({ name: "empty", bearers: ["", "zz"] })])
      const names = yield* Effect.forEach(
        ["right", "old", "new", "righ", "right ", "", sha256("right"), undefined],
        (bearer) => Effect.map(who(bearer), (found) => found?.name)
      )
      assert.deepStrictEqual(names, ["one", "two", "two", undefined, undefined, undefined, undefined, undefined])
    }))

  it.effect("a bearer of two callers is nobody's, so that none has what the other may do", () =>
    Effect.gen(function*() {
      const who = Callers.finder([caller({ accounts: ["anna"] }), caller({ name: "two" })])
      assert.isUndefined(yield* who("right"))
      const twice = caller({ bearers: [sha256("right"), sha256("right")] })
      assert.strictEqual(yield* Callers.finder([twice])("right"), twice)
    }))

  it("reads only, unless more is allowed", () => {
    const all: ReadonlyArray<Callers.Operation> = ["read", "refresh", "signOut", "signIn"]
    assert.deepStrictEqual(all.filter((operation) => Callers.mayDo(caller(), operation)), ["read"])
    const more = caller({ operations: ["read", "signOut"] })
    assert.deepStrictEqual(all.filter((operation) => Callers.mayDo(more, operation)), ["read", "signOut"])
    assert.isFalse(Callers.mayDo(caller({ operations: [] }), "read"))
  })

  it("uses the accounts and providers of its lists", () => {
    const listed = caller({ accounts: ["anna"], providers: ["placewise"] })
    assert.isTrue(Callers.mayUse(listed, "placewise", "anna"))
    assert.isFalse(Callers.mayUse(listed, "placewise", "ann"))
    assert.isFalse(Callers.mayUse(listed, "priava", "anna"))
    const tenants = caller({ accounts: (account) => account.startsWith("eu/") })
    assert.isTrue(Callers.mayUse(tenants, "priava", "eu/anna"))
    assert.isFalse(Callers.mayUse(tenants, "priava", "us/eu/anna"))
  })

  it("has tokens for no further API, unless they are named", () => {
    const billing = "https://billing.example.com"
    assert.isFalse(Callers.mayUseResource(caller(), billing))
    assert.isTrue(Callers.mayUseResource(caller({ resources: [billing] }), billing))
    assert.isFalse(Callers.mayUseResource(caller({ resources: [billing] }), `${billing}/x`))
    assert.isTrue(Callers.mayUseResource(caller({ resources: "all" }), billing))
  })
})
