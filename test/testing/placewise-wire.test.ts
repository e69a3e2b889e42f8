/**
 * The sandbox as seen by a program that knows nothing of this project: plain fetch, a real socket, and the examples of
 * the provider's pages.
 */
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Http from "node:http"

const headers = {
  "Content-Type": "application/json",
  "X-Client-Authorization": "sandbox-client-token",
  "X-User-Agent": "demo-client/1.0",
  "X-Product-Name": "sandbox"
}

const without = (name: keyof typeof headers): Record<string, string> => {
  const { [name]: _, ...rest } = headers
  return rest
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly json: any
}

interface Wire {
  readonly sandbox: PlacewiseSandbox.Service
  readonly post: (path: string, body?: unknown, extra?: Record<string, string>) => Effect.Effect<Answer>
  readonly get: (path: string, token?: string, extra?: Record<string, string>) => Effect.Effect<Answer>
}

const call = (url: string, init: RequestInit): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    const text = await response.text()
    return { status: response.status, text, json: text === "" ? undefined : JSON.parse(text) }
  })

const wire = (test: (wire: Wire) => Effect.Effect<void>, options?: PlacewiseSandbox.Options) =>
  Effect.gen(function*() {
    const sandbox = yield* PlacewiseSandbox.make(options)
    const base = `${yield* Sandbox.serve(sandbox)}/v3/infinity-mall/members`
    yield* test({
      sandbox,
      post: (path, body, extra = headers) =>
        call(base + path, {
          method: "POST",
          headers: extra,
          body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body)
        }),
      get: (path, token, extra = headers) =>
        call(base + path, { headers: token === undefined ? extra : { ...extra, Authorization: `Bearer ${token}` } })
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(NodeHttpServer.layer(Http.createServer, { port: 0, host: "127.0.0.1" }))
  )

const password = {
  grant_type: "password",
  identifier_type: "email",
  identifier: "ola@example.com",
  password: "correct horse"
}

describe("Placewise on the wire", () => {
  it.live("signs in with a password and answers as documented", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        const { json, status } = yield* post("/oauth/token", password)
        expect(status).toBe(200)
        expect(Object.keys(json).sort()).toEqual([
          "access_token",
          "created_at",
          "expires_in",
          "refresh_token",
          "resource_owner_id",
          "token_type"
        ])
        expect(json).toMatchObject({ token_type: "bearer", expires_in: 86400, resource_owner_id: 42 })
        expect(json.access_token).toMatch(/^[0-9a-f]{64}$/)
        expect(json.refresh_token).toMatch(/^[0-9a-f]{64}$/)
        expect(Math.abs(json.created_at - Date.now() / 1000)).toBeLessThan(5)
      })
    ))

  it.live("takes the id as a number or text, the msisdn with or without plus, the e-mail in any case", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        const identifiers = [["id", 42], ["id", "42"], ["msisdn", "+4790000042"], ["msisdn", "4790000042"], [
          "email",
          "OLA@example.com"
        ]]
        for (const [identifier_type, identifier] of identifiers) {
          const { status } = yield* post("/oauth/token", { ...password, identifier_type, identifier })
          expect([identifier, status]).toEqual([identifier, 200])
        }
      })
    ))

  it.live("461 for a wrong password and for nobody alike", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        const wrong = yield* post("/oauth/token", { ...password, password: "wrong" })
        const nobody = yield* post("/oauth/token", { ...password, identifier: "kari@example.com" })
        expect(wrong.status).toBe(461)
        expect(nobody).toEqual(wrong)
      })
    ))

  it.live("external tokens, and 467 for who is banned", () =>
    wire(({ post, sandbox }) =>
      Effect.gen(function*() {
        yield* sandbox.putMember({ id: 7, google: "g-token", apple: "a-token" })
        const external = (type: string, token: string) =>
          post("/oauth/token", { grant_type: "external_token", external_token: token, external_token_type: type })
        expect((yield* external("google", "g-token")).json.resource_owner_id).toBe(7)
        expect((yield* external("apple", "a-token")).status).toBe(200)
        expect((yield* external("google", "a-token")).status).toBe(461)
        yield* sandbox.putMember({ id: 7, google: "g-token", bannedUntil: "2030-01-01T00:00:00.000Z" })
        const banned = yield* external("google", "g-token")
        expect(banned.status).toBe(467)
        expect(banned.json).toEqual({ error: "Member is banned!", banned_until: "2030-01-01T00:00:00.000Z" })
      })
    ))

  it.live("a refresh gives both tokens anew; the spent one is refused with 462 and counted", () =>
    wire(({ post, sandbox }) =>
      Effect.gen(function*() {
        const first = (yield* post("/oauth/token", password)).json
        const refresh = { grant_type: "refresh_token", refresh_token: first.refresh_token }
        const second = yield* post("/oauth/token", refresh)
        expect(second.status).toBe(200)
        expect(second.json.refresh_token).not.toBe(first.refresh_token)
        expect(second.json.access_token).not.toBe(first.access_token)
        const again = yield* post("/oauth/token", refresh)
        expect(again).toMatchObject({ status: 462, json: { error: "Invalid refresh token" } })
        const counters = yield* sandbox.counters
        expect(counters.spent).toBe(1)
        expect(counters.exchanges).toEqual({
          password: { granted: 1, refused: 0, unhandled: 0 },
          refresh_token: { granted: 1, refused: 1, unhandled: 0 }
        })
        const log = yield* sandbox.log
        expect(log.map(({ issued, refresh, spent, status }) => ({ issued, refresh, spent, status }))).toEqual([
          { issued: 1, refresh: undefined, spent: undefined, status: 200 },
          { issued: 2, refresh: "refresh 1", spent: false, status: 200 },
          { issued: undefined, refresh: "refresh 1", spent: true, status: 462 }
        ])
      })
    ))

  it.live("460 without a living access token, and no refresh token passes for one", () =>
    wire(({ get, post, sandbox }) =>
      Effect.gen(function*() {
        const { access_token, refresh_token } = (yield* post("/oauth/token", password)).json
        for (const path of ["/me", "/me/rewards-program/status?per_page=1000&page=1", "/oauth/token/info"]) {
          expect((yield* get(path, access_token)).status).toBe(200)
          for (const token of [undefined, "nonsense", refresh_token]) {
            expect(yield* get(path, token)).toMatchObject({ status: 460, json: { error: "Member not authorized" } })
          }
        }
        expect(yield* sandbox.expireAccessTokens).toBe(1)
        expect((yield* get("/me", access_token)).status).toBe(460)
        expect((yield* post("/oauth/token", { grant_type: "refresh_token", refresh_token })).status).toBe(200)
        expect((yield* sandbox.counters).calls).toEqual({ 200: 2, 460: 7 })
      })
    ))

  it.live("member, rewards status and token info have their documented shape", () =>
    wire(({ get, post, sandbox }) =>
      Effect.gen(function*() {
        const { access_token } = (yield* post("/oauth/token", password)).json
        expect((yield* get("/me", access_token)).json).toMatchObject({ id: 42, properties: { language: "en" } })
        const status = (yield* get("/me/rewards-program/status", access_token)).json
        expect(status).toMatchObject({ membership: true, balance: 120, pagination_info: { current_page: 1 } })
        const info = (yield* get("/oauth/token/info", access_token)).json
        expect(info).toMatchObject({ resource_owner_id: 42, scopes: [], application: { uid: null } })
        expect(info.expires_in_seconds).toBeGreaterThan(86390)
        yield* sandbox.putMember({ id: 42 })
        expect((yield* get("/me/rewards-program/status", access_token)).json).toEqual({ membership: false })
        yield* sandbox.removeMember(42)
        expect((yield* get("/me", access_token)).status).toBe(404)
      })
    ))

  it.live("a revocation is always {} and kills that token only", () =>
    wire(({ get, post }) =>
      Effect.gen(function*() {
        const { access_token, refresh_token } = (yield* post("/oauth/token", password)).json
        const answers = [
          yield* post("/oauth/revoke", { token: access_token }),
          yield* post("/oauth/revoke", { token: "x" })
        ]
        expect(answers.map(({ json, status }) => [status, json])).toEqual([[200, {}], [200, {}]])
        expect((yield* get("/oauth/token/info", access_token)).status).toBe(460)
        const renewed = yield* post("/oauth/token", { grant_type: "refresh_token", refresh_token })
        expect(renewed.status).toBe(200)
        yield* post("/oauth/revoke", { token: renewed.json.refresh_token })
        expect((yield* get("/me", renewed.json.access_token)).status).toBe(200)
        const dead = yield* post("/oauth/token", {
          grant_type: "refresh_token",
          refresh_token: renewed.json.refresh_token
        })
        expect(dead.status).toBe(462)
      })
    ))

  it.live("one-time and registration passwords reach their address, sign in once, and 404 says who is no member", () =>
    wire(({ post, sandbox }) =>
      Effect.gen(function*() {
        const email = encodeURIComponent("ola@example.com")
        const paths: ReadonlyArray<readonly [string, string]> = [
          ["/by_msisdn/4790000042/send_one_time_password_via_sms", "4790000042"],
          [`/by_email/${email}/send_one_time_password_via_sms`, "4790000042"],
          [`/by_email/${email}/send_one_time_password_via_email`, "ola@example.com"],
          ["/by_msisdn/%2B4790000042/send_one_time_password_via_email", "ola@example.com"],
          ["/by_msisdn/4790000042/send_registration_password", "4790000042"],
          [`/by_email/${email}/send_registration_password`, "ola@example.com"]
        ]
        for (const [path, to] of paths) {
          const sent = yield* post(`${path}?login_url=${encodeURIComponent("https://app.example/login")}`)
          expect([path, sent.status, sent.json]).toEqual([path, 200, {}])
          const code = Option.getOrThrow(yield* sandbox.lastCode(to))
          expect((yield* post("/oauth/token", { ...password, password: code })).status).toBe(200)
          expect((yield* post("/oauth/token", { ...password, password: code })).status).toBe(461)
          expect((yield* sandbox.messages).at(-1)?.link).toBe(`https://app.example/login?otp=${code}`)
        }
        expect((yield* post("/by_email/nobody%40example.com/send_one_time_password_via_email")).status).toBe(404)
      })
    ))

  it.live("470 for a missing header, 471 for a wrong one, 401 for a wrong client token", () =>
    wire(({ get, post }) =>
      Effect.gen(function*() {
        for (const name of ["X-Client-Authorization", "X-User-Agent", "X-Product-Name"] as const) {
          expect([name, (yield* post("/oauth/token", password, without(name))).status]).toEqual([name, 470])
        }
        const wrong: ReadonlyArray<readonly [Record<string, string>, number]> = [
          [{ "X-Product-Name": "other" }, 471],
          [{ "X-Loyalty-Club-Slug": "other-mall" }, 471],
          [{ "X-Locale": "not a locale" }, 471],
          [{ "Content-Type": "text/plain" }, 471],
          [{ "X-Client-Authorization": "wrong" }, 401],
          [{ "X-Loyalty-Club-Slug": "infinity-mall", "X-Locale": "nb-NO" }, 200],
          [{ "Content-Type": "application/json; charset=utf-8" }, 200]
        ]
        for (const [change, status] of wrong) {
          const answer = yield* post("/oauth/token", password, { ...headers, ...change })
          expect([change, answer.status]).toEqual([change, status])
        }
        expect((yield* get("/../../other-mall/members/me")).status).toBe(404)
        expect((yield* get("/nowhere")).status).toBe(404)
        // No slug, and no route by that method.
        expect((yield* get("/../../%zz/members/me")).status).toBe(404)
        expect((yield* post("/me", {})).status).toBe(404)
      })
    ))

  it.live("402 for a feature that is off, 403 for a permit that the client token lacks", () =>
    wire(
      ({ get, post }) =>
        Effect.gen(function*() {
          expect((yield* post("/by_msisdn/4790000042/send_registration_password")).status).toBe(402)
          expect((yield* get("/me")).status).toBe(403)
          expect((yield* post("/oauth/token", password)).status).toBe(200)
        }),
      {
        disabled: ["registration-password"],
        permits: PlacewiseSandbox.defaults.permits.filter((p) => !/:Get$/.test(p))
      }
    ))

  it.live("400 with an empty body for JSON that can't be parsed, 422 with details for fields that don't fit", () =>
    wire(({ post }) =>
      Effect.gen(function*() {
        for (const body of ["{\"grant_type\": \"pass", "", "{'a': 1}"]) {
          expect(yield* post("/oauth/token", body)).toMatchObject({ status: 400, text: "" })
        }
        const { password: _, ...incomplete } = password
        const missing = yield* post("/oauth/token", incomplete)
        expect(missing.status).toBe(422)
        expect(missing.json).toEqual({
          error: "Invalid parameters",
          details: { password: [{ error: "missing", options: {} }] }
        })
        const secret = yield* post("/oauth/token", { ...password, password: { secret: "hunter2" } })
        expect(secret.status).toBe(422)
        expect(secret.text).not.toContain("hunter2")
        expect((yield* post("/oauth/token", { grant_type: "client_credentials" })).status).toBe(422)
        expect((yield* post("/oauth/token", [])).status).toBe(422)
      })
    ))
})
