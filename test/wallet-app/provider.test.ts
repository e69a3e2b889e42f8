import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as Redaction from "@effect-auth/testing/Redaction"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { issued, jsonOf, password, settings, stub } from "./fixtures.ts"

const tokens = { accessToken: Redacted.make("old-key-1"), obtainedAt: 0 }

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  Response.json(body, { status, headers })

const provided = (
  answer: () => Response,
  change: Partial<WalletAppAuth.Settings> = {},
  options?: WalletAppAuth.Options
) => {
  const { layer, requests } = stub(answer)
  return Effect.map(
    Effect.provide(WalletAppAuth.provider({ ...settings, ...change }, options), layer),
    (provider) => ({ provider, requests })
  )
}

describe("requests", () => {
  const url = "https://api.walletapp.co/oauth/token"
  const headers = { "accept": "application/json", "content-type": "application/json" }

  it.effect("asks for a key as the page shows", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued), {
        permissions: ["brands.get", "members.get", "brands.get"]
      })
      const response = yield* provider.signIn(password)
      expect(requests).toHaveLength(1)
      expect(requests[0]).toMatchObject({ method: "POST", url, headers })
      expect(requests[0]?.headers).not.toHaveProperty("authorization")
      expect(jsonOf(requests[0])).toEqual({
        email: "kim@example.com",
        password: "correct horse",
        permissions: ["brands.get", "members.get"]
      })
      expect(Redacted.value(response.accessToken)).toBe("12|abcdef")
      expect(response).toMatchObject({ scopes: ["brands.get", "members.get"] })
      expect(response.refreshToken).toBeUndefined()
      expect(response.expiresIn).toBeUndefined()
    }))

  it.effect("reads a key that is called token, with abilities", () =>
    Effect.gen(function*() {
      const { provider } = yield* provided(json(201, { data: { token: "13|xyz", abilities: ["brands.get"] } }))
      const response = yield* provider.signIn(password)
      expect(Redacted.value(response.accessToken)).toBe("13|xyz")
      expect(response.scopes).toEqual(["brands.get"])
    }))

  it.effect("a key deletes itself", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, { success: true, message: "Token deleted" }))
      yield* provider.revoke!(tokens)
      expect(requests[0]).toMatchObject({
        method: "DELETE",
        url,
        headers: { ...headers, authorization: "Bearer old-key-1" }
      })
      expect(requests[0]?.body._tag).toBe("Empty")
    }))
})

describe("deleting", () => {
  const revoke = (answer: () => Response, options?: WalletAppAuth.Options) =>
    Effect.flatMap(provided(answer, {}, options), ({ provider }) => provider.revoke!(tokens))

  it.effect("a key that is refused is gone", () =>
    Effect.gen(function*() {
      expect(yield* Effect.exit(revoke(json(401, { message: "Unauthenticated" })))).toEqual(Exit.void)
    }))

  it.effect("also under another status, if that is declared", () =>
    Effect.gen(function*() {
      expect(yield* Effect.exit(revoke(json(498, {}), { rejection: { statuses: [498] } }))).toEqual(Exit.void)
    }))

  const failures: ReadonlyArray<readonly [string, () => Response, object]> = [
    ["503", json(503, {}, { "retry-after": "9" }), { kind: "transient", status: 503, retryAfter: Duration.seconds(9) }],
    ["500", json(500, {}), { kind: "transient", sent: "unknown" }],
    ["403", json(403, { message: "no old-key-1" }), { kind: "refused", status: 403, errorDescription: "no …" }],
    ["404", json(404, {}), { kind: "config", reason: "url" }],
    ["success: false", json(200, { success: false, message: "no" }), { kind: "refused", sent: "answered" }],
    ["not JSON", () => new Response("<html>"), { kind: "transient", reason: "malformed" }]
  ]
  for (const [name, answer, expected] of failures) {
    it.effect(`${name} is a failure`, () =>
      Effect.gen(function*() {
        const failure = yield* Effect.flip(revoke(answer))
        expect(failure).toMatchObject(expected)
        expect(Redaction.findSecret(failure, ["old-key-1"], { printers: { inspect } })).toBeUndefined()
      }))
  }
})

