import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { ProviderOptions } from "@effect-auth/core/ProviderSettings"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as Redaction from "@effect-auth/testing/Redaction"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { inspect } from "node:util"
import { code, formOf, issued, settings, stub, textOf } from "./fixtures.ts"

const tokens = {
  accessToken: Redacted.make("old-access-1"),
  refreshToken: Redacted.make("old-refresh-1"),
  obtainedAt: 0
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () =>
  Response.json(body, { status, headers })

const provided = (
  answer: (request: { readonly url: string }) => Response,
  change: Partial<PriavaAuth.Settings> = {},
  options?: ProviderOptions
) => {
  const { layer, requests } = stub(answer)
  return Effect.map(
    Effect.provide(PriavaAuth.provider({ ...settings, ...change }, options), layer),
    (provider) => ({ provider, requests })
  )
}

const refresh = (provider: AuthProvider<PriavaAuth.PriavaCredentials>) =>
  provider.refresh!(Redacted.make("old-refresh-1"), tokens)

describe("requests", () => {
  const url = "https://api.priava.com/api/rest/oauth/token"

  it.effect("code grant: the documented form", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued))
      const response = yield* provider.signIn(code("a+b/c&d=e"))
      expect(requests).toHaveLength(1)
      expect(requests[0]).toMatchObject({ method: "POST", url })
      expect(formOf(requests[0])).toEqual({
        grant_type: "authorization_code",
        client_id: "sandbox-client",
        client_secret: "sandbox-client-secret",
        code: "a+b/c&d=e",
        redirect_uri: "https://my.app.com/oauth2callback"
      })
      expect(textOf(requests[0])).toContain("redirect_uri=https%3A%2F%2Fmy.app.com%2Foauth2callback")
      expect(response).toMatchObject({ tokenType: "BEARER", expiresIn: 21600 })
      expect(Redacted.value(response.accessToken)).toBe("xxxxxxxx")
      expect(Redacted.value(response.refreshToken!)).toBe("yyyyyyyy")
    }))

  it.effect("refresh grant: with redirect_uri, like the other", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(201, issued))
      yield* refresh(provider)
      expect(requests[0]).toMatchObject({ method: "POST", url })
      expect(formOf(requests[0])).toEqual({
        grant_type: "refresh_token",
        client_id: "sandbox-client",
        client_secret: "sandbox-client-secret",
        refresh_token: "old-refresh-1",
        redirect_uri: "https://my.app.com/oauth2callback"
      })
    }))

  it.effect("the documented headers to the letter, and the secret in the body only", () =>
    Effect.gen(function*() {
      const { provider, requests } = yield* provided(json(200, issued), { region: "APAC" })
      yield* provider.signIn(code())
      yield* refresh(provider)
      for (const request of requests) {
        expect(request.headers).toMatchObject({
          "content-type": "application/x-www-form-urlencoded;charset=utf-8",
          tenantregion: "APAC"
        })
        expect(request.headers).not.toHaveProperty("authorization")
        expect(request.url).not.toContain("?")
      }
    }))

  it.effect("the token URL can be another one", () =>
    Effect.gen(function*() {
      const tokenUrl = "https://api.priava.com/rest/oauth/token"
      const { provider, requests } = yield* provided(json(200, issued), { tokenUrl })
      yield* provider.signIn(code())
      yield* refresh(provider)
      expect(requests.map((request) => request.url)).toEqual([tokenUrl, tokenUrl])
    }))
})

