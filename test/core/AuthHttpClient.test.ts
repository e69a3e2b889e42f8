import * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as Headers from "@effect/platform/Headers"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { acceptsFrom, bearerOf, recordingClient, scriptedAuth, secretOf, tokenOf } from "./scriptedAuth.ts"

const url = "https://api.test/things"

const post = (body: string) => HttpClientRequest.post(url).pipe(HttpClientRequest.bodyText(body))

const oneShot = HttpClientRequest.post(url).pipe(
  HttpClientRequest.bodyStream(Stream.make(new TextEncoder().encode("once")))
)

const unavailable = new AuthError.ProviderUnavailable({
  provider: "scripted",
  account: "member-42",
  operation: "renew",
  reason: "server"
})

describe("AuthHttpClient.withAuth", () => {
  it.effect("puts the token on a request, data-first and data-last", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient(() => new Response("fine"))
      yield* AuthHttpClient.withAuth(server.client, auth).get(url)
      yield* server.client.pipe(AuthHttpClient.withAuth(auth, { replay: "never" })).get(url)
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(1)])
    }))

  it.effect("waits for a token that is not fresh, and sends nothing when there is none", () =>
    Effect.gen(function*() {
      const server = recordingClient(() => new Response("fine"))
      yield* AuthHttpClient.withAuth(server.client, scriptedAuth({ stale: true }).auth).get(url)
      const error = yield* Effect.flip(
        AuthHttpClient.withAuth(
          server.client,
          scriptedAuth({ stale: true, accessToken: Effect.fail(unavailable) }).auth
        ).get(url)
      )
      assert.strictEqual(error, unavailable)
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1)])
    }))

  for (const status of [401, 460]) {
    it.effect(`renews and replays once after ${status}`, () =>
      Effect.gen(function*() {
        const { auth, seen } = scriptedAuth()
        const server = recordingClient(acceptsFrom(2, status))
        const response = yield* AuthHttpClient.withAuth(server.client, auth).execute(post("the body"))
        assert.strictEqual(response.status, 200)
        assert.strictEqual(yield* response.text, "fine")
        assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(2)])
        assert.deepStrictEqual(seen.renewed, [1])
      }))
  }

  it.effect("hands every other status back as an ordinary response (G14)", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth({ rejection: { statuses: [460] } })
      for (const status of [200, 302, 400, 401, 403, 404, 422, 429, 500, 503]) {
        const server = recordingClient(() => new Response(null, { status }))
        const response = yield* AuthHttpClient.withAuth(server.client, auth).get(url)
        assert.strictEqual(response.status, status)
        assert.strictEqual(server.requests.length, 1)
      }
      assert.deepStrictEqual(seen.renewed, [])
    }))

  it.effect("recognises a rejection that a filterStatusOk below made an error", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient(acceptsFrom(2))
      const client = server.client.pipe(HttpClient.filterStatusOk, AuthHttpClient.withAuth(auth))
      assert.strictEqual((yield* client.get(url)).status, 200)
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(2)])
    }))

  it.live("shares one exchange between many rejections of one token, however late", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth()
      const server = recordingClient((request, call) =>
        Effect.delay(Effect.sync(() => acceptsFrom(2)(request)), Duration.millis(call % 20))
      )
      const client = AuthHttpClient.withAuth(server.client, auth)
      const calls = Array.from({ length: 200 }, () => client.get(url))
      const responses = yield* Effect.all(calls, { concurrency: "unbounded" })
      assert.isTrue(responses.every((response) => response.status === 200))
      assert.isAbove(server.requests.length, 300)
      assert.strictEqual(seen.exchanges, 1)
    }))

  it.effect("never repeats after a lost answer or a timeout (G51)", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth()
      const lost = recordingClient((request) => new HttpClientError.RequestError({ request, reason: "Transport" }))
      const error = yield* Effect.flip(AuthHttpClient.withAuth(lost.client, auth).get(url))
      assert.strictEqual(error._tag, "RequestError")
      const silent = recordingClient(() => Effect.never)
      const fiber = yield* Effect.fork(
        Effect.timeout(AuthHttpClient.withAuth(silent.client, auth).get(url), "1 second")
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "TimeoutException")
      assert.deepStrictEqual([lost.requests.length, silent.requests.length, seen.renewed.length], [1, 1, 0])
    }))
})

