import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseClient } from "@effect-auth/placewise/Placewise"
import type * as PlacewiseAuths from "@effect-auth/placewise/PlacewiseAuth"
import { PlacewiseAuth } from "@effect-auth/placewise/PlacewiseAuth"
import * as Faults from "@effect-auth/testing/Faults"
import { PlacewiseSandbox } from "@effect-auth/testing/placewise"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import { inspect } from "node:util"
import { byEmail, settings, world } from "./fixtures.ts"

const live = (options: Partial<ProviderSettings.Options<PlacewiseAuths.PlacewiseCredentials>> = {}) =>
  Placewise.layer(settings, { refresh: { mode: "onDemand" }, ...options }).pipe(Layer.provideMerge(world()))

const status = "/members/me/rewards-program/status"

describe("member calls", () => {
  it.effect("a dead access token (460) is renewed and the call is sent again", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* PlacewiseAuth
      const client = yield* PlacewiseClient
      yield* auth.signIn(byEmail)
      const before = yield* client.get(status)
      expect(yield* before.json).toMatchObject({ membership: true, balance: 120 })
      yield* sandbox.expireAccessTokens
      const after = yield* client.get(status, { urlParams: { page: "1" } })
      expect(after.status).toBe(200)
      const counters = yield* sandbox.counters
      expect(counters).toMatchObject({ spent: 0, exchanges: { refresh_token: { granted: 1 } } })
      expect(counters.calls).toMatchObject({ 200: 2, 460: 1 })
    }).pipe(Effect.provide(live())))

  it.effect("many calls with one dead token cost one refresh", () =>
    Effect.gen(function*() {
      const sandbox = yield* PlacewiseSandbox
      const auth = yield* PlacewiseAuth
      const client = yield* PlacewiseClient
      yield* auth.signIn(byEmail)
      yield* sandbox.expireAccessTokens
      const all = yield* Effect.all(Array.from({ length: 100 }, () => client.get("/members/me")), {
        concurrency: "unbounded"
      })
      expect(all.every((response) => response.status === 200)).toBe(true)
      expect(yield* sandbox.counters).toMatchObject({ spent: 0, exchanges: { refresh_token: { granted: 1 } } })
    }).pipe(Effect.provide(live())))

  for (const code of [401, 403, 404, 422, 429, 500]) {
    it.effect(`${code} is an ordinary response, and nothing is refreshed`, () =>
      Effect.gen(function*() {
        const sandbox = yield* PlacewiseSandbox
        const auth = yield* PlacewiseAuth
        const client = yield* PlacewiseClient
        yield* auth.signIn(byEmail)
        yield* sandbox.faults.next("api", Faults.status(code, { body: { error: "no" } }))
        expect((yield* client.get(status)).status).toBe(code)
        expect((yield* sandbox.counters).exchanges.refresh_token).toBeUndefined()
      }).pipe(Effect.provide(live())))
  }

  it.effect("without a session nothing is sent", () =>
    Effect.gen(function*() {
      const client = yield* PlacewiseClient
      expect(yield* Effect.flip(client.get(status))).toMatchObject({ _tag: "SignInRequired", reason: "never" })
      expect((yield* (yield* PlacewiseSandbox).counters).requests).toBe(0)
    }).pipe(Effect.provide(live())))

  it.effect("absolute URLs: on the same host they are sent, elsewhere they are refused", () =>
    Effect.gen(function*() {
      const auth = yield* PlacewiseAuth
      const client = yield* PlacewiseClient
      yield* auth.signIn(byEmail)
      const same = yield* client.get("https://api.mpc.placewise.com/v3/infinity-mall/members/me")
      expect(same.status).toBe(200)
      const requests = (yield* (yield* PlacewiseSandbox).counters).requests
      for (
        const url of ["https://evil.test/", "https://api.mpc.placewise.com.evil.test/", "http://api.mpc.placewise.com/"]
      ) {
        expect(yield* Effect.flip(client.get(url))).toMatchObject({ _tag: "AuthMisconfigured" })
      }
      expect((yield* (yield* PlacewiseSandbox).counters).requests).toBe(requests)
    }).pipe(Effect.provide(live())))
})

describe("what is sent, and what comes back", () => {
  /** Answers the token call, then fails each member call; keeps what it was sent. */
  const broken = Effect.sync(() => {
    const requests: Array<HttpClientRequest.HttpClientRequest> = []
    const redacted: Array<string> = []
    const client = HttpClient.make((request) =>
      Effect.gen(function*() {
        if (request.url.endsWith("/oauth/token")) {
          return HttpClientResponse.fromWeb(
            request,
            Response.json({ access_token: "access-s3cret-1", refresh_token: "refresh-s3cret-1", resource_owner_id: 42 })
          )
        }
        requests.push(request)
        const names = yield* FiberRef.get(Headers.currentRedactedNames)
        redacted.push(String(Headers.redact(request.headers, names)["x-client-authorization"]))
        return yield* new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error("reset") })
      })
    )
    return { client, requests, redacted }
  })

  it.effect("the headers are sent, and no secret is in the error", () =>
    Effect.gen(function*() {
      const { client, redacted, requests } = yield* broken
      const layer = Placewise.layer({ ...settings, locale: "nb-NO" }, { refresh: { mode: "onDemand" } }).pipe(
        Layer.provide([Layer.succeed(HttpClient.HttpClient, client), TokenStore.layerMemory])
      )
      const error = yield* Effect.gen(function*() {
        yield* (yield* PlacewiseAuth).signIn(byEmail)
        return yield* Effect.flip((yield* PlacewiseClient).get(status))
      }).pipe(Effect.provide(layer))
      expect(requests[0]?.url).toBe(`https://api.mpc.placewise.com/v3/infinity-mall${status}`)
      expect(requests[0]?.headers).toMatchObject({
        authorization: "Bearer access-s3cret-1",
        "x-client-authorization": "sandbox-client-token",
        "x-user-agent": "test/1.0",
        "x-product-name": "sandbox",
        "x-loyalty-club-slug": "infinity-mall",
        "x-locale": "nb-NO"
      })
      expect(redacted).toEqual(["<redacted>"])
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport" })
      expect(Redaction.findSecret(error, ["access-s3cret-1", "sandbox-client-token"], { printers: { inspect } }))
        .toBeUndefined()
    }))

  it.effect("a caller's own Authorization takes no client token elsewhere", () =>
    Effect.gen(function*() {
      const { client, requests } = yield* broken
      const layer = Placewise.layer(settings, { client: { authorization: "keep" } }).pipe(
        Layer.provide([Layer.succeed(HttpClient.HttpClient, client), TokenStore.layerMemory])
      )
      yield* Effect.gen(function*() {
        const own = HttpClientRequest.get("https://elsewhere.test/").pipe(HttpClientRequest.bearerToken("mine"))
        yield* Effect.flip((yield* PlacewiseClient).execute(own))
      }).pipe(Effect.provide(layer))
      for (const request of requests) expect(request.headers).not.toHaveProperty("x-client-authorization")
    }))
})
