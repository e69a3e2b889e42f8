import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import type { PlacewiseCredentials } from "@effect-auth/placewise/PlacewiseAuth"
import { PlacewiseSandbox } from "@effect-auth/testing/placewise"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { settings, world } from "./fixtures.ts"

const ids = [1, 2, 3, 4, 5]

const members = ids.map((id) => ({ id, email: `${id}@example.com`, password: `password ${id}`, balance: 10 * id }))

const live = (options: ProviderSettings.SessionsOptions<PlacewiseCredentials> = {}) =>
  Placewise.layerSessions(settings, options).pipe(Layer.provideMerge(world({ members })))

const signIn = (id: number) =>
  Effect.gen(function*() {
    const member = yield* (yield* PlacewiseSessions).get(`member-${id}`)
    yield* member.auth.signIn({ _tag: "Password", identifier: { id }, password: Redacted.make(`password ${id}`) })
    return member
  })

const me = "/members/me"

describe("sessions of many members", () => {
  it.effect("each member's client carries that member's token", () =>
    Effect.gen(function*() {
      const signedIn = yield* Effect.forEach(ids, signIn)
      const answers = yield* Effect.forEach(signedIn, (member) =>
        Effect.flatMap(member.client.get(me), (response) => response.json))
      expect(answers.map((answer) =>
        (answer as { readonly id: number }).id
      )).toEqual(ids)
      const again = yield* (yield* PlacewiseSessions).get("member-3")
      expect(yield* (yield* again.client.get(me)).json).toMatchObject({ id: 3 })
      expect((yield* (yield* PlacewiseSandbox).counters).exchanges["password"]).toMatchObject({ granted: 5 })
    }).pipe(Effect.provide(live())))

  it.effect("one member's 460 renews one session, once for all calls under way", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const [first] = yield* Effect.forEach(ids, signIn)
      yield* sandbox.expireAccessTokens
      const all = yield* Effect.all(Array.from({ length: 50 }, () => first!.client.get(me)), {
        concurrency: "unbounded"
      })
      expect(all.every((response) => response.status === 200)).toBe(true)
      expect((yield* sandbox.counters).exchanges.refresh_token).toMatchObject({ granted: 1 })
    }).pipe(Effect.provide(live())))

  it.effect("an idle session leaves memory; a handle from before loads it again from the store", () =>
    Effect.gen(function*() {
      const sessions = yield* PlacewiseSessions
      const [first] = yield* Effect.forEach(ids, signIn)
      expect(yield* sessions.size).toBe(5)
      yield* TestClock.adjust("2 hours")
      expect(yield* sessions.size).toBe(0)
      expect(yield* (yield* first!.client.get(me)).json).toMatchObject({ id: 1 })
      expect(yield* first!.auth.tokenInfo).toMatchObject({ active: true, info: { resource_owner_id: 1 } })
      expect(yield* sessions.size).toBe(1)
      expect((yield* (yield* PlacewiseSandbox).counters).exchanges["password"]).toMatchObject({ granted: 5 })
    }).pipe(Effect.provide(live({ idleAfter: "10 minutes" }))))

  it.effect("a member who never signed in is told so, and nothing is sent", () =>
    Effect.gen(function*() {
      const member = yield* (yield* PlacewiseSessions).get("nobody")
      expect(yield* Effect.flip(member.client.get(me))).toMatchObject({
        _tag: "SignInRequired",
        provider: "placewise",
        account: "nobody"
      })
      expect((yield* (yield* PlacewiseSandbox).counters).requests).toBe(0)
    }).pipe(Effect.provide(live())))

  it.effect("from a configuration, with behaviour beside it", () =>
    Effect.gen(function*() {
      const sessions = yield* PlacewiseSessions
      yield* signIn(1)
      yield* TestClock.adjust("3 minutes")
      expect(yield* sessions.size).toBe(0)
    }).pipe(
      Effect.provide(
        Placewise.layerSessionsConfig({
          club: Config.string("CLUB"),
          clientToken: Config.redacted("CLIENT_TOKEN"),
          userAgent: Config.succeed("test/1.0"),
          productName: Config.succeed("sandbox")
        }, { idleAfter: "1 minute" }).pipe(Layer.provideMerge(world({ members })))
      ),
      Effect.withConfigProvider(ConfigProvider.fromMap(
        new Map([["CLUB", "infinity-mall"], ["CLIENT_TOKEN", "sandbox-client-token"]])
      ))
    ))

  it.effect("options that can't be right are refused when the layer is made", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Layer.build(Placewise.layerSessions({ ...settings, club: "no slug" }).pipe(Layer.provide(world())))
      )
      expect(error).toMatchObject({ _tag: "AuthMisconfigured", reason: "options" })
    }).pipe(Effect.scoped))
})
