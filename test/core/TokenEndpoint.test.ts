import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Headers from "@effect/platform/Headers"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberRef from "effect/FiberRef"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"

const secret = "r3fresh/t0ken+value=="
const url = "https://api.test/token"

const request = HttpClientRequest.post(url).pipe(
  HttpClientRequest.bodyUnsafeJson({ grant_type: "refresh_token", refresh_token: secret }),
  HttpClientRequest.setHeader("x-client-authorization", "cl13nt-token")
)

/** A client whose server answers with `answer`, and the requests that it got. */
const stub = (answer: (request: HttpClientRequest.HttpClientRequest) => Response | HttpClientError.HttpClientError) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    requests.push(request)
    const result = answer(request)
    return result instanceof Response
      ? Effect.succeed(HttpClientResponse.fromWeb(request, result))
      : Effect.fail(result)
  })
  return { client, requests }
}

const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)

/** What one call comes to. */
const outcomeOf = (response: () => Response, sent = request) =>
  TokenEndpoint.client(stub(response).client, { classify }).execute(sent).pipe(
    Effect.flatMap((response) => Effect.orDie(response.json)),
    Effect.either
  )

const failureOf = (response: () => Response, sent = request) =>
  Effect.flatMap(
    outcomeOf(response, sent),
    (outcome) => outcome._tag === "Left" ? Effect.succeed(outcome.left) : Effect.dieMessage("expected a failure")
  )

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  new Response(JSON.stringify(body), { status, headers })

const body = (status: number, text: string | null) => () => new Response(text, { status })

describe("a success", () => {
  for (const status of [200, 201, 202, 299]) {
    it.effect(`${status} comes back as 200 with its JSON`, () =>
      Effect.gen(function*() {
        const { client } = stub(json(status, { access_token: "a" }))
        const response = yield* TokenEndpoint.client(client, { classify }).execute(request)
        expect(response.status).toBe(200)
        expect(yield* response.json).toEqual({ access_token: "a" })
      }))
  }

  it.effect("an empty one is an empty object, so that a revocation that answers nothing succeeds", () =>
    Effect.gen(function*() {
      expect(yield* outcomeOf(body(200, ""))).toMatchObject({ _tag: "Right", right: {} })
      expect(yield* outcomeOf(body(204, null))).toMatchObject({ _tag: "Right", right: {} })
    }))

  for (const text of ["<html>", "{\"access_token\":\"a", "plain", " "]) {
    it.effect(`${JSON.stringify(text)} is malformed, with an unknown outcome`, () =>
      Effect.gen(function*() {
        expect(yield* failureOf(body(200, text))).toMatchObject({
          kind: "transient",
          sent: "unknown",
          reason: "malformed",
          status: 200
        })
      }))
  }

  it.effect("the response holds nothing of the request", () =>
    Effect.gen(function*() {
      const { client } = stub(json(200, { ok: true }))
      const response = yield* TokenEndpoint.client(client, { classify }).execute(request)
      expect(Redaction.findSecret(response, [secret, "cl13nt-token"], { printers: { inspect } })).toBeUndefined()
    }))

  it.effect("a body over 1 MiB is malformed and is not read to its end", () =>
    Effect.gen(function*() {
      let pulled = 0
      const endless = () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull(controller) {
              pulled++
              controller.enqueue(new Uint8Array(64 * 1024).fill(32))
            }
          })
        )
      expect(yield* failureOf(endless)).toMatchObject({ sent: "unknown", reason: "malformed" })
      expect(pulled).toBeLessThan(24)
    }))
})

