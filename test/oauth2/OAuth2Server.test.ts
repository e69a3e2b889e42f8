import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as fixtures from "./fixtures.ts"

const issuer = "https://login.example.com/tenant"

const documentOf = (of: string, more: object = {}) => ({ issuer: of, token_endpoint: `${of}/token`, ...more })

/** A server that has documents at some places, and nothing elsewhere. */
const serving = (documents: Readonly<Record<string, () => Response>>) => {
  const asked: Array<string> = []
  const httpClient = HttpClient.make((request, url) =>
    Effect.sync(() => {
      asked.push(url.href)
      const make = documents[url.href]
      return HttpClientResponse.fromWeb(request, make === undefined ? new Response("", { status: 404 }) : make())
    })
  )
  return { asked, httpClient }
}

const found = (httpClient: HttpClient.HttpClient, of = issuer, options?: OAuth2Server.DiscoveryOptions) =>
  OAuth2Server.discovered(of, options).pipe(
    Effect.flatMap((server) => server.metadata),
    Effect.provideService(HttpClient.HttpClient, httpClient)
  )

const places = [
  "https://login.example.com/tenant/.well-known/openid-configuration",
  "https://login.example.com/.well-known/openid-configuration/tenant",
  "https://login.example.com/.well-known/oauth-authorization-server/tenant"
] as const