describe("a rejection that stays", () => {
  it.effect("fails with AccessTokenRejected after one replay (G13)", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth()
      const server = recordingClient(acceptsFrom(99))
      const error = yield* Effect.flip(AuthHttpClient.withAuth(server.client, auth).get(url))
      assert.instanceOf(error, AuthError.AccessTokenRejected)
      assert.deepInclude(error, {
        provider: "scripted",
        account: "member-42",
        operation: "call",
        status: 460,
        reason: "rejected-again"
      })
      assert.strictEqual(server.requests.length, 2)
      assert.deepStrictEqual(seen.renewed, [1])
    }))

  it.effect("comes back as the response when that is asked for", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient((_, call) =>
        Response.json({ call }, { status: 460, headers: { "x-call": String(call) } })
      )
      const response = yield* AuthHttpClient.withAuth(server.client, auth, { onRejected: "response" }).get(url)
      assert.strictEqual(response.status, 460)
      assert.strictEqual(response.headers["x-call"], "2")
      assert.deepStrictEqual(yield* response.json, { call: 2 })
    }))

  it.effect("comes back as the error that a filterStatusOk below made of it", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient((_, call) => new Response(`call ${call}`, { status: 460 }))
      const client = server.client.pipe(
        HttpClient.filterStatusOk,
        AuthHttpClient.withAuth(auth, { onRejected: "response" })
      )
      const error = yield* Effect.flip(client.get(url))
      assert.instanceOf(error, HttpClientError.ResponseError)
      assert.strictEqual(yield* error.response.text, "call 2")
      assert.strictEqual(server.requests.length, 2)
    }))

  const newborn = new AuthError.AccessTokenRejected({
    provider: "scripted",
    account: "member-42",
    operation: "renew",
    reason: "rejected-again"
  })

  it.effect("is not renewed when the token was just born from a rejection (G13)", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth({ renew: Effect.fail(newborn) })
      const server = recordingClient(() => new Response("the first body", { status: 460 }))
      const error = yield* Effect.flip(AuthHttpClient.withAuth(server.client, auth).get(url))
      assert.deepInclude(error, { _tag: "AccessTokenRejected", status: 460, operation: "call" })
      const response = yield* AuthHttpClient.withAuth(server.client, auth, { onRejected: "response" }).get(url)
      assert.strictEqual(yield* response.text, "the first body")
      assert.strictEqual(server.requests.length, 2)
      assert.strictEqual(seen.exchanges, 0)
    }))

  it.effect("gives way to the error of a renewal that fails", () =>
    Effect.gen(function*() {
      for (const onRejected of ["fail", "response"] as const) {
        const { auth } = scriptedAuth({ renew: Effect.fail(unavailable) })
        const server = recordingClient(acceptsFrom(2))
        const error = yield* Effect.flip(AuthHttpClient.withAuth(server.client, auth, { onRejected }).get(url))
        assert.strictEqual(error, unavailable)
        assert.strictEqual(server.requests.length, 1)
      }
    }))
})

