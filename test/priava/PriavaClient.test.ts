import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import * as PriavaApi from "@effect-auth/priava/PriavaApi"
import { PriavaAuth } from "@effect-auth/priava/PriavaAuth"
import * as PriavaAuths from "@effect-auth/priava/PriavaAuth"
import * as PriavaRateLimit from "@effect-auth/priava/PriavaRateLimit"
import * as Faults from "@effect-auth/testing/Faults"
import { PriavaSandbox } from "@effect-auth/testing/priava"
import type * as Sandboxes from "@effect-auth/testing/priava"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { code, settings, world } from "./fixtures.ts"

const live = (
  change: Partial<PriavaAuths.Settings> = {},
  sandbox?: Sandboxes.Options,
  options?: ProviderSettings.Options<PriavaAuths.PriavaCredentials>
) =>
  Priava.layer({ ...settings, ...change }, { refresh: { mode: "onDemand" }, ...options }).pipe(
    Layer.provideMerge(world(sandbox))
  )

const search = { body: HttpBody.unsafeJson({ Lastname: "Nordmann" }) }
const webhook = {
  body: HttpBody.unsafeJson({ subscription_url: "https://my.app.com/hook", event: "CREATE_CONTACT" })
}

/** What an API might say that hides its refusals; nothing like it is documented. */
const hidden = Faults.status(200, { body: { success: false, error: "not authorised" } })
const rejectedBody = (response: HttpClientResponse.HttpClientResponse) =>
  response.json.pipe(
    Effect.map((body) => Predicate.isRecord(body) && body.error === "not authorised"),
    Effect.orElseSucceed(() => false)
  )

describe("API calls", () => {
  it.effect("a dead access token (401) is renewed and the search is sent again", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      const before = yield* client.post("/v2/contact/get", search)
      expect(yield* before.json).toMatchObject({ result: [{ Lastname: "Nordmann" }] })
      yield* sandbox.expireAccessTokens
      const after = yield* client.post("/v2/contact/get", search)
      expect(after.status).toBe(200)
      const counters = yield* sandbox.counters
      expect(counters).toMatchObject({ spent: 0, exchanges: { refresh_token: { granted: 1 } } })
      expect(counters.calls).toMatchObject({ 200: 2, 401: 1 })
    }).pipe(Effect.provide(live())))

  it.effect("many calls with one dead token cost one refresh", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      yield* sandbox.expireAccessTokens
      const all = yield* Effect.all(Array.from({ length: 100 }, () => client.post("/v2/venue/get/groups", search)), {
        concurrency: "unbounded"
      })
      expect(all.every((response) => response.status === 200)).toBe(true)
      expect(yield* sandbox.counters).toMatchObject({ spent: 0, exchanges: { refresh_token: { granted: 1 } } })
    }).pipe(Effect.provide(live())))

  for (const status of [400, 403, 404, 460, 500, 503]) {
    it.effect(`${status} is an ordinary response, and nothing is refreshed`, () =>
      Effect.gen(function*() {
        const sandbox = yield* PriavaSandbox
        const client = yield* Priava.PriavaClient
        yield* (yield* PriavaAuth).signIn(code())
        yield* sandbox.faults.next("api", Faults.status(status, { body: { error: "no" } }))
        expect((yield* client.post("/v2/contact/get", search)).status).toBe(status)
        expect((yield* sandbox.counters).exchanges.refresh_token).toBeUndefined()
      }).pipe(Effect.provide(live())))
  }

  it.effect("which statuses reject is configurable", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      yield* sandbox.faults.next("api", Faults.status(403))
      expect((yield* client.post("/v2/contact/get", search)).status).toBe(200)
      expect((yield* sandbox.counters).exchanges.refresh_token).toMatchObject({ granted: 1 })
    }).pipe(Effect.provide(live({}, {}, { rejection: { statuses: [401, 403] } }))))

  it.effect("429 is an ordinary response that tells how long to wait", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      yield* client.post("/v2/contact/get", search)
      const limited = yield* client.post("/v2/contact/get", search)
      expect(limited.status).toBe(429)
      const wait = yield* PriavaRateLimit.retryAfter(limited)
      expect(wait).toEqual(Duration.minutes(5))
      expect(yield* limited.json).toMatchObject({ limits: "2 requests / 5 minutes (300 seconds)" })
    }).pipe(Effect.provide(live({}, { limit: { requests: 2, zone: "10 hours" } }))))

  it.effect("without a session nothing is sent", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      expect(yield* Effect.flip(client.post("/v2/contact/get", search))).toMatchObject({ _tag: "SignInRequired" })
      expect((yield* (yield* PriavaSandbox).counters).requests).toBe(0)
    }).pipe(Effect.provide(live())))

  it.effect("absolute URLs: on the same host they are sent, elsewhere they are refused", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      const same = yield* client.post("https://api.priava.com/api/rest/v2/contact/get", search)
      expect(same.status).toBe(200)
      const requests = (yield* (yield* PriavaSandbox).counters).requests
      for (const url of ["https://evil.test/", "https://api.priava.com.evil.test/", "http://api.priava.com/"]) {
        expect(yield* Effect.flip(client.post(url, search))).toMatchObject({ _tag: "AuthMisconfigured" })
      }
      expect((yield* (yield* PriavaSandbox).counters).requests).toBe(requests)
    }).pipe(Effect.provide(live())))

  it.effect("the client of the contract runs on it, and decodes", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      yield* (yield* PriavaAuth).signIn(code())
      const searches = yield* HttpApiClient.group(PriavaApi.PriavaApi, {
        group: "searches",
        httpClient: yield* Priava.PriavaClient
      })
      yield* sandbox.expireAccessTokens
      const found = yield* searches.contacts({ payload: { Lastname: "Nordmann" } })
      expect(found.result).toEqual([{ Firstname: "Ola", Lastname: "Nordmann", Email: "ola@example.com" }])
      const none = yield* searches.contacts({ payload: { Lastname: "Hansen" } })
      expect(none.result).toEqual([])
    }).pipe(Effect.provide(live())))
})

