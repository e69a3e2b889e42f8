import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as RecordKey from "@effect-auth/core/RecordKey"
import * as SessionRecord from "@effect-auth/core/SessionRecord"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as Faults from "@effect-auth/testing/Faults"
import { PriavaSandbox, rateLimited } from "@effect-auth/testing/priava"
import type * as Sandboxes from "@effect-auth/testing/priava"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { whileTimePasses } from "../support/whileTimePasses.ts"
import { code, settings, world } from "./fixtures.ts"

const Auth = PriavaAuth.PriavaAuth
const onDemand = { refresh: { mode: "onDemand" } } as const
const live = (change: Partial<PriavaAuth.Settings> = {}, sandbox?: Sandboxes.Options) =>
  Priava.layerAuth({ ...settings, ...change }, onDemand).pipe(Layer.provideMerge(world(sandbox)))

/** How many code exchanges reached the server. */
const exchanges = Effect.gen(function*() {
  const counters = yield* (yield* PriavaSandbox).counters
  const { granted, refused, unhandled } = Sandbox.exchanges(counters, "authorization_code")
  return granted + refused + unhandled
})

/** What a process does: makes a session over the shared store, uses it, and ends. */
const process = <A, E>(
  use: (auth: PriavaAuth.Service) => Effect.Effect<A, E>,
  options: ProviderSettings.Options<PriavaAuth.PriavaCredentials> = {},
  change: Partial<PriavaAuth.Settings> = {}
) =>
  Effect.scoped(
    Effect.flatMap(
      ProviderLayers.makeSession(PriavaAuth.provider, { ...settings, ...change }, { ...onDemand, ...options }),
      use
    )
  )

const used = { _tag: "TokenRequestRejected", reason: "credentials", error: "already_used" }

describe("a session", () => {
  it.effect("from the code over expiry to sign-out", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      const first = yield* auth.signIn(code())
      expect(yield* auth.accessToken).toEqual(first)
      yield* TestClock.adjust("7 hours")
      const second = yield* auth.accessToken
      expect(Redacted.value(second.value)).not.toBe(Redacted.value(first.value))
      expect(second).toMatchObject({ session: first.session, generation: first.generation + 1 })
      yield* TestClock.adjust("7 hours")
      yield* auth.accessToken
      expect(yield* auth.signOut).toBe("unsupported")
      expect(yield* sandbox.counters).toMatchObject({
        spent: 0,
        revocations: 0,
        exchanges: { authorization_code: { granted: 1 }, refresh_token: { granted: 2, refused: 0 } }
      })
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject({ _tag: "SignInRequired", reason: "signed-out" })
    }).pipe(Effect.provide(live())))

  it.effect("invalid_grant is told once, and ends the session", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      yield* auth.signIn(code())
      yield* sandbox.revokeAll
      yield* TestClock.adjust("7 hours")
      const error = { _tag: "RefreshTokenRejected", status: 400, error: "invalid_grant", account: "default" }
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(error)
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(error)
      expect((yield* sandbox.counters).exchanges.refresh_token).toMatchObject({ refused: 1, granted: 0 })
    }).pipe(Effect.provide(live())))

  it.effect("a code that nobody documented ends it when it comes again for hours; the token lives meanwhile", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      yield* auth.signIn(code())
      yield* sandbox.authority.expireRefreshTokens
      yield* TestClock.adjust("5 hours")
      const refused = { _tag: "ProviderUnavailable", reason: "refused", status: 400, error: "token_dead" }
      expect(yield* Effect.flip(auth.refresh)).toMatchObject(refused)
      yield* TestClock.adjust("10 minutes")
      expect(yield* Effect.flip(auth.refresh)).toMatchObject(refused)
      expect((yield* auth.state)._tag).toBe("Active")
      expect((yield* auth.accessToken).generation).toBe(1)
      yield* TestClock.adjust("4 hours")
      const ended = { _tag: "RefreshTokenRejected", status: 400, error: "token_dead" }
      expect(yield* Effect.flip(auth.refresh)).toMatchObject(ended)
      expect((yield* auth.state)._tag).toBe("Ended")
      const times = (yield* sandbox.counters).exchanges.refresh_token?.refused
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(ended)
      expect((yield* sandbox.counters).exchanges.refresh_token).toMatchObject({ refused: times })
    }).pipe(Effect.provide(live({}, { errorCodes: { refresh: "token_dead" } }))))

  it.effect("a wrong client is a fault of the configuration, and the session survives it", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      yield* auth.signIn(code())
      const { redirectUri } = settings
      yield* sandbox.putClient({ id: "sandbox-client", secret: "changed", redirectUri })
      yield* TestClock.adjust("7 hours")
      const error = { _tag: "AuthMisconfigured", reason: "client", error: "invalid_client" }
      expect(yield* Effect.flip(auth.accessToken)).toMatchObject(error)
      yield* sandbox.putClient({ id: "sandbox-client", secret: "sandbox-client-secret", redirectUri })
      yield* TestClock.adjust("1 minute")
      expect((yield* auth.accessToken).generation).toBe(2)
    }).pipe(Effect.provide(live())))

  it.effect("the date in the body of a 429 is obeyed, by forced refreshes too", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      yield* auth.signIn(code())
      yield* TestClock.adjust("5 hours")
      const offset = { zone: "11 hours", wrongWeekday: true } as const
      yield* sandbox.faults.next("refresh", rateLimited("4 minutes", offset), Infinity)
      yield* Effect.flip(auth.refresh)
      const { requests } = yield* sandbox.counters
      yield* TestClock.adjust("3 minutes")
      const early = yield* Effect.flip(auth.refresh)
      expect(early).toMatchObject({ _tag: "ProviderUnavailable" })
      expect((yield* auth.accessToken).generation).toBe(1)
      expect((yield* sandbox.counters).requests).toBe(requests)
      yield* sandbox.faults.clear
      yield* TestClock.adjust("1 minute")
      expect((yield* auth.refresh).generation).toBe(2)
    }).pipe(Effect.provide(live())))

  it.effect("the sandbox's own limit is met and waited out", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      yield* auth.signIn(code())
      yield* auth.refresh
      yield* Effect.flip(auth.refresh)
      yield* TestClock.adjust("5 minutes")
      expect((yield* auth.refresh).generation).toBe(3)
    }).pipe(Effect.provide(live({}, { limit: { requests: 2 } }))))

  it.effect("the region is the tenant's, or the configuration is wrong", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      expect(yield* Effect.flip(auth.signIn(code()))).toMatchObject({ _tag: "AuthMisconfigured", reason: "request" })
    }).pipe(Effect.provide(live({ region: "US" }))))

  it.effect("the token URL that the page may also mean", () =>
    Effect.gen(function*() {
      const { generation } = yield* (yield* Auth).signIn(code())
      expect(generation).toBe(1)
    }).pipe(Effect.provide(
      live({ tokenUrl: "https://api.priava.com/rest/oauth/token" }, { tokenPath: "/rest/oauth/token" })
    )))

  it.effect("the wrong token URL is a fault of the configuration", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      expect(yield* Effect.flip(auth.signIn(code()))).toMatchObject({ _tag: "AuthMisconfigured", reason: "url" })
    }).pipe(Effect.provide(live({ tokenUrl: "https://api.priava.com/rest/oauth/token" }))))
})

