import * as PitchpointApi from "@effect-auth/pitchpoint/PitchpointApi"
import * as PitchpointError from "@effect-auth/pitchpoint/PitchpointError"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { documented, documentedErrors } from "./fixtures.ts"

describe("documented payloads", () => {
  for (const [name, schema, payload] of documented) {
    it(name, () => {
      const decoded = Schema.decodeUnknownEither(schema)({ ...payload, tomorrow: [1] })
      expect(Either.isRight(decoded)).toBe(true)
      expect(Schema.encodeUnknownSync(schema)(Either.getOrThrow(decoded))).toEqual(payload)
    })
  }

  it("a secret is Redacted, and a wrong one is not told", () => {
    const decode = Schema.decodeUnknownEither(PitchpointApi.TokenResponse)
    const decoded = Either.getOrThrow(decode({ access_token: "h.p.s" }))
    expect(Redacted.value(decoded.access_token)).toBe("h.p.s")
    const failed = decode({ access_token: ["s3cret"] })
    expect(Either.isLeft(failed) && failed.left.message).not.toContain("s3cret")
  })
})

describe("errors", () => {
  const operations = Object.values(OpenApi.fromApi(PitchpointApi.PitchpointApi).paths)
    .flatMap((path) => Object.values(path))

  for (const [name, status, wire] of documentedErrors) {
    it(`${name} is ${status}, without a tag on the wire: ${JSON.stringify(wire)}`, () => {
      const schema: Schema.Schema<any, any> = PitchpointError.onWire[name]
      const decoded = Schema.decodeUnknownSync(schema)({ ...wire, tomorrow: 1 })
      expect(decoded).toMatchObject({ _tag: name, ...wire })
      expect(Schema.encodeSync(schema)(decoded)).toEqual(wire)
      expect(operations.some((operation) => String(status) in operation.responses)).toBe(true)
    })
  }

  it("all of them are listed", () => {
    expect([...new Set(documentedErrors.map(([name]) => name))].sort()).toEqual(
      Object.keys(PitchpointError.onWire).sort()
    )
  })
})

describe("the OpenAPI document", () => {
  const spec = OpenApi.fromApi(PitchpointApi.PitchpointApi)

  it("has every path", () => {
    expect(Object.entries(spec.paths).map(([path, item]) => `${Object.keys(item).join()} ${path}`).sort()).toEqual([
      "get /riskinsight-services-ws/resources/v1/sami/{transactionId}",
      "post /riskinsight-services-ws/resources/v1/orders/query",
      "post /riskinsight-services-ws/resources/v1/sami/DetailedBLJ/PDF-001",
      "post /user-management-services-ws/oauth2/002/refreshIdToken",
      "post /user-management-services-ws/oauth2/002/signInWithPassword"
    ])
  })

  it("tells nothing of the platform: no tags, no decode error, open objects", () => {
    expect(JSON.stringify(spec)).not.toMatch(/_tag|HttpApiDecodeError|additionalProperties":false/)
  })

  it("says which calls need the access token", () => {
    const secured = Object.entries(spec.paths).flatMap(([path, item]) =>
      Object.values(item).filter((operation) => operation.security.length > 0).map(() => path)
    )
    expect(secured).toHaveLength(3)
    expect(secured.every((path) => path.startsWith("/riskinsight-services-ws/"))).toBe(true)
  })
})