describe("what is sent twice", () => {
  const form = new FormData()
  form.set("a", "b")
  const repeatable: Record<string, HttpClientRequest.HttpClientRequest> = {
    "no body": HttpClientRequest.put(url),
    "text": post("text"),
    "bytes": HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUint8Array(new Uint8Array([1, 2]))),
    "JSON": HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ a: 1 })),
    "a form": HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUrlParams({ a: "b" })),
    "form data": HttpClientRequest.post(url).pipe(HttpClientRequest.bodyFormData(form))
  }
  for (const [name, request] of Object.entries(repeatable)) {
    it.effect(`${name}, unchanged (G50)`, () =>
      Effect.gen(function*() {
        const server = recordingClient(acceptsFrom(2))
        yield* AuthHttpClient.withAuth(server.client, scriptedAuth().auth).execute(request)
        assert.strictEqual(server.requests.length, 2)
        for (const sent of server.requests) assert.strictEqual(sent.body, request.body)
      }))
  }

  it.effect("never a stream: the session is renewed all the same (G50)", () =>
    Effect.gen(function*() {
      for (const replay of ["always", undefined] as const) {
        const { auth, seen } = scriptedAuth()
        const server = recordingClient(acceptsFrom(2))
        const client = AuthHttpClient.withAuth(server.client, auth, { replay })
        const error = yield* Effect.flip(client.execute(oneShot))
        assert.deepInclude(error, { _tag: "AccessTokenRejected", reason: "body", status: 460 })
        assert.strictEqual(seen.exchanges, 1)
        assert.strictEqual((yield* client.execute(oneShot)).status, 200)
        assert.strictEqual(server.requests.length, 2)
      }
    }))

  it.effect("not the body of a stream that comes back as the response", () =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth()
      const server = recordingClient(() =>
        new Response(`{"why":"dead"}`, {
          status: 460,
          headers: { "content-type": "application/json", "set-cookie": "a=b" }
        })
      )
      const client = AuthHttpClient.withAuth(server.client, auth, { onRejected: "response" })
      const response = yield* client.execute(oneShot)
      assert.deepStrictEqual(yield* response.json, { why: "dead" })
      assert.strictEqual(response.headers["content-type"], "application/json")
      assert.isFalse(response.cookies === undefined)
      assert.strictEqual(seen.exchanges, 1)
      assert.strictEqual(server.requests.length, 1)
    }))

  const sends = (
    request: HttpClientRequest.HttpClientRequest,
    options: AuthHttpClient.Options,
    by: "status" | "body",
    policy?: AuthHttpClient.ReplayPolicy
  ) =>
    Effect.gen(function*() {
      const { auth, seen } = scriptedAuth({
        rejection: {
          statuses: [460],
          body: (response) => Effect.orElseSucceed(Effect.map(response.text, isDead), () => false)
        }
      })
      const isDead = (text: string) => text === "dead"
      const server = recordingClient((request) =>
        acceptsFrom(2)(request).ok
          ? new Response("fine")
          : new Response("dead", { status: by === "status" ? 460 : 200 })
      )
      const call = AuthHttpClient.withAuth(server.client, auth, options).execute(request)
      const result = yield* Effect.either(policy === undefined ? call : AuthHttpClient.withReplay(call, policy))
      assert.strictEqual(seen.exchanges, 1, "the session is renewed in every case")
      if (server.requests.length === 2) assert.strictEqual(result._tag, "Right")
      else {assert.deepInclude(result._tag === "Left" ? result.left : {}, {
          _tag: "AccessTokenRejected",
          reason: "policy"
        })}
      return server.requests.length
    })

  it.effect("by policy, by method, by mark, and by what the rejection proves", () =>
    Effect.gen(function*() {
      const get = HttpClientRequest.get(url)
      const isRead = (request: HttpClientRequest.HttpClientRequest) => request.url.endsWith("/things")
      assert.strictEqual(yield* sends(get, {}, "status"), 2)
      assert.strictEqual(yield* sends(get, {}, "body"), 2)
      assert.strictEqual(yield* sends(post("x"), {}, "status"), 2)
      assert.strictEqual(yield* sends(post("x"), {}, "body"), 1)
      assert.strictEqual(yield* sends(post("x"), { isRead }, "body"), 2)
      assert.strictEqual(yield* sends(post("x"), { replay: "always" }, "body"), 2)
      assert.strictEqual(yield* sends(post("x"), { replay: "safe" }, "status"), 1)
      assert.strictEqual(yield* sends(post("x"), { replay: "safe", isRead }, "status"), 2)
      assert.strictEqual(yield* sends(get, { replay: "safe" }, "status"), 2)
      assert.strictEqual(yield* sends(get, { replay: "never" }, "status"), 1)
      assert.strictEqual(yield* sends(post("x"), {}, "body", "always"), 2)
      assert.strictEqual(yield* sends(post("x"), { replay: "never" }, "status", "always"), 2)
      assert.strictEqual(yield* sends(get, { replay: "always" }, "status", "never"), 1)
    }))

  it.effect("a session that is close to its end is refreshed before a stream is sent", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000_000)
      for (const stale of [true, false]) {
        const accessToken = Effect.succeed(tokenOf(1, 1_000_000 + 20_000))
        const { auth, seen } = scriptedAuth({ stale, accessToken })
        const server = recordingClient(() => new Response("fine"))
        const client = AuthHttpClient.withAuth(server.client, auth, { refreshFirst: "30 seconds" })
        yield* client.execute(oneShot)
        yield* client.execute(post("x"))
        assert.strictEqual(seen.refreshes, 1)
        assert.strictEqual(server.authorizations()[0], bearerOf(2))
      }
    }))
})