describe("the provider's data", () => {
  it.effect("realm and origin come from host, region and client id", () =>
    Effect.gen(function*() {
      const { provider } = yield* provided(json(200, issued))
      expect(provider).toMatchObject({
        name: "priava",
        realm: "api.priava.com/EU/sandbox-client",
        origins: ["https://api.priava.com"],
        rotation: "rotating",
        singleUse: true,
        rejection: { statuses: [401] }
      })
      expect(provider.revoke).toBeUndefined()
      const sandbox = yield* provided(json(200, issued), {
        host: "sandbox",
        region: "US"
      }, { rejection: { statuses: [401, 403] } })
      expect(sandbox.provider).toMatchObject({
        realm: "api-sandbox.priava.com/US/sandbox-client",
        rejection: { statuses: [401, 403] }
      })
      const custom = yield* provided(json(200, issued), { host: "https://proxy.test:8443/pv/" })
      expect(custom.provider).toMatchObject({
        realm: "proxy.test:8443/pv/EU/sandbox-client",
        origins: ["https://proxy.test:8443"]
      })
      yield* refresh(custom.provider)
      expect(custom.requests[0]?.url).toBe("https://proxy.test:8443/pv/api/rest/oauth/token")
    }))

  const bad: ReadonlyArray<readonly [Partial<PriavaAuth.Settings>, string]> = [
    [{ region: "UK" as "EU" }, "options"],
    [{ clientId: "" }, "options"],
    [{ clientId: "a b" }, "options"],
    [{ clientSecret: Redacted.make("") }, "options"],
    [{ clientSecret: Redacted.make("a\r\nb") }, "options"],
    [{ redirectUri: "" }, "options"],
    [{ redirectUri: "/callback" }, "options"],
    [{ host: "prodution" }, "url"],
    [{ host: "ftp://api.test" }, "url"],
    [{ host: "https://user:pass@api.test" }, "url"],
    [{ host: "https://api.test/?x=1" }, "url"],
    [{ host: "constructor" }, "url"],
    [{ host: "http://api.test" }, "insecure"],
    [{ tokenUrl: "rest/oauth/token" }, "url"],
    [{ tokenUrl: "https://api.test/token?code=1" }, "url"],
    [{ tokenUrl: "http://api.test/token" }, "insecure"]
  ]
  for (const [options, reason] of bad) {
    it.effect(`${inspect(options)} is refused before anything is sent`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(provided(json(200, issued), options))
        expect(error).toMatchObject({ _tag: "AuthMisconfigured", provider: "priava", operation: "configure", reason })
      }))
  }
  for (const options of [{ host: "http://localhost:8080" }, { host: "http://api.test", allowInsecure: true }]) {
    it.effect(`${options.host} is accepted`, () =>
      Effect.gen(function*() {
        const { provider, requests } = yield* provided(json(200, issued), options)
        yield* refresh(provider)
        expect(requests[0]?.url).toBe(`${options.host}/api/rest/oauth/token`)
      }))
  }
})

const empty = (status: number) => () => new Response(null, { status })
const echo = "no old-refresh-1, no sandbox-code, no sandbox-client-secret"

interface Row {
  readonly answer: () => Response
  readonly signIn: object
  readonly refresh: object
}

const both = (answer: () => Response, expected: object): Row => ({ answer, signIn: expected, refresh: expected })

/** A configuration fault told by 400: the session is kept, a code is used up. */
const fault = (error: string, reason: string): Row => ({
  answer: json(400, { error, error_description: echo }),
  signIn: { kind: "config", reason, sent: "unknown", error },
  refresh: { kind: "config", reason, sent: "answered", error }
})

/** A 400 that tells nothing: the session is kept, a code is used up. */
const silent = (answer: () => Response): Row => ({
  answer,
  signIn: { kind: "transient", reason: "malformed", sent: "unknown", status: 400 },
  refresh: { kind: "transient", reason: "malformed", sent: "answered", status: 400 }
})

const limited = (retryAfter: unknown, headers: Record<string, string> = {}) =>
  json(429, { error: "Your API rate limit is exhausted", "retry-after": retryAfter }, headers)

const rateLimited = (retryAfter: Duration.Duration | undefined) => ({
  kind: "transient",
  reason: "rate-limited",
  sent: "answered",
  retryAfter
})

