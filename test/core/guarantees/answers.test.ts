/** G33 – G37, G47, G49: hostile answers, and time. */
import * as ScriptedProvider from "@effect-auth/testing/ScriptedProvider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as session from "./session.ts"

const answering = (response: ScriptedProvider.Step["response"]): ScriptedProvider.Step => ({
  run: (ok) => ok,
  response
})

describe("answers", () => {
  for (const text of ["a\nb", "a\rb", "a\u0000b", "a b", "", "ä", "a\u007f"]) {
    it.scoped(`G35: the token ${JSON.stringify(text)} is refused before any use`, () =>
      Effect.gen(function*() {
        const { auth, script } = yield* session.make({ signedIn: false })
        yield* script.enqueue("signIn", answering({ accessToken: Redacted.make(text) }))
        const error = yield* Effect.flip(auth.signIn("secret"))
        assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "malformed")
        const adopted = yield* Effect.flip(auth.adopt({ accessToken: Redacted.make(text) }))
        assert.isTrue(adopted._tag === "TokenRequestRejected" && adopted.reason === "request")
      }).pipe(session.provided))
  }

  for (const text of ["17|abc", "x".repeat(8_192), "+/=~!#$"]) {
    it.scoped(`G35: the token ${text.slice(0, 10)} is accepted`, () =>
      Effect.gen(function*() {
        const { auth, script } = yield* session.make({ signedIn: false })
        yield* script.enqueue("signIn", answering({ accessToken: Redacted.make(text) }))
        assert.strictEqual(Redacted.value((yield* auth.signIn("secret")).value), text)
      }).pipe(session.provided))
  }

  it.scoped("G36: the token type is compared without case, and an unknown one is not sent as Bearer", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make()
      const [loud, empty, other] = ["BEARER", " ", "mac"].map((tokenType) => answering({ tokenType }))
      yield* script.enqueue("refresh", loud!, empty!, other!)
      yield* auth.refresh
      yield* auth.refresh
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.reason === "malformed")
      assert.strictEqual((yield* auth.accessToken).generation, 3)
    }).pipe(session.provided))

  it.scoped("G37: a refresh that answers another subject is refused and reported, and the session is kept", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ signedIn: false })
      yield* script.enqueue("signIn", answering({ subject: "42" }))
      yield* script.enqueue("refresh", answering({ subject: "43" }))
      yield* auth.signIn("secret")
      const error = yield* Effect.flip(auth.refresh)
      assert.isTrue(error._tag === "ProviderUnavailable" && error.error === "other_subject")
      assert.strictEqual(Redacted.value((yield* auth.accessToken).value), "access-1")
    }).pipe(session.provided))

  it.scoped("G49: a life is counted from when the request was sent", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ expiresIn: 60, refresh: { mode: "onDemand" } })
      yield* script.enqueue("refresh", ScriptedProvider.after("10 seconds"))
      const sentAt = yield* TestClock.currentTimeMillis
      const token = yield* yield* session.within(auth.refresh, "10 seconds")
      assert.strictEqual(token.expiresAt, sentAt + 60_000)
    }).pipe(session.provided))

  it.scoped("an unknown life is used until the server rejects it", () =>
    Effect.gen(function*() {
      const { auth, script } = yield* session.make({ signedIn: false })
      yield* script.enqueue("signIn", answering({ expiresIn: undefined }))
      yield* auth.signIn("secret")
      yield* TestClock.adjust("100 days")
      const token = yield* auth.accessToken
      assert.strictEqual(token.generation, 1)
      assert.strictEqual((yield* auth.renew(token)).generation, 2)
    }).pipe(session.provided))
})
