/**
 * Each fault, in process and over a real socket: what the client sees, and whether the state changed.
 */
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Http from "node:http"

const headers = {
  "x-client-authorization": PlacewiseSandbox.defaults.clientToken,
  "x-user-agent": "test",
  "x-product-name": "sandbox"
}

const signIn = {
  grant_type: "password",
  identifier_type: "id",
  identifier: 42,
  password: "correct horse"
}

interface Seen {
  readonly status: number
  readonly body: string
}

/** What a client makes of a sign-in: an answer, or in which part of it the call broke. */
const attempt = (client: HttpClient.HttpClient, base: string) =>
  client.post(`${base}/v3/infinity-mall/members/oauth/token`, { headers, body: HttpBody.unsafeJson(signIn) }).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (body): Seen => ({ status: response.status, body }))),
    Effect.mapError((error) => `${error._tag} ${error.reason}`),
    Effect.either
  )

const onSocket = <A>(
  test: (sandbox: PlacewiseSandbox.Service, call: Effect.Effect<Either.Either<Seen, string>>) => Effect.Effect<A>
) =>
  Effect.gen(function*() {
    const sandbox = yield* PlacewiseSandbox.make()
    const base = yield* Sandbox.serve(sandbox)
    return yield* test(sandbox, attempt(yield* HttpClient.HttpClient, base))
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" })),
    Effect.provide(FetchHttpClient.layer)
  )

const inProcess = <A>(
  test: (sandbox: PlacewiseSandbox.Service, call: Effect.Effect<Either.Either<Seen, string>>) => Effect.Effect<A>
) =>
  Effect.flatMap(
    PlacewiseSandbox.make(),
    (sandbox) => test(sandbox, attempt(sandbox.httpClient, "https://api.mpc.placewise.com"))
  )

/** The fault, what the client sees, and how many pairs were issued. */
const cases: ReadonlyArray<readonly [Faults.Fault, Either.Either<Seen, string>, number]> = [
  [
    Faults.status(503, { body: { error: "Maintenance" } }),
    Either.right({ status: 503, body: "{\"error\":\"Maintenance\"}" }),
    0
  ],
  [Faults.status(400), Either.right({ status: 400, body: "" }), 0],
  [Faults.status(502, { body: "<html>" }), Either.right({ status: 502, body: "<html>" }), 0],
  [Faults.refused, Either.left("RequestError Transport"), 0],
  [Faults.reset("before"), Either.left("RequestError Transport"), 0],
  [Faults.reset("after"), Either.left("RequestError Transport"), 1],
  [Faults.lost, Either.left("RequestError Transport"), 1],
  [Faults.truncated, Either.left("ResponseError Decode"), 1],
  [Faults.notJson, Either.right({ status: 200, body: "<html><body>It works</body></html>" }), 1],
  [Faults.body("{}"), Either.right({ status: 200, body: "{}" }), 1],
  [Faults.compose(Faults.delay("10 millis"), Faults.lost), Either.left("RequestError Transport"), 1]
]

const granted = (sandbox: Sandbox.Sandbox) =>
  Effect.map(sandbox.counters, (counters) => Sandbox.exchanges(counters, "password").granted)

describe("Faults", () => {
  for (const [where, run] of [["in process", inProcess], ["on a socket", onSocket]] as const) {
    for (const [fault, seen, issued] of cases) {
      it.live(`${fault.name}, ${where}`, () =>
        run((sandbox, call) =>
          Effect.gen(function*() {
            yield* sandbox.faults.next("token", fault)
            expect(yield* call).toEqual(seen)
            expect(yield* granted(sandbox)).toBe(issued)
            expect((yield* sandbox.log)[0]?.fault).toBe(fault.name)
            // It strikes once, and the connection's end harms no later request.
            expect(Either.map(yield* call, ({ status }) => status)).toEqual(Either.right(200))
          })
        ))
    }

    it.live(`leaving during a delay changes nothing, ${where}`, () =>
      run((sandbox, call) =>
        Effect.gen(function*() {
          yield* sandbox.faults.next("token", Faults.delay("400 millis"))
          expect((yield* Effect.timeoutOption(call, "200 millis"))._tag).toBe("None")
          yield* Effect.sleep("400 millis")
          const [entry, ...rest] = yield* sandbox.log
          expect(rest).toEqual([])
          expect([entry?.issued, entry?.status, entry?.sent]).toEqual([undefined, undefined, undefined])
        })
      ))

    it.live(`what never answers can be left, and the server can still close, ${where}`, () =>
      run((sandbox, call) =>
        Effect.gen(function*() {
          yield* sandbox.faults.next("sign-in", Faults.hang("before"))
          yield* sandbox.faults.next("sign-in", Faults.hang("after"))
          yield* sandbox.faults.next("sign-in", Faults.stalled)
          for (const issued of [0, 1, 2]) {
            const left = yield* Effect.timeoutOption(call, "100 millis")
            expect(left._tag).toBe("None")
            expect(yield* granted(sandbox)).toBe(issued)
          }
        })
      ))
  }

  it.live("a server closes while requests hang that nobody leaves", () =>
    Effect.gen(function*() {
      const closed = yield* Effect.timed(onSocket((sandbox, call) =>
        Effect.gen(function*() {
          yield* sandbox.faults.next("any", Faults.hang("after"))
          const fiber = yield* Effect.forkDaemon(call)
          yield* Effect.repeat(Effect.delay(sandbox.counters, "10 millis"), {
            until: (counters) => counters.requests === 1
          })
          return fiber
        })
      ))
      const [time, fiber] = closed
      expect(Duration.toMillis(time)).toBeLessThan(2000)
      expect(yield* Fiber.join(fiber)).toEqual(Either.left("RequestError Transport"))
    }))

  it.effect("delays follow the caller's clock, and leaving during a delay changes nothing", () =>
    inProcess((sandbox, call) =>
      Effect.gen(function*() {
        yield* sandbox.faults.next("token", Faults.delay("1 hour"))
        const left = yield* Effect.fork(call)
        yield* TestClock.adjust("59 minutes")
        yield* Fiber.interrupt(left)
        expect(yield* granted(sandbox)).toBe(0)
        yield* sandbox.faults.next("token", Faults.delayAnswer("1 hour"))
        const waiting = yield* Effect.fork(call)
        yield* TestClock.adjust("59 minutes")
        expect(yield* granted(sandbox)).toBe(1)
        expect(yield* Fiber.poll(waiting)).toMatchObject({ _tag: "None" })
        yield* TestClock.adjust("1 minutes")
        expect(Either.isRight(yield* Fiber.join(waiting))).toBe(true)
      })
    ))

  it.effect("faults wait in order, for their operation, as often as told", () =>
    inProcess((sandbox, call) =>
      Effect.gen(function*() {
        yield* sandbox.faults.next("revoke", Faults.status(500))
        yield* sandbox.faults.next("refresh", Faults.status(501))
        yield* sandbox.faults.next("token", Faults.status(502), 2)
        yield* sandbox.faults.next("any", Faults.status(503))
        const statuses: Array<number> = []
        for (let i = 0; i < 4; i++) statuses.push(Either.getOrThrow(yield* call).status)
        expect(statuses).toEqual([502, 502, 503, 200])
        expect(yield* sandbox.faults.pending).toBe(2)
        yield* sandbox.faults.next("any", Faults.status(503), Infinity)
        expect(Either.getOrThrow(yield* call).status).toBe(503)
        yield* sandbox.faults.clear
        expect(yield* sandbox.faults.pending).toBe(0)
        expect(Either.getOrThrow(yield* call).status).toBe(200)
        expect((yield* sandbox.counters).exchanges["password"]).toEqual({ granted: 2, refused: 0, unhandled: 4 })
      })
    ))

  it.effect("requests that are sent together overlap", () =>
    inProcess((sandbox) =>
      Effect.gen(function*() {
        const get = Effect.ignore(sandbox.httpClient.get("https://api.mpc.placewise.com/nowhere"))
        const arrived = Effect.map(sandbox.counters, (counters) => counters.requests)
        const seen = yield* Effect.all(
          Array.from({ length: 100 }, () => Effect.zipRight(get, arrived)),
          { concurrency: "unbounded" }
        )
        expect(Math.min(...seen)).toBe(100)
      })
    ))
})
