import * as AuthService from "@effect-auth/core/AuthService"
import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Faults from "@effect-auth/testing/Faults"
import { PlacewiseSandbox } from "@effect-auth/testing/placewise"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { byEmail, settings, stub, world } from "./fixtures.ts"

const Auth = PlacewiseAuth.PlacewiseAuth
const live = (options: Partial<ProviderSettings.Options<PlacewiseAuth.PlacewiseCredentials>> = {}) =>
  Placewise.layerAuth(settings, { refresh: { mode: "onDemand" }, ...options }).pipe(Layer.provideMerge(world()))

describe("a session", () => {
  it.effect("from sign-in over expiry to sign-out", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      const first = yield* auth.signIn(byEmail)
      expect(yield* auth.accessToken).toEqual(first)
      yield* TestClock.adjust("25 hours")
      const second = yield* auth.accessToken
      expect(Redacted.value(second.value)).not.toBe(Redacted.value(first.value))
      expect(second).toMatchObject({ session: first.session, generation: first.generation + 1 })
      expect(yield* auth.signOut).toBe("revoked")
      const counters = yield* sandbox.counters
      expect(counters).toMatchObject({
        spent: 0,
        revocations: 2,
        exchanges: { password: { granted: 1 }, refresh_token: { granted: 1 } }
      })
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "SignInRequired", reason: "signed-out" })
    }).pipe(Effect.provide(live())))

  it.effect("a dead refresh token (462) is told once, and ends the session", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      yield* auth.signIn(byEmail)
      yield* sandbox.revokeAll
      yield* TestClock.adjust("25 hours")
      const error = { _tag: "RefreshTokenRejected", status: 462, error: "Invalid refresh token", account: "default" }
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(error)
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(error)
      expect((yield* sandbox.counters).exchanges.refresh_token).toMatchObject({ refused: 1, granted: 0 })
    }).pipe(Effect.provide(live())))

  it.effect("wrong credentials (461) and a ban (467)", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      const wrong = { ...byEmail, password: Redacted.make("wrong") } as typeof byEmail
      expect(yield* Effect.flip(auth.signIn(wrong))).toMatchObject({
        _tag: "TokenRequestRejected",
        reason: "credentials",
        status: 461
      })
      yield* sandbox.putMember({ id: 7, email: "b@example.com", password: "pw", bannedUntil: "2030-01-01T00:00:00Z" })
      expect(
        yield* Effect.flip(
          auth.signIn({ _tag: "Password", identifier: { id: 7 }, password: Redacted.make("pw") })
        )
      ).toMatchObject({ _tag: "TokenRequestRejected", reason: "banned", status: 467 })
    }).pipe(Effect.provide(live())))

  it.effect("a wrong client token (401) is a fault of the configuration: no refresh, the session is kept", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      const first = yield* auth.signIn(byEmail)
      yield* sandbox.faults.next("refresh", Faults.status(401, { body: { error: "Not authorized" } }))
      expect(yield* Effect.flip(auth.refresh)).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "client",
        status: 401
      })
      expect(yield* auth.accessToken).toEqual(first)
    }).pipe(Effect.provide(live())))

  it.effect("a refresh that answers another member is refused", () =>
    Effect.gen(function*() {
      let owner = 42
      const { layer } = stub(() =>
        Response.json({ access_token: `aa${owner}`, refresh_token: `rr${owner}`, resource_owner_id: owner++ })
      )
      yield* Effect.gen(function*() {
        const auth = yield* Auth
        const first = yield* auth.signIn(byEmail)
        const refreshing = yield* Effect.fork(Effect.flip(auth.refresh))
        yield* TestClock.adjust("10 seconds")
        expect((yield* refreshing)._tag).toBe("ProviderUnavailable")
        expect(yield* auth.accessToken).toEqual(first)
      }).pipe(
        Effect.provide(Placewise.layerAuth(settings, { refresh: { mode: "onDemand" } })),
        Effect.provide([layer, TokenStore.layerMemory])
      )
    }))
})

