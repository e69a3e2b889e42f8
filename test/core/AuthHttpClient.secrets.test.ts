/** What passes through the middleware tells neither the token nor what the caller's request held. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { capturingTracer } from "../support/capturingTracer.ts"
import { recordingClient, scriptedAuth, secretOf } from "./scriptedAuth.ts"

const ofCaller = ["key-of-the-caller-42", "query-of-the-caller-42", "body-of-the-caller-42"] as const

const secrets = [secretOf(1), secretOf(2), ...ofCaller]

const printers = {
  "util.inspect": (value: unknown) => inspect(value, { depth: 12 }),
  "util.inspect hidden": (value: unknown) => inspect(value, { depth: 12, showHidden: true }),
  "util.inspect raw": (value: unknown) => inspect(value, { depth: 12, customInspect: false }),
  "util.format": (value: unknown) => `${value}`
}

const silent = (value: unknown) =>
  Effect.sync(() => assert.isUndefined(Redaction.findSecret(value, secrets, { printers })))

const request = HttpClientRequest.post("https://api.test/things").pipe(
  HttpClientRequest.setHeader("x-key", ofCaller[0]),
  HttpClientRequest.setUrlParam("q", ofCaller[1]),
  HttpClientRequest.bodyUnsafeJson({ text: ofCaller[2] })
)

/** Says everything it was sent, and the token in its headers and body. */
const echo = (status = 200, type = "application/json") => (sent: HttpClientRequest.HttpClientRequest) =>
  new Response(JSON.stringify({ said: sent.headers["authorization"] }).repeat(type === "application/json" ? 1 : 2), {
    status,
    headers: { "content-type": type, "x-said": sent.headers["authorization"] ?? "" }
  })

describe("a response that is handed back", () => {
  it.effect("prints no secret, before and after it was read", () =>
    Effect.gen(function*() {
      const client = AuthHttpClient.withAuth(recordingClient(echo()).client, scriptedAuth().auth)
      const response = yield* client.execute(request)
      yield* silent(response)
      yield* silent({ nested: [response] })
      assert.deepStrictEqual(yield* response.json, { said: `Bearer ${secretOf(1)}` })
      yield* silent(response)
      yield* silent(yield* Effect.exit(Effect.fail(response)))
    }))

  it.effect("holds the caller's own request, without the token", () =>
    Effect.gen(function*() {
      const client = AuthHttpClient.withAuth(recordingClient(echo()).client, scriptedAuth().auth)
      const own = (yield* client.execute(request)).request
      assert.isTrue(HttpClientRequest.TypeId in own)
      assert.strictEqual(own.url, request.url)
      assert.strictEqual(own.body, request.body)
      assert.strictEqual(own.headers["x-key"], ofCaller[0])
      assert.isUndefined(own.headers["authorization"])
      assert.deepStrictEqual(JSON.parse(JSON.stringify(own)), {
        _id: "@effect/platform/HttpClientRequest",
        method: "POST",
        url: "https://api.test/things"
      })
      const changed = HttpClientRequest.setHeader(own, "x", "y")
      assert.strictEqual(changed.headers["x-key"], ofCaller[0])
    }))

  it.effect("fails without the text that could not be read", () =>
    Effect.gen(function*() {
      const client = AuthHttpClient.withAuth(recordingClient(echo(200, "text/plain")).client, scriptedAuth().auth)
      const error = yield* Effect.flip(Effect.flatMap(client.execute(request), (response) => response.json))
      assert.deepInclude(error, { _tag: "ResponseError", reason: "Decode" })
      yield* silent(error)
      const form = yield* Effect.flip(Effect.flatMap(client.execute(request), (response) => response.formData))
      yield* silent(form)
    }))

  it.effect("tells nothing when it is logged", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const loggers = Layer.mergeAll(
        ...([Logger.stringLogger, Logger.jsonLogger, Logger.logfmtLogger] as const).map((logger) =>
          Logger.add(Logger.map(logger, (line) => {
            lines.push(line)
          }))
        ) as [Layer.Layer<never>]
      )
      const client = AuthHttpClient.withAuth(recordingClient(echo()).client, scriptedAuth().auth)
      yield* Effect.gen(function*() {
        const response = yield* client.execute(request)
        yield* response.json
        yield* Effect.logError("answer", response, response.request)
        yield* Effect.annotateLogs(Effect.logInfo("answer"), { response })
      }).pipe(Effect.provide(loggers))
      assert.strictEqual(lines.length, 6)
      yield* silent(lines)
    }))
})

