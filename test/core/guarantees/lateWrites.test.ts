/** What is written late: after the store was away, another process may have done more. */
import * as RecordChanges from "@effect-auth/core/RecordChanges"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"
import { away, key, over, recordIn, setup, shared } from "./sharedStore.ts"

/** The store without reports. */
const bare = ({ compareAndSet, erase, get }: TokenStore.Service): TokenStore.Service => ({ compareAndSet, erase, get })

const erase = ({ erase }: TokenStore.Service) => erase?.(key) ?? Effect.succeed(false)

describe("a sign-in that is saved late", () => {
  for (const what of ["refreshes", "signs out"] as const) {
    it.scoped(`is not written again where it had arrived, and another process ${what} since (G20)`, () =>
      Effect.gen(function*() {
        const inner = yield* shared()
        const control = { isAway: false, loses: false }
        const store: TokenStore.Service = {
          ...inner,
          get: (key) => Effect.suspend(() => control.isAway ? Effect.fail(away) : inner.get(key)),
          compareAndSet: (key, version, record) =>
            Effect.suspend(() => {
              if (control.isAway) return Effect.fail(away)
              const written = inner.compareAndSet(key, version, record)
              if (!control.loses) return written
              control.isAway = true
              return Effect.zipRight(written, Effect.fail(away))
            })
        }
        const script = yield* ScriptedProvider.make<string>()
        const here = yield* over(script, store)
        control.loses = true
        const begun = yield* Effect.flatten(session.within(here.signIn("ola"), "10 seconds"))
        const elsewhere = yield* over(script, inner)
        yield* (what === "refreshes" ? elsewhere.refresh : elsewhere.signOut)
        const before = yield* recordIn(inner)
        assert.strictEqual(before.session, begun.session)
        control.loses = false
        control.isAway = false
        yield* TestClock.adjust("30 seconds")
        const after = yield* recordIn(inner)
        assert.deepStrictEqual([after.state, after.tokens], [before.state, before.tokens])
      }))
  }

  for (const start of ["with a session", "without one"] as const) {
    it.scoped(`does not replace one that another process began after it, ${start} (G25)`, () =>
      Effect.gen(function*() {
        const { auth, control, elsewhere, record, script } = yield* setup()
        yield* (start === "with a session" ? auth.signIn("first") : Effect.exit(auth.accessToken))
        yield* TestClock.adjust("1 second")
        yield* Effect.exit(auth.accessToken)
        control.isAway = true
        yield* Effect.flatten(session.within(auth.signIn("older"), "10 seconds"))
        yield* TestClock.adjust("5 minutes")
        const newer = yield* elsewhere.signIn("newer")
        const before = yield* script.count("revoke")
        control.isAway = false
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual((yield* record).session, newer.session)
        assert.strictEqual((yield* auth.accessToken).session, newer.session)
        // What was obtained in vain does not live on.
        assert.strictEqual(yield* script.count("revoke"), before + 1)
      }))
  }

  it.scoped("does not replace what another process began in a store that had been empty", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      let isAway = false
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, version, record) =>
          Effect.suspend(() => isAway ? Effect.fail(away) : inner.compareAndSet(key, version, record))
      }
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* over(script, store)
      isAway = true
      yield* session.within(here.signIn("older"), "10 seconds")
      const newer = yield* (yield* over(script, inner)).signIn("newer")
      isAway = false
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* recordIn(inner)).session, newer.session)
    }))

  it.scoped("replaces what it finds where the store had not been read before", () =>
    Effect.gen(function*() {
      const { auth, control, elsewhere, record } = yield* setup()
      yield* elsewhere.signIn("ola")
      control.isAway = true
      const kari = yield* Effect.flatten(session.within(auth.signIn("kari"), "10 seconds"))
      control.isAway = false
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* record).session, kari.session)
    }))

  it.scoped("revokes what it replaced once it is saved, and not before, where the provider wants that", () =>
    Effect.gen(function*() {
      const inner = yield* shared()
      let isAway = false
      const store: TokenStore.Service = {
        ...inner,
        compareAndSet: (key, version, record) =>
          Effect.suspend(() => isAway ? Effect.fail(away) : inner.compareAndSet(key, version, record))
      }
      const script = yield* ScriptedProvider.make<string>({ revokeReplaced: true })
      const auth = yield* over(script, store)
      yield* auth.signIn("first")
      isAway = true
      yield* session.within(auth.signIn("second"), "10 seconds")
      // Other processes still use what is stored.
      assert.strictEqual(yield* script.count("revoke"), 0)
      isAway = false
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* script.count("revoke"), 1)
    }))
})

