/** What a record holds of the credentials that were used, and what somebody who reads it can do with that. */
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Scope } from "effect/Scope"
import { createHmac, pbkdf2Sync } from "node:crypto"
import * as session from "./session.ts"

const key = { provider: "scripted", realm: "test", account: "anna" }
const salt = "salt-of-the-record"
const fast = (of: string, password: string) => createHmac("sha256", of).update(password).digest("base64url")

/** What the digest of a password must be, from its documentation. */
const slow = (of: string, password: string, iterations = 600_000) =>
  `pbkdf2-sha256$${iterations}$${pbkdf2Sync(fast(of, password), of, iterations, 32, "sha256").toString("base64url")}`

const ended = (credential: SessionRecord.SessionRecord["credential"]): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  state: { _tag: "ended", reason: "credentials" },
  credential
})

const active = (credential: SessionRecord.SessionRecord["credential"]): SessionRecord.SessionRecord => ({
  ...SessionRecord.empty(key),
  session: "s",
  generation: 1,
  state: { _tag: "active" },
  tokens: { accessToken: Redacted.make("access-0"), refreshToken: Redacted.make("refresh-0"), obtainedAt: 0 },
  credential
})

const make = Effect.fnUntraced(function*(
  credentials: Effect.Effect<string> | undefined,
  before?: SessionRecord.SessionRecord,
  options?: ScriptedProvider.Options
) {
  const store = yield* TokenStore.TokenStore
  if (before !== undefined) yield* store.compareAndSet(key, 0, before)
  const script = yield* ScriptedProvider.make<string>(options)
  const provider: AuthProvider<string> = { ...script.provider, fingerprint: (password) => password }
  const auth = yield* AuthService.make(provider, { account: key.account, credentials, refresh: { mode: "onDemand" } })
  const stored = Effect.map(store.get(key), (record) => Option.getOrThrow(record).credential)
  return { auth, script, stored }
})

const run = <A, E>(test: Effect.Effect<A, E, TokenStore.TokenStore | Scope>) =>
  Effect.provide(test, TokenStore.layerMemory)

describe("what is stored of credentials", () => {
  it.scoped("of a password that was accepted: nothing", () =>
    run(Effect.gen(function*() {
      const { auth, stored } = yield* make(undefined)
      yield* auth.signIn("right")
      assert.isUndefined(yield* stored)
    })))

  it.scoped("of a password that was refused: a slow digest, by which it is not sent again", () =>
    run(Effect.gen(function*() {
      let password = "wrong"
      const { auth, script, stored } = yield* make(Effect.sync(() => password))
      yield* script.enqueue("signIn", session.dead)
      for (let call = 0; call < 3; call++) yield* Effect.flip(auth.accessToken)
      assert.strictEqual(yield* script.count("signIn"), 1)
      const known = (yield* stored)!
      assert.deepStrictEqual([known.outcome, known.digest], ["refused", slow(known.salt, "wrong")])
      password = "right"
      yield* auth.accessToken
      assert.strictEqual(yield* script.count("signIn"), 2)
      assert.isUndefined(yield* stored)
    })))

  it.scoped("a sign-in by the caller leaves nothing of a password that was refused before", () =>
    run(Effect.gen(function*() {
      const { auth, stored } = yield* make(
        undefined,
        ended({ salt, digest: slow(salt, "wrong", 1_000), outcome: "refused" })
      )
      yield* auth.signIn("right")
      assert.isUndefined(yield* stored)
    })))

  it.scoped("of a code that works once: a digest, by which it is not sent again", () =>
    run(Effect.gen(function*() {
      const { auth, script, stored } = yield* make(undefined, undefined, { singleUse: true })
      yield* auth.signIn("code")
      const known = (yield* stored)!
      assert.deepStrictEqual([known.outcome, known.digest], ["accepted", fast(known.salt, "code")])
      const error = yield* Effect.flip(auth.signIn("code"))
      assert.isTrue(error._tag === "TokenRequestRejected" && error.error === "already_used")
      assert.strictEqual(yield* script.count("signIn"), 1)
    })))
})

describe("records of the older form, with a fast digest", () => {
  it.scoped("a refused password is still not sent", () =>
    run(Effect.gen(function*() {
      const before = ended({ salt, digest: fast(salt, "wrong"), outcome: "refused" })
      const { auth, script } = yield* make(Effect.succeed("wrong"), before)
      yield* Effect.flip(auth.accessToken)
      assert.strictEqual(yield* script.count("signIn"), 0)
    })))

  it.scoped("the next write makes the digest slow, without the password", () =>
    run(Effect.gen(function*() {
      const { auth, stored } = yield* make(undefined, active({ salt, digest: fast(salt, "wrong"), outcome: "refused" }))
      yield* auth.refresh
      assert.deepStrictEqual(yield* stored, { salt, digest: slow(salt, "wrong"), outcome: "refused" })
    })))

  it.scoped("the next write takes away what was kept of an accepted password", () =>
    run(Effect.gen(function*() {
      const { auth, stored } = yield* make(undefined, active({ salt, digest: fast(salt, "pw"), outcome: "accepted" }))
      yield* auth.refresh
      assert.isUndefined(yield* stored)
    })))

  it.scoped("what was kept of a used code stays: it must not be sent again", () =>
    run(Effect.gen(function*() {
      const used = { salt, digest: fast(salt, "code"), outcome: "accepted" } as const
      const { auth, script, stored } = yield* make(undefined, active(used), { singleUse: true })
      yield* auth.refresh
      assert.deepStrictEqual(yield* stored, used)
      yield* Effect.flip(auth.signIn("code"))
      assert.strictEqual(yield* script.count("signIn"), 0)
    })))
})

describe("digests that somebody else wrote into the store", () => {
  const odd = [
    "pbkdf2-sha256$4000000000$AAAA",
    "pbkdf2-sha256$9000000$AAAA",
    "pbkdf2-sha256$-1$AAAA",
    "pbkdf2-sha256$",
    "x$1$A"
  ]
  for (const digest of odd) {
    it.scoped(`${digest} matches nothing, and costs nothing`, () =>
      run(Effect.gen(function*() {
        const { auth, script } = yield* make(Effect.succeed("right"), ended({ salt, digest, outcome: "refused" }))
        const since = performance.now()
        yield* auth.accessToken
        assert.isBelow(performance.now() - since, 1_000)
        assert.strictEqual(yield* script.count("signIn"), 1)
      })))
  }

  it.scoped("another number of iterations is read as it says", () =>
    run(Effect.gen(function*() {
      const before = ended({ salt, digest: slow(salt, "wrong", 1_000), outcome: "refused" })
      const { auth, script } = yield* make(Effect.succeed("wrong"), before)
      yield* Effect.flip(auth.accessToken)
      assert.strictEqual(yield* script.count("signIn"), 0)
    })))
})