it.effect("a token that is born with less than refreshFirst is not refreshed for each stream (G06)", () =>
  Effect.gen(function*() {
    yield* TestClock.setTime(1_000_000)
    const { auth, seen } = scriptedAuth({ expiresAt: 1_000_000 + 20_000 })
    const server = recordingClient(() => new Response("fine"))
    const client = AuthHttpClient.withAuth(server.client, auth, { refreshFirst: "30 seconds" })
    for (let i = 0; i < 5; i++) yield* client.execute(oneShot)
    assert.strictEqual(seen.refreshes, 1)
    assert.deepStrictEqual(server.authorizations(), Array.from({ length: 5 }, () => bearerOf(2)))
  }))

describe("the body of a refused request", () => {
  const endless = (cut = { cancelled: 0 }) =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
        cancel: () => {
          cut.cancelled++
        }
      }),
      { status: 460 }
    )
  const stalled = (cut = { cancelled: 0 }) =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => {
          cut.cancelled++
        }
      }),
      { status: 460 }
    )
  for (const [name, answer] of Object.entries({ endless, stalled })) {
    it.live(`is cut off when it is ${name}`, () =>
      Effect.gen(function*() {
        for (const onRejected of ["fail", "response"] as const) {
          const cut = { cancelled: 0 }
          const { auth } = scriptedAuth()
          const server = recordingClient((_, call) => call === 1 ? answer(cut) : new Response("fine"))
          const response = yield* AuthHttpClient.withAuth(server.client, auth, { onRejected }).get(url)
          assert.strictEqual(yield* response.text, "fine")
          yield* Effect.repeat(Effect.sleep(5), { until: () => cut.cancelled > 0 })
          assert.strictEqual(cut.cancelled, 1)
        }
      }).pipe(Effect.timeout("5 seconds")))
  }

  it.live("that was too long to keep fails when it is read", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient(() => endless())
      const client = AuthHttpClient.withAuth(server.client, auth, { onRejected: "response", replay: "never" })
      const response = yield* client.get(url)
      assert.strictEqual((yield* Effect.flip(response.text))._tag, "ResponseError")
    }))

  it.live("is released while the session is renewed: the renewal may need its connection", () =>
    Effect.gen(function*() {
      const released = yield* Deferred.make<void>()
      const body = new ReadableStream({
        pull: (controller) => {
          controller.close()
          Deferred.unsafeDone(released, Effect.void)
        }
      }, { highWaterMark: 0 })
      const { auth } = scriptedAuth({ renew: Deferred.await(released) })
      const server = recordingClient((_, call) =>
        call === 1 ? new Response(body, { status: 460 }) : new Response("fine")
      )
      yield* AuthHttpClient.withAuth(server.client, auth).get(url)
      assert.strictEqual(server.requests.length, 2)
    }).pipe(Effect.timeout("5 seconds")))

  it.live("that nobody reads is released, also when a header told the rejection and the response was wanted", () =>
    Effect.gen(function*() {
      for (const renew of [Effect.void, Effect.fail(unavailable)]) {
        let isPulled = false
        const body = new ReadableStream({
          pull: (controller) => {
            isPulled = true
            controller.close()
          }
        }, { highWaterMark: 0 })
        const { auth } = scriptedAuth({
          renew,
          rejection: { statuses: [], body: (response) => Effect.succeed(response.headers["x-dead"] === "yes") }
        })
        const server = recordingClient((_, call) =>
          call === 1 ? new Response(body, { headers: { "x-dead": "yes" } }) : new Response("fine")
        )
        yield* Effect.either(AuthHttpClient.withAuth(server.client, auth, { onRejected: "response" }).get(url))
        yield* Effect.timeoutOption(Effect.repeat(Effect.sleep(5), { until: () => isPulled }), "5 seconds")
        assert.isTrue(isPulled)
      }
    }))

  it.live("that never ends holds up neither the renewal nor the replay", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient((_, call) => call === 1 ? stalled() : new Response("fine"))
      const [time] = yield* Effect.timed(AuthHttpClient.withAuth(server.client, auth).get(url))
      assert.isBelow(Duration.toMillis(time), 300)
    }))
})

