/** One program, three worlds: the four sandboxes, four fakes without any server, and four fakes that fail. */
import { withAuth } from "@effect-auth/core/AuthHttpClient"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as FourApis from "@effect-auth/examples/four-apis"
import { PitchpointClient } from "@effect-auth/pitchpoint/Pitchpoint"
import { PlacewiseClient } from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth } from "@effect-auth/placewise/PlacewiseAuth"
import { PriavaClient } from "@effect-auth/priava/Priava"
import * as FakeAuth from "@effect-auth/testing/FakeAuth"
import * as Faults from "@effect-auth/testing/Faults"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import { WalletAppClient } from "@effect-auth/wallet-app/WalletApp"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"

const environment = ConfigProvider.fromMap(
  new Map([
    ["PLACEWISE_CLUB", "infinity-mall"],
    ["PLACEWISE_CLIENT_TOKEN", "sandbox-client-token"],
    ["PLACEWISE_PRODUCT", "sandbox"],
    ["PRIAVA_REGION", "EU"],
    ["PRIAVA_CLIENT_ID", "sandbox-client"],
    ["PRIAVA_CLIENT_SECRET", "sandbox-client-secret"],
    ["PRIAVA_REDIRECT_URI", "https://my.app.com/oauth2callback"],
    ["PRIAVA_CODE", "sandbox-code"],
    ["PITCHPOINT_USER", "service@example.com"],
    ["PITCHPOINT_PASSWORD", "correct horse"],
    ["WALLET_APP_EMAIL", "kim@example.com"],
    ["WALLET_APP_PASSWORD", "correct horse"]
  ])
)

/** One network with the four servers in it, told apart by host. */
const internet = (sandboxes: ReadonlyArray<Sandbox.Sandbox>) => {
  const hosts = ["placewise", "priava", "pointservices", "walletapp"]
  return HttpClient.make((request) => {
    const { hostname } = new URL(request.url)
    const at = hosts.findIndex((host) => hostname.includes(host))
    return at < 0 ? Effect.dieMessage(`no such host: ${hostname}`) : sandboxes[at]!.httpClient.execute(request)
  })
}

const servers = Effect.gen(function*() {
  const placewise = yield* PlacewiseSandbox.make()
  const priava = yield* PriavaSandbox.make()
  const pitchpoint = yield* PitchpointSandbox.make()
  const walletApp = yield* WalletAppSandbox.make()
  const http = internet([placewise, priava, pitchpoint, walletApp])
  const layer = FourApis.Apis.pipe(
    Layer.provide([Layer.succeed(HttpClient.HttpClient, http), TokenStore.layerMemory]),
    Layer.provide(Layer.setConfigProvider(environment))
  )
  return { placewise, priava, pitchpoint, walletApp, layer }
})

const member = {
  _tag: "Password" as const,
  identifier: { email: "ola@example.com" },
  password: Redacted.make("correct horse")
}

const figures = { _tag: "Report", points: 120, contacts: 1, orders: 0, brands: ["Corner Cafe"] }

describe("with the four sandboxes", () => {
  it.effect("one report from four APIs", () =>
    Effect.gen(function*() {
      const { layer, pitchpoint, placewise, priava, walletApp } = yield* servers
      yield* Effect.gen(function*() {
        yield* (yield* PlacewiseAuth).signIn(member)
        expect(yield* FourApis.program).toEqual(figures)
        for (const sandbox of [placewise, priava, pitchpoint, walletApp]) yield* sandbox.expireAccessTokens
        expect(yield* FourApis.program).toEqual(figures)
      }).pipe(Effect.provide(layer))
      const refreshes = (sandbox: Sandbox.Sandbox) =>
        Effect.map(sandbox.counters, (counters) => Sandbox.exchanges(counters, "refresh_token").granted)
      expect(yield* Effect.all([placewise, priava, pitchpoint].map(refreshes))).toEqual([1, 1, 1])
      expect(Sandbox.exchanges(yield* walletApp.counters, "password").granted).toBe(2)
    }))

  it.effect("nobody signed in at the one that has no credentials of its own", () =>
    Effect.gen(function*() {
      const { layer } = yield* servers
      expect(yield* Effect.provide(FourApis.program, layer)).toMatchObject({ _tag: "SignIn", who: "placewise/default" })
    }))

  it.effect("one API is down, another says no", () =>
    Effect.gen(function*() {
      const { layer, pitchpoint, priava } = yield* servers
      yield* Effect.gen(function*() {
        yield* (yield* PlacewiseAuth).signIn(member)
        yield* pitchpoint.faults.next("sign-in", Faults.status(429, { headers: { "retry-after": "60" } }))
        expect(yield* FourApis.program).toMatchObject({ _tag: "Wait", who: "pitchpoint/default" })
        yield* TestClock.adjust("2 minutes")
        yield* priava.faults.next("api", Faults.status(403, { body: { error: "no" } }))
        expect(yield* FourApis.program).toMatchObject({ _tag: "Report it", why: "403" })
      }).pipe(Effect.provide(layer))
    }))
})

/** The clients of the program over sessions that need no provider, and one answer for everybody. */
const fakes = (auth: AuthService<never>) => {
  const answer = {
    membership: true,
    balance: 7,
    result: [{ Lastname: "Nordmann" }, { Lastname: "Nordmann" }],
    count: 3,
    limit: 10,
    results: [],
    data: [{ identifier: "brand-9", name: "Fake Cafe" }]
  }
  const http = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(answer))))
  const client = withAuth(http, auth).pipe(HttpClient.mapRequest(HttpClientRequest.prependUrl("https://api.test")))
  return Layer.mergeAll(
    Layer.succeed(PlacewiseClient, client),
    Layer.succeed(PriavaClient, client),
    Layer.succeed(PitchpointClient, client),
    Layer.succeed(WalletAppClient, client)
  )
}

describe("with four fakes", () => {
  it.effect("one report, no server", () =>
    Effect.gen(function*() {
      const outcome = yield* Effect.provide(FourApis.program, fakes(FakeAuth.fixed("a token")))
      expect(outcome).toEqual({ _tag: "Report", points: 7, contacts: 2, orders: 3, brands: ["Fake Cafe"] })
    }))

  it.effect("nobody is signed in", () =>
    Effect.gen(function*() {
      const outcome = yield* Effect.provide(FourApis.program, fakes(FakeAuth.signedOut({ provider: "a-fake" })))
      expect(outcome).toMatchObject({ _tag: "SignIn", who: "a-fake/default" })
    }))
})