describe("what is special here", () => {
  it.effect("token info: alive, dead, and a failing endpoint", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "SignInRequired" })
      yield* auth.signIn(byEmail)
      expect(yield* auth.tokenInfo).toMatchObject({ active: true, info: { resource_owner_id: 42 } })
      yield* sandbox.faults.next("info", Faults.status(500))
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({
        _tag: "ProviderUnavailable",
        operation: "tokenInfo",
        status: 500
      })
      yield* sandbox.faults.next("info", Faults.notJson)
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "ProviderUnavailable", reason: "malformed" })
      yield* sandbox.expireAccessTokens
      expect(yield* auth.tokenInfo).toEqual({ active: false })
    }).pipe(Effect.provide(live())))

  for (const via of ["sms", "email"] as const) {
    for (const to of [{ email: "ola@example.com" }, { msisdn: "4790000042" }]) {
      it.effect(`a one-time password by ${via} to ${Object.keys(to)} signs in`, () =>
        Effect.gen(function*() {
          const sandbox = yield* PlacewiseSandbox
          const auth = yield* Auth
          yield* auth.sendOneTimePassword({ to, via, loginUrl: "https://club.test/login?a=1&b=2" })
          const message = (yield* sandbox.messages).at(-1)
          expect(message).toMatchObject({ via, kind: "one-time-password", member: 42 })
          expect(message?.link).toContain("https://club.test/login?a=1&b=2")
          yield* auth.signIn({
            _tag: "Password",
            identifier: to,
            password: Redacted.make(message?.code ?? "")
          })
        }).pipe(Effect.provide(live())))
    }
  }

  for (const to of [{ email: "ola@example.com" }, { msisdn: "4790000042" }]) {
    it.effect(`a registration password to ${Object.keys(to)} signs in`, () =>
      Effect.gen(function*() {
        const sandbox = yield* PlacewiseSandbox
        const auth = yield* Auth
        yield* auth.sendRegistrationPassword({ to, language: "nb", url: "https://club.test/register" })
        const code = yield* sandbox.lastCode("email" in to ? to.email : to.msisdn)
        expect((yield* sandbox.messages).at(-1)).toMatchObject({ kind: "registration-password" })
        yield* auth.signIn({ _tag: "Password", identifier: to, password: Redacted.make(Option.getOrThrow(code)) })
      }).pipe(Effect.provide(live())))
  }

  it.effect("an address with reserved characters arrives whole", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      const email = "a/b+c?d#e%20@example.com"
      yield* sandbox.putMember({ id: 9, email })
      yield* auth.sendOneTimePassword({ to: { email }, via: "email" })
      expect((yield* sandbox.messages).at(-1)).toMatchObject({ to: email, member: 9 })
    }).pipe(Effect.provide(live())))

  it.effect("nobody has that address (404), and an address that can't be sent", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      expect(yield* Effect.flip(auth.sendOneTimePassword({ to: { email: "no@example.com" }, via: "sms" })))
        .toMatchObject({
          _tag: "TokenRequestRejected",
          reason: "request",
          status: 404,
          operation: "sendOneTimePassword"
        })
      const { requests } = yield* sandbox.counters
      expect(yield* Effect.flip(auth.sendRegistrationPassword({ to: { email: "" } }))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "request"
      })
      expect((yield* sandbox.counters).requests).toBe(requests)
    }).pipe(Effect.provide(live())))

  it.effect("a message that is never answered ends by the deadline", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* Auth
      yield* sandbox.faults.next("message", Faults.hang("before"))
      const sending = yield* Effect.fork(
        Effect.flip(auth.sendOneTimePassword({ to: { email: "ola@example.com" }, via: "sms" }))
      )
      yield* TestClock.adjust("15 seconds")
      expect(yield* sending).toMatchObject({ _tag: "ProviderUnavailable", reason: "timeout" })
    }).pipe(Effect.provide(live())))
})

it.scoped("one provider extends the sessions of many members", () =>
  Effect.gen(function*() {
    const provider = yield* PlacewiseAuth.provider(settings)
    for (const account of ["a", "b"]) {
      const auth = yield* AuthService.make(provider, { account })
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "SignInRequired", account })
      yield* auth.signIn(byEmail)
      expect(yield* auth.tokenInfo).toMatchObject({ active: true })
    }
  }).pipe(Effect.provide(world())))

describe("layerConfig", () => {
  const config = {
    host: Config.withDefault(Config.string("HOST"), "dev"),
    club: Config.string("CLUB"),
    clientToken: Config.redacted("CLIENT_TOKEN"),
    userAgent: Config.succeed("test/1.0"),
    productName: Config.succeed("sandbox")
  }
  const from = (entries: ReadonlyArray<readonly [string, string]>) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(entries)))

  it.effect("data from the configuration, behaviour beside it", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      expect(auth).toMatchObject({ account: "member-42", realm: "api.mpc.dev.placewise.com/infinity-mall" })
      yield* auth.accessToken
      expect((yield* (yield* PlacewiseSandbox).counters).exchanges.password).toMatchObject({ granted: 1 })
    }).pipe(
      Effect.provide(
        Placewise.layerConfig(config, { account: "member-42", credentials: Effect.succeed(byEmail) }).pipe(
          Layer.provideMerge(world()),
          Layer.provide(from([["CLUB", "infinity-mall"], ["CLIENT_TOKEN", "sandbox-client-token"]]))
        )
      )
    ))

  it.effect("a missing entry is a ConfigError, a wrong one AuthMisconfigured", () =>
    Effect.gen(function*() {
      const build = (entries: ReadonlyArray<readonly [string, string]>) =>
        Effect.flip(
          Layer.build(Placewise.layerConfig(config).pipe(Layer.provide(world()), Layer.provide(from(entries))))
        )
      expect(yield* Effect.scoped(build([["CLUB", "x"]]))).toMatchObject({ _op: "MissingData" })
      const error = yield* Effect.scoped(build([["CLUB", "a/b"], ["CLIENT_TOKEN", "s3cret"]]))
      expect(error).toMatchObject({ _tag: "AuthMisconfigured", reason: "options" })
    }))
})