describe("a caller's own Authorization header (G43)", () => {
  const own = HttpClientRequest.get(url).pipe(HttpClientRequest.setHeader("Authorization", "Basic mine"))
  const call = (authorization?: AuthHttpClient.Options["authorization"]) =>
    Effect.gen(function*() {
      const server = recordingClient(acceptsFrom(1))
      const client = AuthHttpClient.withAuth(server.client, scriptedAuth().auth, { authorization })
      return [yield* Effect.either(client.execute(own)), server.requests.map((request) => request.headers)] as const
    })

  it.effect("is an error by default", () =>
    Effect.gen(function*() {
      const [result, sent] = yield* call()
      assert.deepInclude(result._tag === "Left" ? result.left : {}, {
        _tag: "AuthMisconfigured",
        reason: "authorization-header"
      })
      assert.deepStrictEqual(sent, [])
    }))

  it.effect("is kept, with nothing renewed or replayed", () =>
    Effect.gen(function*() {
      const [result, sent] = yield* call("keep")
      assert.strictEqual(result._tag === "Right" ? result.right.status : 0, 460)
      assert.deepStrictEqual(sent.map((headers) => headers["authorization"]), ["Basic mine"])
    }))

  it.effect("is replaced", () =>
    Effect.gen(function*() {
      const [, sent] = yield* call("replace")
      assert.deepStrictEqual(sent.map((headers) => headers["authorization"]), [bearerOf(1)])
    }))

  it.effect("is found in headers whose names were not brought into lower case: never both are sent", () =>
    Effect.gen(function*() {
      const odd = {
        ...HttpClientRequest.get(url),
        headers: Headers.unsafeFromRecord({ Authorization: "Basic mine", "x-other": "kept" })
      }
      const server = recordingClient(acceptsFrom(1))
      const { auth } = scriptedAuth()
      const error = yield* Effect.flip(AuthHttpClient.withAuth(server.client, auth).execute(odd))
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "authorization-header" })
      yield* AuthHttpClient.withAuth(server.client, auth, { authorization: "replace" }).execute(odd)
      assert.deepStrictEqual(server.requests.map((request) => ({ ...request.headers }) as Record<string, string>), [
        { "authorization": bearerOf(1), "x-other": "kept" }
      ])
    }))
})

