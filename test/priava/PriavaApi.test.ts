import * as PriavaApi from "@effect-auth/priava/PriavaApi"
import * as PriavaError from "@effect-auth/priava/PriavaError"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { documented, errors } from "./fixtures.ts"

describe("documented payloads", () => {
  for (const [name, schema, payload] of documented) {
    it(name, () => {
      const decoded = Schema.decodeUnknownEither(schema)({ ...payload, tomorrow: [1] })
      expect(Either.isRight(decoded)).toBe(true)
      expect(Schema.encodeUnknownSync(schema)(Either.getOrThrow(decoded))).toEqual(payload)
    })
  }

  it("an organisation query and a row are open objects", () => {
    const decode = Schema.decodeUnknownSync(PriavaApi.OrganisationQuery)
    expect(decode({ Name: "Infinity Mall", tomorrow: [1] })).toEqual({ Name: "Infinity Mall", tomorrow: [1] })
    expect(Either.isLeft(Schema.decodeUnknownEither(PriavaApi.Rows)({ result: "none" }))).toBe(true)
  })

  it("the region is one of three", () => {
    const decode = Schema.decodeUnknownEither(PriavaApi.TenantRegion)
    expect(["APAC", "EU", "US"].every((region) => Either.isRight(decode(region)))).toBe(true)
    expect(["eu", "UK", ""].some((region) => Either.isRight(decode(region)))).toBe(false)
  })

  it("a secret is Redacted, and a wrong one is not told", () => {
    const decode = Schema.decodeUnknownEither(PriavaApi.TokenResponse)
    const decoded = Either.getOrThrow(decode({ access_token: "aa01" }))
    expect(Redacted.value(decoded.access_token)).toBe("aa01")
    const failed = decode({ access_token: ["s3cret"] })
    expect(Either.isLeft(failed) && failed.left.message).not.toContain("s3cret")
  })
})

describe("documented errors", () => {
  const spec = OpenApi.fromApi(PriavaApi.PriavaApi)
  const operations = Object.values(spec.paths).flatMap((path) => Object.values(path))

  for (const [name, status, wire] of errors) {
    it(`${name} is ${status}, without a tag on the wire`, () => {
      const schema: Schema.Schema<any, any> = PriavaError.onWire[name]
      const decoded = Schema.decodeUnknownSync(schema)({ ...wire, tomorrow: 1 })
      expect(decoded).toMatchObject({ _tag: name, ...wire })
      expect(Schema.encodeSync(schema)(decoded)).toEqual(wire)
      expect(operations.some((operation) => String(status) in operation.responses)).toBe(true)
    })
    it(`${name} may have an empty body`, () => {
      expect(Schema.decodeUnknownSync<any, any>(PriavaError.onWire[name])(undefined)).toMatchObject({ _tag: name })
    })
  }

  it("all of them are listed here", () => {
    expect(errors.map(([name]) => name).sort()).toEqual(Object.keys(PriavaError.onWire).sort())
  })
})

describe("the OpenAPI document", () => {
  const spec = OpenApi.fromApi(PriavaApi.PriavaApi)
  const text = JSON.stringify(spec)

  it("is valid, says a validator that is not ours", async () => {
    const { errors, valid } = await new Validator().validate(JSON.parse(text))
    expect({ errors, valid }).toEqual({ errors: undefined, valid: true })
  })

  it("has every documented path, and all of them are POSTs", () => {
    expect(Object.entries(spec.paths).map(([path, item]) => `${Object.keys(item).join()} ${path}`).sort()).toEqual([
      "post /api/rest/latest/subscription",
      "post /api/rest/oauth/token",
      "post /api/rest/v2/contact/get",
      "post /api/rest/v2/organisation/get",
      "post /api/rest/v2/venue/get/groups"
    ])
  })

  it("tells nothing of the platform: no tags, no decode error, open objects", () => {
    expect(text).not.toMatch(/_tag|HttpApiDecodeError|additionalProperties":false/)
  })

  it("says which calls need the token", () => {
    const open = Object.entries(spec.paths).filter(([, item]) => item.post?.security.length === 0)
    expect(open.map(([path]) => path)).toEqual(["/api/rest/oauth/token"])
    expect(spec.components.securitySchemes).toEqual({ token: { type: "http", scheme: "bearer" } })
  })

  it("the region is required on token requests and optional on calls", () => {
    const header = (path: string) =>
      spec.paths[path]?.post?.parameters.map(({ in: place, name, required }) => [place, name, required])
    expect(header("/api/rest/oauth/token")).toEqual([["header", "tenantregion", true]])
    expect(header("/api/rest/v2/contact/get")).toEqual([["header", "tenantregion", false]])
  })

  it("token requests are forms", () => {
    const content = spec.paths["/api/rest/oauth/token"]?.post?.requestBody?.content ?? {}
    expect(Object.keys(content)).toEqual(["application/x-www-form-urlencoded;charset=utf-8"])
  })

  it("the searches are reads, the subscription is none", () => {
    expect(PriavaApi.reads).toEqual([
      "/api/rest/v2/contact/get",
      "/api/rest/v2/venue/get/groups",
      "/api/rest/v2/organisation/get"
    ])
  })
})
