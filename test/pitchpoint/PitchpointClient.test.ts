import type * as ProviderSettings from "@effect-auth/core/ProviderSettings"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import type * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PitchpointFault from "@effect-auth/pitchpoint/PitchpointFault"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as HttpBody from "@effect/platform/HttpBody"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { issued, password, settings, stub, world } from "./fixtures.ts"

const query = "/riskinsight-services-ws/resources/v1/orders/query"
const blj = "/riskinsight-services-ws/resources/v1/sami/DetailedBLJ/PDF-001"
const order = HttpBody.unsafeJson({
  CorrelationID: "c-1",
  Terms: { Term: [{ Person: { FirstName: "Janet", LastName: "Elahi", SSN: "111111111" } }] }
})

const run = <A, E>(
  test: Effect.Effect<
    A,
    E,
    PitchpointAuth.PitchpointAuth | Pitchpoint.PitchpointClient | PitchpointSandbox.PitchpointSandbox
  >,
  options?: ProviderSettings.Options<PitchpointAuth.PitchpointCredentials>,
  sandbox?: PitchpointSandbox.Options
) =>
  test.pipe(
    Effect.provide(Pitchpoint.layer(settings, { credentials: Effect.succeed(password), ...options })),
    Effect.provide(world(sandbox))
  )

const calls = Effect.map(
  Effect.flatMap(PitchpointSandbox.PitchpointSandbox, (sandbox) => sandbox.log),
  (log) => log.filter(({ operation }) => operation === "api")
)

describe("the client", () => {
  it.effect("orders, follows the Ref and searches", () =>
    run(Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      const placed: any = yield* Effect.flatMap(client.post(blj, { body: order }), (response) => response.json)
      expect(placed.Messages.Message[0]).toMatchObject({ Category: "Info", Code: "I001" })
      expect(placed.Ref).toMatch(
        /^https:\/\/api\.pointservices\.com\/riskinsight-services-ws\/resources\/v1\/sami\/\d+$/
      )
      const again: any = yield* Effect.flatMap(client.get(placed.Ref), (response) => response.json)
      expect(again.TransactionID).toBe(placed.TransactionID)
      const page: any = yield* Effect.flatMap(client.post(query), (response) => response.json)
      expect(page).toMatchObject({ count: 1, limit: 100, results: [{ OrderGuid: placed.TransactionID }] })
    })))

  it.effect("a 401 renews the session and sends the order once more", () =>
    run(Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      yield* client.post(query)
      yield* Effect.flatMap(PitchpointSandbox.PitchpointSandbox, (sandbox) => sandbox.expireAccessTokens)
      const response = yield* client.post(blj, { body: order })
      expect(response.status).toBe(200)
      expect((yield* calls).map(({ sent }) => sent)).toEqual([200, 401, 200])
    })))

  it.effect("another status can be declared", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        yield* client.post(query)
        yield* Effect.flatMap(PitchpointSandbox.PitchpointSandbox, (sandbox) => sandbox.expireAccessTokens)
        expect((yield* client.post(query)).status).toBe(401)
      }),
      { rejection: { statuses: [498] } }
    ))

  it.effect("does not send the token anywhere else", () =>
    run(Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      const error = yield* Effect.flip(client.get("https://pointservices.example/resources"))
      expect(error).toMatchObject({ _tag: "AuthMisconfigured", reason: "origin" })
    })))
})

