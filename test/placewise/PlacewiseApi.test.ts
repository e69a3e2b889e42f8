import * as PlacewiseApi from "@effect-auth/placewise/PlacewiseApi"
import * as PlacewiseError from "@effect-auth/placewise/PlacewiseError"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** The documented payloads, with a field that no page names. */
const documented: ReadonlyArray<readonly [string, Schema.Schema.AnyNoContext, unknown]> = [
  ["password grant by e-mail", PlacewiseApi.CreateTokenPayload, {
    grant_type: "password",
    identifier_type: "email",
    identifier: "ola@example.com",
    password: "482913"
  }],
  ["password grant by id", PlacewiseApi.CreateTokenPayload, {
    grant_type: "password",
    identifier_type: "id",
    identifier: 42,
    password: "482913"
  }],
  ["external grant", PlacewiseApi.CreateTokenPayload, {
    grant_type: "external_token",
    external_token: "from-google",
    external_token_type: "google"
  }],
  ["refresh grant", PlacewiseApi.CreateTokenPayload, { grant_type: "refresh_token", refresh_token: "rr01" }],
  ["token response", PlacewiseApi.TokenResponse, {
    access_token: "aa01",
    token_type: "bearer",
    expires_in: 86400,
    refresh_token: "rr01",
    created_at: 1760000000,
    resource_owner_id: 42
  }],
  ["token info", PlacewiseApi.TokenInfo, {
    resource_owner_id: 42,
    scopes: [],
    expires_in_seconds: 73000,
    application: { uid: null },
    created_at: 1760000000
  }],
  ["revocation", PlacewiseApi.RevokePayload, { token: "aa01" }],
  ["rewards status", PlacewiseApi.RewardsStatus, {
    membership: true,
    membership_started_at: "2024-01-02T10:00:00.000Z",
    balance: 120,
    transactions: [{
      id: 7,
      type: "a type of tomorrow",
      date: "2024-02-01T09:00:00.000Z",
      amount: 20,
      expired_at: null,
      details: {}
    }],
    pagination_info: {
      total_count: 1,
      per_page: 1000,
      total_pages: 1,
      current_page: 1,
      next_page: null,
      prev_page: null,
      is_first_page: true,
      is_last_page: true,
      is_out_of_range: false
    }
  }],
  ["rewards status of who has not joined", PlacewiseApi.RewardsStatus, { membership: false }],
  ["member", PlacewiseApi.Member, {
    id: 42,
    properties: { language: "en", first_name: "Ola" },
    consents: { terms: { status: true, updated_at: null } },
    sms_status: "enabled",
    email_status: "hard_bounced",
    push_status: "disabled",
    created_at: "2024-01-02T10:00:00.000Z",
    updated_at: "2024-01-02T10:00:00.000Z",
    banned_until: null,
    person_id: 9
  }]
]

describe("documented payloads", () => {
  for (const [name, schema, payload] of documented) {
    it(name, () => {
      const decoded = Schema.decodeUnknownEither(schema)({ ...(payload as object), tomorrow: [1] })
      expect(Either.isRight(decoded)).toBe(true)
      expect(Schema.encodeUnknownSync(schema)(Either.getOrThrow(decoded))).toEqual(payload)
    })
  }

  it("nothing but an object is done", () => {
    const decode = Schema.decodeUnknownEither(PlacewiseApi.Done)
    expect(Either.isRight(decode({}))).toBe(true)
    expect(Either.isRight(decode({ tomorrow: 1 }))).toBe(true)
    expect(Either.isLeft(decode(1))).toBe(true)
  })

  it("a secret is Redacted, and a wrong one is not told", () => {
    const decode = Schema.decodeUnknownEither(PlacewiseApi.TokenResponse)
    const decoded = Either.getOrThrow(decode({ access_token: "aa01" }))
    expect(Redacted.value(decoded.access_token)).toBe("aa01")
    const failed = decode({ access_token: ["s3cret"] })
    expect(Either.isLeft(failed) && failed.left.message).not.toContain("s3cret")
  })
})

