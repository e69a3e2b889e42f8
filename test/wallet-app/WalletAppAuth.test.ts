/** One user's keys against the sandbox: requested, described, replaced, deleted. */
import * as Faults from "@effect-auth/testing/Faults"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { password, settings, world } from "./fixtures.ts"

const sandbox = WalletAppSandbox.WalletAppSandbox

const byItself = { credentials: Effect.succeed(password) }

/** What the server saw, in order: each operation with the key it was about. */
const seen = Effect.map(
  Effect.flatMap(sandbox, (one) => one.log),
  (log) =>
    log.map(({ access, issued, operation, revoked, sent }) =>
      [operation, issued === undefined ? revoked ?? access : `access ${issued}`, sent].join(" ")
    )
)

/** How many keys live; kills them. */
const alive = Effect.flatMap(sandbox, (one) => one.revokeAll)

describe("a session", () => {
  it.scoped("has a key without an end, and deletes it on sign-out", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      const token = yield* auth.signIn(password)
      expect(token.expiresAt).toBe(Infinity)
      yield* TestClock.adjust("30 days")
      expect(Redacted.value((yield* auth.accessToken).value)).toBe(Redacted.value(token.value))
      expect(yield* auth.state).toMatchObject({ _tag: "Active", freshness: "fresh", generation: 1 })
      expect(yield* auth.signOut).toBe("revoked")
      expect(yield* seen).toEqual(["sign-in access 1 200", "revoke access 1 200"])
      expect(yield* alive).toBe(0)
    }).pipe(Effect.provide(world())))

  it.scoped("a rejected key is replaced by signing in again, once for all callers; without credentials it is an error", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings, byItself)
      const first = yield* auth.accessToken
      yield* Effect.flatMap(sandbox, (one) => one.expireAccessTokens)
      const renewed = yield* Effect.all(Array.from({ length: 50 }, () => auth.renew(first)), {
        concurrency: "unbounded"
      })
      expect(new Set(renewed.map((token) => token.session)).size).toBe(1)
      expect(yield* auth.state).toMatchObject({ _tag: "Active", signedInByItself: true })
      const counters = yield* Effect.flatMap(sandbox, (one) => one.counters)
      expect(Sandbox.exchanges(counters, "password").granted).toBe(2)
      const other = yield* WalletAppAuth.make(settings, { account: "other" })
      yield* other.signIn(password)
      expect(yield* Effect.flip(other.renew(yield* other.accessToken))).toMatchObject({
        _tag: "SignInRequired",
        reason: "expired"
      })
    }).pipe(Effect.provide(world())))

  it.scoped("a new sign-in deletes the key before it", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      yield* auth.signIn(password)
      yield* auth.signIn(password)
      yield* TestClock.adjust("1 second")
      expect(yield* seen).toEqual(["sign-in access 1 200", "sign-in access 2 200", "revoke access 1 200"])
      expect(yield* alive).toBe(1)
    }).pipe(Effect.provide(world())))

  it.scoped("a deletion that fails is told, and tried again in the background", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      yield* auth.signIn(password)
      yield* Effect.flatMap(sandbox, (one) => one.faults.next("revoke", Faults.status(503)))
      expect(yield* auth.signOut).toBe("failed")
      expect(yield* auth.state).toMatchObject({ _tag: "SignedOut" })
      yield* TestClock.adjust("1 minute")
      expect(yield* alive).toBe(0)
    }).pipe(Effect.provide(world())))

  for (const refusal of [200, 401, 422] as const) {
    it.scoped(`wrong credentials under ${refusal}`, () =>
      Effect.gen(function*() {
        const auth = yield* WalletAppAuth.make(settings)
        const error = yield* Effect.flip(auth.signIn({ password: Redacted.make("hunter2") }))
        expect(error).toMatchObject({
          _tag: "TokenRequestRejected",
          status: refusal,
          reason: refusal === 422 ? "request" : "credentials"
        })
        expect(Redaction.findSecret(error, ["hunter2"], { printers: { inspect } })).toBeUndefined()
      }).pipe(Effect.provide(world({ dialect: { refusal } }))))
  }
})

