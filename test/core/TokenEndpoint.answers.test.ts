/** Answers that are not as they should be, but can be read. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as WireSchema from "@effect-auth/core/WireSchema"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Zlib from "node:zlib"

const secret = "access-token-of-this-test-42"
const pair = { access_token: secret, refresh_token: "refresh-42", token_type: "Bearer", expires_in: 3600 }
const url = "https://api.test/token"
const request = HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUnsafeJson({ refresh_token: "r" }))

const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)

const stub = (make: (request: HttpClientRequest.HttpClientRequest) => Response) =>
  HttpClient.make((request) => Effect.sync(() => HttpClientResponse.fromWeb(request, make(request))))

const ask = (client: HttpClient.HttpClient, options: Partial<TokenEndpoint.Options> = {}) =>
  Effect.flatMap(
    TokenEndpoint.client(client, { classify, ...options }).execute(request),
    (response) => Effect.orDie(response.json)
  )

const answering = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, status = 200) =>
  stub(() => new Response(body, { status, headers }))

describe("a body that is no JSON", () => {
  const form = new URLSearchParams({ access_token: secret, expires_in: "3600" }).toString()
  for (
    const [name, type] of Object.entries({
      "its own type": "application/x-www-form-urlencoded; charset=utf-8",
      "another type": "text/plain",
      "the type of JSON": "application/json",
      "the type of a page": "text/html"
    })
  ) {
    it.effect(`a form under ${name}`, () =>
      Effect.gen(function*() {
        const body = yield* ask(answering(form, { "content-type": type }))
        assert.deepStrictEqual(body, { access_token: secret, expires_in: "3600" })
      }))

    it.effect(`a refusal as a form under ${name}`, () =>
      Effect.gen(function*() {
        const refused = answering("error=invalid_grant&error_description=it+is+gone", { "content-type": type }, 400)
        const failure = yield* Effect.flip(ask(refused))
        assert.strictEqual(failure.kind, "terminal")
        assert.strictEqual(failure.errorDescription, "it is gone")
      }))
  }

  const unread = [
    "a=b",
    "hello",
    "<p>access_token=x</p>",
    "{access_token=x}",
    "access_token=a b",
    "error",
    "=x&error=y"
  ]
  for (const text of unread) {
    it(`${JSON.stringify(text)} is no form`, () => {
      assert.isUndefined(TokenEndpoint.read(text, "text/plain"))
    })
  }

  it("a form says what it says", () => {
    const type = "application/x-www-form-urlencoded"
    assert.deepStrictEqual(TokenEndpoint.read("a=b&c=", type), { a: "b", c: "" })
    assert.deepStrictEqual(TokenEndpoint.read("a=b&c=d&\r\n", type), { a: "b", c: "d" })
    assert.deepStrictEqual(TokenEndpoint.read("error=a&error=b&x=1", type), { x: "1" })
    assert.deepStrictEqual(Object.keys(TokenEndpoint.read("__proto__=1&a=b", type) as object), ["__proto__", "a"])
    assert.deepStrictEqual(TokenEndpoint.read("{\"a\":1}", type), { a: 1 })
  })

  it.effect("UTF-16 and other charsets are read as the answer says, an unknown one as UTF-8", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({ name: "café" })
      const utf16 = new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"))
      assert.deepStrictEqual(yield* ask(answering(utf16)), { name: "café" })
      const bigEndian = new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le").swap16())
      assert.deepStrictEqual(yield* ask(answering(bigEndian)), { name: "café" })
      const plain = new Uint8Array(Buffer.from(text, "utf16le"))
      const typed = { "content-type": "application/json; charset=\"UTF-16LE\"" }
      assert.deepStrictEqual(yield* ask(answering(plain, typed)), { name: "café" })
      const latin = new Uint8Array(Buffer.from(text, "latin1"))
      assert.deepStrictEqual(yield* ask(answering(latin, { "content-type": "a/b;charset=iso-8859-1" })), {
        name: "café"
      })
      assert.deepStrictEqual(yield* ask(answering(text, { "content-type": "a/b;charset=none" })), { name: "café" })
    }))

  it.live("a form of 40,000 names is read in less than five seconds, and a name that is twice is left out", () =>
    Effect.gen(function*() {
      const names = Array.from({ length: 40_000 }, (_, index) => `n${index.toString(36)}=1`)
      const form = [`access_token=${secret}`, ...names, "twice=a", "thrice=a", "twice=b", "thrice=b", "thrice=c"]
      const began = performance.now()
      const body = yield* ask(answering(form.join("&"), { "content-type": "application/x-www-form-urlencoded" }))
      assert.isBelow(performance.now() - began, 5_000)
      assert.include(body as object, { access_token: secret, n0: "1" })
      assert.doesNotHaveAnyKeys(body as object, ["twice", "thrice"])
    }))
})

describe("a request", () => {
  const accepted = (options: Partial<TokenEndpoint.Options>, sent = request) =>
    Effect.gen(function*() {
      const seen: Array<string | undefined> = []
      const client = stub((request) => {
        seen.push(request.headers["accept"])
        return new Response("{}")
      })
      yield* TokenEndpoint.client(client, { classify, ...options }).execute(sent)
      return seen
    })

  it.effect("asks for JSON, unless the contract or the options ask for something else", () =>
    Effect.gen(function*() {
      const own = HttpClientRequest.setHeader(request, "accept", "application/vnd.x+json")
      assert.deepStrictEqual(yield* accepted({}), ["application/json"])
      assert.deepStrictEqual(yield* accepted({}, own), ["application/vnd.x+json"])
      assert.deepStrictEqual(yield* accepted({ headers: { Accept: "text/x" } }, own), ["text/x"])
    }))
})

describe("a body that is compressed", () => {
  const text = JSON.stringify(pair)
  const plain = Buffer.from(text)
  const bytes = (buffer: Buffer) => new Uint8Array(buffer)
  const encodings: ReadonlyArray<readonly [string, Uint8Array<ArrayBuffer>]> = [
    ["gzip", bytes(Zlib.gzipSync(plain))],
    ["X-GZIP", bytes(Zlib.gzipSync(plain))],
    ["deflate", bytes(Zlib.deflateSync(plain))],
    ["deflate", bytes(Zlib.deflateRawSync(plain))],
    ["br", bytes(Zlib.brotliCompressSync(plain))],
    ["gzip, br", bytes(Zlib.brotliCompressSync(Zlib.gzipSync(plain)))],
    ["identity", bytes(plain)],
    // A client that decodes leaves the header as it was.
    ["gzip", bytes(plain)],
    ["br", bytes(plain)],
    ["whatever", bytes(plain)]
  ]
  for (const [index, [encoding, body]] of encodings.entries()) {
    it.live(`${encoding} (${index}) is read`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ask(answering(body, { "content-encoding": encoding })), pair)
      }))
  }

  it.live("gzip whose header a gateway lost is read", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ask(answering(bytes(Zlib.gzipSync(plain)), {})), pair)
    }))

  const long = Buffer.from(JSON.stringify({ ...pair, more: "x".repeat(64 * 1024 * 1024) }))
  const broken: ReadonlyArray<readonly [string, string, Uint8Array<ArrayBuffer>]> = [
    ["a bomb", "gzip", bytes(Zlib.gzipSync(long, { level: 1 }))],
    ["a bomb", "deflate", bytes(Zlib.deflateSync(long, { level: 1 }))],
    ["a bomb", "br", bytes(Zlib.brotliCompressSync(long, { params: { [Zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }))],
    ["half of it", "gzip", bytes(Zlib.gzipSync(plain).subarray(0, 60))],
    ["half of it", "br", bytes(Zlib.brotliCompressSync(plain).subarray(0, 60))],
    ["garbage", "br", bytes(Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 0x80]))],
    ["another", "zstd", bytes(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 1]))],
    ["too many", "gzip, gzip, gzip, gzip", bytes(Zlib.gzipSync(plain))]
  ]
  for (const [name, encoding, body] of broken) {
    it.live(`${name}: ${encoding} is malformed, with an unknown outcome`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(ask(answering(body, { "content-encoding": encoding })))
        assert.deepInclude({ ...failure }, { kind: "transient", sent: "unknown", reason: "malformed", status: 200 })
        assert.match(failure.detail ?? "", /compressed/)
      }))
  }
})

describe("a client below that retries", () => {
  /** Its network never answers, or answers with a status; any client, or `fetch`. */
  const make = (through: (client: HttpClient.HttpClient) => HttpClient.HttpClient, status?: number, isFetch = false) =>
    Effect.gen(function*() {
      let sends = 0
      const send = () => {
        sends++
        return status === undefined ? undefined : new Response("{}", { status })
      }
      const any = HttpClient.make((request) =>
        Effect.suspend(() => {
          const response = send()
          return response === undefined
            ? Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" }))
            : Effect.succeed(HttpClientResponse.fromWeb(request, response))
        })
      )
      const lowest = isFetch ? yield* Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer) : any
      const client = TokenEndpoint.client(through(lowest), { classify })
      const failure = yield* Effect.flip(client.execute(request)).pipe(
        Effect.withSpan("exchange"),
        Effect.provideService(FetchHttpClient.Fetch, async () => {
          const response = send()
          if (response === undefined) throw new TypeError("fetch failed")
          return response
        })
      )
      return { failure, sends }
    })
  const times = { times: 3 }
  const ways: Record<string, (client: HttpClient.HttpClient) => HttpClient.HttpClient> = {
    "retryTransient": HttpClient.retryTransient(times),
    "retryTransient under a mapRequest": (client) =>
      HttpClient.mapRequest(HttpClient.retryTransient(client, times), HttpClientRequest.setHeader("x", "y")),
    "retry": HttpClient.retry(times),
    "retry forever": HttpClient.retry(Schedule.forever),
    transformResponse: HttpClient.transformResponse(Effect.retry(times))
  }
  const overFetch: typeof ways = {
    transform: HttpClient.transform((effect) => Effect.retry(effect, times)),
    "a transform over a retry": (client) => HttpClient.transform(HttpClient.retry(client, times), (effect) => effect),
    makeWith: (client) =>
      HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
        Effect.flatMap((request) =>
          Effect.retry(client.execute(HttpClientRequest.setHeader(request, "x", "y")), times)
        ),
        Effect.succeed
      )
  }
  for (const [name, way] of Object.entries({ ...ways, ...overFetch })) {
    it.effect(`${name} over fetch sends once, and the outcome is unknown`, () =>
      Effect.gen(function*() {
        const { failure, sends } = yield* make(way, undefined, true)
        assert.strictEqual(sends, 1)
        assert.deepInclude({ ...failure }, { kind: "transient", sent: "unknown", reason: "transport" })
        assert.match(failure.detail ?? "", /retried/)
      }))
  }
  for (const [name, way] of Object.entries(ways)) {
    it.effect(`${name} sends once, and the outcome is unknown`, () =>
      Effect.gen(function*() {
        const { failure, sends } = yield* make(way)
        assert.strictEqual(sends, 1)
        assert.deepInclude({ ...failure }, { kind: "transient", sent: "unknown", reason: "transport" })
        assert.match(failure.detail ?? "", /retried/)
      }))
  }

  it.effect("a second send after a 503 is stopped too", () =>
    Effect.gen(function*() {
      const { failure, sends } = yield* make(HttpClient.retryTransient(times), 503)
      assert.strictEqual(sends, 1)
      assert.strictEqual(failure.sent, "unknown")
    }))

  it.effect("two calls are two requests, and another request on the way is none of ours", () =>
    Effect.gen(function*() {
      const urls: Array<string> = []
      const lowest = stub((request) => {
        urls.push(request.url)
        return new Response("{}")
      })
      const asking = HttpClient.mapRequestEffect(
        lowest,
        (request) => Effect.as(lowest.get("https://id.test/"), request)
      )
      const client = TokenEndpoint.client(asking, { classify })
      yield* client.execute(request)
      yield* client.execute(request)
      assert.deepStrictEqual(urls, ["https://id.test/", url, "https://id.test/", url])
    }).pipe(Effect.orDie))
})