describe("a code works once", () => {
  const twice = (first: object, faults: ReadonlyArray<Faults.Fault>, credentials = code()) =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const auth = yield* Auth
      for (const fault of faults) yield* sandbox.faults.next("sign-in", fault)
      const signingIn = yield* Effect.fork(Effect.either(auth.signIn(credentials)))
      yield* TestClock.adjust("15 seconds")
      expect(yield* Fiber.join(signingIn)).toMatchObject(first)
      return Effect.either(auth.signIn(credentials))
    })

  const burned: { readonly [name: string]: readonly [Faults.Fault | undefined, object, string?] } = {
    "a success": [undefined, { _tag: "Right" }],
    "a 400": [undefined, { _tag: "Left", left: { error: "invalid_grant" } }, "never-made"],
    "a 400 that nobody documented": [Faults.status(400, { body: { error: "error_code" } }), {
      left: { _tag: "TokenRequestRejected", reason: "unknown", status: 400 }
    }],
    "a 400 about the client": [Faults.status(400, { body: { error: "invalid_client" } }), {
      left: { _tag: "AuthMisconfigured", reason: "client" }
    }],
    "an empty 400": [Faults.status(400), { left: { _tag: "ProviderUnavailable", reason: "malformed" } }],
    "a lost answer": [Faults.lost, { left: { _tag: "ProviderUnavailable", reason: "transport" } }],
    "a reset before the server looked": [Faults.reset("before"), { left: { reason: "transport" } }],
    "a timeout": [Faults.hang("after"), { left: { _tag: "ProviderUnavailable", reason: "timeout" } }],
    "a 500": [Faults.status(500), { left: { _tag: "ProviderUnavailable", reason: "server" } }],
    "a success that can't be read": [Faults.notJson, { left: { _tag: "ProviderUnavailable", reason: "malformed" } }],
    "half a success": [Faults.truncated, { left: { _tag: "ProviderUnavailable" } }]
  }
  for (const [name, [fault, first, text]] of Object.entries(burned)) {
    it.effect(`${name} uses it up: it is not sent again`, () =>
      Effect.gen(function*() {
        const again = yield* twice(first, fault === undefined ? [] : [fault], code(text))
        expect(yield* exchanges).toBe(1)
        expect(yield* again).toMatchObject({ _tag: "Left", left: used })
        expect(yield* exchanges).toBe(1)
        // Another one is looked at again.
        const fresh = yield* (yield* PriavaSandbox).makeCode("sandbox-client")
        yield* (yield* Auth).signIn(code(fresh))
      }).pipe(Effect.provide(live())))
  }

  const kept: { readonly [name: string]: Faults.Fault } = {
    "a refused connection": Faults.refused,
    "a 429": rateLimited("2 minutes"),
    "a 503": Faults.status(503)
  }
  for (const [name, fault] of Object.entries(kept)) {
    it.effect(`${name} does not use it up`, () =>
      Effect.gen(function*() {
        const again = yield* twice({ left: { _tag: "ProviderUnavailable" } }, [fault])
        expect(yield* again).toMatchObject({ _tag: "Right" })
      }).pipe(Effect.provide(live())))
  }

  it.effect("a process that is started again knows that it was used", () =>
    Effect.gen(function*() {
      yield* process((auth) => auth.signIn(code()))
      expect(yield* Effect.flip(process((auth) => auth.signIn(code())))).toMatchObject(used)
      expect(yield* exchanges).toBe(1)
    }).pipe(Effect.provide(world())))

  it.effect("the store holds a digest, not the code", () =>
    Effect.gen(function*() {
      yield* process((auth) => auth.signIn(code()))
      const key = { provider: "priava", realm: "api.priava.com/EU/sandbox-client", account: "default" }
      const record = yield* (yield* TokenStore.TokenStore).get(key)
      const stored = SessionRecord.encode(Option.getOrThrow(record))
      expect(Redaction.findSecret([RecordKey.toString(key), stored], ["sandbox-code"], { printers: { inspect } }))
        .toBeUndefined()
      expect(JSON.parse(stored).credential).toMatchObject({ outcome: "accepted" })
    }).pipe(Effect.provide(world())))

  it.effect("no error shows it", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      const sandbox = yield* PriavaSandbox
      const echo = "wrong: sandbox-code, sandbox-client-secret"
      yield* sandbox.faults.next("sign-in", Faults.status(400, { body: { error: echo, error_description: echo } }))
      for (const error of [yield* Effect.flip(auth.signIn(code())), yield* Effect.flip(auth.signIn(code()))]) {
        expect(error._tag).toBe("TokenRequestRejected")
        expect(Redaction.findSecret(error, ["sandbox-code", "sandbox-client-secret"], { printers: { inspect } }))
          .toBeUndefined()
      }
    }).pipe(Effect.provide(live())))
})

