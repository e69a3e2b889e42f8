/** The laws about a server that fails, is not reached, or is not the server at all: what a provider says became of a call. */
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
import type { Answering, Operation, Ready, Rule, World } from "./lawWorld.ts"

const exchanges: ReadonlyArray<Operation> = ["signIn", "refresh"]
const calls: ReadonlyArray<Operation> = ["signIn", "refresh", "revoke"]

/** An answer in the server's place: nothing is carried out. */
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

/** Makes a call under an answer, and hands over how it failed. No call is ever sent twice. */
const failing = Effect.fnUntraced(function*(
  world: World,
  operation: Operation,
  answer: Answering,
  what: string
): Effect.fn.Return<{ readonly failure: ExchangeFailure; readonly ready: Ready } | undefined, LawBroken> {
  const ready = yield* world.ready(operation, operation)
  if (ready === undefined) return undefined
  const { requests, result } = yield* world.outcome(operation, ready.call, answer)
  const sent = requests.length
  if (sent < 1 || sent > ready.requests) return yield* fails(operation, `${what}: it sent ${sent} requests`)
  if (Either.isRight(result)) return yield* fails(operation, `${what}: it succeeded`)
  return { failure: result.left, ready }
})

/** Each of the calls, under each of the answers, fails as `expected` says. */
const told = (
  world: World,
  operations: ReadonlyArray<Operation>,
  answers: Readonly<Record<string, Answering>>,
  expected: (failure: ExchangeFailure, operation: Operation) => boolean
): Effect.Effect<void, LawBroken> =>
  Effect.gen(function*() {
    for (const operation of operations) {
      for (const [what, answer] of Object.entries(answers)) {
        const failed = yield* failing(world, operation, answer, what)
        if (failed === undefined) continue
        yield* holds(operation, expected(failed.failure, operation), `${what}: it is ${failed.failure.message}`)
      }
    }
  })

const isTransient = (sent: ExchangeFailure["sent"]) => (failure: ExchangeFailure) =>
  failure.kind === "transient" && failure.sent === sent

const rule = (name: string, keeps: Rule["keeps"]): Rule => ({ name, needsHttp: true, keeps })

const unsent = rule("a connection that was refused: surely nothing was sent", (world) =>
  told(
    world,
    calls,
    { refused: (request) => Effect.fail(broken(request, "ECONNREFUSED")) },
    isTransient("no")
  ))

const lost = rule("a connection that broke: it may have been carried out", (world) =>
  told(
    world,
    calls,
    {
      "broken before the answer": (request) => Effect.fail(broken(request, "ECONNRESET")),
      "broken after it was carried out": (request, right) =>
        Effect.zipRight(right, Effect.fail(broken(request, "ECONNRESET")))
    },
    isTransient("unknown")
  ))

const failed = rule(
  "500, 502 and 504 are transient, and it may have been carried out",
  (world) => told(world, calls, { 500: empty(500), 502: page(502), 504: page(504) }, isTransient("unknown"))
)

const seven = { "retry-after": "7" }

const busy = rule(
  "429 and 503 are transient, surely nothing was issued, and their Retry-After is told",
  (world) =>
    told(
      world,
      calls,
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
      calls,
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

/** The session machine looks at what a text holds; that it is one is up to the provider. */
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
    for (const operation of exchanges) {
      for (const status of [200, 400]) {
        let pulled = 0
        const answer = instead(() =>
          new Response(
            new ReadableStream({
              pull: (controller) => ++pulled > longest ? controller.close() : controller.enqueue(chunk)
            }),
            { status, headers: { "content-type": "application/json" } }
          )
        )
        yield* failing(world, operation, answer, "16 MiB")
        yield* holds(operation, pulled < longest / 4, "16 MiB: it read on after 4 of them")
      }
    }
  })
)

const silent = rule(
  "a call can be left while the server is silent",
  Effect.fnUntraced(function*(world) {
    for (const operation of calls) {
      const ready = yield* world.ready(operation, operation)
      if (ready === undefined) continue
      const arrived = yield* Deferred.make<void>()
      // What can't be left ends with this, so that the law does.
      const done = yield* Deferred.make<void>()
      const answer: Answering = (request) =>
        Deferred.succeed(arrived, undefined).pipe(
          Effect.zipRight(Deferred.await(done)),
          Effect.zipRight(Effect.fail(broken(request, "ECONNRESET")))
        )
      const calling = yield* Effect.fork(Effect.interruptible(world.outcome(operation, ready.call, answer)))
      yield* Deferred.await(arrived)
      const left = yield* Effect.timeoutOption(Effect.disconnect(Fiber.interrupt(calling)), "1 second")
      yield* Deferred.succeed(done, undefined)
      yield* holds(operation, left._tag === "Some", "who leaves has to wait for the server")
    }
  })
)

/** What a server may say: everything that it was sent, in each of the places that are shown to somebody. */
const echo = (secrets: ReadonlyArray<string>) => {
  const text = secrets.join(" ")
  return { error: text, error_description: text, message: text, success: false, details: { [text]: [{ error: text }] } }
}

const quiet = rule(
  "no secret shows in a failure, even when the server says all that it was sent",
  (world) =>
    Effect.gen(function*() {
      for (const operation of calls) {
        for (const status of [200, 302, 400, 401, 403, 422, 500]) {
          const ready = yield* world.ready(operation, operation)
          if (ready === undefined) continue
          const said = Response.json(echo(ready.secrets), {
            status,
            headers: { location: "https://elsewhere.example/" }
          })
          const { result } = yield* world.outcome(operation, ready.call, instead(() => said.clone()))
          const found = Either.isLeft(result) ? Redaction.findSecret(result.left, ready.secrets) : undefined
          yield* holds(operation, found === undefined, `under status ${status}, ${found?.message}`)
        }
      }
    })
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
