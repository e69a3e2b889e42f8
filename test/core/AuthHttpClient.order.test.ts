/** The section "Order" of the module's documentation, claim by claim. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { acceptsFrom, bearerOf, recordingClient, scriptedAuth } from "./scriptedAuth.ts"

const url = "https://api.test/things"

describe("base URL", () => {
  const base = HttpClientRequest.prependUrl("https://api.test")

  it.effect("outside: the middleware sees where the request goes", () =>
    Effect.gen(function*() {
      const server = recordingClient(acceptsFrom(2))
      const client = server.client.pipe(AuthHttpClient.withAuth(scriptedAuth().auth), HttpClient.mapRequest(base))
      yield* client.get("/things")
      assert.deepStrictEqual(server.urls(), [url, url])
    }))

  it.effect("inside: a URL without an origin is refused", () =>
    Effect.gen(function*() {
      const server = recordingClient(acceptsFrom(2))
      const client = server.client.pipe(HttpClient.mapRequest(base), AuthHttpClient.withAuth(scriptedAuth().auth))
      const error = yield* Effect.flip(client.get("/things"))
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "url" })
      assert.deepStrictEqual(server.urls(), [])
    }))
})

describe("headers", () => {
  const ids = (place: "inside" | "outside") =>
    Effect.gen(function*() {
      let made = 0
      const number = (request: HttpClientRequest.HttpClientRequest) =>
        HttpClientRequest.setHeader(request, "x-request-id", String(++made))
      const server = recordingClient(acceptsFrom(2))
      const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
      const client = place === "inside"
        ? server.client.pipe(HttpClient.mapRequest(number), auth)
        : server.client.pipe(auth, HttpClient.mapRequest(number))
      yield* client.get(url)
      return server.requests.map((request) => request.headers["x-request-id"])
    })

  it.effect("outside: the same on a replay", () =>
    Effect.map(ids("outside"), (seen) => assert.deepStrictEqual(seen, ["1", "1"])))

  it.effect("inside: made anew for each send", () =>
    Effect.map(ids("inside"), (seen) => assert.deepStrictEqual(seen, ["1", "2"])))
})

describe("retry", () => {
  /** 503, then the token is refused, then fine. */
  const flaky = () =>
    recordingClient((request, call) => call === 1 ? new Response("busy", { status: 503 }) : acceptsFrom(2)(request))

  it.effect("outside: each try may be replayed once, with the current token", () =>
    Effect.gen(function*() {
      const server = flaky()
      const client = server.client.pipe(
        AuthHttpClient.withAuth(scriptedAuth().auth),
        HttpClient.retryTransient({ times: 3 })
      )
      assert.strictEqual((yield* client.get(url)).status, 200)
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(1), bearerOf(2)])
    }))

  it.effect("inside: all tries of one send carry one token, and a rejection ends them", () =>
    Effect.gen(function*() {
      const server = recordingClient((request, call) =>
        call < 3 ? new Response("busy", { status: 503 }) : acceptsFrom(2)(request)
      )
      const client = server.client.pipe(
        HttpClient.retryTransient({ times: 3 }),
        AuthHttpClient.withAuth(scriptedAuth().auth)
      )
      assert.strictEqual((yield* client.get(url)).status, 200)
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(1), bearerOf(1), bearerOf(2)])
    }))

  it.effect("outside: retryTransient leaves AuthErrors alone", () =>
    Effect.gen(function*() {
      const server = recordingClient(acceptsFrom(99))
      const { auth, seen } = scriptedAuth()
      const client = server.client.pipe(AuthHttpClient.withAuth(auth), HttpClient.retryTransient({ times: 3 }))
      assert.strictEqual((yield* Effect.flip(client.get(url)))._tag, "AccessTokenRejected")
      assert.strictEqual(server.requests.length, 2)
      assert.deepStrictEqual(seen.renewed, [1])
    }))
})

