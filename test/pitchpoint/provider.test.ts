import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as Redaction from "@effect-auth/testing/Redaction"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { inspect } from "node:util"
import { guideRefreshToken, guideToken, issued, jsonOf, password, refusal, settings, stub } from "./fixtures.ts"

const tokens = {
  accessToken: Redacted.make("old-access-1"),
  refreshToken: Redacted.make("old-refresh-1"),
  obtainedAt: 0
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  Response.json(body, { status, headers })

const provided = (
  answer: () => Response,
  change: Partial<PitchpointAuth.Settings> = {}
) => {
  const { layer, requests } = stub(answer)
  return Effect.map(
    Effect.provide(PitchpointAuth.provider({ ...settings, ...change }), layer),
    (provider) => ({ provider, requests })
  )
}

const refresh = (provider: AuthProvider<PitchpointAuth.PitchpointCredentials>) =>
  provider.refresh!(Redacted.make("old-refresh-1"), tokens)

describe("requests", () => {
  const base = "https://api.pointservices.com/user-management-services-ws/oauth2/002"

  it.effect("signs in as the guide shows", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued))
      yield* TestClock.setTime(Date.parse("2026-10-31T16:00:00.000Z"))
      const response = yield* provider.signIn(password)
      expect(requests).toHaveLength(1)
      expect(requests[0]).toMatchObject({ method: "POST", url: `${base}/signInWithPassword` })
      expect(requests[0]?.headers).toMatchObject({ "content-type": "application/json" })
      expect(requests[0]?.headers).not.toHaveProperty("authorization")
      expect(jsonOf(requests[0])).toEqual({ username: "service@example.com", password: "correct horse" })
      expect(Redacted.value(response.accessToken)).toBe(guideToken)
      expect(Redacted.value(response.refreshToken!)).toBe(guideRefreshToken)
      expect(response).toMatchObject({
        expiresIn: 3600,
        tokenType: undefined,
        scopes: undefined,
        refreshExpiresAt: Date.parse("2026-11-02T05:00:00.000Z")
      })
    }))

  it.effect("signs in under an alias, and reads what the reference adds", () =>
    Effect.gen(function*() {
      const answer = { ...issued, scope: "policy", token_type: "Bearer" }
      const { provider, requests } = yield* provided(json(200, answer), { alias: "branch-7" })
      const response = yield* provider.signIn(password)
      expect(jsonOf(requests[0])).toEqual({
        username: "service@example.com",
        password: "correct horse",
        useralias: "branch-7"
      })
      expect(response).toMatchObject({ scopes: ["policy"], tokenType: "Bearer" })
    }))

  it.effect("refreshes with the refresh token alone, and does not move its deadline", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued))
      const response = yield* refresh(provider)
      expect(requests[0]).toMatchObject({ method: "POST", url: `${base}/refreshIdToken` })
      expect(requests[0]?.headers).not.toHaveProperty("authorization")
      expect(jsonOf(requests[0])).toEqual({ refresh_token: "old-refresh-1" })
      expect(response.refreshExpiresAt).toBeUndefined()
    }))
})