describe("permissions", () => {
  const limited = { users: [{ email: "kim@example.com", password: "correct horse", permissions: ["brands.get"] }] }

  for (const dialect of [{}, { key: "token", granted: "abilities", described: "permissions" }] as const) {
    it.scoped(`what was granted is compared with what was asked: ${inspect(dialect)}`, () =>
      Effect.gen(function*() {
        const auth = yield* WalletAppAuth.make(settings)
        const token = yield* auth.signIn(password)
        expect(token.scopes).toEqual(["brands.get"])
        expect(yield* auth.state).toMatchObject({ scopes: ["brands.get"] })
        expect(yield* auth.missingPermissions).toEqual(["members.get"])
        expect(yield* auth.tokenInfo).toMatchObject({ active: true, permissions: ["brands.get"] })
      }).pipe(Effect.provide(world({ ...limited, dialect }))))
  }

  it.scoped("before they change, the old key is deleted", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(
        Effect.flatMap(
          WalletAppAuth.make({ ...settings, permissions: ["brands.get"] }),
          (auth) => auth.signIn(password)
        )
      )
      const auth = yield* WalletAppAuth.make(settings, {
        ...byItself,
        formerPermissions: [["brands.get"], ["members.get", "brands.get"], ["never.had"]]
      })
      expect(yield* auth.missingPermissions).toEqual([])
      expect(yield* seen).toEqual(["sign-in access 1 200", "revoke access 1 200", "sign-in access 2 200"])
    }).pipe(Effect.provide(world())))

  it.scoped("a list that is the current one in another order is not given up", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.flatMap(WalletAppAuth.make(settings), (auth) => auth.signIn(password)))
      const auth = yield* WalletAppAuth.make(settings, { formerPermissions: [["members.get", "brands.get"]] })
      yield* auth.accessToken
      expect(yield* seen).toEqual(["sign-in access 1 200"])
    }).pipe(Effect.provide(world())))

  it.scoped("an old key that can't be deleted is no obstacle", () =>
    Effect.gen(function*() {
      const former = { ...settings, permissions: ["brands.get"] }
      yield* Effect.scoped(Effect.flatMap(WalletAppAuth.make(former), (auth) => auth.signIn(password)))
      yield* Effect.flatMap(sandbox, (one) => one.faults.next("revoke", Faults.status(503)))
      const auth = yield* WalletAppAuth.make(settings, { ...byItself, formerPermissions: [former.permissions] })
      yield* auth.accessToken
      expect(yield* seen).toEqual(["sign-in access 1 200", "revoke  503", "sign-in access 2 200"])
    }).pipe(Effect.provide(world())))

  it.scoped("retire tells what became of the key", () =>
    Effect.gen(function*() {
      expect(yield* WalletAppAuth.retire(settings)).toBe("nothing-to-revoke")
      const auth = yield* WalletAppAuth.make(settings)
      yield* auth.signIn(password)
      expect(yield* WalletAppAuth.retire({ ...settings, permissions: [...settings.permissions].reverse() })).toBe(
        "revoked"
      )
      expect(yield* WalletAppAuth.retire(settings)).toBe("nothing-to-revoke")
      expect(yield* alive).toBe(0)
    }).pipe(Effect.provide(world())))
})