describe("an error that passes through", () => {
  const failing = (error: (request: HttpClientRequest.HttpClientRequest) => HttpClientError.HttpClientError) =>
    Effect.exit(
      AuthHttpClient.withAuth(recordingClient((sent) => error(sent)).client, scriptedAuth().auth).execute(request)
    )

  const causes: Record<string, (sent: HttpClientRequest.HttpClientRequest) => unknown> = {
    "none": () => undefined,
    "a text with the token": (sent) => `cannot send ${sent.headers["authorization"]}`,
    "an error with the token": (sent) => new TypeError(`invalid header value ${sent.headers["authorization"]}`),
    "a chain with the token": (sent) =>
      new Error("a", { cause: new Error("b", { cause: sent.headers["authorization"] }) }),
    "an error with the request on it, as axios makes": ({ headers, url }) =>
      Object.assign(new Error("a"), { config: { url, headers } }),
    "an error with the token where nobody looks": (sent) =>
      Object.defineProperty(new Error("a"), "sent", { value: sent.headers["authorization"], enumerable: false }),
    "many errors, one with the token": (sent) => new AggregateError([new Error(sent.headers["authorization"])], "many"),
    "an error whose stack has the token": (sent) =>
      Object.assign(new Error("a"), { stack: `Error: a\n    at ${sent.headers["authorization"]}` }),
    "an error with the token in base64": (sent) => new Error(btoa(`header: ${sent.headers["authorization"]}`)),
    "an error with bytes": (sent) =>
      Object.assign(new Error("a"), { packet: new TextEncoder().encode(sent.headers["authorization"]) }),
    "an error with a header and a query of the caller": (sent) =>
      Object.assign(new TypeError(`bad ${sent.headers["x-key"]}`), { input: `?q=${ofCaller[1]}` }),
    "an error with something that hides what it holds": () =>
      Object.assign(new Error("a"), {
        hidden: new (class {
          toJSON() {
            return secretOf(1)
          }
        })()
      }),
    "the platform's error": (request) => new HttpClientError.RequestError({ request, reason: "Transport" }),
    "the request": (request) => request,
    "an object": (request) => ({ request })
  }
  for (const [name, cause] of Object.entries(causes)) {
    it.effect(`is about the request without the token; its cause is ${name}`, () =>
      Effect.gen(function*() {
        const exit = yield* failing((request) =>
          new HttpClientError.RequestError({ request, reason: "Transport", cause: cause(request) })
        )
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(error, HttpClientError.RequestError)
        assert.isUndefined(error.request.headers["authorization"])
        yield* silent(error)
        yield* silent(exit)
        yield* silent(new Error("outer", { cause: error }))
      }))
  }

  for (const part of [-1, 16]) {
    it.effect(`drops a cause that quotes the token to its letter ${part}`, () =>
      Effect.gen(function*() {
        const quoted = secretOf(1).slice(0, part)
        const exit = yield* failing((request) =>
          new HttpClientError.RequestError({
            request,
            reason: "Transport",
            cause: new TypeError(`bad header: Bearer ${quoted}…`),
            description: `Bearer ${quoted}…`
          })
        )
        for (const print of Object.values(printers)) assert.notInclude(print(exit), quoted)
      }))
  }

  it.effect("keeps a cause that has a few letters of a secret, such as the first word of it", () =>
    Effect.gen(function*() {
      const cause = new TypeError("the key-of-the was not sent")
      const exit = yield* failing((request) =>
        new HttpClientError.RequestError({ request, reason: "Transport", cause })
      )
      assert.propertyVal(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, "cause", cause)
    }))

  it.effect("keeps a cause that tells nothing", () =>
    Effect.gen(function*() {
      const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
      const exit = yield* failing((request) =>
        new HttpClientError.RequestError({
          request,
          reason: "Transport",
          cause: new TypeError("fetch failed", { cause: new AggregateError([refused]) }),
          description: "no"
        })
      )
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, HttpClientError.RequestError)
      assert.deepInclude(error, { reason: "Transport", description: "no" })
      const inner = error.cause instanceof TypeError ? error.cause.cause : undefined
      assert.strictEqual(inner instanceof AggregateError ? inner.errors[0] : undefined, refused)
    }))

  it.effect("says neither what the query was nor what a description quotes", () =>
    Effect.gen(function*() {
      const asked = HttpClientRequest.get(`https://api.test/things?q=${ofCaller[1]}#${ofCaller[0]}`)
      const lost = recordingClient((request) =>
        new HttpClientError.RequestError({ request, reason: "Transport", description: `?q=${ofCaller[1]}` })
      )
      const missing = recordingClient(() => new Response("no", { status: 404 }))
      const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
      for (
        const client of [
          lost.client.pipe(auth),
          missing.client.pipe(HttpClient.filterStatusOk, auth),
          missing.client.pipe(auth, HttpClient.filterStatusOk)
        ]
      ) {
        const error = yield* Effect.flip(client.execute(asked))
        yield* silent(error)
        assert.include(error.message, "https://api.test/things")
        const own = HttpClientError.isHttpClientError(error) ? error.request : asked
        assert.deepStrictEqual([...own.urlParams], [["q", ofCaller[1]]])
        assert.strictEqual(Option.getOrUndefined(own.hash), ofCaller[0])
      }
    }))

  it.effect("is about the caller's own request: what a client below added is not in it", () =>
    Effect.gen(function*() {
      const added = HttpClient.mapRequest(HttpClientRequest.setHeader("x-client-authorization", "the-client-token"))
      const elsewhere = HttpClient.mapRequest(HttpClientRequest.setUrl("https://other.test/place?q=the-client-token"))
      for (const status of [404, 460]) {
        for (const below of [added, elsewhere]) {
          const client = recordingClient(() => new Response("no", { status })).client.pipe(
            HttpClient.filterStatusOk,
            below,
            AuthHttpClient.withAuth(scriptedAuth().auth, { onRejected: "response" })
          )
          const error = yield* Effect.flip(client.execute(request))
          assert.instanceOf(error, HttpClientError.ResponseError)
          yield* Redaction.assertNoSecret(error, [...secrets, "the-client-token"], { printers })
          for (const own of [error.request, error.response.request]) {
            assert.isUndefined(own.headers["x-client-authorization"])
            assert.notInclude(JSON.stringify([own.url, own.urlParams]), "the-client-token")
          }
        }
      }
    }))

  const defects: Record<string, (sent: HttpClientRequest.HttpClientRequest) => unknown> = {
    "the token": (sent) => sent.headers["authorization"],
    "an error with the token": (sent) => new Error(sent.headers["authorization"]),
    "the request": (sent) => sent,
    "the platform's error": (request) => new HttpClientError.RequestError({ request, reason: "Transport" })
  }
  for (const [name, defect] of Object.entries(defects)) {
    it.effect(`a defect that is ${name}`, () =>
      Effect.gen(function*() {
        const { client } = recordingClient((sent) => Effect.die(defect(sent)))
        const exit = yield* Effect.exit(AuthHttpClient.withAuth(client, scriptedAuth().auth).execute(request))
        assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
        yield* silent(exit)
      }))
  }

  it.effect("leaves a defect that tells nothing as it is", () =>
    Effect.gen(function*() {
      const defect = new TypeError("undefined is not a function")
      const { client } = recordingClient(() => Effect.die(defect))
      const exit = yield* Effect.exit(AuthHttpClient.withAuth(client, scriptedAuth().auth).execute(request))
      assert.strictEqual(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, defect)
    }))

  it.effect("of reading a body", () =>
    Effect.gen(function*() {
      const { client } = recordingClient((sent) => {
        const cause = Object.assign(new Error("broken"), { sent: sent.headers["authorization"] })
        return new Response(new ReadableStream({ start: (controller) => controller.error(cause) }))
      })
      const call = AuthHttpClient.withAuth(client, scriptedAuth().auth).execute(request)
      yield* silent(yield* Effect.flip(Effect.flatMap(call, ({ text }) => text)))
      yield* silent(yield* Effect.flip(Effect.flatMap(call, ({ stream }) => Stream.runDrain(stream))))
    }))

  it.effect("of a request that keeps its own Authorization, and its response", () =>
    Effect.gen(function*() {
      const own = HttpClientRequest.setHeader(request, "authorization", `Basic ${ofCaller[2]}`)
      const keeping = AuthHttpClient.withAuth(scriptedAuth().auth, { authorization: "keep" })
      const response = yield* keeping(recordingClient(echo()).client).execute(own)
      yield* silent(response)
      assert.strictEqual(response.request.headers["authorization"], `Basic ${ofCaller[2]}`)
      const { client } = recordingClient((request) =>
        new HttpClientError.RequestError({ request, reason: "Transport" })
      )
      yield* silent(yield* Effect.flip(keeping(client).execute(own)))
      yield* silent(
        yield* Effect.flip(keeping(HttpClient.filterStatusOk(recordingClient(echo(460)).client)).execute(own))
      )
    }))

  it.effect("of a filterStatusOk, on either side", () =>
    Effect.gen(function*() {
      const auth = AuthHttpClient.withAuth(scriptedAuth().auth)
      const { client } = recordingClient(echo(404))
      for (
        const one of [client.pipe(HttpClient.filterStatusOk, auth), client.pipe(auth, HttpClient.filterStatusOk)]
      ) {
        const error = yield* Effect.flip(one.execute(request))
        assert.instanceOf(error, HttpClientError.ResponseError)
        assert.strictEqual(error.response.status, 404)
        yield* silent(error)
        yield* error.response.text
        yield* silent(error)
      }
    }))

  it.effect("that says so itself: AccessTokenRejected and AuthMisconfigured", () =>
    Effect.gen(function*() {
      const { client } = recordingClient(echo(460))
      const { auth } = scriptedAuth()
      const elsewhere = HttpClientRequest.get(`https://evil.test/${ofCaller[1]}`)
      yield* silent(yield* Effect.exit(AuthHttpClient.withAuth(client, auth).execute(request)))
      yield* silent(yield* Effect.exit(AuthHttpClient.withAuth(client, auth).execute(elsewhere)))
      const plain = AuthHttpClient.asHttpClient(AuthHttpClient.withAuth(client, auth))
      yield* silent(yield* Effect.exit(plain.execute(request)))
    }))

  it.effect("a response that was kept prints nothing either", () =>
    Effect.gen(function*() {
      const { client } = recordingClient(echo(460))
      const response = yield* AuthHttpClient.withAuth(client, scriptedAuth().auth, {
        onRejected: "response",
        replay: "never"
      }).execute(request)
      yield* silent(response)
      assert.deepStrictEqual(yield* response.json, { said: `Bearer ${secretOf(1)}` })
      yield* silent(response)
    }))
})

it.live("over fetch, with the platform's spans on, too", () =>
  Effect.gen(function*() {
    const { auth } = scriptedAuth()
    const spans: Array<unknown> = []
    const answer = echo()
    const fetch: typeof globalThis.fetch = (_, init) =>
      Promise.resolve(answer(HttpClientRequest.get("https://api.test", {
        headers: new Headers(init?.headers) as never
      })))
    const client = TokenEndpoint.hardened(AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth))
    // A query is shown in the platform's spans, whatever is done.
    const asked = HttpClientRequest.setUrlParams(request, { q: "shown" })
    const response = yield* client.execute(asked).pipe(
      Effect.withSpan("outer"),
      Effect.provideService(FetchHttpClient.Fetch, fetch),
      Effect.withTracer(capturingTracer((span) => spans.push(span)))
    )
    assert.strictEqual(spans.length, 2)
    yield* silent(spans)
    yield* silent(response)
    assert.deepStrictEqual(yield* response.json, { said: `Bearer ${secretOf(1)}` })
    yield* silent(response)
  }).pipe(Effect.provide(FetchHttpClient.layer)))
