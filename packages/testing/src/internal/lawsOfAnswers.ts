/** The laws about a server that fails, can't be reached, or is another server: the `ExchangeFailure` of a call. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Redaction from "../Redaction.ts"
import { fails, holds, type LawBroken } from "./lawSupport.ts"
import { type Answering, each, type Operation, operations, type Ready, type Rule, type World } from "./lawWorld.ts"
import { disconnect } from "./seams/disconnect.ts"

const exchanges: ReadonlyArray<Operation> = ["signIn", "refresh"]

/** An answer instead of the server's: the request is not carried out. */
const instead = (make: () => Response): Answering => (request) =>
  Effect.sync(() => HttpClientResponse.fromWeb(request, make()))

const html = "<html><body>Access denied</body></html>"

const page = (status: number) => instead(() => new Response(html, { status, headers: { "content-type": "text/html" } }))

const empty = (status: number, headers: Record<string, string> = {}) =>
  instead(() => new Response(null, { status, headers }))

const broken = (request: HttpClientRequest.HttpClientRequest, code: "ECONNREFUSED" | "ECONNRESET") =>
  new HttpClientError.RequestError({
    request,
    reason: "Transport",
    cause: Object.assign(new Error(code), { code })
  })

/** Makes a call with this answer, and returns its failure. Also checks that the call is sent only once. */
const failing = Effect.fnUntraced(function*(
  world: World,
  { call, operation, requests: most }: Ready,
  answer: Answering,
  what: string
): Effect.fn.Return<ExchangeFailure, LawBroken> {
  const { requests, result } = yield* world.outcome(operation, call, answer)
  const sent = requests.length
  if (sent < 1 || sent > most) return yield* fails(operation, `${what}: it sent ${sent} requests`)
  if (Either.isRight(result)) return yield* fails(operation, `${what}: it succeeded`)
  return result.left
})

/** Checks that each call, with each answer, fails as `expected` says. */
const told = (
  world: World,
  operations: ReadonlyArray<Operation>,
  answers: Readonly<Record<string, Answering>>,
  expected: (failure: ExchangeFailure) => boolean
): Effect.Effect<void, LawBroken> =>
  Effect.forEach(Object.entries(answers), ([what, answer]) =>
    each(world, operations, (ready) =>
      Effect.flatMap(
        failing(world, ready, answer, what),
        (failure) => holds(ready.operation, expected(failure), `${what}: it is ${failure.message}`)
      )), { discard: true })

const isTransient = (sent: ExchangeFailure["sent"]) => (failure: ExchangeFailure) =>
  failure.kind === "transient" && failure.sent === sent

const rule = (name: string, keeps: Rule["keeps"]): Rule => ({ name, needsHttp: true, keeps })

const unsent = rule("a connection that was refused: surely nothing was sent", (world) =>
  told(
    world,
    operations,
    { refused: (request) => Effect.fail(broken(request, "ECONNREFUSED")) },
    isTransient("no")
  ))

const lost = rule("a connection that broke: it may have been carried out", (world) =>
  told(
    world,
    operations,
    {
      "broken before the answer": (request) => Effect.fail(broken(request, "ECONNRESET")),
      "broken after it was carried out": (request, right) =>
        Effect.zipRight(right, Effect.fail(broken(request, "ECONNRESET")))
    },
    isTransient("unknown")
  ))

const failed = rule(
  "500, 502 and 504 are transient, and it may have been carried out",
  (world) => told(world, operations, { 500: empty(500), 502: page(502), 504: page(504) }, isTransient("unknown"))
)

const seven = { "retry-after": "7" }

const busy = rule(
  "429 and 503 are transient, surely nothing was issued, and their Retry-After is reported",
  (world) =>
    told(
      world,
      operations,
      { 429: empty(429, seven), 503: empty(503, seven) },
      (failure) =>
        isTransient("answered")(failure) && failure.retryAfter !== undefined &&
        Duration.toSeconds(failure.retryAfter) === 7
    )
)

const redirect = (status: number) => empty(status, { location: "https://elsewhere.example/" })

const redirected = rule(
  "a redirect is not followed, and ends nothing",
  (world) =>
    told(
      world,
      operations,
      { 302: redirect(302), 307: redirect(307) },
      ({ kind }) => kind === "config" || kind === "transient"
    )
)

const foreign = rule(
  "a firewall's page ends no session, and counts no credentials as refused",
  (world) =>
    Effect.zipRight(
      told(
        world,
        exchanges,
        { 403: page(403), 418: page(418) },
        ({ kind }) => kind === "config" || kind === "transient"
      ),
      told(world, ["refresh"], { 400: empty(400), 401: page(401), 404: page(404) }, ({ kind }) => kind !== "terminal")
    )
)

const unreadable: Readonly<Record<string, string>> = {
  "a 200 with HTML": html,
  "a 200 that is cut": "{\"access_token\":\"a",
  "a 200 with a list": "[]",
  "a 200 with null": "null",
  "a 200 with an empty object": "{}",
  "an empty 200": ""
}

