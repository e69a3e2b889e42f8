import * as Redaction from "@effect-auth/testing/Redaction"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

const secret = "s3cr3t/t0ken+value=="

/** Its base64 has letters that base64url writes in another way. */
const odd = "???>>>~~~???>>>"

const hidden = (name: string, value: unknown) =>
  Object.defineProperty(new Error("boom"), name, { value, enumerable: false })

class Holder {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  toJSON() {
    return { value: this.#value }
  }
}

class Inspected {
  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `Inspected(${secret})`
  }
}

const bearer = HttpClientRequest.bearerToken(HttpClientRequest.get("https://api.test/"), secret)

const leaks: ReadonlyArray<readonly [string, unknown]> = [
  ["a text", `before ${secret} after`],
  ["a message", new Error(`bad token ${secret}`)],
  ["a cause", new Error("boom", { cause: new Error(secret) })],
  ["a hidden property", hidden("body", { deep: [secret] })],
  ["a symbol", { [Symbol.for("x")]: secret }],
  ["a name", { [secret]: true }],
  ["a private field by toJSON", new Holder(secret)],
  ["an inspector", new Inspected()],
  ["bytes", { body: new TextEncoder().encode(`{"token":"${secret}"}`) }],
  ["a map", new Map([["token", secret]])],
  ["a query", `https://api.test/?code=${encodeURIComponent(secret)}`],
  ["a form", new URLSearchParams({ token: secret }).toString()],
  ["a JSON text", JSON.stringify({ token: `quote"${secret}` })],
  ["base64", btoa(secret)],
  ["basic authorization", `Basic ${btoa(`client:${secret}`)}`],
  ["basic authorization, odd letters", `Basic ${btoa(`client:${odd}`)}`],
  ["base64url, odd letters", btoa(`ab${odd}`).replaceAll("+", "-").replaceAll("/", "_")],
  ["basic authorization, shifted", `Basic ${btoa(`client1:${secret}`)}`],
  ["base64url", btoa(`ab${secret}`).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")],
  ["a request", bearer],
  ["a platform error", new HttpClientError.RequestError({ request: bearer, reason: "Transport" })],
  ["a Cause", Cause.fail(new Error(secret))],
  ["a die", Cause.die(new Error("boom", { cause: secret }))],
  ["an Exit", Exit.fail({ token: secret })],
  [
    "a parse error",
    Either.merge(Schema.decodeUnknownEither(Schema.Struct({ token: Schema.Number }))({ token: secret }))
  ]
]

class Clean extends Data.TaggedError("Clean")<{ readonly token: Redacted.Redacted<string> }> {}

const clean: ReadonlyArray<readonly [string, unknown]> = [
  ["a Redacted", Redacted.make(secret)],
  ["an error with a Redacted", new Clean({ token: Redacted.make(secret) })],
  ["a part of it", secret.slice(0, 8)],
  ["nothing", undefined],
  [
    "a circle",
    (() => {
      const self: Record<string, unknown> = {}
      self["self"] = self
      return self
    })()
  ]
]

describe("Redaction", () => {
  for (const [name, value] of leaks) {
    it.effect(`finds a secret in ${name}`, () =>
      Effect.gen(function*() {
        const found = yield* Effect.flip(Redaction.assertNoSecret(value, ["other secret", Redacted.make(secret), odd]))
        expect(found.index).toBe(name.endsWith("odd letters") ? 2 : 1)
        expect(found.message).not.toContain(secret)
      }))
  }

  for (const [name, value] of clean) {
    it.effect(`finds none in ${name}`, () =>
      Effect.gen(function*() {
        const printers = { inspect: (self: unknown) => inspect(self, { depth: 9 }) }
        assert.isUndefined(yield* Redaction.assertNoSecret(value, [secret], { printers }))
      }))
  }

  for (const length of [65_536, 1_048_576]) {
    it(`looks for a secret of ${length} bytes in every form`, () => {
      const long = `${secret}${"k".repeat(length - secret.length)}`
      const forms = { url: encodeURIComponent(long), base64: btoa(`id:${long}`), plain: long }
      for (const [form, text] of Object.entries(forms)) {
        expect(Redaction.findSecret({ body: text }, [long])).toMatchObject({ form })
      }
      assert.isUndefined(Redaction.findSecret({ body: long.slice(1) }, [long]))
    })
  }

  it("looks for a secret that no URL can hold", () => {
    const odd = `half a pair: \ud800`
    expect(Redaction.findSecret(odd, [odd])).toMatchObject({ form: "plain" })
    expect(Redaction.findSecret(new URLSearchParams({ a: odd }).toString(), [odd])).toMatchObject({ form: "url" })
    assert.isUndefined(Redaction.findSecret("harmless", [odd]))
  })

  it("asks the printers that it is given", () => {
    const value = { harmless: true }
    const found = Redaction.findSecret(value, [secret], { printers: { mine: () => secret } })
    expect(found?.where).toBe("mine")
  })
})
