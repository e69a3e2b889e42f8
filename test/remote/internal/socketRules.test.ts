import { assert, describe, it } from "@effect/vitest"
import { faultOf, hasNoRoot } from "../../../packages/remote/src/internal/socketRules.ts"

const user = 1_000
const part = (uid: number, mode: number, isDirectory = true) => ({ uid, mode, isDirectory: () => isDirectory })

describe("the way to a socket", () => {
  it("is the user's own or root's, also where root may write in a folder that others share", () => {
    for (const one of [part(user, 0o40700), part(0, 0o40755), part(0, 0o41777), part(user, 0o120777, false)]) {
      assert.isUndefined(faultOf("/x", one, user))
    }
  })

  it("has no part of another user, and root's programs accept root's parts alone", () => {
    assert.include(faultOf("/x", part(1_001, 0o40700), user), "/x belongs to another user")
    assert.include(faultOf("/x", part(1_001, 0o140600, false), user), "/x belongs to another user")
    assert.include(faultOf("/x", part(user, 0o40700), 0), "/x belongs to another user")
  })

  it("may be below folders of a root that the user namespace does not map, if nobody else may write there", () => {
    const unmapped = 65_534
    assert.isTrue(hasNoRoot("      1000       1000          1\n"))
    for (const map of ["         0          0 4294967295\n", "0 100000 65536\n1000 1000 1\n", ""]) {
      assert.isFalse(hasNoRoot(map), map)
    }
    assert.isUndefined(faultOf("/", part(unmapped, 0o40755), user, true))
    for (const one of [part(unmapped, 0o40775), part(unmapped, 0o41777), part(unmapped, 0o140600, false)]) {
      assert.include(faultOf("/x", one, user, true), "/x belongs to another user")
    }
    assert.include(faultOf("/", part(unmapped, 0o40755), user, false), "/ belongs to another user")
  })

  it("has no folder in which everybody can rename", () => {
    assert.include(faultOf("/x", part(user, 0o40777), user), "other users can rename files in the folder /x")
    assert.include(faultOf("/x", part(0, 0o40777), user), "other users can rename")
  })
})