describe("AuthHttpClient.asHttpClient", () => {
  it.effect("carries an AuthError as the cause of a RequestError", () =>
    Effect.gen(function*() {
      const server = recordingClient(() => new Response("fine"))
      const plain: HttpClient.HttpClient = AuthHttpClient.asHttpClient(
        AuthHttpClient.withAuth(
          server.client,
          scriptedAuth({ stale: true, accessToken: Effect.fail(unavailable) }).auth
        )
      )
      const request = HttpClientRequest.get(url).pipe(HttpClientRequest.setHeader("x-key", "the-caller's-secret"))
      const error = yield* Effect.flip(plain.execute(request))
      assert.instanceOf(error, HttpClientError.RequestError)
      assert.strictEqual(error.cause, unavailable)
      assert.strictEqual(error.reason, "Transport")
      assert.notInclude(JSON.stringify(error), "secret")
    }))

  it.effect("retryTransient repeats what may pass, and nothing else", () =>
    Effect.gen(function*() {
      const sent = (error: AuthError.ProviderUnavailable | AuthError.SignInRequired) => {
        let asked = 0
        const { auth } = scriptedAuth({
          stale: true,
          accessToken: Effect.suspend(() => {
            asked++
            return Effect.fail(error)
          })
        })
        const server = recordingClient(() => new Response("fine"))
        return server.client.pipe(
          AuthHttpClient.withAuth(auth),
          AuthHttpClient.asHttpClient,
          HttpClient.retryTransient({ times: 2 })
        ).get(url).pipe(Effect.flip, Effect.map(() => asked))
      }
      const required = new AuthError.SignInRequired({ ...unavailable, operation: "accessToken", reason: "never" })
      assert.strictEqual(yield* sent(unavailable), 3)
      assert.strictEqual(yield* sent(required), 1)
    }))

  it.effect("goes under a derived client: replayed, decoded, and silent when it can't be decoded", () =>
    Effect.gen(function*() {
      const Api = HttpApi.make("api").add(
        HttpApiGroup.make("things", { topLevel: true }).add(
          HttpApiEndpoint.post("find", "/things")
            .setPayload(Schema.Struct({ name: Schema.String }))
            .setUrlParams(Schema.Struct({ q: Schema.String }))
            .addSuccess(Schema.Struct({ count: Schema.Number }))
            .addError(Schema.Struct({ why: Schema.String }), { status: 409 })
        )
      )
      const said = [Response.json({ count: 1 }), Response.json({ why: "no" }, { status: 409 }), new Response("<html>")]
      const server = recordingClient((request) => acceptsFrom(2)(request).ok ? said.shift()! : acceptsFrom(2)(request))
      const httpClient = server.client.pipe(AuthHttpClient.withAuth(scriptedAuth().auth), AuthHttpClient.asHttpClient)
      const api = yield* HttpApiClient.makeWith(Api, { httpClient, baseUrl: "https://api.test" })
      const find = api.find({ payload: { name: "a-name-of-the-caller" }, urlParams: { q: "a-query-of-the-caller" } })
      assert.deepStrictEqual(yield* find, { count: 1 })
      assert.deepStrictEqual(server.authorizations(), [bearerOf(1), bearerOf(2)])
      assert.deepStrictEqual(yield* Effect.flip(find), { why: "no" })
      const error = yield* Effect.flip(find)
      assert.propertyVal(error, "_tag", "ParseError")
      yield* Redaction.assertNoSecret(error, [
        secretOf(1),
        secretOf(2),
        "a-name-of-the-caller",
        "a-query-of-the-caller"
      ])
    }))

  it.effect("leaves answers and other errors as they are", () =>
    Effect.gen(function*() {
      const server = recordingClient((_, call) => new Response("fine", { status: call === 1 ? 200 : 404 }))
      const plain = server.client.pipe(
        HttpClient.filterStatusOk,
        AuthHttpClient.withAuth(scriptedAuth().auth),
        AuthHttpClient.asHttpClient
      )
      assert.strictEqual(yield* (yield* plain.get(url)).text, "fine")
      const error = yield* Effect.flip(plain.get(url))
      assert.strictEqual(error._tag === "ResponseError" ? error.response.status : 0, 404)
    }))
})

describe("the response that is handed back", () => {
  it.effect("can be read in every way", () =>
    Effect.gen(function*() {
      const { auth } = scriptedAuth()
      const server = recordingClient((request) =>
        request.url.endsWith("form")
          ? new Response(new URLSearchParams({ a: "b" }), { headers: { "set-cookie": "c=d" } })
          : Response.json({ a: "b" }, { status: 201 })
      )
      const client = AuthHttpClient.withAuth(server.client, auth)
      assert.isTrue(HttpClientResponse.TypeId in (yield* client.get(url)))
      assert.deepStrictEqual(yield* (yield* client.get(url)).json, { a: "b" })
      assert.strictEqual((yield* (yield* client.get(url)).arrayBuffer).byteLength, 9)
      assert.strictEqual(
        yield* (yield* client.get(url)).stream.pipe(Stream.decodeText(), Stream.mkString),
        `{"a":"b"}`
      )
      const form = yield* client.get(`${url}/form`)
      assert.deepStrictEqual([...(yield* form.urlParamsBody)], [["a", "b"]])
      assert.strictEqual(form.cookies.cookies["c"]?.value, "d")
      assert.strictEqual((yield* (yield* client.get(`${url}/form`)).formData).get("a"), "b")
      assert.strictEqual((yield* client.get(url)).remoteAddress._tag, "None")
      const checked = yield* Effect.flatMap(client.get(url), HttpClientResponse.filterStatusOk)
      assert.strictEqual(checked.status, 201)
    }))
})
