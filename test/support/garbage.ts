/** Answers of a server that has lost its mind, and what they may do to a session. */
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as fc from "effect/FastCheck"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"

/**
 * How a body comes: at once · letter by letter, one each second, and never ends · without an end as fast as it is read ·
 * cut by an error · thrown by a defect.
 */
export type Flow = "whole" | "drip" | "endless" | "cut" | "defect"

export interface Answer {
  readonly _tag: "Answer"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  readonly flow: Flow
}

/** No answer at all. `silence`: nothing ever comes. */
export interface NoAnswer {
  readonly _tag: "NoAnswer"
  readonly how: "silence" | "transport" | "decode" | "encode" | "url" | "defect" | "interrupt"
}

export type Garbage = Answer | NoAnswer

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body

const streamOf = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Answer,
  response: HttpClientResponse.HttpClientResponse
) => {
  const bytes = bytesOf(answer.body)
  const cut = Stream.fail(
    new HttpClientError.ResponseError({ request, response, reason: "Decode", cause: answer.body })
  )
  switch (answer.flow) {
    case "whole":
      return Stream.succeed(bytes)
    case "drip":
      return Stream.concat(
        Stream.succeed(bytes),
        Stream.map(Stream.fromSchedule(Schedule.spaced("1 second")), () => new Uint8Array([32]))
      )
    case "endless":
      return Stream.concat(Stream.succeed(bytes), Stream.forever(Stream.succeed(new Uint8Array(64 * 1024).fill(32))))
    case "cut":
      return Stream.concat(Stream.succeed(bytes), cut)
    case "defect":
      return Stream.die(new Error("a body of the platform's own making"))
  }
}

/** Also statuses that no `Response` can have. */
export const respond = (
  request: HttpClientRequest.HttpClientRequest,
  answer: Garbage
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  if (answer._tag === "NoAnswer") return withoutAnswer(request, answer.how)
  const plain = HttpClientResponse.fromWeb(request, new Response(null, { status: 200 }))
  const response: HttpClientResponse.HttpClientResponse = Object.create(plain, {
    status: { value: answer.status },
    headers: { value: answer.headers },
    stream: { get: () => streamOf(request, answer, plain) },
    arrayBuffer: {
      get: () =>
        Stream.runFold(streamOf(request, answer, plain), 0, (size, chunk) => size + chunk.byteLength).pipe(
          Effect.map((size) => new ArrayBuffer(Math.min(size, 1024)))
        )
    }
  })
  return Effect.succeed(response)
}

const withoutAnswer = (request: HttpClientRequest.HttpClientRequest, how: NoAnswer["how"]) => {
  switch (how) {
    case "silence":
      return Effect.never
    case "defect":
      return Effect.die({ not: "an Error" })
    case "interrupt":
      return Effect.interrupt
    case "decode": {
      const response = HttpClientResponse.fromWeb(request, new Response("x"))
      return Effect.fail(new HttpClientError.ResponseError({ request, response, reason: "Decode", cause: "x" }))
    }
    case "transport":
      return Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: Object.create(null) }))
    case "encode":
      return Effect.fail(new HttpClientError.RequestError({ request, reason: "Encode", cause: Object.create(null) }))
    case "url":
      return Effect.fail(
        new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: Object.create(null) })
      )
  }
}

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.constantFrom(
    "",
    "\u0000",
    "a\r\nx-evil: 1",
    "tok\u0007en",
    "ключ",
    "a b",
    "\ud800",
    "x".repeat(20_000),
    "__proto__"
  )
)

/** Raw JSON, because `1e400` and doubled names can't be made of values. */
const expiresIn = fc.oneof(
  fc.constantFrom(
    "3600",
    "\"3600\"",
    "\"\"",
    "\" 60 \"",
    "0",
    "-1",
    "-1e400",
    "1e400",
    "1e-400",
    "0.5",
    "[3600]",
    "{}",
    "null",
    "true",
    "\"soon\"",
    "\"0x10\"",
    "9007199254740993",
    "\"1e999\"",
    "\"-Infinity\"",
    "\"NaN\""
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
  fc.json({ maxDepth: 2 })
)

const field = fc.oneof(
  { weight: 3, arbitrary: text.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.json({ maxDepth: 2 }) },
  { weight: 3, arbitrary: fc.constantFrom("\"good-token\"", "\"17|good\"") }
)

const tokenBody = fc.record({
  access: field,
  refresh: fc.option(field),
  type: fc.option(fc.oneof(fc.constantFrom("\"bearer\"", "\"BEARER\"", "\"mac\"", "null", "7"), field), { freq: 2 }),
  expiresIn: fc.option(expiresIn, { freq: 8 }),
  scope: fc.option(fc.oneof(fc.constantFrom("\"a b\"", "null", "[]", "\"  \""), field), { freq: 2 }),
  twice: fc.boolean()
}).map(({ access, expiresIn, refresh, scope, twice, type }) =>
  `{"access_token":${access}` +
  (refresh === null ? "" : `,"refresh_token":${refresh}`) +
  (type === null ? "" : `,"token_type":${type}`) +
  (expiresIn === null ? "" : `,"expires_in":${expiresIn}`) +
  (scope === null ? "" : `,"scope":${scope}`) +
  (twice ? `,"access_token":"second","__proto__":{"access_token":1}}` : "}")
)

const codes = [
  "invalid_grant",
  "invalid_client",
  "invalid_request",
  "invalid_scope",
  "unauthorized_client",
  "temporarily_unavailable",
  "server_error",
  "access_denied",
  "__proto__",
  "constructor",
  "toString",
  ""
]

const errorBody = fc.record({
  error: fc.oneof(fc.constantFrom(...codes).map((code) => JSON.stringify(code)), field),
  description: fc.option(field)
}).map(({ description, error }) =>
  `{"error":${error}${description === null ? "" : `,"error_description":${description}`}}`
)

const body = fc.oneof<Array<fc.Arbitrary<string | Uint8Array>>>(
  tokenBody,
  errorBody,
  text,
  fc.json(),
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom<Array<string | Uint8Array>>(
    "",
    "null",
    "[]",
    "\"token\"",
    "{\"access_token\":",
    "\ufeff{\"access_token\":\"bom\",\"expires_in\":60}",
    "<html><body>It works</body></html>",
    "access_token=form&expires_in=60",
    "[".repeat(20_000),
    "{\"a\":".repeat(5_000),
    // UTF-16, gzip's first bytes, and letters that are none.
    new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]),
    new Uint8Array([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xff]),
    new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d])
  )
)