describe("more than one change while the store is away", () => {
  /** A session that is stored, and a store that this process loses then. */
  const lost = Effect.gen(function*() {
    const made = yield* setup()
    const first = yield* made.auth.signIn("first")
    made.control.isAway = true
    const signIn = (name: string) => Effect.flatten(session.within(made.auth.signIn(name), "10 seconds"))
    const signOut = session.within(made.auth.signOut, "10 seconds")
    const back = Effect.suspend(() => {
      made.control.isAway = false
      return TestClock.adjust("1 minute")
    })
    return { ...made, back, first, signIn, signOut }
  })

  it.scoped("the last of two sign-ins is the one that is saved (G20)", () =>
    Effect.gen(function*() {
      const { auth, back, record, signIn } = yield* lost
      yield* signIn("second")
      const third = yield* signIn("third")
      yield* back
      assert.strictEqual((yield* record).session, third.session)
      assert.strictEqual((yield* auth.accessToken).session, third.session)
    }))

  it.scoped("after a sign-out the session before does not come back under a new sign-in (G25)", () =>
    Effect.gen(function*() {
      const { auth, back, record, signIn, signOut } = yield* lost
      yield* signOut
      const other = yield* signIn("other")
      yield* back
      assert.strictEqual((yield* record).session, other.session)
      assert.strictEqual((yield* auth.accessToken).session, other.session)
    }))

  it.scoped("a sign-out that is asked for twice ends the session that an unsaved sign-in had replaced (G25)", () =>
    Effect.gen(function*() {
      const { auth, back, record, signIn, signOut } = yield* lost
      yield* signIn("second")
      yield* signOut
      yield* signOut
      yield* back
      assert.strictEqual((yield* record).state._tag, "signedOut")
      assert.deepInclude(yield* Effect.flip(auth.accessToken), { _tag: "SignInRequired" })
    }))

  it.scoped("tokens of an unsaved sign-in do not outlive a sign-out of the session that took its place", () =>
    Effect.gen(function*() {
      const { auth, control, elsewhere, script, signIn } = yield* lost
      yield* signIn("second")
      yield* elsewhere.signIn("newer")
      const before = yield* script.count("revoke")
      yield* TestClock.adjust("1 minute")
      control.isAway = false
      yield* session.within(auth.signOut, "1 second")
      yield* TestClock.adjust("1 second")
      assert.isAtLeast((yield* script.count("revoke")) - before, 2)
    }))
})

describe("a sign-out that is written late", () => {
  it.scoped("does not end another user's session whose record began anew (G25)", () =>
    Effect.gen(function*() {
      const { auth, control, elsewhere, record, script } = yield* setup()
      yield* auth.signIn("ola")
      yield* auth.refresh
      control.isAway = true
      yield* session.within(auth.signOut, "10 seconds")
      yield* elsewhere.signOut
      yield* elsewhere.erase
      const kari = yield* elsewhere.signIn("kari")
      const before = yield* script.count("revoke")
      control.isAway = false
      yield* TestClock.adjust("30 seconds")
      const stored = yield* record
      assert.deepStrictEqual([stored.session, stored.state._tag], [kari.session, "active"])
      assert.strictEqual(yield* script.count("revoke"), before)
    }))
})

describe("a record that was erased and begun anew", () => {
  for (const how of ["reports nothing", "pushes"] as const) {
    it.scoped(`is what this process serves after its own sign-in, on a store that ${how} (G55)`, () =>
      Effect.gen(function*() {
        const inner = yield* TokenStore.makeMemory
        const script = yield* ScriptedProvider.make<string>()
        const here = yield* over(script, how === "pushes" ? inner : bare(inner))
        yield* TestClock.adjust("1 second")
        yield* here.signIn("ola")
        yield* here.refresh
        yield* TestClock.adjust("1 second")
        const elsewhere = yield* over(script, bare(inner))
        yield* elsewhere.signOut
        yield* erase(inner)
        const kari = yield* here.signIn("kari")
        assert.strictEqual((yield* here.accessToken).session, kari.session)
      }))
  }

  it.scoped("is read before a refresh where the listening connection was away", () =>
    Effect.gen(function*() {
      const inner = yield* TokenStore.makeMemory
      const hub = RecordChanges.makeHub()
      hub.listening()
      const script = yield* ScriptedProvider.make<string>()
      const here = yield* over(script, { ...bare(inner), changes: hub.changes, reportsAtOnce: true }, {
        mode: "scheduled"
      })
      yield* TestClock.adjust("1 second")
      yield* here.signIn("ola")
      yield* TestClock.adjust("50 minutes")
      const { version } = yield* recordIn(inner)
      hub.away()
      const elsewhere = yield* over(script, bare(inner))
      yield* elsewhere.signOut
      yield* erase(inner)
      let kari = yield* elsewhere.signIn("kari")
      while ((yield* recordIn(inner)).version < version) kari = yield* elsewhere.signIn("kari")
      assert.strictEqual((yield* recordIn(inner)).version, version)
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual((yield* recordIn(inner)).session, kari.session)
    }))
})
