import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import * as SessionRecords from "@effect-auth/core/SessionRecord"
import { describe, expect, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import { earlyToken } from "../../../packages/cli/src/internal/earlyToken.ts"
import { indent } from "../../../packages/cli/src/internal/jsonText.ts"
import { lookAt } from "../../../packages/cli/src/internal/looking.ts"
import { type Format, formats, render } from "../../../packages/cli/src/internal/tokenFormats.ts"

const printed = {
  provider: "wallet-app",
  account: "me",
  accessToken: "abc.DEF-1~2",
  expiresAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  expiresIn: 60
}

const json = (format: Format, more: object = {}, execInfo?: string): unknown =>
  JSON.parse(render(format, { ...printed, ...more }, execInfo))

describe("a token's formats", () => {
  it("plain and json", () => {
    expect(render("plain", printed, undefined)).toBe("abc.DEF-1~2")
    expect(json("json")).toEqual(printed)
    expect(formats).toEqual(["plain", "json", "env", "kubectl", "aws"])
  })

  it("an env file, quoted only where a shell would read more than the text", () => {
    expect(render("env", printed, undefined)).toBe(
      "EFFECT_AUTH_WALLET_APP_ACCESS_TOKEN=abc.DEF-1~2\nEFFECT_AUTH_WALLET_APP_EXPIRES_AT=2026-01-02T03:04:05Z"
    )
    expect(render("env", { ...printed, accessToken: "a'b $c", expiresAt: null }, undefined)).toBe(
      `EFFECT_AUTH_WALLET_APP_ACCESS_TOKEN='a'\\''b $c'`
    )
  })

  it("an ExecCredential in the version that kubectl asks for", () => {
    expect(json("kubectl")).toEqual({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { expirationTimestamp: "2026-01-02T03:04:05Z", token: "abc.DEF-1~2" }
    })
    const asked = JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1beta1", kind: "ExecCredential" })
    expect(json("kubectl", { expiresAt: null }, asked)).toEqual({
      apiVersion: "client.authentication.k8s.io/v1beta1",
      kind: "ExecCredential",
      status: { token: "abc.DEF-1~2" }
    })
    expect(json("kubectl", {}, "not json")).toMatchObject({ apiVersion: "client.authentication.k8s.io/v1" })
  })

  it("the shape of a credential_process", () => {
    expect(json("aws")).toEqual({
      Version: 1,
      AccessKeyId: "wallet-app/me",
      SecretAccessKey: "abc.DEF-1~2",
      SessionToken: "abc.DEF-1~2",
      Expiration: "2026-01-02T03:04:05Z"
    })
    expect(json("aws", { expiresAt: null })).not.toHaveProperty("Expiration")
  })
})

describe("JSON with indents", () => {
  it("is the same JSON, and keeps the digits of its numbers", () => {
    const value = { a: [1, { b: "x, {y}: \"z\\" }], c: {}, d: [], e: null, f: "ü\n" }
    expect(indent(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
    expect(indent("{\"id\":12345678901234567890,\"n\":1.10}")).toBe(
      "{\n  \"id\": 12345678901234567890,\n  \"n\": 1.10\n}"
    )
    expect(indent("<html>")).toBeUndefined()
  })
})

const hour = 3_600_000

const record = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  ...SessionRecords.empty({ provider: "p", realm: "r", account: "a" }),
  state: { _tag: "active" },
  tokens: { accessToken: Redacted.make("secret"), obtainedAt: 0, lifetime: hour },
  ...more
})

describe("a record without the machine", () => {
  it("gives its token early in its life, and only where nothing is under way", () => {
    expect(earlyToken(record(), 0.6 * hour)).toMatchObject({ expiresAt: hour })
    for (const now of [-1, 0.7 * hour, 2 * hour]) expect(earlyToken(record(), now)).toBeUndefined()
    const tokens = { accessToken: Redacted.make("secret"), obtainedAt: 0 }
    expect(earlyToken(record({ tokens }), 1000 * hour)).toMatchObject({ expiresAt: Infinity })
    expect(earlyToken(record({ tokens: { ...tokens, refreshExpiresAt: 60_000 } }), 50_000)).toBeUndefined()
    const claim = { id: "1", owner: "o", at: 0, ttl: 1, kind: "refresh" } as const
    const refusal = { error: "invalid_grant", at: 0 }
    const retry = { failures: 1, at: 0, delay: 1, floor: 0 }
    for (const mark of [{ claim }, { doubt: { since: 0 } }, { refusal }, { retry }, { tokens: undefined }]) {
      expect(earlyToken(record(mark), 1)).toBeUndefined()
    }
    for (const state of [{ _tag: "signedOut" }, { _tag: "ended", reason: "expired" }] as const) {
      expect(earlyToken(record({ state }), 1)).toBeUndefined()
    }
  })

  it("says its state", () => {
    const freshness = [0, 0.7, 0.8, 0.999, 1.5].map((part) => {
      const look = lookAt(record(), part * hour)
      return look._tag === "Active" ? look.freshness : look._tag
    })
    expect(freshness).toEqual(["fresh", "fresh", "stale", "dead", "dead"])
    expect(lookAt(record({ doubt: { since: 0 } }), 0)).toMatchObject({ _tag: "Active", inDoubt: true })
    const ended = { state: { _tag: "ended", reason: "refresh-token-rejected" } } as const
    expect(lookAt(record(ended), 0)).toMatchObject({ _tag: "Ended", expiresAt: hour })
    expect(lookAt(record(ended), hour)).toMatchObject({ expiresAt: undefined })
    expect(lookAt(record({ state: { _tag: "signedOut" } }), 0)).toEqual({ _tag: "SignedOut", reason: "signed-out" })
  })
})