describe("the region", () => {
  it.effect("is sent on calls", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      expect((yield* client.post("/v2/contact/get", search)).status).toBe(200)
    }).pipe(Effect.provide(live({ region: "APAC" }, { region: "APAC", regionOnCalls: true }))))

  it.effect("can be switched off", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      expect((yield* client.post("/v2/contact/get", search)).status).toBe(400)
    }).pipe(Effect.provide(live({ sendRegion: false }))))

  it.effect("where it is not asked for, it may be missing", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      expect((yield* client.post("/v2/contact/get", search)).status).toBe(200)
    }).pipe(Effect.provide(live({ sendRegion: false }, { regionOnCalls: false }))))
})

describe("reads are POSTs", () => {
  it.scoped("the contract tells them", () =>
    Effect.gen(function*() {
      const { api } = yield* PriavaAuths.provider(settings)
      const isRead = (request: HttpClientRequest.HttpClientRequest) => api?.isRead?.(request)
      const request = (url: string) => isRead(HttpClientRequest.post(url))
      expect(request("https://api.priava.com/api/rest/v2/contact/get")).toBe(true)
      expect(request("https://proxy.test/pv/api/rest/v2/venue/get/groups?x=1")).toBe(true)
      expect(request("https://api.priava.com/api/rest/v2/organisation/get#top")).toBe(true)
      expect(request("https://api.priava.com/api/rest/v2/event/save")).toBe(false)
      expect(request("https://api.priava.com/api/rest/latest/subscription")).toBe(false)
      expect(request("https://api.priava.com/api/rest/latest/subscription?next=/api/rest/v2/contact/get")).toBe(false)
      expect(isRead(HttpClientRequest.del("https://api.priava.com/api/rest/v2/contact/get"))).toBe(false)
    }).pipe(Effect.provide(world())))

  it.effect("after a 401 a write is sent again, and carried out once", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      yield* sandbox.expireAccessTokens
      const response = yield* client.post("/latest/subscription", webhook)
      expect(yield* response.json).toEqual({ result: 1, success: true })
      expect(yield* sandbox.subscriptions).toEqual([{ url: "https://my.app.com/hook", event: "CREATE_CONTACT" }])
    }).pipe(Effect.provide(live())))

  it.effect("after a refusal that hides in a success a read is sent again, a write is not", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      yield* sandbox.faults.next("api", hidden)
      const read = yield* client.post("/v2/contact/get", search)
      expect(yield* read.json).toMatchObject({ result: [{ Lastname: "Nordmann" }] })
      // A token that was born a moment ago from a rejection is not refreshed again.
      yield* TestClock.adjust("1 minute")
      yield* sandbox.faults.next("api", hidden)
      expect(yield* Effect.flip(client.post("/latest/subscription", webhook))).toMatchObject({
        _tag: "AccessTokenRejected",
        reason: "policy"
      })
      expect(yield* sandbox.subscriptions).toEqual([])
      yield* TestClock.adjust("1 minute")
      yield* sandbox.faults.next("api", hidden)
      yield* AuthHttpClient.withReplay(client.post("/latest/subscription", webhook), "always")
      expect(yield* sandbox.subscriptions).toHaveLength(1)
    }).pipe(Effect.provide(live({}, {}, { rejection: { body: rejectedBody } }))))

  it.effect("further reads are named by an option, and the contract's stay reads", () =>
    Effect.gen(function*() {
      const sandbox = yield* PriavaSandbox
      const client = yield* Priava.PriavaClient
      yield* (yield* PriavaAuth).signIn(code())
      for (const path of ["/v2/event/get", "/v2/contact/get"]) {
        yield* sandbox.faults.next("any", hidden)
        expect((yield* client.post(path, search)).status).toBe(path === "/v2/event/get" ? 404 : 200)
        yield* TestClock.adjust("1 minute")
      }
      yield* sandbox.faults.next("any", hidden)
      expect(yield* Effect.flip(client.post("/v2/event/save", search))).toMatchObject({ reason: "policy" })
    }).pipe(Effect.provide(
      live({}, {}, {
        rejection: { body: rejectedBody },
        client: { isRead: (request) => request.url.endsWith("/v2/event/get") }
      })
    )))
})

