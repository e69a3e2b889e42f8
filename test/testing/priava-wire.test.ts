/**
 * The sandbox as seen by a program that knows nothing of this project: plain fetch, a real socket, and the examples of
 * the provider's pages.
 */
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"

const headers = {
  "Content-Type": "application/x-www-form-urlencoded;charset=utf-8",
  TenantRegion: "EU"
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: any
}

interface Wire {
  readonly sandbox: PriavaSandbox.Service
  readonly base: string
  readonly token: (form: Record<string, string> | string, extra?: Record<string, string>) => Effect.Effect<Answer>
  readonly call: (
    path: string,
    options?: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> }
  ) => Effect.Effect<Answer>
}

const send = (url: string, init: RequestInit): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: text === "" ? undefined : JSON.parse(text) }
  })

const wire = (test: (wire: Wire) => Effect.Effect<void>, options?: PriavaSandbox.Options) =>
  Effect.gen(function*() {
    const sandbox = yield* PriavaSandbox.make(options)
    const base = `${yield* Sandbox.serve(sandbox)}`
    yield* test({
      sandbox,
      base,
      token: (form, extra = headers) =>
        send(`${base}/api/rest/oauth/token`, {
          method: "POST",
          headers: extra,
          body: typeof form === "string" ? form : new URLSearchParams(form).toString()
        }),
      call: (path, { body = {}, headers = { TenantRegion: "EU" }, token } = {}) =>
        send(`${base}/api/rest${path}`, {
          method: "POST",
          headers: {
            "Content-Type": "application/json",
            ...headers,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` })
          },
          body: typeof body === "string" ? body : JSON.stringify(body)
        })
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  )

const client = {
  client_id: "sandbox-client",
  client_secret: "sandbox-client-secret",
  redirect_uri: "https://my.app.com/oauth2callback"
}
const code = { grant_type: "authorization_code", code: "sandbox-code", ...client }

describe("Priava on the wire", () => {
  it.live("exchanges a code and answers as documented", () =>
    wire(({ token }) =>
      Effect.gen(function*() {
        const { json, status } = yield* token(code)
        expect(status).toBe(200)
        expect(Object.keys(json).sort()).toEqual(["access_token", "expires_in", "refresh_token", "token_type"])
        expect(json).toMatchObject({ token_type: "BEARER", expires_in: 21600 })
        expect(json.access_token).toMatch(/^[0-9a-f]{64}$/)
        expect(json.refresh_token).toMatch(/^[0-9a-f]{64}$/)
      })
    ))

  it.live("the page's own form, with redirect_uri not escaped", () =>
    wire(({ token }) =>
      Effect.gen(function*() {
        const { status } = yield* token(
          "grant_type=authorization_code&client_id=sandbox-client&client_secret=sandbox-client-secret" +
            "&code=sandbox-code&redirect_uri=https://my.app.com/oauth2callback"
        )
        expect(status).toBe(200)
      })
    ))

  it.live("a code works once; a human makes the next one", () =>
    wire(({ sandbox, token }) =>
      Effect.gen(function*() {
        yield* token(code)
        const again = yield* token(code)
        expect(again).toMatchObject({ status: 400, json: { error: "invalid_grant" } })
        expect(typeof again.json.error_description).toBe("string")
        const fresh = yield* sandbox.makeCode("sandbox-client")
        expect((yield* token({ ...code, code: fresh })).status).toBe(200)
        expect((yield* sandbox.log).map(({ grant, operation, refused }) => [operation, grant, refused])).toEqual([
          ["sign-in", "authorization_code", undefined],
          ["sign-in", "authorization_code", "spent"],
          ["sign-in", "authorization_code", undefined]
        ])
      })
    ))

  it.live("a code belongs to its client", () =>
    wire(({ sandbox, token }) =>
      Effect.gen(function*() {
        yield* sandbox.putClient({ id: "other", secret: "other-secret", redirectUri: client.redirect_uri })
        const stolen = yield* token({ ...code, client_id: "other", client_secret: "other-secret" })
        expect(stolen).toMatchObject({ status: 400, json: { error: "invalid_grant" } })
        expect((yield* token(code)).status).toBe(200)
      })
    ))

  it.live("refreshes, rotates, and refuses a spent refresh token and counts it", () =>
    wire(({ sandbox, token }) =>
      Effect.gen(function*() {
        const first = (yield* token(code)).json
        const refresh = { grant_type: "refresh_token", refresh_token: first.refresh_token, ...client }
        const second = yield* token(refresh)
        expect(second).toMatchObject({ status: 200, json: { token_type: "BEARER", expires_in: 21600 } })
        expect(second.json.refresh_token).not.toBe(first.refresh_token)
        expect(yield* token(refresh)).toMatchObject({ status: 400, json: { error: "invalid_grant" } })
        expect(yield* sandbox.counters).toMatchObject({
          spent: 1,
          exchanges: { refresh_token: { granted: 1, refused: 1 }, authorization_code: { granted: 1 } }
        })
      })
    ))

  const wrong: ReadonlyArray<readonly [string, Record<string, string>, string]> = [
    ["client id", { client_id: "nobody" }, "invalid_client"],
    ["client secret", { client_secret: "wrong" }, "invalid_client"],
    ["redirect_uri", { redirect_uri: "https://evil.test/" }, "invalid_request"],
    ["code", { code: "never-made" }, "invalid_grant"],
    ["grant", { grant_type: "password" }, "invalid_request"]
  ]
  for (const [name, change, error] of wrong) {
    it.live(`a wrong ${name} is a 400`, () =>
      wire(({ token }) =>
        Effect.gen(function*() {
          const { json, status } = yield* token({ ...code, ...change })
          expect(status).toBe(400)
          expect(Object.keys(json).sort()).toEqual(["error", "error_description"])
          expect(json.error).toBe(error)
          expect(JSON.stringify(json)).not.toContain("sandbox-client-secret")
          // Nothing of this used the code up.
          expect((yield* token(code)).status).toBe(200)
        })
      ))
  }

  for (const name of ["grant_type", "client_id", "client_secret", "code", "redirect_uri"]) {
    it.live(`without ${name} it is a 400 that tells no value`, () =>
      wire(({ token }) =>
        Effect.gen(function*() {
          const form = Object.fromEntries(Object.entries(code).filter(([key]) => key !== name))
          const { json, status } = yield* token(form)
          expect([status, json.error]).toEqual([400, "invalid_request"])
          expect(JSON.stringify(json)).not.toMatch(/sandbox-(code|client-secret)/)
        })
      ))
  }

  it.live("redirect_uri belongs to a refresh too", () =>
    wire(({ token }) =>
      Effect.gen(function*() {
        const { json } = yield* token(code)
        const { redirect_uri: _, ...rest } = client
        const refresh = { grant_type: "refresh_token", refresh_token: json.refresh_token }
        expect((yield* token({ ...refresh, ...rest })).status).toBe(400)
        expect((yield* token({ ...refresh, ...client })).status).toBe(200)
      })
    ))

  it.live("the headers are asserted to the letter", () =>
    wire(({ token }) =>
      Effect.gen(function*() {
        for (
          const extra of [
            { ...headers, "Content-Type": "application/x-www-form-urlencoded" },
            { ...headers, "Content-Type": "application/json" },
            { "Content-Type": headers["Content-Type"] },
            { ...headers, TenantRegion: "US" },
            { ...headers, TenantRegion: "eu" }
          ]
        ) {
          expect(yield* token(code, extra)).toMatchObject({ status: 400, json: { error: "invalid_request" } })
        }
        expect((yield* token(code)).status).toBe(200)
      })
    ))

  it.live("the codes under error are nobody's: they can be others", () =>
    wire(
      ({ token }) =>
        Effect.gen(function*() {
          expect((yield* token({ ...code, code: "x" })).json.error).toBe("bad_code")
          expect((yield* token({ ...code, client_secret: "x" })).json.error).toBe("bad_client")
          expect((yield* token({ grant_type: "refresh_token", refresh_token: "x", ...client })).json.error).toBe("dead")
        }),
      { errorCodes: { code: "bad_code", client: "bad_client", refresh: "dead" } }
    ))

  it.live("searches contacts with a bearer, page by page", () =>
    wire(
      ({ call, token }) =>
        Effect.gen(function*() {
          const { access_token } = (yield* token(code)).json
          const search = (body: object) =>
            Effect.map(call("/v2/contact/get", { token: access_token, body }), (a) => a.json)
          expect(yield* search({ Lastname: "Nordmann", PageNo: "1", RecordsPerPage: "10" })).toEqual({
            result: [{ Firstname: "Ola", Lastname: "Nordmann" }, { Firstname: "Kari", Lastname: "Nordmann" }]
          })
          expect(yield* search({ PageNo: "2", RecordsPerPage: "2" })).toEqual({ result: [{ Firstname: "Per" }] })
          expect((yield* call("/v2/venue/get/groups", { token: access_token })).status).toBe(200)
          expect((yield* call("/v2/organisation/get", { token: access_token })).status).toBe(200)
        }),
      {
        contacts: [
          { Firstname: "Ola", Lastname: "Nordmann" },
          { Firstname: "Kari", Lastname: "Nordmann" },
          { Firstname: "Per" }
        ]
      }
    ))

  it.live("creates a webhook as documented", () =>
    wire(({ call, sandbox, token }) =>
      Effect.gen(function*() {
        const { access_token } = (yield* token(code)).json
        const body = { subscription_url: "https://my.app.com/hook", event: "CREATE_CONTACT" }
        const { json } = yield* call("/latest/subscription", { token: access_token, body })
        expect(json).toEqual({ result: 1, success: true })
        expect(yield* sandbox.subscriptions).toEqual([{ url: "https://my.app.com/hook", event: "CREATE_CONTACT" }])
      })
    ))

  it.live("a call without a living token is 401, without a region or JSON 400, elsewhere 404", () =>
    wire(({ base, call, sandbox, token }) =>
      Effect.gen(function*() {
        const { access_token } = (yield* token(code)).json
        expect((yield* call("/v2/contact/get")).status).toBe(401)
        expect((yield* call("/v2/contact/get", { token: "unknown" })).status).toBe(401)
        expect((yield* call("/v2/contact/get", { token: access_token, headers: {} })).status).toBe(400)
        expect((yield* call("/v2/contact/get", { token: access_token, headers: { TenantRegion: "US" } })).status).toBe(
          400
        )
        expect((yield* call("/v2/contact/get", { token: access_token, body: "{" })).status).toBe(400)
        expect((yield* call("/v2/nothing/get", { token: access_token })).status).toBe(404)
        expect((yield* send(`${base}/api/rest/v2/contact/get`, { method: "GET" })).status).toBe(405)
        yield* sandbox.expireAccessTokens
        expect((yield* call("/v2/contact/get", { token: access_token })).status).toBe(401)
      })
    ))

  it.live("the limit answers the documented 429, with its odd date", () =>
    wire(
      ({ call }) =>
        Effect.gen(function*() {
          yield* call("/v2/contact/get")
          yield* call("/v2/contact/get")
          const { headers, json, status } = yield* call("/v2/contact/get")
          expect(status).toBe(429)
          expect(Object.keys(json)).toEqual(["error", "limits", "retry-after"])
          expect(json).toMatchObject({
            error: "Your API rate limit is exhausted",
            limits: "2 requests / 5 minutes (300 seconds)"
          })
          expect(json["retry-after"]).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d$/)
          const [weekday, rest] = json["retry-after"].split(", ")
          const at = new Date(`${rest} GMT`)
          expect(at.toUTCString().startsWith(weekday)).toBe(false)
          // Printed ten hours ahead of UTC.
          const wait = at.getTime() - 10 * 3_600_000 - Date.now()
          expect(wait).toBeGreaterThan(280_000)
          expect(wait).toBeLessThanOrEqual(301_000)
          expect(headers.has("retry-after")).toBe(false)
        }),
      { limit: { requests: 2, zone: "10 hours", wrongWeekday: true } }
    ))

  it.live("the limit can send a Retry-After header too", () =>
    wire(
      ({ call }) =>
        Effect.gen(function*() {
          yield* call("/v2/contact/get")
          const { headers } = yield* call("/v2/contact/get")
          expect(Number(headers.get("retry-after"))).toBeGreaterThan(280)
        }),
      { limit: { requests: 1, header: true } }
    ))

  it.live("the other reading of the token path", () =>
    wire(({ base, token }) =>
      Effect.gen(function*() {
        expect((yield* token(code)).status).toBe(404)
        const body = new URLSearchParams(code).toString()
        expect((yield* send(`${base}/rest/oauth/token`, { method: "POST", headers, body })).status).toBe(200)
      }), { tokenPath: "/rest/oauth/token" }))
})