describe("a code in the environment", () => {
  const fromEnvironment = { credentials: Effect.succeed(code()) }

  it.effect("is exchanged on first use, and is no error while the session lives", () =>
    Effect.gen(function*() {
      const first = yield* process((auth) => auth.accessToken, fromEnvironment)
      yield* TestClock.adjust("7 hours")
      const second = yield* process((auth) => auth.accessToken, fromEnvironment)
      expect(second).toMatchObject({ session: first.session, generation: first.generation + 1 })
      expect(yield* exchanges).toBe(1)
    }).pipe(Effect.provide(world())))

  it.effect("is exchanged once by many processes that start together", () =>
    Effect.gen(function*() {
      const starting = yield* Effect.fork(
        Effect.all(Array.from({ length: 10 }, () => process((auth) => auth.accessToken, fromEnvironment)), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("5 seconds")
      const tokens = yield* Fiber.join(starting)
      expect(new Set(tokens.map((token) => Redacted.value(token.value))).size).toBe(1)
      expect(yield* exchanges).toBe(1)
    }).pipe(Effect.provide(world())))

  it.effect("a used one is not sent when the session has ended, and the end is told; a new one is", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      yield* process((auth) => auth.accessToken, fromEnvironment)
      yield* sandbox.revokeAll
      yield* TestClock.adjust("7 hours")
      const ended = { _tag: "RefreshTokenRejected", error: "invalid_grant" }
      expect(yield* Effect.flip(process((auth) => auth.accessToken, fromEnvironment))).toMatchObject(ended)
      expect(yield* Effect.flip(process((auth) => auth.accessToken, fromEnvironment))).toMatchObject(ended)
      expect(yield* exchanges).toBe(1)
      const fresh = yield* sandbox.makeCode("sandbox-client")
      yield* process((auth) => auth.accessToken, { credentials: Effect.succeed(code(fresh)) })
      expect(yield* exchanges).toBe(2)
    }).pipe(Effect.provide(world())))

  it.effect("one whose outcome is unknown is not sent again, and that is told", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      yield* sandbox.faults.next("sign-in", Faults.lost)
      const started = yield* whileTimePasses(process((auth) => Effect.either(auth.accessToken), fromEnvironment))
      expect(started).toMatchObject({ _tag: "Left" })
      expect(yield* Effect.flip(process((auth) => auth.accessToken, fromEnvironment))).toMatchObject(used)
      expect(yield* exchanges).toBe(1)
    }).pipe(Effect.provide(world())))

  it.effect("one that never left is sent again", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      yield* sandbox.faults.next("sign-in", Faults.refused)
      yield* whileTimePasses(process((auth) => Effect.either(auth.accessToken), fromEnvironment))
      yield* process((auth) => auth.accessToken, fromEnvironment)
      expect((yield* sandbox.counters).exchanges.authorization_code).toMatchObject({ granted: 1, refused: 0 })
    }).pipe(Effect.provide(world())))
})