describe("a body that was read below", () => {
  const text = JSON.stringify(pair)
  const taps: Record<string, (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<unknown, unknown>> = {
    text: (response) => response.text,
    json: (response) => response.json,
    arrayBuffer: (response) => response.arrayBuffer
  }
  for (const [name, tap] of Object.entries(taps)) {
    for (const status of [200, 400]) {
      it.effect(`${name} of a ${status}`, () =>
        Effect.gen(function*() {
          const body = status === 200 ? text : JSON.stringify({ error: "invalid_grant" })
          const client = HttpClient.tap(answering(body, {}, status), (response) => Effect.orDie(tap(response)))
          const outcome = yield* Effect.either(ask(client))
          if (status === 200) assert.deepStrictEqual(outcome, Effect.runSync(Effect.either(Effect.succeed(pair))))
          else assert.propertyVal(outcome._tag === "Left" ? outcome.left : {}, "kind", "terminal")
        }))
    }
  }

  it.live("bytes that are compressed are kept as they came", () =>
    Effect.gen(function*() {
      const headers = { "content-encoding": "gzip" }
      const compressed = answering(new Uint8Array(Zlib.gzipSync(text)), headers)
      const client = HttpClient.tap(compressed, (response) => Effect.orDie(response.arrayBuffer))
      assert.deepStrictEqual(yield* ask(client), pair)
    }))

  it.effect("one of which nothing was kept has an unknown outcome, and the failure says why", () =>
    Effect.gen(function*() {
      const drained = HttpClient.tap(answering(text), (response) => Effect.orDie(Stream.runDrain(response.stream)))
      const failure = yield* Effect.flip(ask(drained))
      assert.deepInclude(failure, {
        sent: "unknown",
        reason: "malformed",
        status: 200,
        detail: "an inner client read the body and kept no copy"
      })
    }))

  it.effect("one whose stream somebody holds has an unknown outcome, not a defect", () =>
    Effect.gen(function*() {
      const locked = stub(() => {
        const response = new Response(text)
        response.body?.getReader()
        return response
      })
      assert.strictEqual((yield* Effect.flip(ask(locked))).sent, "unknown")
    }))

  it.effect("an empty body is still an empty object", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* ask(stub(() => new Response(""))), {})
      assert.deepStrictEqual(yield* ask(stub(() => new Response(null, { status: 204 }))), {})
    }))
})