describe("OAuth2Server", () => {
  it.effect("the document is found at each of the usual places, in that order, and at a given one", () =>
    Effect.gen(function*() {
      for (const [index, place] of places.entries()) {
        const { asked, httpClient } = serving({ [place]: () => Response.json(documentOf(issuer)) })
        assert.strictEqual((yield* found(httpClient)).tokenEndpoint, `${issuer}/token`)
        assert.deepStrictEqual(asked, places.slice(0, index + 1))
      }
      const documentUrl = "https://elsewhere.example/odd.json"
      const { asked, httpClient } = serving({ [documentUrl]: () => Response.json(documentOf(issuer)) })
      yield* found(httpClient, issuer, { documentUrl })
      assert.deepStrictEqual(asked, [documentUrl])
    }))

  it.effect("a page, a redirect, a fault or another issuer's document at one place is no reason not to look at the next", () =>
    Effect.gen(function*() {
      const faults: ReadonlyArray<() => Response> = [
        () => new Response("<!doctype html><p>app", { headers: { "content-type": "text/html" } }),
        () => new Response(null, { status: 302, headers: { location: "/login" } }),
        () => new Response("", { status: 500 }),
        () => Response.json(documentOf("https://login.example.com"))
      ]
      for (const fault of faults) {
        const { httpClient } = serving({ [places[0]]: fault, [places[2]]: () => Response.json(documentOf(issuer)) })
        assert.strictEqual((yield* found(httpClient)).tokenEndpoint, `${issuer}/token`)
      }
    }))

  it.effect("a place that a browser may not read looks like a lost connection, and the next one is asked; after silence none is", () =>
    Effect.gen(function*() {
      const at = (
        first: (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<never, HttpClientError.RequestError>
      ) => {
        const { httpClient } = serving({ [places[2]]: () => Response.json(documentOf(issuer)) })
        return HttpClient.make((request, url) => url.href === places[0] ? first(request) : httpClient.execute(request))
      }
      const lost = at((request) => Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" })))
      assert.strictEqual((yield* found(lost)).tokenEndpoint, `${issuer}/token`)
      const fiber = yield* Effect.fork(Effect.flip(found(at(() => Effect.never))))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* fiber).reason, "timeout")
    }))

  it.effect("where no place has the document, the failure says the most that is known", () =>
    Effect.gen(function*() {
      const html = () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } })
      const other = () => Response.json(documentOf("https://evil.example"))
      const broken = () => new Response("", { status: 502 })
      const failed = (pages: Readonly<Record<string, () => Response>>) => Effect.flip(found(serving(pages).httpClient))
      assert.deepInclude(yield* failed({}), { kind: "config", reason: "url", status: 404 })
      assert.deepInclude(yield* failed({ [places[0]]: html }), { kind: "transient", reason: "malformed" })
      assert.include((yield* failed({ [places[0]]: other, [places[1]]: html })).errorDescription, "another issuer")
      assert.deepInclude(yield* failed({ [places[0]]: broken, [places[1]]: other }), { kind: "transient", status: 502 })
    }))

  it.effect("the document of OpenID Connect says more than that of OAuth", () =>
    Effect.gen(function*() {
      const { httpClient } = serving({
        [places[2]]: () => Response.json(documentOf(issuer)),
        [places[0]]: () =>
          Response.json(documentOf(issuer, {
            userinfo_endpoint: `${issuer}/userinfo`,
            id_token_signing_alg_values_supported: ["ES256"]
          }))
      })
      assert.deepInclude(yield* found(httpClient), {
        userinfoEndpoint: `${issuer}/userinfo`,
        idTokenAlgorithms: ["ES256"]
      })
    }))

  it.effect("everything that the document says is read", () =>
    Effect.gen(function*() {
      const metadata = yield* Effect.flatMap(OAuth2Server.discover("https://login.example.com"), (server) =>
        server.metadata)
      assert.deepInclude(metadata, {
        revocationEndpoint: "https://login.example.com/revoke",
        jwksUri: "https://login.example.com/jwks",
        issParameter: true,
        codeChallengeMethods: ["S256"]
      })
    }).pipe(Effect.provide(fixtures.world())))

  it.effect("a document of another issuer is refused, also one that only differs by a slash", () =>
    Effect.gen(function*() {
      for (const other of ["https://evil.example", `${issuer}/`, undefined]) {
        const { httpClient } = serving({ [places[0]]: () => Response.json({ ...documentOf(issuer), issuer: other }) })
        const failure = yield* Effect.flip(found(httpClient))
        assert.deepInclude(failure, { kind: "config", reason: "url", sent: "no" })
      }
    }))

  it.effect("an endpoint that is not https, or leads into this machine, is refused", () =>
    Effect.gen(function*() {
      const wrong = [
        "http://login.example.com/token",
        "http://127.0.0.1/token",
        "https://localhost/token",
        "https://localhost./token",
        "https://app.localhost/token",
        "https://0.0.0.0:8443/token",
        "https://[::]/token",
        "https://[::1]/token",
        "https://[::ffff:127.0.0.1]/token",
        "https://user:word@login.example.com/token",
        "ftp://login.example.com/token",
        "token",
        17
      ]
      for (const endpoint of wrong) {
        for (const name of ["token_endpoint", "jwks_uri", "authorization_endpoint"]) {
          const { httpClient } = serving({
            [places[0]]: () => Response.json(documentOf(issuer, { [name]: endpoint }))
          })
          const failure = yield* Effect.flip(found(httpClient))
          assert.strictEqual(failure._tag, "ExchangeFailure", `${name} ${endpoint}`)
          assert.notInclude(JSON.stringify(failure), "word")
        }
      }
    }))

  it.effect("redirects are not followed, a long document is not read to its end, a silent server is left", () =>
    Effect.gen(function*() {
      const redirect = serving({
        [places[0]]: () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/latest" } })
      })
      assert.deepInclude(yield* Effect.flip(found(redirect.httpClient)), { reason: "url", sent: "no" })
      assert.deepStrictEqual(redirect.asked, [...places])
      let pulled = 0
      const chunk = new Uint8Array(64 * 1024).fill(0x20)
      const endless = serving({
        [places[0]]: () =>
          new Response(
            new ReadableStream({
              pull: (controller) => ++pulled > 200 ? controller.close() : controller.enqueue(chunk)
            })
          )
      })
      assert.deepInclude(yield* Effect.flip(found(endless.httpClient)), { reason: "malformed", sent: "no" })
      assert.isBelow(pulled, 64)
      const fiber = yield* Effect.fork(Effect.flip(found(HttpClient.make(() => Effect.never))))
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* fiber, { reason: "timeout", sent: "no" })
    }))

  it.effect("a server that is away fails the first time; afterwards the old document is used", () =>
    Effect.gen(function*() {
      let isAway = true
      let asked = 0
      const httpClient = HttpClient.make((request) =>
        Effect.suspend(() => {
          asked++
          return isAway
            ? Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))
            : Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(documentOf(issuer))))
        })
      )
      const server = yield* Effect.provideService(
        OAuth2Server.discovered(issuer, { maxAge: "1 hour" }),
        HttpClient.HttpClient,
        httpClient
      )
      assert.deepInclude(yield* Effect.flip(server.metadata), { kind: "transient", sent: "no" })
      assert.strictEqual(asked, 3)
      isAway = false
      yield* server.metadata
      yield* server.metadata
      assert.strictEqual(asked, 4)
      isAway = true
      yield* TestClock.adjust("2 hours")
      assert.strictEqual((yield* server.metadata).tokenEndpoint, `${issuer}/token`)
      yield* server.metadata
      assert.strictEqual(asked, 7)
    }))

  it.effect("a document is kept for a minute where a place before it was away, and replaces no older one", () =>
    Effect.gen(function*() {
      let isAway = true
      const { httpClient } = serving({
        [places[0]]: () =>
          isAway
            ? new Response("", { status: 503 })
            : Response.json(documentOf(issuer, { userinfo_endpoint: `${issuer}/userinfo` })),
        [places[2]]: () => Response.json(documentOf(issuer))
      })
      const { metadata } = yield* Effect.provideService(
        OAuth2Server.discovered(issuer),
        HttpClient.HttpClient,
        httpClient
      )
      assert.isUndefined((yield* metadata).userinfoEndpoint)
      isAway = false
      assert.isUndefined((yield* metadata).userinfoEndpoint)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* metadata).userinfoEndpoint, `${issuer}/userinfo`)
      isAway = true
      yield* TestClock.adjust("25 hours")
      assert.strictEqual((yield* metadata).userinfoEndpoint, `${issuer}/userinfo`)
    }))

  it.effect("what is written down is checked: https, or this machine", () =>
    Effect.gen(function*() {
      const made = (tokenEndpoint: string) => OAuth2Server.make({ issuer, tokenEndpoint })
      yield* made("https://login.example.com/token?tenant=1")
      yield* made("http://127.0.0.1:8080/token")
      assert.strictEqual((yield* Effect.flip(made("http://login.example.com/token"))).reason, "insecure")
      assert.strictEqual((yield* Effect.flip(made("token"))).reason, "url")
    }))
})