describe("the provider's data", () => {
  it.effect("realm comes from host, user name and alias; nothing of it is ambiguous", () =>
    Effect.gen(function*() {
      const realm = (options: Partial<PitchpointAuth.Settings>) =>
        Effect.map(provided(json(200, issued), options), ({ provider }) => provider.realm)
      expect(yield* realm({})).toBe("api.pointservices.com/service%40example.com")
      expect(yield* realm({ alias: "branch-7" })).toBe("api.pointservices.com/service%40example.com/branch-7")
      expect(yield* realm({ username: "a/b" })).not.toBe(yield* realm({ username: "a", alias: "b" }))
      const custom = yield* provided(json(200, issued), { host: "https://proxy.test:8443/pps/" })
      expect(custom.provider).toMatchObject({
        name: "pitchpoint",
        realm: "proxy.test:8443/pps/service%40example.com",
        origins: ["https://proxy.test:8443"],
        rotation: "static",
        rejection: { statuses: [401] }
      })
      expect(custom.provider.rejection.body).toBeUndefined()
      expect(custom.provider.revoke).toBeUndefined()
    }))

  const bad: ReadonlyArray<readonly [Partial<PitchpointAuth.Settings>, string]> = [
    [{ username: "" }, "options"],
    [{ username: " \t" }, "options"],
    [{ username: "\ud800" }, "options"],
    [{ alias: "" }, "options"],
    [{ host: "prodution" }, "url"],
    [{ host: "ftp://api.test" }, "url"],
    [{ host: "https://user:pass@api.test" }, "url"],
    [{ host: "https://api.test/?x=1" }, "url"],
    [{ host: "toString" }, "url"],
    [{ host: "http://api.test" }, "insecure"]
  ]
  for (const [options, reason] of bad) {
    it.effect(`${inspect(options)} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(provided(json(200, issued), options))
        expect(error).toMatchObject({
          _tag: "AuthMisconfigured",
          provider: "pitchpoint",
          operation: "configure",
          reason
        })
      }))
  }
  for (const options of [{ host: "http://localhost:8080" }, { host: "http://api.test", allowInsecure: true }]) {
    it.effect(`${options.host} is accepted`, () =>
      Effect.gen(function*() {
        const { provider, requests } = yield* provided(json(200, issued), options)
        yield* refresh(provider)
        expect(requests[0]?.url).toBe(`${options.host}/user-management-services-ws/oauth2/002/refreshIdToken`)
      }))
  }
})

const empty = (status: number) => () => new Response(null, { status })
const echo = "no old-refresh-1, no correct horse, not service@example.com"

interface Row {
  readonly answer: () => Response
  readonly signIn: object
  readonly refresh: object
}

const both = (answer: () => Response, expected: object): Row => ({ answer, signIn: expected, refresh: expected })

const refused = (status: number, answer: () => Response): Row => ({
  answer,
  signIn: { kind: "terminal", reason: "credentials", sent: "answered", status },
  refresh: { kind: "terminal", reason: "unknown", sent: "answered", status }
})

const malformed = { kind: "transient", reason: "malformed", sent: "unknown" }
const foreign = { kind: "transient", reason: "malformed", sent: "answered" }

/** What each answer means for a sign-in and for a refresh. */
const table: { readonly [name: string]: Row } = {
  "400 as documented": refused(400, json(400, refusal)),
  "403 as documented": refused(403, json(403, refusal)),
  "400 with an echo": refused(400, json(400, { error: "access_denied", error_description: echo })),
  "400 with another code": {
    ...refused(400, json(400, { error: "INVALID_LOGIN_CREDENTIALS" })),
    refresh: { kind: "refused", reason: "unknown", sent: "answered", status: 400 }
  },
  "a gateway's 403": both(json(403, { status: 403, error: "Forbidden" }), foreign),
  "400 invalid_grant": refused(400, json(400, { error: "invalid_grant" })),
  "400 invalid_client": both(json(400, { error: "invalid_client" }), { kind: "config", reason: "client" }),
  "400 invalid_request": both(json(400, { error: "invalid_request" }), { kind: "config", reason: "request" }),
  "400 invalid_scope": both(json(400, { error: "invalid_scope" }), { kind: "config", reason: "scope" }),
  "400 without a body": both(empty(400), foreign),
  "403 without a body": both(empty(403), foreign),
  "403 of a firewall": both(() => new Response("<html>Blocked</html>", { status: 403 }), foreign),
  "400 with an error that is no text": both(json(400, { error: { code: 1 } }), foreign),
  "401": both(json(401, refusal), { kind: "refused", reason: "unknown" }),
  "404": both(json(404, { message: "no" }), foreign),
  "408": both(empty(408), { kind: "transient", reason: "server", sent: "unknown" }),
  "429": both(json(429, {}, { "retry-after": "30" }), {
    kind: "transient",
    reason: "rate-limited",
    sent: "answered",
    retryAfter: Duration.seconds(30)
  }),
  "500": both(json(500, refusal), { kind: "transient", reason: "server", sent: "unknown" }),
  "503": both(empty(503), { kind: "transient", reason: "server", sent: "answered" }),
  "302": both(() => new Response(null, { status: 302, headers: { location: "https://evil.test/" } }), {
    kind: "config",
    reason: "url"
  }),
  "200 that is not JSON": both(() => new Response("<html>"), malformed),
  "200 with JSON cut short": both(() => new Response("{\"access_token\":\"ol"), malformed),
  "200 with an error": both(json(200, { error: echo }), malformed),
  "200 with an empty token": both(json(200, { ...issued, access_token: "" }), malformed),
  "200 with 10 MB": both(() => new Response("x".repeat(10_000_000)), malformed)
}

describe("answers", () => {
  /** `sent`: the secrets of the request. The server repeats them. */
  const check = (failure: ExchangeFailure, expected: object, sent: ReadonlyArray<string>) => {
    expect(failure).toMatchObject(expected)
    expect(Redaction.findSecret(failure, sent, { printers: { inspect } })).toBeUndefined()
  }
  for (const [name, row] of Object.entries(table)) {
    it.effect(`${name} to a sign-in`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(provider.signIn(password)), row.signIn, ["correct horse", "service@example.com"])
      }))
    it.effect(`${name} to a refresh`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(refresh(provider)), row.refresh, ["old-refresh-1"])
      }))
  }
})
