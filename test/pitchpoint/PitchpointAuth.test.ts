/** A service account's session against the sandbox, from sign-in to the midnight after it. */
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as Faults from "@effect-auth/testing/Faults"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { password, settings, world } from "./fixtures.ts"

const byItself = { credentials: Effect.succeed(password) }

/** Runs a test at noon in New York, a day before the clocks there go back. */
const at = (moment: string) => TestClock.setTime(Date.parse(moment))
const noon = "2026-10-31T16:00:00.000Z"
const midnight = "2026-11-02T05:00:00.000Z"

/** Access tokens of six hours: a day has few refreshes. */
const rarely = { tokens: { accessLifetime: "6 hours" } } as const

const exchanges = Effect.map(
  Effect.flatMap(PitchpointSandbox.PitchpointSandbox, (sandbox) => sandbox.counters),
  (counters) => ({
    signIns: Sandbox.exchanges(counters, "password"),
    refreshes: Sandbox.exchanges(counters, "refresh_token")
  })
)

/** The store in memory, and how often it was read. */
const countingStore = Effect.map(TokenStore.makeMemory, (store) => {
  const reads = { count: 0 }
  const get: TokenStore.Service["get"] = (key) => {
    reads.count++
    return store.get(key)
  }
  return { reads, layer: Layer.succeed(TokenStore.TokenStore, { ...store, get }) }
})