describe("what other statuses mean", () => {
  const table: ReadonlyArray<readonly [string, () => Response, object]> = [
    ["301", () => new Response(null, { status: 301, headers: { location: "https://evil.test" } }), {
      kind: "config",
      sent: "answered",
      reason: "url",
      status: 301
    }],
    ["408", body(408, ""), { kind: "transient", sent: "unknown", reason: "server" }],
    ["429", body(429, ""), { kind: "transient", sent: "answered", reason: "rate-limited", retryAfter: undefined }],
    ["500", body(500, "oops"), { kind: "transient", sent: "unknown", reason: "server" }],
    ["502", body(502, ""), { kind: "transient", sent: "unknown", reason: "server" }],
    ["503", json(503, {}, { "retry-after": "7" }), {
      kind: "transient",
      sent: "answered",
      reason: "server",
      retryAfter: Duration.seconds(7)
    }],
    ["504", body(504, ""), { kind: "transient", sent: "unknown", reason: "server" }],
    ["invalid_grant", json(400, { error: "invalid_grant", error_description: "gone" }), {
      kind: "terminal",
      sent: "answered",
      reason: "credentials",
      status: 400,
      error: "invalid_grant",
      errorDescription: "gone"
    }],
    ["invalid_client", json(401, { error: "invalid_client" }), { kind: "config", reason: "client" }],
    ["unauthorized_client", json(400, { error: "unauthorized_client" }), { kind: "config", reason: "client" }],
    ["unsupported_grant_type", json(400, { error: "unsupported_grant_type" }), { kind: "config", reason: "client" }],
    ["invalid_scope", json(400, { error: "invalid_scope" }), { kind: "config", reason: "scope" }],
    ["invalid_request", json(400, { error: "invalid_request" }), { kind: "config", reason: "request" }],
    ["another code", json(403, { error: "account_locked" }), { kind: "refused", reason: "unknown", sent: "answered" }],
    ["a name of Object", json(400, { error: "constructor" }), { kind: "refused", reason: "unknown" }],
    ["a code under 404", json(404, { error: "Not Found" }), { kind: "transient", reason: "malformed" }],
    ["a firewall", body(403, "<html>denied</html>"), { kind: "transient", sent: "answered", reason: "malformed" }],
    ["an error that is no text", json(400, { error: { code: 1 } }), { kind: "transient", reason: "malformed" }],
    ["an array", json(400, ["invalid_grant"]), { kind: "transient", reason: "malformed" }],
    ["null", json(400, null), { kind: "transient", reason: "malformed" }]
  ]
  for (const [name, response, expected] of table) {
    it.effect(name, () => Effect.map(failureOf(response), (failure) => expect(failure).toMatchObject(expected)))
  }

  it.effect("the status stands when the body breaks off", () =>
    Effect.gen(function*() {
      const broken = () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.error(new Error("reset"))
            }
          }),
          { status: 503 }
        )
      expect(yield* failureOf(broken)).toMatchObject({ status: 503, sent: "answered", reason: "server" })
    }))

  it.effect("a filterStatusOk below changes nothing", () =>
    Effect.gen(function*() {
      const { client } = stub(json(400, { error: "invalid_grant" }))
      const filtered = TokenEndpoint.client(HttpClient.filterStatusOk(client), { classify })
      expect(yield* Effect.flip(filtered.execute(request))).toMatchObject({ kind: "terminal", status: 400 })
    }))
})