describe("a fault inside a 200", () => {
  const faulty = { refusals: { token: "fault" } } as const
  const expire = Effect.flatMap(PitchpointSandbox.PitchpointSandbox, (sandbox) => sandbox.expireAccessTokens)

  it.effect("is an ordinary answer unless it is declared", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        yield* client.post(query)
        yield* expire
        const body: any = yield* Effect.flatMap(client.post(query), (response) => response.json)
        expect(body.Messages.Message[0]).toMatchObject({ Category: "Fault", Code: "E006" })
      }),
      {},
      faulty
    ))

  it.effect("declared, it renews the session; a search is sent again, the answer stays readable", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        yield* client.post(query)
        yield* expire
        const body: any = yield* Effect.flatMap(client.post(query), (response) => response.json)
        expect(body).toMatchObject({ count: 0, results: [] })
        expect(yield* calls).toHaveLength(3)
      }),
      { rejection: { body: PitchpointFault.notAuthorized } },
      faulty
    ))

  it.effect("an order is not sent again, because a body proves nothing; the next one finds a token that works", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        yield* client.post(query)
        yield* expire
        expect(yield* Effect.flip(client.post(blj, { body: order }))).toMatchObject({
          _tag: "AccessTokenRejected",
          reason: "policy",
          status: 200
        })
        const body: any = yield* Effect.flatMap(client.post(blj, { body: order }), (response) => response.json)
        expect(body.Messages.Message[0].Code).toBe("I001")
      }),
      { rejection: { body: PitchpointFault.notAuthorized } },
      faulty
    ))

  it.effect("another fault is the caller's", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        const body: any = yield* client.get("/riskinsight-services-ws/resources/v1/sami/0").pipe(
          Effect.flatMap((response) => response.json)
        )
        expect(body.Messages.Message[0].Code).toBe("E014")
        expect(yield* calls).toHaveLength(1)
      }),
      { rejection: { body: PitchpointFault.notAuthorized } },
      faulty
    ))

  it.effect("only a message of category Fault counts, only in JSON under 200", () => {
    const message = (Category: string) => ({ Messages: { Message: [{ Category, Code: "E006" }] } })
    const answers: ReadonlyArray<Response> = [
      Response.json(message("Info")),
      Response.json(message("Fault"), { status: 202 }),
      new Response(JSON.stringify(message("Fault")), { headers: { "content-type": "text/plain" } }),
      new Response("{\"Messages\":", { headers: { "content-type": "application/json" } }),
      Response.json({ ...message("Fault"), filler: "x".repeat(70_000) }, { headers: { "content-length": "70100" } })
    ]
    const left = [...answers]
    const { layer, requests } = stub((request) =>
      request.url.includes("/oauth2/") ? Response.json(issued) : left.shift()!
    )
    return Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      for (const answer of answers) expect((yield* client.get("/orders")).status).toBe(answer.status)
      expect(requests).toHaveLength(1 + answers.length)
    }).pipe(
      Effect.provide(
        Pitchpoint.layer(settings, {
          credentials: Effect.succeed(password),
          rejection: { body: PitchpointFault.notAuthorized }
        })
      ),
      Effect.provide(Layer.merge(layer, TokenStore.layerMemory))
    )
  })

  it.effect("the refused answer is handed over whole to who asks for it", () =>
    run(
      Effect.gen(function*() {
        const client = yield* Pitchpoint.PitchpointClient
        yield* client.post(query)
        yield* expire
        const body: any = yield* Effect.flatMap(client.post(blj, { body: order }), (response) => response.json)
        expect(body.Messages.Message[0].Code).toBe("E006")
      }),
      { rejection: { body: PitchpointFault.notAuthorized }, client: { onRejected: "response" } },
      faulty
    ))

  it.effect("reads of one's own are added to Query Orders, and do not replace it", () => {
    const fault = { Messages: { Message: [{ Category: "Fault", Code: "E006" }] } }
    const { layer, requests } = stub((request) => Response.json(request.url.includes("/oauth2/") ? issued : fault))
    return Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      const sentTwice = (path: string) =>
        Effect.gen(function*() {
          yield* Effect.ignore(client.post(path))
          yield* TestClock.adjust("1 hour")
          const sent = requests.filter(({ url }) => url.endsWith(path)).length
          return sent === 2
        })
      expect(yield* sentTwice(query)).toBe(true)
      expect(yield* sentTwice("/my/search")).toBe(true)
      expect(yield* sentTwice("/my/order")).toBe(false)
    }).pipe(
      Effect.provide(
        Pitchpoint.layer(settings, {
          credentials: Effect.succeed(password),
          rejection: { body: PitchpointFault.notAuthorized },
          refresh: { mode: "onDemand" },
          client: { isRead: (request) => request.url.endsWith("/my/search") }
        })
      ),
      Effect.provide(Layer.merge(layer, TokenStore.layerMemory))
    )
  })

  it.effect("also when its body can be read only once", () => {
    const fault = { Messages: { Message: [{ Category: "Fault", Code: "E006" }] } }
    const { layer } = stub((request) => Response.json(request.url.includes("/oauth2/") ? issued : fault))
    return Effect.gen(function*() {
      const client = yield* Pitchpoint.PitchpointClient
      for (const response of [yield* client.get("/orders"), yield* client.post("/orders")]) {
        expect(yield* response.json).toEqual(fault)
      }
    }).pipe(
      Effect.provide(
        Pitchpoint.layer(settings, {
          credentials: Effect.succeed(password),
          rejection: { body: PitchpointFault.notAuthorized },
          client: { onRejected: "response" }
        })
      ),
      Effect.provide(Layer.merge(layer, TokenStore.layerMemory))
    )
  })
})