describe("token information", () => {
  it.scoped("tells about the key, and not the key", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      const { value } = yield* auth.signIn(password)
      const info = yield* auth.tokenInfo
      expect(info).toMatchObject({
        active: true,
        userId: "11111111-1111-4111-8111-111111111111",
        permissions: ["brands.get", "members.get"]
      })
      expect(info.active && info.name).toMatch(/^APITOKEN_[0-9a-f-]{36}$/)
      expect(Redaction.findSecret(info, [Redacted.value(value)], { printers: { inspect } })).toBeUndefined()
    }).pipe(Effect.provide(world())))

  it.scoped("a dead key is a value; an answer that tells nothing is an error", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      yield* auth.signIn(password)
      const { faults, revokeAll } = yield* sandbox
      yield* faults.next("info", Faults.status(503))
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "ProviderUnavailable", operation: "tokenInfo" })
      yield* faults.next("info", Faults.body("{\"active\":false}"))
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "ProviderUnavailable", reason: "malformed" })
      yield* faults.next("info", Faults.status(401, { body: "<html>", headers: { "content-type": "text/html" } }))
      expect(yield* Effect.flip(auth.tokenInfo)).toMatchObject({ _tag: "ProviderUnavailable", status: 401 })
      yield* revokeAll
      expect(yield* auth.tokenInfo).toEqual({ active: false })
      expect(yield* auth.state).toMatchObject({ _tag: "Active" })
    }).pipe(Effect.provide(world())))
})

describe("a scoped key", () => {
  it.scoped("lives for one piece of work, beside the session's own", () =>
    Effect.gen(function*() {
      const outer = yield* WalletAppAuth.make(settings, byItself)
      yield* outer.accessToken
      const status = yield* Effect.scoped(Effect.gen(function*() {
        const { auth, client } = yield* WalletApp.scoped(["members.get"])
        expect((yield* auth.accessToken).scopes).toEqual(["members.get"])
        expect((yield* client.get("/brands")).status).toBe(403)
        return (yield* client.get("/members/list?brand_id=brand-1")).status
      })).pipe(Effect.provideService(WalletAppAuth.WalletAppAuth, outer))
      expect(status).toBe(200)
      expect(yield* seen).toEqual([
        "sign-in access 1 200",
        "sign-in access 2 200",
        "api access 2 403",
        "api access 2 200",
        "revoke access 2 200"
      ])
      expect(yield* outer.tokenInfo).toMatchObject({ active: true })
    }).pipe(Effect.provide(world())))

  it.scoped("is deleted when the work fails or is interrupted, and when the password is given for it alone", () =>
    Effect.gen(function*() {
      const outer = yield* WalletAppAuth.make(settings)
      const work = WalletAppAuth.scopedToken(["brands.get"], password).pipe(
        Effect.provideService(WalletAppAuth.WalletAppAuth, outer)
      )
      expect(Exit.isFailure(yield* Effect.exit(Effect.scoped(Effect.zipRight(work, Effect.fail("broken")))))).toBe(true)
      yield* Effect.scoped(Effect.zipRight(work, Effect.interrupt)).pipe(Effect.exit)
      expect(yield* seen).toEqual([
        "sign-in access 1 200",
        "revoke access 1 200",
        "sign-in access 2 200",
        "revoke access 2 200"
      ])
      expect(yield* outer.state).toMatchObject({ _tag: "SignedOut", reason: "never" })
    }).pipe(Effect.provide(world())))

  it.scoped("one that was replaced on the way is not left behind", () =>
    Effect.gen(function*() {
      const outer = yield* WalletAppAuth.make(settings, byItself)
      yield* Effect.scoped(Effect.gen(function*() {
        const { client } = yield* WalletApp.scoped(["brands.get"])
        yield* Effect.flatMap(sandbox, (one) => one.expireAccessTokens)
        expect((yield* client.get("/brands")).status).toBe(200)
      })).pipe(Effect.provideService(WalletAppAuth.WalletAppAuth, outer))
      expect(yield* alive).toBe(0)
    }).pipe(Effect.provide(world())))

  it.scoped("without a password there is none; with a wrong one it is told", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.make(settings)
      expect(yield* Effect.flip(auth.scoped(["brands.get"]))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "credentials"
      })
      expect(yield* Effect.flip(auth.scoped(["brands.get"], { password: Redacted.make("wrong") }))).toMatchObject({
        _tag: "TokenRequestRejected",
        reason: "credentials"
      })
      expect(yield* Effect.flip(auth.scoped([], password))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "options"
      })
    }).pipe(Effect.provide(world())))
})

