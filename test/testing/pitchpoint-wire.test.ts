/**
 * The sandbox as seen by a program that knows nothing of this project: plain fetch, a real socket, and the examples of
 * the provider's pages.
 */
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import * as Http from "node:http"

interface Answer {
  readonly status: number
  readonly json: any
}

interface Wire {
  readonly sandbox: PitchpointSandbox.Service
  readonly base: string
  readonly post: (path: string, body?: unknown, headers?: Record<string, string>) => Effect.Effect<Answer>
  readonly get: (url: string, headers?: Record<string, string>) => Effect.Effect<Answer>
}

const call = (url: string, init: RequestInit): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    const text = await response.text()
    return { status: response.status, json: text === "" ? undefined : JSON.parse(text) }
  })

const wire = (test: (wire: Wire) => Effect.Effect<void>, options?: PitchpointSandbox.Options) =>
  Effect.gen(function*() {
    const sandbox = yield* PitchpointSandbox.make(options)
    const base = yield* Sandbox.serve(sandbox)
    yield* test({
      sandbox,
      base,
      post: (path, body, headers = {}) =>
        call(base + path, {
          method: "POST",
          headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
          body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body)
        }),
      get: (url, headers = {}) => call(url, { headers })
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  )

const signIn = "/user-management-services-ws/oauth2/002/signInWithPassword"
const refresh = "/user-management-services-ws/oauth2/002/refreshIdToken"
const query = "/riskinsight-services-ws/resources/v1/orders/query"
const blj = "/riskinsight-services-ws/resources/v1/sami/DetailedBLJ/PDF-001"
const user = { username: "service@example.com", password: "correct horse" }
const refusal = { error: "access_denied", error_description: "Invalid username / password combination" }
const bearer = (json: any) => ({ Authorization: `Bearer ${json.access_token}` })

describe("Pitchpoint on the wire", () => {
  it.live("the log shows no token that stands in a path, and requests are reported as they end", () =>
    wire(({ base, get, post, sandbox }) =>
      Effect.gen(function*() {
        const reported = yield* Effect.fork(Stream.runCollect(Stream.take(sandbox.ended, 2)))
        yield* Effect.sleep("20 millis")
        const { json } = yield* post("/user-management-services-ws/oauth2/002/signInWithPassword", {
          username: "service@example.com",
          password: "correct horse"
        })
        const headers = { Authorization: `Bearer ${json.access_token}` }
        yield* get(`${base}/riskinsight-services-ws/resources/v1/sami/${json.access_token}`, headers)
        const paths = (yield* sandbox.log).map(({ path }) => path)
        expect(paths[1]).toBe("/riskinsight-services-ws/resources/v1/sami/…")
        expect(Array.from(yield* Fiber.join(reported), ({ path }) => path)).toEqual(paths)
      })
    ))

  it.live("signs in and refreshes as the guide shows; the refresh token stays", () =>
    wire(({ post, sandbox }) =>
      Effect.gen(function*() {
        const first = yield* post(signIn, user)
        expect(first.status).toBe(200)
        expect(Object.keys(first.json).sort()).toEqual(["access_token", "expires_in", "refresh_token"])
        expect(first.json.expires_in).toBe(3600)
        const second = yield* post(refresh, { refresh_token: first.json.refresh_token })
        expect(second.json.refresh_token).toBe(first.json.refresh_token)
        expect(second.json.access_token).not.toBe(first.json.access_token)
        const third = yield* post(refresh, { refresh_token: first.json.refresh_token })
        expect(third.status).toBe(200)
        expect((yield* sandbox.counters).spent).toBe(0)
        // An access token lives to its end, whatever was refreshed meanwhile.
        expect((yield* post(query, {}, bearer(first.json))).status).toBe(200)
      })
    ))

  it.live("answers as the reference shows when asked to", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        const { json } = yield* post(signIn, { ...user, useralias: "branch-7" })
        expect(json).toMatchObject({ scope: "policy", token_type: "Bearer", expires_in: 3600 })
      }), { describesTokens: true }))

  it.live("refuses with one body under either status", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        expect(yield* post(signIn, { ...user, password: "wrong" })).toEqual({ status: 403, json: refusal })
        expect(yield* post(signIn, { ...user, username: "nobody" })).toEqual({ status: 403, json: refusal })
        expect(yield* post(refresh, { refresh_token: "unknown" })).toEqual({ status: 400, json: refusal })
        expect(yield* post(signIn, { ...user, useralias: "branch-8" })).toEqual({
          status: 400,
          json: { error: "access_denied", error_description: "The user alias is not enabled" }
        })
      }), { refusals: { password: 403, alias: 400 } }))

  it.live("tells what does not fit, and no value of it", () =>
    wire(({ base, get, post, sandbox }) =>
      Effect.gen(function*() {
        const typo = yield* post(refresh, "{\"refresh_token\":\"AMf-vBx\"\"}")
        expect(typo).toEqual({
          status: 400,
          json: { error: "invalid_request", error_description: "The body is not JSON" }
        })
        const missing = yield* post(signIn, { username: "s3cret" })
        expect(missing.status).toBe(400)
        expect(missing.json.error).toBe("invalid_request")
        expect(JSON.stringify(missing.json)).not.toContain("s3cret")
        const form = yield* post(signIn, "username=a", { "Content-Type": "application/x-www-form-urlencoded" })
        expect(form.status).toBe(400)
        expect((yield* post("/elsewhere", {})).status).toBe(404)
        expect((yield* get(base + signIn)).status).toBe(404)
        expect(Sandbox.exchanges(yield* sandbox.counters, "password").granted).toBe(0)
      })
    ))

  it.live("orders, tells the order by its Ref, and searches page by page", () =>
    wire(({ base, get, post }) =>
      Effect.gen(function*() {
        const token = bearer((yield* post(signIn, user)).json)
        const order = (FirstName: string) => ({
          CorrelationID: `for ${FirstName}`,
          Terms: { Term: [{ Person: { FirstName, LastName: "Elahi", SSN: "111111111" } }] }
        })
        const placed = yield* post(blj, order("Janet"), token)
        expect(placed.json).toMatchObject({
          CorrelationID: "for Janet",
          Status: { Code: "S001" },
          Messages: { Message: [{ Category: "Info", Code: "I001" }] }
        })
        expect(placed.json.Ref.startsWith(`${base}/riskinsight-services-ws/resources/v1/sami/`)).toBe(true)
        expect((yield* get(placed.json.Ref, token)).json.TransactionID).toBe(placed.json.TransactionID)
        const failed = yield* post(blj, order(""), token)
        expect(failed.json.Messages.Message[0]).toMatchObject({ Category: "Fault", Code: "E004" })
        yield* post(blj, order("Joe"), token)
        const page = yield* post(query, { limit: 1 }, token)
        expect(page.json).toMatchObject({ count: 1, limit: 1, results: [{ OrderSummary: "Janet Elahi" }] })
        const next = yield* post(query, { limit: 1, marker: page.json.nextMarker }, token)
        expect(next.json.results[0].OrderSummary).toBe("Joe Elahi")
        const byName = yield* post(query, { filters: { OrderSummary: { startsWithIgnoreCase: "JO" } } }, token)
        expect(byName.json.results).toHaveLength(1)
        expect((yield* post(query, undefined, token)).json.count).toBe(2)
        expect(yield* post(query, { filters: { InvalidField: { eq: "x" } } }, token)).toEqual({
          status: 400,
          json: { message: "Unsupported field: InvalidField" }
        })
        expect((yield* post(query, { filters: { ReferenceNumber: { NotARealOperator: "x" } } }, token)).json).toEqual({
          message: "Unsupported operator: NotARealOperator for field: ReferenceNumber"
        })
      })
    ))

  it.live("a dead access token gets 401, or a fault where that is chosen", () =>
    wire(({ post, sandbox }) =>
      Effect.gen(function*() {
        const { json } = yield* post(signIn, user)
        yield* sandbox.expireAccessTokens
        expect((yield* post(query, {}, bearer(json))).status).toBe(401)
        expect((yield* post(query, {})).status).toBe(401)
      })
    ).pipe(Effect.zipRight(
      wire(({ post }) =>
        Effect.gen(function*() {
          const { json, status } = yield* post(query, {}, { Authorization: "Bearer dead" })
          expect(status).toBe(200)
          expect(json.Messages.Message[0]).toEqual({
            Category: "Fault",
            Code: "E006",
            Description: "User not authorized"
          })
        }), { refusals: { token: "fault" } })
    )))
})