describe("the provider's data", () => {
  it.effect("realm comes from host, e-mail and permissions, in any order and number", () =>
    Effect.gen(function*() {
      const realm = (options: Partial<WalletAppAuth.Settings>) =>
        Effect.map(provided(json(200, issued), options), ({ provider }) => provider.realm)
      expect(yield* realm({})).toBe("api.walletapp.co/kim%40example.com/brands.get,members.get")
      expect(yield* realm({ permissions: ["members.get", "brands.get", "members.get"] })).toBe(yield* realm({}))
      expect(yield* realm({ permissions: ["brands.get"] })).not.toBe(yield* realm({}))
      expect(yield* realm({ permissions: ["a,b"] })).not.toBe(yield* realm({ permissions: ["a", "b"] }))
      const { provider } = yield* provided(json(200, issued), { host: "https://proxy.test:8443/wa/" })
      expect(provider).toMatchObject({
        name: "wallet-app",
        realm: "proxy.test:8443/wa/kim%40example.com/brands.get,members.get",
        origins: ["https://proxy.test:8443"],
        rotation: "none",
        rejection: { statuses: [401] },
        revokeReplaced: true
      })
      expect(provider.refresh).toBeUndefined()
      expect(provider.defaultLifetime).toBeUndefined()
    }))

  const bad: ReadonlyArray<readonly [Partial<WalletAppAuth.Settings>, string]> = [
    [{ email: " " }, "options"],
    [{ email: "\udc00" }, "options"],
    [{ permissions: [] }, "options"],
    [{ permissions: [""] }, "options"],
    [{ permissions: ["brands get"] }, "options"],
    [{ host: "prodution" }, "url"],
    [{ host: "ftp://api.test" }, "url"],
    [{ host: "https://user:pass@api.test" }, "url"],
    [{ host: "https://api.test/?x=1" }, "url"],
    [{ host: "http://api.test" }, "insecure"]
  ]
  for (const [options, reason] of bad) {
    it.effect(`${inspect(options)} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(provided(json(200, issued), options))
        expect(error).toMatchObject({
          _tag: "AuthMisconfigured",
          provider: "wallet-app",
          operation: "configure",
          reason
        })
      }))
  }
  for (const options of [{ host: "http://localhost:8080" }, { host: "http://api.test", allowInsecure: true }]) {
    it.effect(`${options.host} is accepted`, () =>
      Effect.gen(function*() {
        const { provider, requests } = yield* provided(json(200, issued), options)
        yield* provider.signIn(password)
        expect(requests[0]?.url).toBe(`${options.host}/oauth/token`)
      }))
  }
})

const empty = (status: number) => () => new Response(null, { status })
const html = (status: number) => () =>
  new Response("<html>Blocked</html>", { status, headers: { "content-type": "text/html" } })
const echo = "no correct horse for kim@example.com"
const malformed = { kind: "transient", reason: "malformed", sent: "unknown" }

/** What each answer means for a sign-in. */
const table: { readonly [name: string]: readonly [() => Response, object] } = {
  "401": [json(401, { message: echo }), {
    kind: "terminal",
    reason: "credentials",
    sent: "answered",
    status: 401,
    errorDescription: "no … for …"
  }],
  "401 without a body": [empty(401), { kind: "terminal", reason: "credentials" }],
  "401 of a firewall": [html(401), { kind: "transient", reason: "malformed", sent: "answered" }],
  "403": [json(403, {}), { kind: "terminal", reason: "credentials" }],
  "403 of a firewall": [html(403), { kind: "transient", reason: "malformed", sent: "answered" }],
  "400": [json(400, { error: echo }), { kind: "terminal", reason: "request", error: "no … for …" }],
  "422": [json(422, { message: "Invalid", errors: { email: ["x"] } }), { kind: "terminal", reason: "request" }],
  "404": [json(404, {}), { kind: "config", reason: "url" }],
  "406": [json(406, {}), { kind: "config", reason: "header" }],
  "408": [empty(408), { kind: "transient", reason: "server", sent: "unknown" }],
  "409": [json(409, {}), { kind: "refused", reason: "unknown" }],
  "429": [json(429, {}, { "retry-after": "30" }), {
    kind: "transient",
    reason: "rate-limited",
    sent: "answered",
    retryAfter: Duration.seconds(30)
  }],
  "500": [empty(500), { kind: "transient", reason: "server", sent: "unknown" }],
  "503": [empty(503), { kind: "transient", reason: "server", sent: "answered" }],
  "302": [() => new Response(null, { status: 302, headers: { location: "https://evil.test/" } }), {
    kind: "config",
    reason: "url"
  }],
  "200 with success: false": [json(200, { success: false, message: echo }), {
    kind: "terminal",
    reason: "credentials",
    sent: "answered"
  }],
  "200 with an error": [json(200, { error: echo }), { kind: "terminal", reason: "credentials", sent: "answered" }],
  "200 without a key": [json(200, { success: true, data: { email: "kim@example.com" } }), malformed],
  "200 with an empty key": [json(200, { success: true, data: { key: "" } }), malformed],
  "200 without an envelope": [json(200, { key: "12|abcdef" }), malformed],
  "200 with null": [json(200, null), malformed],
  "200 that is not JSON": [() => new Response("<html>"), malformed],
  "200 with JSON cut short": [() => new Response("{\"success\":true,\"data\":{\"key\":\"12"), malformed],
  "200 with 10 MB": [() => new Response("x".repeat(10_000_000)), malformed]
}

describe("answers to a sign-in", () => {
  const check = (failure: ExchangeFailure, expected: object) => {
    expect(failure).toMatchObject(expected)
    expect(Redaction.findSecret(failure, ["correct horse", "kim@example.com"], { printers: { inspect } }))
      .toBeUndefined()
  }
  for (const [name, [answer, expected]] of Object.entries(table)) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(answer)
        check(yield* Effect.flip(provider.signIn(password)), expected)
      }))
  }
})
