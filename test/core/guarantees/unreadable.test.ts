/** G60: what can't be read can be left, and begun anew. */
import { TokenStoreError } from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { key, recordIn } from "./sharedStore.ts"

/** A store whose record can't be read until something else is written over it. */
const damaged = Effect.fnUntraced(function*(reason: TokenStoreError["reason"], setup: session.Setup = {}) {
  const inner = yield* TokenStore.makeMemory
  const control = { isDamaged: false, isAway: false }
  const store: TokenStore.Service = {
    ...inner,
    get: (asked) =>
      Effect.suspend(() =>
        control.isAway
          ? Effect.fail(new TokenStoreError({ ...key, operation: "get", reason: "unavailable" }))
          : control.isDamaged
          ? Effect.fail(new TokenStoreError({ ...key, operation: "get", reason, version: 3 }))
          : inner.get(asked)
      ),
    compareAndSet: (asked, expected, next) =>
      Effect.suspend(() => {
        if (control.isAway) {
          return Effect.fail(new TokenStoreError({ ...key, operation: "compareAndSet", reason: "unavailable" }))
        }
        if (!control.isDamaged) return inner.compareAndSet(asked, expected, next)
        if (expected !== 3) return Effect.succeed(false)
        control.isDamaged = false
        return Effect.flatMap(inner.get(asked), (found) =>
          inner.compareAndSet(asked, found._tag === "Some" ? found.value.version : 0, next))
      })
  }
  const { auth, script } = yield* session.make({ ...setup, signedIn: false, refresh: { mode: "onDemand" } }).pipe(
    Effect.provideService(TokenStore.TokenStore, store)
  )
  return { auth, control, inner, script }
})

describe("a record that can't be read", () => {
  it.scoped("is not replaced by a sign-in that is refused, and the refusal comes at once", () =>
    Effect.gen(function*() {
      const { auth, control, script } = yield* damaged("missing-key", { singleUse: true })
      control.isDamaged = true
      yield* script.enqueue("signIn", session.dead)
      const exit = yield* session.within(auth.signIn("code"), "0 millis")
      assert.isTrue(Exit.isFailure(exit))
      assert.isTrue(control.isDamaged, "what another key may still read was erased")
    }))

  for (const reason of ["corrupt", "missing-key", "tampered"] as const) {
    it.scoped(`G60: (${reason}) can be signed out of, and then nobody is signed in`, () =>
      Effect.gen(function*() {
        const { auth, control, inner } = yield* damaged(reason)
        control.isDamaged = true
        assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "TokenStoreError")
        assert.strictEqual(yield* auth.signOut, "nothing-to-revoke")
        assert.strictEqual((yield* auth.state)._tag, "SignedOut")
        const record = yield* recordIn(inner)
        assert.isTrue(record.state._tag === "signedOut" && record.tokens === undefined)
        assert.strictEqual((yield* Effect.flip(auth.accessToken))._tag, "SignInRequired")
      }))

    it.scoped(`G60: (${reason}) is replaced by a sign-in, and by tokens that are adopted`, () =>
      Effect.gen(function*() {
        const { auth, control } = yield* damaged(reason)
        control.isDamaged = true
        const token = yield* auth.signIn("secret")
        assert.deepStrictEqual(yield* auth.accessToken, token)
        control.isDamaged = true
        yield* auth.adopt({ accessToken: Redacted.make("given"), expiresIn: 3_600 })
        assert.isFalse(control.isDamaged)
        assert.strictEqual(Redacted.value((yield* auth.accessToken).value), "given")
      }))
  }

  it.scoped("G60: is left also where the store was away at first", () =>
    Effect.gen(function*() {
      const { auth, control, inner } = yield* damaged("corrupt")
      yield* auth.signIn("secret")
      control.isAway = true
      assert.isTrue(Exit.isFailure(yield* session.within(auth.signOut, "10 seconds")))
      control.isDamaged = true
      control.isAway = false
      yield* TestClock.adjust("10 seconds")
      assert.isFalse(control.isDamaged)
      assert.strictEqual((yield* recordIn(inner)).state._tag, "signedOut")
    }))
})