describe("a refusal inside a 200", () => {
  it.effect("is scrubbed, and reaches no contract", () =>
    Effect.gen(function*() {
      const sent = HttpClientRequest.post(url).pipe(
        HttpClientRequest.bodyUnsafeJson({ refresh_token: "refresh-token-that-is-long" })
      )
      const client = TokenEndpoint.client(
        answering(JSON.stringify({ error: "bad refresh-token-that-is-long", error_description: "x" })),
        {
          classify,
          refusal: (answer) =>
            TokenEndpoint.errorCode(answer) === undefined
              ? undefined
              : TokenEndpoint.failure(answer, { kind: "terminal", reason: "unknown" })
        }
      )
      const failure = yield* Effect.flip(client.execute(sent))
      assert.deepInclude({ ...failure }, { kind: "terminal", status: 200, error: "bad …", errorDescription: "x" })
    }))

  it.effect("a success passes", () =>
    Effect.gen(function*() {
      const body = yield* ask(answering(JSON.stringify(pair)), { refusal: () => undefined })
      assert.deepStrictEqual(body, pair)
    }))
})

class Api extends HttpApi.make("example").add(
  HttpApiGroup.make("token")
    .add(
      HttpApiEndpoint.post("create", "/token")
        .setPayload(Schema.Struct({ refresh_token: WireSchema.Secret }))
        .addSuccess(TokenEndpoint.TokenBody, { status: 201 })
    )
    .add(HttpApiEndpoint.post("plain", "/plain").addSuccess(TokenEndpoint.TokenBody))
    .add(HttpApiEndpoint.del("revoke", "/token").addSuccess(HttpApiSchema.NoContent))
    .add(
      HttpApiEndpoint.get("nested", "/nested").addSuccess(
        Schema.Struct({ data: Schema.Struct({ items: Schema.Array(Schema.Struct({ id: Schema.Number })) }) })
      )
    )
    .add(
      HttpApiEndpoint.get("record", "/record").addSuccess(Schema.Record({ key: Schema.String, value: Schema.Number }))
    )
) {}

