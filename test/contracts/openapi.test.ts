/** The documents in `openapi/`: what the contracts say now, valid for validators of somebody else, and without secrets. */
import { PitchpointApi } from "@effect-auth/pitchpoint/PitchpointApi"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { describe, expect, it } from "@effect/vitest"
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { Validator } from "@seriousme/openapi-schema-validator"
import * as fs from "node:fs"

const contracts = {
  placewise: OpenApi.fromApi(PlacewiseApi),
  priava: OpenApi.fromApi(PriavaApi),
  pitchpoint: OpenApi.fromApi(PitchpointApi),
  "wallet-app": OpenApi.fromApi(WalletAppApi)
}

const read = (name: string) => fs.readFileSync(new URL(`../../openapi/${name}.json`, import.meta.url), "utf8")

describe.each(Object.entries(contracts))("%s", (name, contract) => {
  const text = read(name)
  const document = JSON.parse(text)

  it("is what the contract says now (else: pnpm openapi)", () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(contract)))
  })

  it("is valid OpenAPI 3.1", async () => {
    const { errors, valid } = await new Validator().validate(JSON.parse(text))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(document.openapi).toBe("3.1.0")
  })

  it("has no fault that a linter of another house finds", async () => {
    const config = await createConfig({
      rules: { struct: "error", "no-unresolved-refs": "error", "path-params-defined": "error" }
    })
    const problems = await lintFromString({ source: text, absoluteRef: `${name}.json`, config })
    expect(problems.filter((problem) => problem.severity === "error").map((problem) => problem.message)).toEqual([])
  })

  it("names each secret field and has an example of none", () => {
    const secret = /password|secret|token|^key$|^code$/i
    const examples: Array<unknown> = []
    const walk = (node: unknown, at: string): void => {
      if (typeof node !== "object" || node === null) return
      for (const [key, value] of Object.entries(node)) {
        if ((key === "example" || key === "examples" || key === "default") && secret.test(at)) {
          examples.push([at, value])
        }
        walk(value, key)
      }
    }
    walk(document, "")
    expect(examples).toEqual([])
    expect(text).not.toMatch(/eyJ[\w-]{10,}|AMf-|Bearer [\w-]{8,}/)
  })
})

it("a document that is not valid is noticed", async () => {
  const broken = JSON.parse(read("placewise"))
  broken.paths["/broken"] = { get: { responses: 7 } }
  expect((await new Validator().validate(broken)).valid).toBe(false)
})