const json = (text: string) => instead(() => new Response(text, { headers: { "content-type": "application/json" } }))

const malformed = rule("a success that can't be read: it may have been carried out", (world) =>
  told(
    world,
    exchanges,
    Object.fromEntries(Object.entries(unreadable).map(([what, text]) => [what, json(text)])),
    isTransient("unknown")
  ))

/** The same JSON with another value for each text that is `secret`. */
const replaced = (node: unknown, secret: string, by: unknown): unknown => {
  if (node === secret) return by
  if (Array.isArray(node)) return node.map((one) => replaced(one, secret, by))
  if (!Predicate.isRecord(node)) return node
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, replaced(value, secret, by)]))
}

/** The provider must check that a token is a text. The session machine checks its characters. */
const notTokens: Readonly<Record<string, unknown>> = {
  "no access token": undefined,
  "null for an access token": null,
  "a number for an access token": 7
}

const accessToken = rule(
  "an answer without an access token: it may have been carried out",
  Effect.fnUntraced(function*(world) {
    const law = "access token"
    let body: unknown
    const remember: Answering = (_, right) =>
      Effect.tap(
        right,
        (response) => Effect.map(Effect.orElseSucceed(response.json, () => undefined), (json) => void (body = json))
      )
    const ready = yield* world.ready(law, "signIn")
    const { result } = yield* world.outcome(law, ready?.call ?? Effect.void, remember)
    const token = Either.isRight(result) && result.right ? Redacted.value(result.right.accessToken) : undefined
    if (token === undefined) return yield* fails(law, "a right server refused a sign-in")
    const wrongs = Object.entries(notTokens).map((
      [what, by]
    ) => [what, json(JSON.stringify(replaced(body, token, by)))])
    yield* told(world, exchanges, Object.fromEntries(wrongs), isTransient("unknown"))
  })
)

const chunk = new Uint8Array(64 * 1024).fill(0x20)
const longest = 256

const endless = rule(
  "a body without an end is not read to its end",
  Effect.fnUntraced(function*(world) {
    for (const status of [200, 400]) {
      let pulled = 0
      const answer = instead(() => {
        pulled = 0
        return new Response(
          new ReadableStream({
            pull: (controller) => ++pulled > longest ? controller.close() : controller.enqueue(chunk)
          }),
          { status, headers: { "content-type": "application/json" } }
        )
      })
      yield* each(world, exchanges, (ready) =>
        Effect.zipRight(
          failing(world, ready, answer, "16 MiB"),
          Effect.suspend(() => holds(ready.operation, pulled < longest / 4, "16 MiB: it read on after 4 of them"))
        ))
    }
  })
)

const silent = rule(
  "a call can be left while the server is silent",
  (world) =>
    each(
      world,
      operations,
      Effect.fnUntraced(function*({ call, operation }) {
        const arrived = yield* Deferred.make<void>()
        // Ends a call that can't be interrupted, so that the law itself ends.
        const done = yield* Deferred.make<void>()
        const answer: Answering = (request) =>
          Deferred.succeed(arrived, undefined).pipe(
            Effect.zipRight(Deferred.await(done)),
            Effect.zipRight(Effect.fail(broken(request, "ECONNRESET")))
          )
        const calling = yield* Effect.fork(Effect.interruptible(world.outcome(operation, call, answer)))
        yield* Deferred.await(arrived)
        const left = yield* Effect.timeoutOption(disconnect(Fiber.interrupt(calling)), "1 second")
        yield* Deferred.succeed(done, undefined)
        yield* holds(operation, left._tag === "Some", "who leaves has to wait for the server")
      })
    )
)

/** Answers that repeat all secrets of the request, in each field that may be shown. */
const echo = (secrets: ReadonlyArray<string>) => {
  const text = secrets.join(" ")
  return { error: text, error_description: text, message: text, success: false, details: { [text]: [{ error: text }] } }
}

const quiet = rule(
  "no secret shows in a failure, even when the server says all that it was sent",
  (world) =>
    Effect.forEach(
      [200, 302, 400, 401, 403, 422, 500],
      (status) =>
        each(
          world,
          operations,
          Effect.fnUntraced(function*({ call, operation, secrets }) {
            const headers = { location: "https://elsewhere.example/" }
            const answer = instead(() => Response.json(echo(secrets), { status, headers }))
            const { result } = yield* world.outcome(operation, call, answer)
            const found = Either.isLeft(result) ? Redaction.findSecret(result.left, secrets) : undefined
            yield* holds(operation, found === undefined, `under status ${status}, ${found?.message}`)
          })
        ),
      { discard: true }
    )
)

export const laws: ReadonlyArray<Rule> = [
  unsent,
  lost,
  failed,
  busy,
  redirected,
  foreign,
  malformed,
  accessToken,
  endless,
  silent,
  quiet
]