const errors: ReadonlyArray<readonly [keyof typeof PlacewiseError.onWire, number, object]> = [
  ["BadRequest", 400, {}],
  ["ClientNotAuthorized", 401, { error: "Client not authorized" }],
  ["FeatureNotEnabled", 402, { error: "Feature not enabled" }],
  ["PermitMissing", 403, { error: "Missing permit" }],
  ["NotFound", 404, { error: "Not found" }],
  ["NotAcceptable", 406, {}],
  ["InvalidParameters", 422, {
    error: "Invalid parameters",
    details: {
      member: {
        first_name: [{ error: "too_short", options: { min_length: 2 } }],
        msisdns: { "0": [{ error: "invalid_msisdn", options: {} }] }
      }
    }
  }],
  ["RateLimited", 429, {}],
  ["MemberNotAuthorized", 460, { error: "Member not authorized" }],
  ["InvalidCredentials", 461, { error: "Invalid credentials" }],
  ["InvalidRefreshToken", 462, { error: "Invalid refresh token" }],
  ["MemberBanned", 467, { error: "Member is banned!", banned_until: "2030-01-01T00:00:00.000Z" }],
  ["HeaderMissing", 470, { error: "Missing header" }],
  ["HeaderIncorrect", 471, { error: "Incorrect header" }],
  ["NotParticipating", 480, { error: "Member is not participating in Rewards Program" }],
  ["Maintenance", 503, {}]
]

describe("documented errors", () => {
  const spec = OpenApi.fromApi(PlacewiseApi.PlacewiseApi)
  const operations = Object.values(spec.paths).flatMap((path) => Object.values(path))

  for (const [name, status, wire] of errors) {
    it(`${name} is ${status}, without a tag on the wire`, () => {
      const schema: Schema.Schema<any, any> = PlacewiseError.onWire[name]
      const decoded = Schema.decodeUnknownSync(schema)({ ...wire, tomorrow: 1 })
      expect(decoded).toMatchObject({ _tag: name, ...wire })
      expect(Schema.encodeSync(schema)(decoded)).toEqual(wire)
      expect(operations.some((operation) => String(status) in operation.responses)).toBe(true)
    })
    it(`${name} may have an empty body`, () => {
      expect(Schema.decodeUnknownSync<any, any>(PlacewiseError.onWire[name])(undefined)).toMatchObject({ _tag: name })
    })
  }

  it("all of them are listed here", () => {
    expect(errors.map(([name]) => name).sort()).toEqual(Object.keys(PlacewiseError.onWire).sort())
  })
})

describe("the OpenAPI document", () => {
  const spec = OpenApi.fromApi(PlacewiseApi.PlacewiseApi)
  const text = JSON.stringify(spec)

  it("has every documented path", () => {
    const members = "/v3/{slug}/members"
    expect(Object.entries(spec.paths).map(([path, item]) => `${Object.keys(item).join()} ${path}`).sort()).toEqual([
      `get ${members}/me`,
      `get ${members}/me/rewards-program/status`,
      `get ${members}/oauth/token/info`,
      `post ${members}/by_email/{email}/send_one_time_password_via_email`,
      `post ${members}/by_email/{email}/send_one_time_password_via_sms`,
      `post ${members}/by_email/{email}/send_registration_password`,
      `post ${members}/by_msisdn/{msisdn}/send_one_time_password_via_email`,
      `post ${members}/by_msisdn/{msisdn}/send_one_time_password_via_sms`,
      `post ${members}/by_msisdn/{msisdn}/send_registration_password`,
      `post ${members}/oauth/revoke`,
      `post ${members}/oauth/token`
    ])
  })

  it("tells nothing of the platform: no tags, no decode error, open objects", () => {
    expect(text).not.toMatch(/_tag|HttpApiDecodeError|additionalProperties":false/)
  })

  it("says which calls need the member's token", () => {
    const secured = Object.entries(spec.paths).flatMap(([path, item]) =>
      Object.values(item).filter((operation) => operation.security.length > 0).map(() => path.split("/members")[1])
    )
    expect(secured.sort()).toEqual(["/me", "/me/rewards-program/status", "/oauth/token/info"])
    expect(spec.components.securitySchemes).toEqual({ member: { type: "http", scheme: "bearer" } })
  })

  it("names the documented headers", () => {
    const parameters = spec.paths["/v3/{slug}/members/oauth/token"]?.post?.parameters ?? []
    expect(
      parameters.filter((parameter) => parameter.in === "header").map(({ name, required }) => [name, required])
    ).toEqual([
      ["x-client-authorization", true],
      ["x-user-agent", true],
      ["x-product-name", true],
      ["x-loyalty-club-slug", false],
      ["x-locale", false]
    ])
  })
})