describe("a session", () => {
  it.scoped("is not looked after any more when nothing can bring it back", () =>
    Effect.gen(function*() {
      yield* at(noon)
      const { layer, reads } = yield* countingStore
      const auth = yield* Effect.provide(ProviderLayers.makeSession(PitchpointAuth.provider, settings), layer)
      yield* auth.signIn(password)
      yield* at(midnight)
      yield* TestClock.adjust("2 hours")
      const before = reads.count
      yield* TestClock.adjust("1 hour")
      expect(reads.count).toBe(before)
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "SignInRequired", reason: "expired" })
    }).pipe(Effect.provide(world())))

  it.scoped("reuses its refresh token, across the day of 25 hours, until midnight; then it must sign in", () =>
    Effect.gen(function*() {
      yield* at(noon)
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings)
      yield* auth.signIn(password)
      yield* TestClock.adjust("36 hours")
      expect(yield* auth.state).toMatchObject({ _tag: "Active", freshness: "fresh", signedInByItself: false })
      const before = yield* exchanges
      expect(before.signIns.granted).toBe(1)
      expect(before.refreshes.granted).toBeGreaterThanOrEqual(6)
      expect(before.refreshes.refused).toBe(0)
      // Past the deadline the refresh token is presented once more: a clock may be wrong, and a human costs more.
      yield* at("2026-11-02T12:00:00.000Z")
      yield* TestClock.adjust("1 minute")
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "SignInRequired", reason: "expired" })
      yield* Effect.flip(auth.accessToken)
      expect((yield* exchanges).refreshes.refused).toBe(1)
    }).pipe(Effect.provide(world(rarely))))

  it.scoped("signs in again by itself at midnight, once, and says so", () =>
    Effect.gen(function*() {
      yield* at(noon)
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, byItself)
      yield* auth.signIn(password)
      const first = yield* auth.state
      expect(first).toMatchObject({ _tag: "Active", signedInByItself: false })
      yield* at(midnight)
      yield* TestClock.adjust("7 hours")
      const callers = yield* Effect.all(Array.from({ length: 20 }, () => auth.accessToken), {
        concurrency: "unbounded"
      })
      expect(new Set(callers.map((token) => token.session)).size).toBe(1)
      const state = yield* auth.state
      expect(state).toMatchObject({ _tag: "Active", signedInByItself: true, born: "signIn" })
      expect(first._tag === "Active" && state._tag === "Active" && state.session !== first.session).toBe(true)
      expect((yield* exchanges).signIns).toMatchObject({ granted: 2, refused: 0 })
      // The new sign-in has a deadline of its own.
      yield* TestClock.adjust("20 hours")
      expect((yield* exchanges).signIns.granted).toBe(2)
    }).pipe(Effect.provide(world(rarely))))

  it.scoped("a refusal between 24 hours and midnight falls back to signing in again", () =>
    Effect.gen(function*() {
      yield* at(noon)
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, byItself)
      yield* auth.signIn(password)
      yield* TestClock.adjust("25 hours")
      const { authority } = yield* PitchpointSandbox.PitchpointSandbox
      yield* authority.expireRefreshTokens
      yield* TestClock.adjust("2 hours")
      yield* auth.accessToken
      expect(yield* auth.state).toMatchObject({ _tag: "Active", signedInByItself: true })
      const { refreshes, signIns } = yield* exchanges
      expect(refreshes.refused).toBe(1)
      expect(signIns.granted).toBe(2)
    }).pipe(Effect.provide(world())))

  for (const status of [400, 403] as const) {
    it.scoped(`${status} on a refresh ends the session of who gave no credentials`, () =>
      Effect.gen(function*() {
        const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings)
        yield* auth.signIn(password)
        const sandbox = yield* PitchpointSandbox.PitchpointSandbox
        yield* sandbox.revokeAll
        expect(yield* Effect.flip(auth.refresh)).toMatchObject({
          _tag: "RefreshTokenRejected",
          status,
          error: "access_denied"
        })
        expect(yield* auth.state).toMatchObject({ _tag: "Ended", reason: "refresh-token-rejected" })
        yield* Effect.flip(auth.refresh)
        expect((yield* exchanges).refreshes).toMatchObject({ granted: 0, refused: 1 })
      }).pipe(Effect.provide(world({ refusals: { refresh: status } }))))

    it.scoped(`${status} on a sign-in is about the credentials`, () =>
      Effect.gen(function*() {
        const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings)
        const error = yield* Effect.flip(auth.signIn({ password: Redacted.make("wrong") }))
        expect(error).toMatchObject({
          _tag: "TokenRequestRejected",
          reason: "credentials",
          status,
          errorDescription: "Invalid username / password combination"
        })
        expect(yield* auth.state).toMatchObject({ _tag: "SignedOut", reason: "never" })
      }).pipe(Effect.provide(world({ refusals: { password: status } }))))
  }

  it.scoped("refused credentials are not sent again by itself", () =>
    Effect.gen(function*() {
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, {
        credentials: Effect.succeed({ password: Redacted.make("wrong") })
      })
      for (let i = 0; i < 5; i++) {
        expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "TokenRequestRejected" })
        yield* TestClock.adjust("10 minutes")
      }
      expect((yield* exchanges).signIns.refused).toBe(1)
    }).pipe(Effect.provide(world())))

  it.scoped("an answer that was lost is asked for again at once: the refresh token stays", () =>
    Effect.gen(function*() {
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, {
        refresh: { mode: "onDemand" }
      })
      yield* auth.signIn(password)
      const sandbox = yield* PitchpointSandbox.PitchpointSandbox
      yield* sandbox.faults.next("refresh", Faults.lost)
      const renewed = yield* Effect.fork(auth.refresh)
      yield* TestClock.adjust("5 seconds")
      expect((yield* renewed).generation).toBe(2)
      expect(yield* auth.state).toMatchObject({ _tag: "Active", inDoubt: false })
      expect((yield* sandbox.counters).spent).toBe(0)
    }).pipe(Effect.provide(world())))

  it.scoped("acts under an alias, in a realm of its own", () =>
    Effect.gen(function*() {
      const self = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings)
      const branch = yield* ProviderLayers.makeSession(PitchpointAuth.provider, { ...settings, alias: "branch-7" })
      yield* self.signIn(password)
      expect(yield* branch.state).toMatchObject({ _tag: "SignedOut" })
      yield* branch.signIn(password)
      yield* self.signOut
      expect(yield* branch.state).toMatchObject({ _tag: "Active" })
      expect(branch).toMatchObject({ username: "service@example.com", alias: "branch-7" })
      const denied = yield* ProviderLayers.makeSession(PitchpointAuth.provider, { ...settings, alias: "branch-8" })
      expect(yield* Effect.flip(denied.signIn(password))).toMatchObject({
        _tag: "TokenRequestRejected",
        status: 403,
        errorDescription: "The user alias is not enabled"
      })
    }).pipe(Effect.provide(world())))

  it.scoped("signing out forgets, and says that the server can't be told", () =>
    Effect.gen(function*() {
      const auth = yield* ProviderLayers.makeSession(PitchpointAuth.provider, settings, byItself)
      yield* auth.signIn(password)
      expect(yield* auth.signOut).toBe("unsupported")
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "SignInRequired", reason: "signed-out" })
    }).pipe(Effect.provide(world())))
})

describe("layers", () => {
  it.effect("layerConfig reads data from the configuration, and takes behaviour beside it", () =>
    Effect.gen(function*() {
      const auth = yield* PitchpointAuth.PitchpointAuth
      yield* auth.accessToken
      expect(auth).toMatchObject({ username: "service@example.com", alias: "branch-7", account: "nightly" })
    }).pipe(
      Effect.provide(
        Pitchpoint.layerConfig(
          { username: Config.string("USER_NAME"), alias: Config.string("USER_ALIAS") },
          {
            account: "nightly",
            credentials: Effect.map(Config.redacted("PASSWORD"), (secret) => ({ password: secret }))
          }
        )
      ),
      Effect.provide(world()),
      Effect.withConfigProvider(ConfigProvider.fromMap(
        new Map([["USER_NAME", "service@example.com"], ["USER_ALIAS", "branch-7"], ["PASSWORD", "correct horse"]])
      ))
    ))

  it.effect("options that can't be right fail the layer", () =>
    Effect.gen(function*() {
      const failed = yield* Effect.flip(Effect.scoped(Layer.build(Pitchpoint.layer({ username: "" }))))
      expect(failed).toMatchObject({ _tag: "AuthMisconfigured", reason: "options" })
    }).pipe(Effect.provide(world())))
})
