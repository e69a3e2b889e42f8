import * as AuthErrors from "@effect-auth/core/AuthError"
import { AccessTokenRejected, AuthMisconfigured, TokenStoreError } from "@effect-auth/core/AuthError"
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

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
    expect(messageOf("origin")).toMatch(/not one of the provider's origins; the token was not sent$/)
    expect(messageOf("client", "invalid_client")).toBe("p call: misconfigured, client: invalid_client")
    expect(messageOf("scope")).toBe("p call: misconfigured, scope")
  })

  it("begin with what was done where no provider is known", () => {
    const error = new TokenStoreError({ provider: "", account: "", operation: "open", reason: "missing-key" })
    expect(error.message).toMatch(/^open: /)
  })
})

type Row = readonly [error: AuthErrors.AuthError, needsSignIn: boolean, isRetryable: boolean]

/** Every reason of every error, written out by hand: what needs a new sign-in, and what passes by itself. */
const rows: ReadonlyArray<Row> = [
  [new AuthErrors.RefreshTokenRejected(about), true, false],
  [new AuthErrors.RefreshOutcomeUnknown(about), true, false],
  ...(["never", "signed-out", "expired"] as const).map((reason): Row => [
    new AuthErrors.SignInRequired({ ...about, reason }),
    true,
    false
  ]),
  ...(["rejected-again", "body", "policy", "session-changed"] as const).map((reason): Row => [
    new AccessTokenRejected({ ...about, reason }),
    false,
    false
  ]),
  ...(["credentials", "banned", "request", "unknown"] as const).map((reason): Row => [
    new AuthErrors.TokenRequestRejected({ ...about, reason }),
    false,
    false
  ]),
  ...[
    ...["client", "permission", "feature", "header", "scope", "request", "origin", "insecure"] as const,
    ...["authorization-header", "url", "credentials", "options"] as const
  ].map((reason): Row => [new AuthMisconfigured({ ...about, reason }), false, false]),
  ...[
    ...["transport", "timeout", "rate-limited", "server", "malformed", "refused", "backoff", "closing"] as const,
    ...["busy", "defect"] as const
  ].map((reason): Row => [
    new AuthErrors.ProviderUnavailable({ ...about, reason, retryAfter: Duration.seconds(2) }),
    false,
    true
  ]),
  [new TokenStoreError({ ...about, reason: "unavailable" }), false, true],
  ...(["corrupt", "tampered", "missing-key", "mismatch", "permissions", "misconfigured"] as const).map((
    reason
  ): Row => [
    new TokenStoreError({ ...about, reason, version: 3 }),
    false,
    false
  ])
]

const nameOf = (error: AuthErrors.AuthError) => error._tag + ("reason" in error ? ` (${error.reason})` : "")

describe("what an error asks for", () => {
  it("the rows are every reason of every error", () => {
    const members: ReadonlyArray<Schema.Schema.Any & { readonly fields: Schema.Struct.Fields }> =
      AuthErrors.AuthError.members
    const declared = members.flatMap((member) => {
      const reason = member.fields["reason"]
      return reason !== undefined && "literals" in reason ? reason.literals as ReadonlyArray<string> : [""]
    })
    expect(rows.map(([error]) => "reason" in error ? error.reason : "").sort()).toEqual([...declared].sort())
    expect(new Set(rows.map(([error]) => error._tag)).size).toBe(members.length)
  })

  for (const [error, needsSignIn, isRetryable] of rows) {
    it(`${nameOf(error)}: ${needsSignIn ? "a new sign-in" : isRetryable ? "patience" : "something else"}`, () => {
      expect(AuthErrors.isAuthError(error)).toBe(true)
      expect(AuthErrors.requiresSignIn(error)).toBe(needsSignIn)
      expect(error.isRetryable).toBe(isRetryable)
    })

    it(`${nameOf(error)} says the same behind a boundary`, () => {
      const encoded: unknown = JSON.parse(JSON.stringify(Schema.encodeSync(AuthErrors.AuthError)(error)))
      const decoded = Schema.decodeUnknownSync(AuthErrors.AuthError)(encoded)
      expect(decoded).toEqual(error)
      expect(AuthErrors.requiresSignIn(decoded)).toBe(needsSignIn)
      expect(decoded.isRetryable).toBe(isRetryable)
    })
  }

  it("what is no error of authentication asks for no sign-in", () => {
    for (const other of [undefined, null, "SignInRequired", { _tag: "SignInRequired" }, new Error("SignInRequired")]) {
      expect(AuthErrors.requiresSignIn(other)).toBe(false)
      expect(AuthErrors.isAuthError(other)).toBe(false)
    }
  })

  it("a wait crosses a boundary in milliseconds", () => {
    const error = new AuthErrors.ProviderUnavailable({ ...about, reason: "backoff", retryAfter: Duration.seconds(2) })
    expect(Schema.encodeSync(AuthErrors.AuthError)(error)).toMatchObject({ retryAfter: 2000 })
  })
})
