import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Redaction from "@effect-auth/testing/Redaction"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { byEmail, jsonOf, settings, stub } from "./fixtures.ts"

const issued = {
  access_token: "aa01",
  token_type: "bearer",
  expires_in: 86400,
  refresh_token: "rr01",
  created_at: 1760000000,
  resource_owner_id: 42
}

const tokens = {
  accessToken: Redacted.make("old-access-1"),
  refreshToken: Redacted.make("old-refresh-1"),
  obtainedAt: 0
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  Response.json(body, { status, headers })

const provided = (
  answer: (request: { readonly url: string }) => Response,
  change: Partial<PlacewiseAuth.Settings> = {}
) => {
  const { layer, requests } = stub(answer)
  return Effect.map(
    Effect.provide(PlacewiseAuth.provider({ ...settings, ...change }), layer),
    (provider) => ({ provider, requests })
  )
}

const refresh = (provider: AuthProvider<PlacewiseAuth.PlacewiseCredentials>) =>
  provider.refresh!(Redacted.make("old-refresh-1"), tokens)

describe("requests", () => {
  const url = "https://api.mpc.placewise.com/v3/infinity-mall/members/oauth/token"
  const grants: ReadonlyArray<readonly [string, PlacewiseAuth.PlacewiseCredentials, object]> = [
    ["e-mail", byEmail, { identifier_type: "email", identifier: "ola@example.com" }],
    ["id", { ...byEmail, identifier: { id: 42 } } as typeof byEmail, { identifier_type: "id", identifier: 42 }],
    ["msisdn", { ...byEmail, identifier: { msisdn: "+4790000042" } } as typeof byEmail, {
      identifier_type: "msisdn",
      identifier: "+4790000042"
    }]
  ]
  for (const [name, credentials, identifier] of grants) {
    it.effect(`password grant by ${name}`, () =>
      Effect.gen(function*() {
        const { provider, requests } = yield* provided(json(200, issued))
        const response = yield* provider.signIn(credentials)
        expect(requests).toHaveLength(1)
        expect(requests[0]).toMatchObject({ method: "POST", url })
        expect(jsonOf(requests[0])).toEqual({ grant_type: "password", password: "correct horse", ...identifier })
        expect(response).toMatchObject({ subject: "42", tokenType: "bearer", expiresIn: 86400 })
        expect(Redacted.value(response.accessToken)).toBe("aa01")
        expect(Redacted.value(response.refreshToken!)).toBe("rr01")
      }))
  }

  it.effect("external token grant", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(201, issued))
      yield* provider.signIn({ _tag: "ExternalToken", provider: "apple", token: Redacted.make("from-apple") })
      expect(jsonOf(requests[0])).toEqual({
        grant_type: "external_token",
        external_token: "from-apple",
        external_token_type: "apple"
      })
    }))

  it.effect("refresh grant", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued))
      yield* refresh(provider)
      expect(requests[0]).toMatchObject({ method: "POST", url })
      expect(jsonOf(requests[0])).toEqual({ grant_type: "refresh_token", refresh_token: "old-refresh-1" })
    }))

  it.effect("every documented header, and no Authorization", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued), { locale: "nb-NO" })
      yield* refresh(provider)
      expect(requests[0]?.headers).toMatchObject({
        "content-type": "application/json",
        "x-client-authorization": "sandbox-client-token",
        "x-user-agent": "test/1.0",
        "x-product-name": "sandbox",
        "x-loyalty-club-slug": "infinity-mall",
        "x-locale": "nb-NO"
      })
      expect(requests[0]?.headers).not.toHaveProperty("authorization")
    }))

  it.effect("both tokens are revoked, the second also when the first fails", () =>
    Effect.gen(function*() {
      let count = 0
      const { provider, requests } = yield* provided(() =>
        count++ === 0 ? new Response(null, { status: 503, headers: { "retry-after": "9" } }) : Response.json({})
      )
      const failure = yield* Effect.flip(provider.revoke!(tokens))
      expect(failure).toMatchObject({ status: 503, retryAfter: Duration.seconds(9) })
      expect(requests.map(jsonOf)).toEqual([{ token: "old-refresh-1" }, { token: "old-access-1" }])
      expect(requests[0]?.url).toBe("https://api.mpc.placewise.com/v3/infinity-mall/members/oauth/revoke")
      yield* provider.revoke!(tokens)
      expect(requests).toHaveLength(4)
    }))
})