/** What each answer means for a code exchange and for a refresh. The clock stands at the epoch. */
const table: { readonly [name: string]: Row } = {
  "the documented 400, with a code that nobody documented": {
    answer: json(400, { error: "error_code", error_description: "A human readable error message" }),
    signIn: {
      kind: "terminal",
      reason: "unknown",
      status: 400,
      error: "error_code",
      errorDescription: "A human readable error message"
    },
    refresh: { kind: "refused", reason: "unknown", status: 400, error: "error_code" }
  },
  "an echo of the secrets": {
    answer: json(400, { error: "error_old-refresh-1", error_description: echo }),
    signIn: { kind: "terminal" },
    refresh: { kind: "refused" }
  },
  invalid_grant: both(json(400, { error: "invalid_grant" }), { kind: "terminal", reason: "credentials" }),
  invalid_client: fault("invalid_client", "client"),
  unauthorized_client: fault("unauthorized_client", "client"),
  unsupported_grant_type: fault("unsupported_grant_type", "client"),
  invalid_scope: fault("invalid_scope", "scope"),
  invalid_request: fault("invalid_request", "request"),
  "invalid_client by 401": both(json(401, { error: "invalid_client" }), { kind: "config", sent: "answered" }),
  "an empty 400": silent(empty(400)),
  "a page of HTML with 400": silent(() => new Response("<html>", { status: 400 })),
  "a 400 of another shape": silent(json(400, ["error"])),
  "a 400 whose error is no text": silent(json(400, { error: { code: 7 } })),
  "a 400 without end": silent(() => new Response("x".repeat(2_000_000), { status: 400 })),
  "404": both(empty(404), { kind: "config", reason: "url", sent: "answered" }),
  "405": both(json(405, { error: "Method not allowed" }), { kind: "config", reason: "url" }),
  "a redirect": both(() => new Response(null, { status: 307, headers: { location: "https://evil.test/" } }), {
    kind: "config",
    reason: "url"
  }),
  "429 with a date in the body": both(limited("Thu, 01 Jan 1970 00:02:00"), rateLimited(Duration.minutes(2))),
  "429 with a date in the body, of a wrong weekday": both(
    limited("Sun, 01 Jan 1970 00:02:00"),
    rateLimited(Duration.minutes(2))
  ),
  "429 with a date that can't be read": both(limited("soon"), rateLimited(Duration.minutes(5))),
  "429 with a header": both(limited(undefined, { "retry-after": "30" }), rateLimited(Duration.seconds(30))),
  "429 with both": both(
    limited("Thu, 01 Jan 1970 00:02:00", { "retry-after": "30" }),
    rateLimited(Duration.seconds(30))
  ),
  "429 with a header that can't be read": both(
    limited("Thu, 01 Jan 1970 00:02:00", { "retry-after": "soon" }),
    rateLimited(Duration.minutes(2))
  ),
  "429 with neither": both(empty(429), rateLimited(undefined)),
  "a proxy": both(() => new Response("<html>", { status: 418 }), { kind: "transient", reason: "malformed" }),
  "500": both(empty(500), { kind: "transient", reason: "server", sent: "unknown" }),
  "503": both(empty(503), { kind: "transient", reason: "server", sent: "answered" }),
  "a 200 that is not JSON": both(() => new Response("<html>"), {
    kind: "transient",
    sent: "unknown",
    reason: "malformed"
  }),
  "a 200 without a token": both(json(200, { error: echo }), { kind: "transient", sent: "unknown", reason: "malformed" })
}

describe("answers", () => {
  /** `sent`: the secrets of the request. The server repeats them. */
  const check = (failure: ExchangeFailure, expected: object, sent: ReadonlyArray<string>) => {
    expect(failure).toMatchObject(expected)
    expect(Redaction.findSecret(failure, sent, { printers: { inspect } })).toBeUndefined()
  }
  for (const [name, row] of Object.entries(table)) {
    it.effect(`${name}, to a code exchange`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(provider.signIn(code())), row.signIn, ["sandbox-code", "sandbox-client-secret"])
      }))
    it.effect(`${name}, to a refresh`, () =>
      Effect.gen(function*() {
        const { provider } = yield* provided(row.answer)
        check(yield* Effect.flip(refresh(provider)), row.refresh, ["old-refresh-1", "sandbox-client-secret"])
      }))
  }
})