describe("what a server echoes", () => {
  const spellings: ReadonlyArray<readonly [string, string]> = [
    ["plain", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["URL-encoded in lower case", encodeURIComponent(secret).toLowerCase()],
    ["form-encoded", new URLSearchParams({ t: secret }).toString()],
    ["base64", btoa(secret)],
    ["base64url", btoa(secret).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")],
    ["base64 inside", btoa(`id:${secret}`)],
    ["the header", "cl13nt-token"],
    ["another token of that look", "abcdefghijkl0123456789abcdefghijkl"]
  ]
  for (const [name, echo] of spellings) {
    it.effect(`${name} is not in the failure`, () =>
      Effect.gen(function*() {
        const failure = yield* failureOf(
          json(400, { error: `bad ${echo}`, error_description: `token ${echo} is dead` })
        )
        expect(failure.error).toContain("bad ")
        expect(failure.errorDescription).toContain("is dead")
        expect(Redaction.findSecret(failure, [secret, "cl13nt-token", echo], { printers: { inspect } })).toBeUndefined()
      }))
  }

  for (const odd of ["b~d one!", "ab/+c", "~~~???>>>", "a\"b\\c<d>&", "pässwörd"]) {
    const forms = {
      plain: odd,
      form: new URLSearchParams({ p: odd }).toString(),
      "lower case": encodeURIComponent(odd).toLowerCase(),
      base64url: Buffer.from(odd).toString("base64url"),
      "base64 inside": Buffer.from(`x${odd}yz`).toString("base64"),
      html: odd.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;"),
      json: JSON.stringify({ odd })
    }
    for (const [name, echo] of Object.entries(forms)) {
      it.effect(`${JSON.stringify(odd)} as ${name}`, () =>
        Effect.gen(function*() {
          const signIn = HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ password: odd }))
          const { errorDescription } = yield* failureOf(json(400, { error_description: `no: ${echo} !` }), signIn)
          expect(errorDescription).toMatch(/^no: .*…/)
          expect(Redaction.findSecret(errorDescription, [odd])).toBeUndefined()
          expect(errorDescription).not.toContain(encodeURIComponent(odd).toLowerCase())
        }))
    }
  }

  for (const [name, echo] of Object.entries({ "the beginning": secret.slice(0, 9), "the end": secret.slice(-9) })) {
    it.effect(`${name} of a secret is not in the failure`, () =>
      Effect.gen(function*() {
        const failure = yield* failureOf(json(400, { error_description: `the token ${echo}... is dead, ${echo}` }))
        expect(failure.errorDescription).toBe("the token …... is dead, …")
      }))
  }

  it.effect("a password that can't be URL-encoded", () =>
    Effect.gen(function*() {
      const signIn = HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ password: "\ud800 lone" }))
      const { error } = yield* failureOf(json(400, { error: "bad \ud800 lone" }), signIn)
      expect(error).toBe("bad …")
    }))

  it.effect("of a form, a query and a path too", () =>
    Effect.gen(function*() {
      const form = HttpClientRequest.post("https://api.test/by_email/ola%40example.com/send?otp=482913").pipe(
        HttpClientRequest.bodyUrlParams({ client_secret: "sh0rt", code: "x-y", grant_type: "authorization_code" }),
        HttpClientRequest.setUrlParam("api_key", "k3y")
      )
      const failure = yield* failureOf(
        json(400, { error: "authorization_code sh0rt x-y k3y ola@example.com" }),
        form
      )
      expect(failure.error).toBe("authorization_code … … … …")
    }))

  it.effect("Basic credentials are taken apart", () =>
    Effect.gen(function*() {
      const basic = HttpClientRequest.post(url).pipe(HttpClientRequest.basicAuth("client-1", "p%40ss"))
      const failure = yield* failureOf(json(401, { error: "invalid_client", error_description: "p@ss p%40ss" }), basic)
      expect(failure.errorDescription).toBe("… …")
    }))

  it.effect("is cut to 200 characters, without control characters", () =>
    Effect.gen(function*() {
      const failure = yield* failureOf(json(400, { error: `a\r\nb\u0000${"c ".repeat(500)}` }))
      expect(failure.error).toMatch(/^a b c c/)
      expect(failure.error).toHaveLength(201)
    }))

  it.effect("a secret that the cut would halve is gone whole", () =>
    Effect.gen(function*() {
      const failure = yield* failureOf(json(400, { error: `${"word ".repeat(39)}${secret}` }))
      expect(failure.error).not.toContain(secret.slice(0, 4))
    }))
})

describe("before sending", () => {
  const refused = (to: string, allowInsecure?: boolean) =>
    Effect.gen(function*() {
      const { client, requests } = stub(json(200, {}))
      const exit = yield* Effect.either(
        TokenEndpoint.client(client, { classify, allowInsecure }).execute(HttpClientRequest.post(to))
      )
      return { exit, sent: requests.length }
    })

  for (const to of ["http://api.test/token", "/token", "ftp://api.test/", "https://user:pass@api.test/", "https://"]) {
    it.effect(`${to} is refused`, () =>
      Effect.gen(function*() {
        const { exit, sent } = yield* refused(to)
        expect(exit).toMatchObject({ _tag: "Left", left: { kind: "config", sent: "no", reason: "url" } })
        expect(sent).toBe(0)
      }))
  }
  for (const to of ["http://localhost:1/", "http://127.9.0.1/", "http://[::1]/", "https://api.test/"]) {
    it.effect(`${to} is sent`, () => Effect.map(refused(to), ({ sent }) => expect(sent).toBe(1)))
  }
  it.effect("plain http is sent when it is allowed", () =>
    Effect.map(refused("http://api.test/", true), ({ sent }) => expect(sent).toBe(1)))

  it.effect("exact headers win over the body's own", () =>
    Effect.gen(function*() {
      const { client, requests } = stub(json(200, {}))
      yield* TokenEndpoint.client(client, {
        classify,
        headers: { "Content-Type": "application/json;charset=utf-8", accept: "application/json" }
      }).execute(request)
      expect(requests[0]?.headers).toMatchObject({
        "content-type": "application/json;charset=utf-8",
        accept: "application/json"
      })
    }))

  it.effect("it is not traced, secret headers are redacted, fetch follows nothing and keeps its other options", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const client = HttpClient.make((request) =>
        Effect.gen(function*() {
          const init = yield* Effect.serviceOption(FetchHttpClient.RequestInit)
          const names = yield* FiberRef.get(Headers.currentRedactedNames)
          seen.push({
            init: init._tag === "Some" ? init.value : undefined,
            traceparent: request.headers.traceparent,
            header: String(Headers.redact(request.headers, names)["x-client-authorization"])
          })
          return HttpClientResponse.fromWeb(request, new Response("{}"))
        })
      )
      yield* TokenEndpoint.client(client, { classify }).execute(request).pipe(
        Effect.withSpan("outer"),
        Effect.provideService(FetchHttpClient.RequestInit, { keepalive: true })
      )
      expect(seen).toEqual([{
        init: { keepalive: true, redirect: "manual" },
        traceparent: undefined,
        header: "<redacted>"
      }])
    }))
})

