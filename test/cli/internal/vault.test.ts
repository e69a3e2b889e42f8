import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Key } from "../../../packages/cli/src/internal/keys.ts"
import * as vault from "../../../packages/cli/src/internal/vault.ts"

const keyOf = (id: string, byte: number): Key => ({
  id,
  key: Redacted.make(Buffer.alloc(32, byte).toString("base64"))
})
const [first, second] = [keyOf("k1", 1), keyOf("k2", 2)]
const belonging = ["priava", "default", "clientSecret"]
const secret = Redacted.make("c0ffee-secret")

/** The first format, as version 0.1 wrote it. */
const sealedBefore = Effect.promise(async () => {
  const iv = new Uint8Array(12).fill(7)
  const key = await crypto.subtle.importKey("raw", Buffer.alloc(32, 1), "AES-GCM", false, ["encrypt"])
  const additionalData = new TextEncoder().encode(JSON.stringify(["@effect-auth/cli/sealed", "v1", "k1", ...belonging]))
  const text = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, Buffer.from("an old secret"))
  return ["v1", "k1", Buffer.from(iv).toString("base64url"), Buffer.from(text).toString("base64url")].join(".")
})

describe("what is sealed", () => {
  it.effect("opens with its key, also after a rotation, and shows nothing", () =>
    Effect.gen(function*() {
      const sealed = yield* vault.seal([first], belonging, secret)
      assert.notInclude(sealed + Buffer.from(sealed.split(".").join(""), "base64url").toString(), "c0ffee")
      assert.notStrictEqual(yield* vault.seal([first], belonging, secret), sealed)
      const opened = yield* vault.unseal([second, first], belonging, sealed)
      assert.strictEqual(Redacted.value(opened), "c0ffee-secret")
    }))

  it.effect("opens for nobody else", () =>
    Effect.gen(function*() {
      const sealed = yield* vault.seal([first], belonging, secret)
      const reasonOf = (all: ReadonlyArray<Key>, of: ReadonlyArray<string>, text: string) =>
        Effect.map(Effect.flip(vault.unseal(all, of, text)), ({ reason }) => reason)
      assert.strictEqual(yield* reasonOf([second], belonging, sealed), "missing-key")
      assert.strictEqual(yield* reasonOf([keyOf("k1", 3)], belonging, sealed), "tampered")
      assert.strictEqual(yield* reasonOf([first], ["priava", "other", "clientSecret"], sealed), "tampered")
      const [header = "", ...rest] = sealed.split(".")
      const other = { ...JSON.parse(Buffer.from(header, "base64url").toString()), belonging: ["priava", "other"] }
      const forged = [Buffer.from(JSON.stringify(other)).toString("base64url"), ...rest].join(".")
      assert.strictEqual(yield* reasonOf([first], ["priava", "other"], forged), "tampered")
      for (const damaged of ["", "x", sealed.slice(0, -4), `${sealed}AAAA`, "v1.k1", "v1.k1.A.A"]) {
        assert.include(["tampered", "missing-key"], yield* reasonOf([first], belonging, damaged))
      }
    }))

  it.effect("opens in its first format", () =>
    Effect.gen(function*() {
      const sealed = yield* sealedBefore
      assert.strictEqual(Redacted.value(yield* vault.unseal([first], belonging, sealed)), "an old secret")
      assert.strictEqual((yield* Effect.flip(vault.unseal([first], ["else"], sealed))).reason, "tampered")
    }))
})