describe("a contract that lists the true status", () => {
  const api = (make: () => Response) => {
    let sends = 0
    const client = stub(() => {
      sends++
      return make()
    })
    return Effect.map(
      HttpApiClient.makeWith(Api, {
        httpClient: TokenEndpoint.client(client, { classify }),
        baseUrl: "https://api.test"
      }),
      ({ token }) => ({ token, sends: () => sends })
    )
  }
  for (const status of [200, 201, 202]) {
    it.effect(`a server that says ${status} to a contract with 201 and to one with 200`, () =>
      Effect.gen(function*() {
        const { sends, token } = yield* api(() => new Response(JSON.stringify(pair), { status }))
        const payload = { refresh_token: Schema.decodeSync(WireSchema.Secret)("r") }
        const created = yield* TokenEndpoint.exchange(token.create({ payload }))
        assert.strictEqual(created.expires_in, 3600)
        assert.strictEqual((yield* TokenEndpoint.exchange(token.plain())).expires_in, 3600)
        assert.strictEqual(sends(), 2)
      }))
  }
  for (const status of [200, 201, 204]) {
    it.effect(`a server that says ${status} to a contract with 204`, () =>
      Effect.gen(function*() {
        const { sends, token } = yield* api(() => new Response(status === 204 ? null : "{}", { status }))
        assert.isUndefined(yield* TokenEndpoint.exchange(token.revoke()))
        assert.strictEqual(sends(), 1)
      }))
  }

  it.effect("JSON that is nested 100,000 levels deep is read", () =>
    Effect.gen(function*() {
      const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
      const { token } = yield* api(() => new Response(`{"access_token":"${secret}","x":${nested}}`))
      const { access_token } = yield* TokenEndpoint.exchange(token.plain())
      assert.strictEqual(Redacted.value(access_token), secret)
    }))

  it.effect("nested too deep and with the wrong fields, it is malformed, and no defect", () =>
    Effect.gen(function*() {
      const nested = `${"[".repeat(100_000)}${"]".repeat(100_000)}`
      const { token } = yield* api(() => new Response(`{"access_token":${nested}}`))
      assert.strictEqual((yield* Effect.flip(TokenEndpoint.exchange(token.plain()))).reason, "malformed")
    }))

  it.effect("the second of two calls may be the one with another status", () =>
    Effect.gen(function*() {
      let call = 0
      const { sends, token } = yield* api(() => {
        call++
        return new Response(JSON.stringify({ ...pair, expires_in: call }), { status: call === 1 ? 200 : 202 })
      })
      const both = Effect.zip(token.plain(), token.plain())
      const [one, two] = yield* TokenEndpoint.exchange(both)
      assert.deepStrictEqual([one.expires_in, two.expires_in], [1, 2])
      assert.strictEqual(sends(), 2)
    }))

  it("the document has it", () => {
    const paths = OpenApi.fromApi(Api).paths["/token"]
    assert.hasAnyKeys(paths?.post?.responses ?? {}, ["201"])
    assert.hasAnyKeys(paths?.delete?.responses ?? {}, ["204"])
  })

  it.effect("what can't be read is named by its field and the status, never by a value", () =>
    Effect.gen(function*() {
      const detailOf = (body: unknown, call: "plain" | "nested" | "record") =>
        Effect.gen(function*() {
          const { token } = yield* api(() => new Response(JSON.stringify(body), { status: 200 }))
          const failure: ExchangeFailure = yield* Effect.flip(
            Effect.asVoid(TokenEndpoint.exchange<unknown, unknown, never>(token[call]()))
          )
          assert.strictEqual(failure.status, 200)
          assert.isUndefined(Redaction.findSecret(failure, [secret]))
          return failure.detail
        })
      assert.match((yield* detailOf({ access_token: 7 }, "plain")) ?? "", /^field access_token /)
      assert.match((yield* detailOf({ refresh_token: secret }, "plain")) ?? "", /^field access_token /)
      assert.match(
        (yield* detailOf({ data: { items: [{ id: 1 }, { id: secret }] } }, "nested")) ?? "",
        /data\.items\[1\]\.id/
      )
      assert.match((yield* detailOf({ [secret]: secret }, "record")) ?? "", /^field \? /)
      assert.match((yield* detailOf(secret, "plain")) ?? "", /^not what the contract says/)
      const error = yield* Effect.flip(
        TokenEndpoint.call(Effect.fail("x"), { provider: "p", account: "a", operation: "o" })
      )
      assert.strictEqual(error._tag, "AuthMisconfigured")
    }))

  it.effect("the public error has it", () =>
    Effect.gen(function*() {
      const { token } = yield* api(() => new Response("{}", { status: 200 }))
      const about = { provider: "example", account: "a", operation: "tokenInfo" }
      const error = yield* Effect.flip(TokenEndpoint.call(token.plain(), about))
      assert.strictEqual(
        error.message,
        "example tokenInfo (HTTP 200): unavailable, malformed: field access_token is missing or not what the contract says"
      )
    }))
})