describe("the client", () => {
  const run = <A, E>(
    test: Effect.Effect<
      A,
      E,
      WalletAppAuth.WalletAppAuth | WalletApp.WalletAppClient | WalletAppSandbox.WalletAppSandbox
    >,
    options?: Partial<WalletAppAuth.Options>
  ) =>
    test.pipe(
      Effect.provide(WalletApp.layer(settings, { ...byItself, ...options })),
      Effect.provide(world())
    )

  it.effect("accepts JSON, as documented", () =>
    run(Effect.gen(function*() {
      const client = yield* WalletApp.WalletAppClient
      const brands: any = yield* Effect.flatMap(client.get("/brands"), (response) => response.json)
      expect(brands.data[0]).toMatchObject({ name: "Corner Cafe" })
      const members: any = yield* Effect.flatMap(
        client.get("https://api.walletapp.co/members/list", { urlParams: { brand_id: "brand-1", per_page: 1 } }),
        (response) => response.json
      )
      expect(members.data).toMatchObject({ total: 1, per_page: 1, next_page_url: null })
    })))

  it.effect("a 401 renews the session; the key that was rejected counts as gone", () =>
    run(Effect.gen(function*() {
      const client = yield* WalletApp.WalletAppClient
      yield* client.get("/brands")
      yield* Effect.flatMap(sandbox, (one) => one.expireAccessTokens)
      expect((yield* client.get("/brands")).status).toBe(200)
      yield* Effect.yieldNow()
      expect((yield* seen).slice(1)).toEqual([
        "api access 1 200",
        "api access 1 401",
        "sign-in access 2 200",
        ...(yield* seen).slice(4)
      ])
      expect(yield* seen).toContain("api access 2 200")
    })))

  it.effect("does not send the key anywhere else, nor over http", () =>
    run(Effect.gen(function*() {
      const client = yield* WalletApp.WalletAppClient
      expect(yield* Effect.flip(client.get("https://walletapp.example/brands"))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "origin"
      })
      // The page's own pagination links are http.
      expect(yield* Effect.flip(client.get("http://api.walletapp.co/members/list?page=2"))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "insecure"
      })
    })))

  it.effect("a resource that refuses every key does not become one sign-in a request", () =>
    run(Effect.gen(function*() {
      const client = yield* WalletApp.WalletAppClient
      const { counters, faults } = yield* sandbox
      yield* faults.next("api", Faults.status(401), Infinity)
      for (let i = 0; i < 10; i++) {
        expect(yield* Effect.flip(client.get("/brands"))).toMatchObject({ _tag: "AccessTokenRejected" })
      }
      expect(Sandbox.exchanges(yield* counters, "password").granted).toBeLessThanOrEqual(2)
    })))
})

describe("layers", () => {
  it.effect("layerConfig reads data from the configuration, and takes behaviour beside it", () =>
    Effect.gen(function*() {
      const auth = yield* WalletAppAuth.WalletAppAuth
      yield* auth.accessToken
      expect(auth.realm).toBe("api.walletapp.co/kim%40example.com/brands.get,tomorrow.get")
      expect(auth.account).toBe("nightly")
    }).pipe(
      Effect.provide(
        WalletApp.layerConfig(
          { email: Config.string("EMAIL"), permissions: Config.array(Config.string(), "PERMISSIONS") },
          {
            account: "nightly",
            credentials: Effect.map(Config.redacted("PASSWORD"), (secret) => ({ password: secret }))
          }
        )
      ),
      Effect.provide(world()),
      Effect.withConfigProvider(ConfigProvider.fromMap(
        new Map([["EMAIL", "kim@example.com"], ["PERMISSIONS", "brands.get, tomorrow.get"], [
          "PASSWORD",
          "correct horse"
        ]])
      ))
    ))

  it.effect("options that can't be right fail the layer", () =>
    Effect.gen(function*() {
      const failed = yield* Effect.flip(Effect.scoped(Layer.build(WalletApp.layer({ ...settings, permissions: [] }))))
      expect(failed).toMatchObject({ _tag: "AuthMisconfigured", reason: "options" })
    }).pipe(Effect.provide(world())))
})
