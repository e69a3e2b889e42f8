import { AccessTokenRejected, AuthMisconfigured, TokenStoreError } from "@effect-auth/core/AuthError"
import { describe, expect, it } from "@effect/vitest"

const about = { provider: "p", account: "a", operation: "call" } as const

describe("the messages of errors", () => {
  it("tell why an access token was refused", () => {
    const messageOf = (reason: AccessTokenRejected["reason"]) =>
      new AccessTokenRejected({ ...about, status: 401, reason }).message
    expect(messageOf("rejected-again")).toMatch(/^p call \(HTTP 401\): .*signing in again does not help$/)
    expect(messageOf("body")).toMatch(/body that can't be sent twice$/)
    expect(messageOf("policy")).toMatch(/policy/)
  })

  it("tell what to fix where the server does not", () => {
    const messageOf = (reason: AuthMisconfigured["reason"], error?: string) =>
      new AuthMisconfigured({ ...about, reason, error }).message
    expect(messageOf("authorization-header")).toMatch(/Authorization header of its own; remove it/)
    expect(messageOf("origin")).toMatch(/does not declare; the token was not sent$/)
    expect(messageOf("client", "invalid_client")).toBe("p call: misconfigured, client: invalid_client")
    expect(messageOf("scope")).toBe("p call: misconfigured, scope")
  })

  it("begin with what was done where no provider is known", () => {
    const error = new TokenStoreError({ provider: "", account: "", operation: "open", reason: "missing-key" })
    expect(error.message).toMatch(/^open: /)
  })
})