describe("what is sent, and what comes back", () => {
  it.effect("the headers are sent, and no secret is in the error", () =>
    Effect.gen(function*() {
      const requests: Array<HttpClientRequest.HttpClientRequest> = []
      const client = HttpClient.make((request) => {
        if (request.url.endsWith("/oauth/token")) {
          const body = { access_token: "access-s3cret-1", refresh_token: "refresh-s3cret-1", token_type: "BEARER" }
          return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body)))
        }
        requests.push(request)
        return new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error("reset") })
      })
      const layer = Priava.layer({ ...settings, host: "sandbox" }, { refresh: { mode: "onDemand" } }).pipe(
        Layer.provide([Layer.succeed(HttpClient.HttpClient, client), TokenStore.layerMemory])
      )
      const error = yield* Effect.gen(function*() {
        yield* (yield* PriavaAuth).signIn(code())
        return yield* Effect.flip((yield* Priava.PriavaClient).post("/v2/contact/get", search))
      }).pipe(Effect.provide(layer))
      expect(requests).toHaveLength(1)
      expect(requests[0]).toMatchObject({
        url: "https://api-sandbox.priava.com/api/rest/v2/contact/get",
        headers: {
          authorization: "Bearer access-s3cret-1",
          tenantregion: "EU",
          "content-type": "application/json"
        }
      })
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport" })
      expect(Redaction.findSecret(error, ["access-s3cret-1", "sandbox-client-secret"], { printers: { inspect } }))
        .toBeUndefined()
    }))
})

describe("layerConfig", () => {
  it.effect("Auth and Client from options written once", () =>
    Effect.gen(function*() {
      const client = yield* Priava.PriavaClient
      expect((yield* client.post("/v2/contact/get", search)).status).toBe(200)
    }).pipe(Effect.provide(
      Priava.layerConfig({
        region: Config.succeed("EU"),
        clientId: Config.succeed(settings.clientId),
        clientSecret: Config.succeed(settings.clientSecret),
        redirectUri: Config.succeed(settings.redirectUri)
      }, { credentials: Effect.succeed(code()), refresh: { mode: "onDemand" } }).pipe(Layer.provideMerge(world()))
    )))
})