describe("Retry-After", () => {
  const table: ReadonlyArray<readonly [string | undefined, number | undefined]> = [
    ["120", 120],
    [" 5 ", 5],
    ["99999", 3600],
    ["9".repeat(400), 3600],
    ["0", undefined],
    ["-1", undefined],
    ["1.5", 2],
    ["0.493", 1],
    ["60.0", 60],
    ["60.", 60],
    ["+7", 7],
    ["\"7\"", 7],
    ["30s", 30],
    ["2.5 seconds", 3],
    [".5", 1],
    ["2 minutes", 120],
    ["1 min", 60],
    ["0.5 hours", 1800],
    ["30;", 30],
    ["PT30S", 30],
    ["pt1m0.5s", 61],
    ["PT", undefined],
    ["5 months", undefined],
    ["30 apples", undefined],
    ["120, 120", 120],
    ["5,7", 7],
    ["soon", undefined],
    ["5 minutes ago", undefined],
    ["1,5,", undefined],
    ["0x10", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["1e3", undefined],
    [`${"1,".repeat(5000)}1`, undefined],
    ["", undefined],
    [undefined, undefined],
    ["Thu, 01 Jan 1970 00:01:30 GMT", 30],
    ["Thursday, 01-Jan-70 00:01:30 GMT", 30],
    ["Thu Jan  1 00:01:30 1970", 30],
    ["Thu, 01 Jan 1970 00:00:30 GMT", undefined],
    ["thu, 01 jan 1970 00:01:30 gmt", 30],
    ["THU, 01 JAN 1970 00:01:30 GMT", 30],
    ["Thu, 1 Jan 1970 00:01:30 UTC", 30],
    ["Thu, 01 Jan 1970 02:01:30 +0200", 30],
    ["Mon, 01 Jan 1970 00:01:30 GMT", 30],
    ["01 Jan 1970 00:01:30 GMT", 30],
    ["Thu, 01 Jan 1970 00:01:30 GMT, Thu, 01 Jan 1970 00:01:40 GMT", 40],
    ["thursday, 01-jan-70 00:01:30 gmt", 30],
    ["thu jan  1 00:01:30 1970", 30],
    ["1970-01-01T00:01:30Z", 30],
    ["1970-01-01t00:01:30.000z", 30],
    ["1970-01-01 00:01:30", 30],
    ["1970-01-01T00:01:30", 30],
    ["1970-01-01T02:01:30+02:00", 30],
    ["1970-01-01T00:00:30Z", undefined],
    ["1970-13-01T00:01:30Z", undefined],
    ["Thu, 01 Jan 2099 00:00:00 GMT", 3600],
    ["Thu, nonsense", undefined]
  ]
  for (const [value, seconds] of table) {
    it.effect(`${value?.slice(0, 40)} is ${seconds}`, () =>
      Effect.gen(function*() {
        // A date without a zone is GMT wherever the machine stands.
        process.env.TZ = "America/New_York"
        yield* TestClock.setTime(60_000)
        expect(yield* TokenEndpoint.retryAfter(value)).toEqual(
          seconds === undefined ? undefined : Duration.seconds(seconds)
        )
      }))
  }
})

class Api extends HttpApi.make("example").add(
  HttpApiGroup.make("token").add(
    HttpApiEndpoint.post("create", "/:tenant/token")
      .setPath(Schema.Struct({ tenant: WireSchema.PathSegment }))
      .setPayload(Schema.Struct({ refresh_token: WireSchema.Secret }))
      .addSuccess(TokenEndpoint.TokenBody)
  )
) {}

describe("through a derived client", () => {
  const create = (response: () => Response, tenant = "a b/c") =>
    Effect.gen(function*() {
      const { client, requests } = stub(response)
      const api = yield* HttpApiClient.makeWith(Api, {
        httpClient: TokenEndpoint.client(client, { classify }),
        baseUrl: "https://api.test"
      })
      const exit = yield* TokenEndpoint.exchange(
        api.token.create({ path: { tenant }, payload: { refresh_token: Redacted.make(secret) } })
      ).pipe(Effect.map(TokenEndpoint.tokenResponse), Effect.either)
      return { exit, requests }
    })

  it.effect("a token response is decoded, whatever else is in it", () =>
    Effect.gen(function*() {
      const { exit, requests } = yield* create(
        json(201, { access_token: "a", refresh_token: "", expires_in: "60", scope: " one  two ", extra: {} })
      )
      expect(exit).toMatchObject({
        _tag: "Right",
        right: { refreshToken: undefined, expiresIn: "60", scopes: ["one", "two"], tokenType: undefined }
      })
      expect(requests[0]?.url).toBe("https://api.test/a%20b%2Fc/token")
    }))

  it.effect("a scope that is no text costs no tokens", () =>
    Effect.gen(function*() {
      const scopesOf = (scope: unknown) =>
        Effect.map(create(json(200, { access_token: "a", scope })), ({ exit }) => Either.getOrThrow(exit).scopes)
      expect(yield* scopesOf(["one", "two"])).toEqual(["one", "two"])
      for (const odd of [[], ["one", 2], 1, { one: true }, null, " "]) expect(yield* scopesOf(odd)).toBeUndefined()
    }))

  const bad: ReadonlyArray<unknown> = [
    null,
    [],
    {},
    { access_token: null },
    { access_token: "" },
    { access_token: 1 },
    { access_token: [secret] },
    { error: "invalid_grant", token: secret },
    { access_token: "a", refresh_token: { value: secret } },
    secret
  ]
  for (const [index, answer] of bad.entries()) {
    it.effect(`answer ${index} can't be read: an unknown outcome, and nothing of it is told`, () =>
      Effect.gen(function*() {
        const { exit } = yield* create(json(200, answer))
        expect(exit).toMatchObject({ _tag: "Left", left: { kind: "transient", sent: "unknown", reason: "malformed" } })
        expect(Redaction.findSecret(exit, [secret], { printers: { inspect } })).toBeUndefined()
      }))
  }

  for (const tenant of ["", ".", ".."]) {
    it.effect(`a path segment ${JSON.stringify(tenant)} is not sent, and the outcome is known`, () =>
      Effect.gen(function*() {
        const { exit, requests } = yield* create(json(200, { access_token: "a" }), tenant)
        expect(exit).toMatchObject({ _tag: "Left", left: { kind: "config", sent: "no", reason: "request" } })
        expect(requests).toHaveLength(0)
      }))
  }

  it.effect("a failure of the provider's own passes as it is", () =>
    Effect.gen(function*() {
      const { exit } = yield* create(json(400, { error: "invalid_grant" }))
      expect(exit).toMatchObject({ _tag: "Left", left: { kind: "terminal" } })
      if (exit._tag === "Left") expect(exit.left).toBeInstanceOf(ExchangeFailure)
    }))
})

describe("call", () => {
  it.effect("has a deadline and public errors", () =>
    Effect.gen(function*() {
      const about = { provider: "example", account: "a", operation: "tokenInfo" }
      const fiber = yield* Effect.fork(Effect.flip(TokenEndpoint.call(Effect.never, about)))
      yield* TestClock.adjust("15 seconds")
      expect(yield* fiber).toMatchObject({ _tag: "ProviderUnavailable", reason: "timeout", ...about })
      const failed = Effect.fail(new ExchangeFailure({ kind: "config", sent: "answered", reason: "client" }))
      expect(yield* Effect.flip(TokenEndpoint.call(failed, about))).toMatchObject({
        _tag: "AuthMisconfigured",
        reason: "client"
      })
    }))
})
