/** Which failures surely never left, and which errors are a gateway's. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { recordingClient, scriptedAuth, secretOf } from "./scriptedAuth.ts"

const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
const request = HttpClientRequest.post("https://api.test/token").pipe(HttpClientRequest.bodyUnsafeJson({ a: 1 }))
const failing = (cause: unknown) =>
  HttpClient.make((request) => Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause })))
const error = (message: string, more: object = {}) => Object.assign(new Error(message), more)

describe("a failure of the network", () => {
  const ssl = "write EPROTO 802C:error:0A000410:SSL routines:ssl3_read_bytes:"
  const unsent: Record<string, unknown> = {
    "a TLS alert (fetch)": new TypeError("fetch failed", {
      cause: error("x", { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" })
    }),
    "a TLS alert (node)": error(`${ssl}sslv3 alert handshake failure`, { code: "EPROTO", syscall: "write" }),
    "a plain port": error(`${ssl}wrong version number`, { code: "EPROTO", syscall: "write" }),
    "no client certificate": error("x", { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" }),
    "closed in the handshake": error(
      "Client network socket disconnected before secure TLS connection was established",
      {
        code: "ECONNRESET"
      }
    ),
    "reset while connecting": error("connect ECONNRESET", { code: "ECONNRESET", syscall: "connect" }),
    "a blocked port": new TypeError("fetch failed", { cause: error("bad port") }),
    "a proxy's 407": error("Proxy response (407) !== 200 when HTTP Tunneling", { code: "UND_ERR_ABORTED" }),
    "a proxy's 502": error("tunneling socket could not be established, statusCode=502", { code: "ECONNRESET" }),
    "Deno": new TypeError("error sending request for url (https://x/): client error (Connect): tcp connect error"),
    "each address": error("", { errors: [error("", { code: "ECONNREFUSED" }), error("", { code: "ENOTFOUND" })] })
  }
  for (const [name, cause] of Object.entries(unsent)) {
    it.effect(`${name}: surely unsent`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(TokenEndpoint.client(failing(cause), { classify }).execute(request))
        assert.deepInclude({ ...failure }, { kind: "transient", sent: "no", reason: "transport" })
      }))
  }
  const unknown: Record<string, unknown> = {
    "ETIMEDOUT of a read": error("read ETIMEDOUT", { code: "ETIMEDOUT", syscall: "read" }),
    "EHOSTUNREACH of a read": error("x", { code: "EHOSTUNREACH", syscall: "read" }),
    "a reset": error("read ECONNRESET", { code: "ECONNRESET", syscall: "read" }),
    "closed by the other side": error("other side closed", { code: "UND_ERR_SOCKET" }),
    "a bad record": error("x", { code: "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC" }),
    "another EPROTO": error("write EPROTO", { code: "EPROTO", syscall: "write" }),
    "one address of two": error("", {
      errors: [error("", { code: "ECONNREFUSED" }), error("", { code: "ECONNRESET" })]
    }),
    "no address": error("", { errors: [] }),
    "Deno, later": new TypeError("error sending request: client error (SendRequest): connection closed"),
    "a browser": new TypeError("Failed to fetch")
  }
  for (const [name, cause] of Object.entries(unknown)) {
    it.effect(`${name}: it may have been carried out`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(TokenEndpoint.client(failing(cause), { classify }).execute(request))
        assert.deepInclude({ ...failure }, { kind: "transient", sent: "unknown", reason: "transport" })
      }))
  }
})

describe("an error of a token endpoint", () => {
  const answer = (status: number, body: unknown, type = "application/json") =>
    Effect.flip(
      TokenEndpoint.client(
        HttpClient.make((request) =>
          Effect.sync(() =>
            HttpClientResponse.fromWeb(
              request,
              new Response(JSON.stringify(body), { status, headers: { "content-type": type } })
            )
          )
        ),
        { classify }
      ).execute(request)
    )
  const foreign: ReadonlyArray<readonly [number, unknown]> = [
    [403, { status: 403, error: "Forbidden" }],
    [401, { timestamp: "2026-01-01", status: 401, error: "Unauthorized", path: "/token" }],
    [400, { statusCode: 400, error: "Bad Request", message: "x" }],
    [403, { error: "forbidden" }],
    [401, { error: "unauthorized" }],
    [403, { error: "Access Denied" }],
    [403, { error: "403 Forbidden" }],
    [403, { error: "request_blocked" }],
    [403, { error: "blocked", code: "403" }],
    [403, { error: "You are not allowed to do this" }],
    [403, { type: "about:blank", title: "Forbidden", status: 403, error: "x" }]
  ]
  for (const [status, body] of foreign) {
    it.effect(`${status} ${JSON.stringify(body)} passes`, () =>
      Effect.gen(function*() {
        assert.deepInclude({ ...yield* answer(status, body) }, { kind: "transient", sent: "answered" })
      }))
  }
  const own: ReadonlyArray<readonly [number, unknown, string]> = [
    [400, { error: "invalid_grant", error_description: "Forbidden" }, "terminal"],
    [401, { error: "invalid_grant", timestamp: "x", trace_id: "y", error_codes: [70008] }, "terminal"],
    [403, { error: "access_denied" }, "refused"],
    [400, { error: "bad_refresh_token" }, "refused"],
    [401, { error: "invalid_client" }, "config"]
  ]
  for (const [status, body, kind] of own) {
    it.effect(`${status} ${JSON.stringify(body)} is ${kind}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* answer(status, body)).kind, kind)
      }))
  }
})

describe("the middleware", () => {
  const send = (sent: HttpClientRequest.HttpClientRequest, options: AuthHttpClient.Options, answer: () => Response) =>
    Effect.gen(function*() {
      const { client, requests } = recordingClient(answer)
      const { auth, seen } = scriptedAuth()
      const outcome = yield* Effect.either(AuthHttpClient.withAuth(client, auth, options).execute(sent))
      return { outcome, requests, seen }
    })

  it.effect("a password without a name in a URL is refused", () =>
    Effect.gen(function*() {
      for (const url of ["https://:word@api.test/", "https://name@api.test/"]) {
        const { outcome, requests } = yield* send(HttpClientRequest.get(url), {}, () => new Response("fine"))
        assert.nestedPropertyVal(outcome, "left.reason", "url")
        assert.lengthOf(requests, 0)
      }
    }))

  it.effect("303 leaves HEAD a HEAD, and makes a GET of a POST", () =>
    Effect.gen(function*() {
      let call = 0
      const answer = () =>
        ++call % 2 === 1 ? new Response(null, { status: 303, headers: { location: "/next" } }) : new Response(null)
      for (const [method, after] of [["HEAD", "HEAD"], ["GET", "GET"], ["POST", "GET"], ["PUT", "GET"]] as const) {
        const { requests } = yield* send(HttpClientRequest.make(method)("https://api.test/"), { redirects: 1 }, answer)
        assert.deepStrictEqual(requests.map((one) => one.method), [method, after])
      }
    }))

  it.effect("the engine's JSON error is no cause, and neither is one with too much in it", () =>
    Effect.gen(function*() {
      const causeOf = (cause: unknown) =>
        Effect.map(
          Effect.flip(AuthHttpClient.withAuth(failing(cause), scriptedAuth().auth).execute(request)),
          (error) => "cause" in error ? error.cause : undefined
        )
      const small = error("fine", { list: [1, 2] })
      assert.strictEqual(yield* causeOf(small), small)
      assert.isUndefined(yield* causeOf(new SyntaxError("Unexpected token 'S', \"SECR\" is not valid JSON")))
      const many = error("x", { list: Array.from({ length: 600 }, (_, n) => ({ n })) })
      assert.isUndefined(yield* causeOf(many))
      assert.isUndefined(yield* causeOf(error("x", { inner: `Bearer ${secretOf(1)}` })))
    }))

  it.effect("another Host does not go out with the token", () =>
    Effect.gen(function*() {
      for (const name of ["host", "Host", "HOST"]) {
        const own = HttpClientRequest.make("GET")("https://api.test/", { headers: { [name]: "other.test" } })
        const { outcome, requests } = yield* send(own, {}, () => new Response("fine"))
        assert.nestedPropertyVal(outcome, "left.reason", "origin")
        assert.lengthOf(requests, 0)
      }
      const same = HttpClientRequest.setHeader(HttpClientRequest.get("https://api.test/"), "host", "API.test")
      const { outcome, requests } = yield* send(same, {}, () => new Response("fine"))
      assert.strictEqual(outcome._tag, "Right")
      assert.isUndefined(requests[0]?.headers["host"])
    }))

  it.effect("a 401 about the scope is no rejection; any other is", () =>
    Effect.gen(function*() {
      const challenged = (challenge: string) =>
        send(
          HttpClientRequest.get("https://api.test/"),
          { onRejected: "response" },
          () => new Response(null, { status: 401, headers: { "www-authenticate": challenge } })
        )
      for (
        const plain of [
          "Bearer error=\"insufficient_scope\", scope=\"a b\"",
          "bearer realm=\"x\",error=insufficient_scope",
          "Basic realm=\"x\", Bearer realm=\"y\", error=\"insufficient_scope\""
        ]
      ) {
        assert.deepStrictEqual((yield* challenged(plain)).seen.renewed, [], plain)
      }
      for (
        const dead of [
          "Bearer",
          "Bearer error=\"invalid_token\"",
          "Bearer error=\"invalid_token\", error_description=\"error=insufficient_scope\"",
          "Basic error=\"insufficient_scope\"",
          "Bearer error=\"invalid_token\", Bearer error=\"insufficient_scope\""
        ]
      ) {
        assert.deepStrictEqual((yield* challenged(dead)).seen.renewed, [1], dead)
      }
    }))
})