/** Where a redirect may lead: also to what is no URL. */
const location = fc.oneof(
  text,
  fc.constantFrom(
    "https://evil.test/",
    "//evil.test",
    "/elsewhere",
    "javascript:alert(1)",
    "https://api.test:99999/",
    "https://user:pw@api.test/",
    "http://[",
    "https://",
    "//",
    "https://%zz/"
  )
)

const headerValue = fc.oneof(
  text,
  fc.constantFrom(
    "application/json",
    "text/html; charset=klingon",
    "gzip",
    "br, gzip, identity",
    "-1",
    "0",
    "NaN",
    "5",
    "99999999999999999999",
    "1e400",
    "Tue, 18 Nov 2025 14:03:00 GMT",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "3600",
    "garbage"
  ),
  location
)

const headers = fc.dictionary(
  fc.constantFrom(
    "content-type",
    "content-length",
    "content-encoding",
    "retry-after",
    "location",
    "www-authenticate",
    "set-cookie",
    "x-any",
    "transfer-encoding"
  ),
  headerValue,
  { maxKeys: 4, noNullPrototype: true }
)

const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(400, 401, 403, 460, 461, 462, 429, 503, 408, 301, 302, 303, 307, 308, 204, 205, 304, 0)
  },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 599 }) },
  { weight: 2, arbitrary: fc.constantFrom(500, 502, 503, 504) }
)

const flow = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Flow>("whole") },
  { weight: 1, arbitrary: fc.constantFrom<Array<Flow>>("drip", "cut", "endless", "defect") }
)

const answer = (status: fc.Arbitrary<number>, body: fc.Arbitrary<string | Uint8Array>): fc.Arbitrary<Answer> =>
  fc.record({ _tag: fc.constant("Answer" as const), status, headers, body, flow })

export const garbageAnswer: fc.Arbitrary<Answer> = answer(status, body)

export const garbageSuccess: fc.Arbitrary<Answer> = answer(fc.constantFrom(200, 201, 204, 299), tokenBody)

export const garbageRefusal: fc.Arbitrary<Answer> = answer(fc.constantFrom(400, 401, 403), errorBody)

const redirect: fc.Arbitrary<Answer> = fc.record({
  _tag: fc.constant("Answer" as const),
  status: fc.constantFrom(301, 302, 303, 307, 308),
  headers: fc.record({ location }),
  body,
  flow
})

const noAnswer: fc.Arbitrary<NoAnswer> = fc.record({
  _tag: fc.constant("NoAnswer" as const),
  how: fc.constantFrom<Array<NoAnswer["how"]>>("silence", "transport", "decode", "encode", "url", "defect", "interrupt")
})

export const garbage: fc.Arbitrary<Garbage> = fc.oneof(
  { weight: 6, arbitrary: garbageAnswer },
  { weight: 2, arbitrary: garbageSuccess },
  { weight: 2, arbitrary: garbageRefusal },
  { weight: 1, arbitrary: noAnswer }
)

/** What an API may answer: defects and silence of the caller's own client are the caller's, and pass through. */
export const apiGarbage: fc.Arbitrary<Garbage> = fc.oneof(
  garbage.filter((answer) => answer._tag === "Answer" || !["silence", "defect", "interrupt"].includes(answer.how)),
  answer(fc.constantFrom(401, 460), body),
  redirect
)

/** The `error` of a body, read as any client would. */
const codeOf = (answer: Answer): string | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytesOf(answer.body)))
    if (typeof parsed !== "object" || parsed === null || !Object.hasOwn(parsed, "error")) return undefined
    const { error } = parsed as { readonly error: unknown }
    return typeof error === "string" && error !== "" ? error : undefined
  } catch {
    return undefined
  }
}

/** RFC 6749 section 5.2: the refresh token is dead. */
export const isTerminal = (answer: Garbage): boolean =>
  answer._tag === "Answer" && answer.status >= 400 && answer.status < 500 && codeOf(answer) === "invalid_grant"

/** A refusal in words that no standard knows: the second of them may end a session. */
export const isRefusal = (answer: Garbage): boolean =>
  answer._tag === "Answer" && [400, 401, 403].includes(answer.status) && codeOf(answer) !== undefined

/** A 400 without a reason: in doubt, the second of them may end a session (G27). */
export const isMute = (answer: Garbage): boolean =>
  answer._tag === "Answer" && answer.status === 400 && codeOf(answer) === undefined