describe("the provider's data", () => {
  it.effect("realm and origin come from host and club", () =>
    Effect.gen(function*() {
      const { provider } = yield* provided(json(200, issued))
      expect(provider).toMatchObject({
        name: "placewise",
        realm: "api.mpc.placewise.com/infinity-mall",
        origins: ["https://api.mpc.placewise.com"],
        rotation: "rotating",
        rejection: { statuses: [460] }
      })
      const dev = yield* provided(json(200, issued), { host: "dev", club: "other" })
      expect(dev.provider.realm).toBe("api.mpc.dev.placewise.com/other")
      const custom = yield* provided(json(200, issued), { host: "https://proxy.test:8443/pw/" })
      expect(custom.provider).toMatchObject({
        realm: "proxy.test:8443/pw/infinity-mall",
        origins: ["https://proxy.test:8443"]
      })
    }))

  const bad: ReadonlyArray<readonly [Partial<PlacewiseAuth.Settings>, string]> = [
    [{ club: "" }, "options"],
    [{ club: ".." }, "options"],
    [{ club: "a/b" }, "options"],
    [{ clientToken: Redacted.make("") }, "options"],
    [{ clientToken: Redacted.make("a\r\nb") }, "options"],
    [{ userAgent: "" }, "options"],
    [{ productName: "a\nb" }, "options"],
    [{ locale: "" }, "options"],
    [{ host: "prodution" }, "url"],
    [{ host: "ftp://api.test" }, "url"],
    [{ host: "https://user:pass@api.test" }, "url"],
    [{ host: "https://api.test/?x=1" }, "url"],
    [{ host: "constructor" }, "url"],
    [{ host: "http://api.test" }, "insecure"]
  ]
  for (const [options, reason] of bad) {
    it.effect(`${inspect(options)} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(provided(json(200, issued), options))
        expect(error).toMatchObject({
          _tag: "AuthMisconfigured",
          provider: "placewise",
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
        expect(requests[0]?.url).toBe(`${options.host}/v3/infinity-mall/members/oauth/token`)
      }))
  }
})

const empty = (status: number) => () => new Response(null, { status })
const echo = "no old-refresh-1, no correct horse, no sandbox-client-token"

interface Row {
  readonly answer: () => Response
  readonly signIn: object
  readonly refresh: object
}

const both = (answer: () => Response, expected: object): Row => ({ answer, signIn: expected, refresh: expected })

/** What each documented answer means for a sign-in and for a refresh. */
const table: { readonly [name: string]: Row } = {
  "461": {
    answer: json(461, { error: echo }),
    signIn: { kind: "terminal", reason: "credentials", status: 461 },
    refresh: { kind: "refused", reason: "unknown" }
  },
  "462": both(json(462, { error: "Invalid refresh token" }), {
    kind: "terminal",
    reason: "unknown",
    sent: "answered",
    status: 462,
    error: "Invalid refresh token"
  }),
  "462 without a body": both(empty(462), { kind: "terminal", status: 462 }),
  "467": both(json(467, { error: "Member is banned!", banned_until: "2030-01-01" }), {
    kind: "terminal",
    reason: "banned"
  }),
  "400 with an empty body": both(empty(400), { kind: "config", reason: "request", sent: "answered" }),
  "406": both(empty(406), { kind: "config", reason: "request" }),
  "401": both(json(401, { error: "Not authorized" }), { kind: "config", reason: "client" }),
  "a gateway's 401": both(json(401, { status: 401, error: "Unauthorized" }), { kind: "transient", sent: "answered" }),
  "a gateway's 403": both(json(403, { statusCode: 403, error: "Forbidden" }), { kind: "transient", sent: "answered" }),
  "402": both(json(402, { error: "Off" }), { kind: "config", reason: "feature" }),
  "403": both(json(403, { error: "No permit" }), { kind: "config", reason: "permission" }),
  "404": both(json(404, { error: "Not found" }), { kind: "config", reason: "url" }),
  "470": both(json(470, { error: "Missing" }), { kind: "config", reason: "header" }),
  "471": both(json(471, { error: "Wrong" }), { kind: "config", reason: "header" }),
  "422": {
    answer: json(422, {
      error: "Invalid parameters",
      details: {
        member: {
          first_name: [{ error: "too_short", value: "old-refresh-1", options: {} }],
          msisdns: { "0": [{ error: "invalid_msisdn" }, {}] }
        }
      }
    }),
    signIn: {
      kind: "terminal",
      reason: "request",
      errorDescription: "member.first_name: too_short, member.msisdns.0: invalid_msisdn invalid"
    },
    refresh: { kind: "config", reason: "request" }
  },
  "422 with odd details": both(json(422, { details: [[["x"]]] }), { status: 422 }),
  "429": both(json(429, {}, { "retry-after": "30" }), {
    kind: "transient",
    reason: "rate-limited",
    sent: "answered",
    retryAfter: Duration.seconds(30)
  }),
  "444": both(empty(444), { kind: "transient", reason: "server", sent: "answered" }),
  "460": both(json(460, { error: "Member not authorized" }), { kind: "refused", reason: "unknown" }),
  "500": both(empty(500), { kind: "transient", reason: "server", sent: "unknown" }),
  "503": both(empty(503), { kind: "transient", reason: "server", sent: "answered" }),
  "a status of tomorrow": both(json(469, { error: "Something new" }), { kind: "refused", reason: "unknown" }),
  "a proxy": both(() => new Response("<html>", { status: 418 }), { kind: "transient", reason: "malformed" }),
  "a 200 that is not JSON": both(() => new Response("<html>"), {
    kind: "transient",
    sent: "unknown",
    reason: "malformed"
  }),
  "a 200 without a token": both(json(200, { error: echo }), { kind: "transient", sent: "unknown", reason: "malformed" })
}

describe("answers", () => {
  const check = (failure: ExchangeFailure, expected: object, sent: string) => {
    expect(failure).toMatchObject(expected)
    expect(Redaction.findSecret(failure, [sent, "sandbox-client-token"], { printers: { inspect } })).toBeUndefined()
  }
  for (const [name, row] of Object.entries(table)) {
    it.effect(`${name} to a sign-in`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(provider.signIn(byEmail)), row.signIn, "correct horse")
      }))
    it.effect(`${name} to a refresh`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(refresh(provider)), row.refresh, "old-refresh-1")
      }))
  }
})