describe("realms", () => {
  it.effect("two regions, two clients and two accounts of one store never touch each other", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const { redirectUri } = settings
      yield* sandbox.putClient({ id: "other", secret: "other-secret", redirectUri, codes: ["other-code"] })
      const other = { clientId: "other", clientSecret: Redacted.make("other-secret") }
      const mine = yield* process((auth) => auth.signIn(code()))
      const theirs = yield* process((auth) => auth.signIn(code("other-code")), {}, other)
      expect(yield* process((auth) => auth.accessToken)).toEqual(mine)
      expect(yield* process((auth) => auth.accessToken, {}, other)).toEqual(theirs)
      const never = { _tag: "SignInRequired", reason: "never" }
      expect(yield* Effect.flip(process((auth) => auth.accessToken, {}, { region: "US" }))).toMatchObject(never)
      expect(yield* Effect.flip(process((auth) => auth.accessToken, {}, { host: "sandbox" }))).toMatchObject(never)
      expect(yield* Effect.flip(process((auth) => auth.accessToken, { account: "b" }))).toMatchObject(never)
      yield* process((auth) => auth.signOut)
      expect(yield* process((auth) => auth.accessToken, {}, other)).toEqual(theirs)
    }).pipe(Effect.provide(world())))
})

describe("layerConfig", () => {
  const config = {
    host: Config.withDefault(Config.string("HOST"), "sandbox"),
    region: Config.literal("APAC", "EU", "US")("REGION"),
    clientId: Config.string("CLIENT_ID"),
    clientSecret: Config.redacted("CLIENT_SECRET"),
    redirectUri: Config.succeed("https://my.app.com/oauth2callback")
  }
  const from = (entries: ReadonlyArray<readonly [string, string]>) =>
    Layer.setConfigProvider(ConfigProvider.fromMap(new Map(entries)))
  const entries = [["REGION", "EU"], ["CLIENT_ID", "sandbox-client"], [
    "CLIENT_SECRET",
    "sandbox-client-secret"
  ]] as const

  it.effect("data from the configuration, behaviour beside it", () =>
    Effect.gen(function*() {
      const auth = yield* Auth
      expect(auth).toMatchObject({ account: "venue-7", realm: "api-sandbox.priava.com/EU/sandbox-client" })
      yield* auth.accessToken
      expect(yield* exchanges).toBe(1)
    }).pipe(
      Effect.provide(
        Priava.layerConfig(config, {
          account: "venue-7",
          credentials: Effect.map(Config.redacted("CODE"), (text) => ({ code: text })).pipe(
            Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["CODE", "sandbox-code"]])))
          )
        }).pipe(Layer.provideMerge(world()), Layer.provide(from(entries)))
      )
    ))

  it.effect("a missing entry or another region is a ConfigError, a wrong one AuthMisconfigured", () =>
    Effect.gen(function*() {
      const build = (entries: ReadonlyArray<readonly [string, string]>) =>
        Effect.scoped(Effect.flip(
          Layer.build(Priava.layerConfig(config).pipe(Layer.provide(world()), Layer.provide(from(entries))))
        ))
      expect(yield* build(entries.slice(0, 2))).toMatchObject({ _op: "MissingData" })
      expect(yield* build([...entries.slice(1), ["REGION", "UK"]])).toMatchObject({ _op: "InvalidData" })
      expect(yield* build([...entries, ["HOST", "nowhere"]])).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "url"
      })
    }))
})