describe("rate limit", () => {
  const calls = (place: "inside" | "outside") =>
    Effect.gen(function*() {
      let counted = 0
      const count = Effect.sync(() => {
        counted++
      })
      const server = recordingClient(acceptsFrom(2))
      const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
      const client = place === "inside"
        ? server.client.pipe(HttpClient.tapRequest(() => count), auth)
        : server.client.pipe(auth, HttpClient.tapRequest(() => count))
      yield* client.get(url)
      return counted
    })

  it.effect("inside: a replay counts", () => Effect.map(calls("inside"), (counted) => assert.strictEqual(counted, 2)))

  it.effect("outside: a call and its replay count as one", () =>
    Effect.map(calls("outside"), (counted) => assert.strictEqual(counted, 1)))
})

describe("tracing", () => {
  const spans = (place: "inside" | "outside") =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const nameOf = (span: Option.Option<Tracer.AnySpan>) =>
        Option.isSome(span) && span.value._tag === "Span" ? span.value.name : "-"
      const tracer = Tracer.make({
        span: (name, parent, context, links, startTime, kind) => ({
          _tag: "Span",
          name,
          spanId: name,
          traceId: "trace",
          parent,
          context,
          status: { _tag: "Started", startTime },
          attributes: new Map(),
          links,
          sampled: true,
          kind,
          end: () => {
            ended.push(`${name} < ${nameOf(parent)}`)
          },
          attribute: () => undefined,
          event: () => undefined,
          addLinks: () => undefined
        }),
        context: (f) => f()
      })
      const server = recordingClient(acceptsFrom(2))
      const { auth } = scriptedAuth({ renew: Effect.withSpan(Effect.void, "renewal") })
      const traced = HttpClient.transformResponse(Effect.withSpan("call"))
      const client = place === "inside"
        ? server.client.pipe(traced, AuthHttpClient.withAuth(auth)).get(url)
        : server.client.pipe(
          HttpClient.transformResponse(Effect.withSpan("send")),
          AuthHttpClient.withAuth(auth),
          (self) => Effect.withSpan(self.get(url), "call")
        )
      yield* Effect.withTracer(client, tracer)
      return ended
    })

  it.effect("outside: one span covers the renewal and the replay", () =>
    Effect.map(
      spans("outside"),
      (ended) => assert.deepStrictEqual(ended, ["send < call", "renewal < call", "send < call", "call < -"])
    ))

  it.effect("inside: each send has its own, and the renewal none", () =>
    Effect.map(spans("inside"), (ended) => assert.deepStrictEqual(ended, ["call < -", "renewal < -", "call < -"])))
})

describe("filterStatusOk", () => {
  for (const place of ["inside", "outside"] as const) {
    it.effect(`${place}: a rejection is recognised, and other statuses are errors`, () =>
      Effect.gen(function*() {
        const server = recordingClient((request) =>
          request.url.endsWith("/missing") ? new Response("no", { status: 404 }) : acceptsFrom(2)(request)
        )
        const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
        const client = place === "inside"
          ? server.client.pipe(HttpClient.filterStatusOk, auth)
          : server.client.pipe(auth, HttpClient.filterStatusOk)
        assert.strictEqual((yield* client.get(url)).status, 200)
        assert.strictEqual((yield* Effect.flip(client.get(`${url}/missing`)))._tag, "ResponseError")
      }))
  }
})

it.effect("withScope inside: the request ends with the scope; outside it does not", () =>
  Effect.gen(function*() {
    const signals: Array<AbortSignal> = []
    const client = HttpClient.make((request, _, signal) => {
      signals.push(signal)
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("fine")))
    })
    const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
    yield* Effect.scoped(client.pipe(HttpClient.withScope, auth).get(url))
    yield* Effect.scoped(client.pipe(auth, HttpClient.withScope).get(url))
    assert.deepStrictEqual(signals.map((signal) => signal.aborted), [true, false])
  }))
