import * as WalletAppApi from "@effect-auth/wallet-app/WalletAppApi"
import * as WalletAppError from "@effect-auth/wallet-app/WalletAppError"
import * as WalletAppPermission from "@effect-auth/wallet-app/WalletAppPermission"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { assumedErrors, documented } from "./fixtures.ts"

describe("documented payloads", () => {
  for (const [name, schema, payload] of documented) {
    it(name, () => {
      const decoded = Schema.decodeUnknownEither(schema)({ ...payload, tomorrow: [1] })
      expect(Either.isRight(decoded)).toBe(true)
      expect(Schema.encodeUnknownSync(schema)(Either.getOrThrow(decoded))).toEqual(payload)
    })
  }

  it("a key is Redacted under either name, and a wrong one is not told", () => {
    const decode = Schema.decodeUnknownEither(WalletAppApi.TokenResponse)
    for (const name of ["key", "token"]) {
      const { data } = Either.getOrThrow(decode({ data: { [name]: "12|abcdef" } }))
      expect(Redacted.value("key" in data ? data.key : data.token)).toBe("12|abcdef")
      const failed = decode({ data: { [name]: ["s3cret"] } })
      expect(Either.isLeft(failed) && failed.left.message).not.toContain("s3cret")
    }
    expect(Either.isLeft(decode({ data: { key: "" } }))).toBe(true)
  })
})

describe("errors", () => {
  const operations = Object.values(OpenApi.fromApi(WalletAppApi.WalletAppApi).paths)
    .flatMap((path) => Object.values(path))

  for (const [name, status, wire] of assumedErrors) {
    it(`${name} is ${status}, without a tag on the wire: ${JSON.stringify(wire)}`, () => {
      const schema: Schema.Schema<any, any> = WalletAppError.onWire[name]
      const decoded = Schema.decodeUnknownSync(schema)({ ...wire, tomorrow: 1 })
      expect(decoded).toMatchObject({ _tag: name, ...wire })
      expect(Schema.encodeSync(schema)(decoded)).toEqual(wire)
      expect(operations.some((operation) => String(status) in operation.responses)).toBe(true)
    })
  }

  it("all of them are listed", () => {
    expect([...new Set(assumedErrors.map(([name]) => name))].sort()).toEqual(
      Object.keys(WalletAppError.onWire).sort()
    )
  })
})

describe("the OpenAPI document", () => {
  const spec = OpenApi.fromApi(WalletAppApi.WalletAppApi)

  it("has every path", () => {
    expect(Object.entries(spec.paths).map(([path, item]) => `${Object.keys(item).sort().join()} ${path}`).sort())
      .toEqual(["delete,get,post /oauth/token", "get /brands", "get /members/list", "get /passes"])
  })

  it("tells nothing of the platform: no tags, no decode error, open objects", () => {
    expect(JSON.stringify(spec)).not.toMatch(/_tag|HttpApiDecodeError|additionalProperties":false/)
  })

  it("says which calls need the key, and that all of them accept JSON only", () => {
    const operations = Object.values(spec.paths).flatMap((item) => Object.values(item))
    expect(operations.filter((operation) => operation.security.length === 0)).toHaveLength(1)
    for (const operation of operations) {
      const accept = operation.parameters.find((parameter: any) => parameter.name === "accept")
      expect(accept).toMatchObject({ in: "header", required: true, schema: { enum: ["application/json"] } })
    }
  })
})

describe("permissions", () => {
  it("are the page's, and any other text", () => {
    expect(WalletAppPermission.known).toHaveLength(73)
    expect(new Set(WalletAppPermission.known).size).toBe(73)
    expect(WalletAppPermission.isKnown("import")).toBe(true)
    expect(WalletAppPermission.isKnown("tomorrow.get")).toBe(false)
    expect(Schema.is(WalletAppApi.Permission)("tomorrow.get")).toBe(true)
  })
})
