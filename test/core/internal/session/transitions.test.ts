/** Every change of a record: what it makes of what is stored, and when it is refused. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import type { SessionRecord } from "@effect-auth/core/SessionRecord"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as transitions from "../../../../packages/core/src/internal/session/transitions.ts"

const key = { provider: "p", realm: "r", account: "a" }

const tokens = { accessToken: Redacted.make("a1"), refreshToken: Redacted.make("r1"), obtainedAt: 10 }
const newer = { accessToken: Redacted.make("a2"), refreshToken: Redacted.make("r2"), obtainedAt: 20 }

const claim = { id: "mine", owner: "me", at: 5, ttl: 20_000, kind: "refresh" as const }

/** A record with everything on it, and a field of a newer version. */
const full: SessionRecord = {
  format: 1,
  ...key,
  version: 7,
  session: "s",
  generation: 3,
  principal: "own",
  state: { _tag: "active" },
  tokens,
  sealed: "seal",
  born: "signIn",
  commitId: "before",
  keeper: "other",
  claim,
  doubt: { since: 1 },
  retry: { failures: 2, at: 3, delay: 4, floor: 0 },
  refusal: { error: "odd", at: 2 },
  credential: { salt: "salt", digest: "digest", outcome: "unknown" },
  later: "field"
}

const nothingOf = { claim: undefined, doubt: undefined, retry: undefined, refusal: undefined, sealed: undefined }

const failure = new ExchangeFailure({
  kind: "terminal",
  sent: "answered",
  reason: "unknown",
  status: 400,
  error: "invalid_grant",
  errorDescription: "gone"
})

describe("transitions", () => {
  it("claimed and claim: over the version that was decided on only, or as the first record", () => {
    const next = transitions.claimed(full, key, claim, { doubt: { since: 9 } })
    assert.deepStrictEqual(next, { ...full, version: 8, claim, doubt: { since: 9 } })
    assert.deepStrictEqual(transitions.claimed(full, key, claim, {}), { ...full, version: 8, claim })
    const credential = { salt: "x", digest: "y", outcome: "unknown" as const }
    assert.deepStrictEqual(transitions.claimed(full, key, claim, { credential }).credential, credential)
    const first = transitions.claimed(undefined, key, claim, {})
    assert.deepInclude(first, { version: 1, generation: 0, state: { _tag: "signedOut" }, claim, provider: "p" })
    assert.strictEqual(transitions.claim(next)(full), next)
    assert.isUndefined(transitions.claim(next)({ ...full, version: 8 }))
    assert.strictEqual(transitions.claim(first)(undefined), first)
    assert.isUndefined(transitions.claim(next)(undefined))
  })

  it("releaseClaim, dropLeftover, fail and end: under their own claim only", () => {
    const changes = [
      transitions.releaseClaim("mine"),
      transitions.dropLeftover("mine", { since: 5 }),
      transitions.fail("mine", {}),
      transitions.end("mine", "credentials", failure)
    ]
    for (const change of changes) {
      assert.isUndefined(change(undefined))
      assert.isUndefined(change({ ...full, claim: undefined }))
      assert.isUndefined(change({ ...full, claim: { ...claim, id: "other" } }))
      assert.isUndefined(change(full)?.claim)
      assert.isDefined(change(full))
    }
    assert.isUndefined(transitions.releaseClaim(undefined)({ ...full, claim: undefined }))
  })

  it("releaseClaim leaves all else as it is", () => {
    assert.deepStrictEqual(transitions.releaseClaim("mine")(full), { ...full, claim: undefined })
  })

  it("dropLeftover keeps an older doubt", () => {
    assert.deepStrictEqual(transitions.dropLeftover("mine", { since: 5 })(full), { ...full, claim: undefined })
    const without = { ...full, doubt: undefined }
    assert.deepInclude(transitions.dropLeftover("mine", { since: 5 })(without), { doubt: { since: 5 } })
  })

  it("fail notes what it is given, and keeps the rest", () => {
    assert.deepStrictEqual(transitions.fail("mine", {})(full), { ...full, claim: undefined })
    const retry = { failures: 3, at: 9, delay: 9, floor: 9 }
    const refusal = { error: "new", at: 9 }
    const doubt = { since: 9 }
    assert.deepStrictEqual(
      transitions.fail("mine", { retry, refusal, doubt })(full),
      { ...full, claim: undefined, retry, refusal, doubt }
    )
    assert.isUndefined(transitions.fail("mine", { credential: undefined })(full)?.credential)
  })

  it("end erases the refresh token and keeps the access token, the generation and the doubt", () => {
    const ended = transitions.end("mine", "outcome-unknown", failure)(full)!
    assert.deepStrictEqual(ended, {
      ...full,
      claim: undefined,
      retry: undefined,
      refusal: undefined,
      sealed: undefined,
      tokens: { ...tokens, refreshToken: undefined },
      state: {
        _tag: "ended",
        reason: "outcome-unknown",
        status: 400,
        error: "invalid_grant",
        errorDescription: "gone"
      }
    })
    assert.isUndefined(transitions.end("mine", "credentials", failure)({ ...full, tokens: undefined })?.tokens)
    const credential = { salt: "x", digest: "y", outcome: "refused" as const }
    assert.deepStrictEqual(transitions.end("mine", "credentials", failure, credential)(full)?.credential, credential)
  })

  it("renew puts new tokens in the place of those of the same generation, at any version", () => {
    const change = transitions.renew(full, { tokens: newer, born: "rejection", commitId: "commit", keeper: "me" })
    const others = { ...full, version: 9, claim: { ...claim, id: "other" } }
    assert.deepStrictEqual(change(others), {
      ...others,
      ...nothingOf,
      generation: 4,
      tokens: newer,
      born: "rejection",
      commitId: "commit",
      keeper: "me",
      state: { _tag: "active" }
    })
    const lost = { ...full, state: { _tag: "ended", reason: "outcome-unknown" } as const }
    assert.deepInclude(change(lost), { generation: 4, state: { _tag: "active" } })
  })

  it("renew is refused where the session moved on", () => {
    const change = transitions.renew(full, { tokens: newer, born: "time", commitId: "commit", keeper: "me" })
    assert.isUndefined(change(undefined))
    assert.isUndefined(change({ ...full, session: "other" }))
    assert.isUndefined(change({ ...full, generation: 4 }))
    assert.isUndefined(change({ ...full, state: { _tag: "signedOut" } }))
    assert.isUndefined(change({ ...full, state: { _tag: "ended", reason: "refresh-token-rejected" } }))
  })

  const mail = { accessToken: Redacted.make("m1"), obtainedAt: 12, generation: 2, born: "time" as const }
  const both = { ...full, tokens: { ...tokens, resources: { mail } } }

  it("renew keeps the tokens of further APIs as they are by now, and gives way to another refresh token", () => {
    const change = transitions.renew(full, { tokens: newer, born: "time", commitId: "commit", keeper: "me" })
    assert.deepStrictEqual(change(both)?.tokens, { ...newer, resources: { mail } })
    const refreshToken = Redacted.make("r9")
    assert.isUndefined(change({ ...full, tokens: { ...tokens, refreshToken } }))
    assert.isDefined(change({ ...full, tokens: { ...tokens, refreshToken: Redacted.make("r1") } }))
    assert.isDefined(change({ ...full, tokens: { ...tokens, refreshToken: undefined } }))
  })

  it("renewResource puts a token beside the session's own, which stays; the refresh token is the new one", () => {
    const issued = { ...newer, lifetime: 5, scopes: ["letters"], refreshExpiresAt: 99, subject: "other" }
    const change = transitions.renewResource(both, "mail", { tokens: issued, born: "rejection", commitId: "commit" })
    const others = { ...both, version: 9, claim: { ...claim, id: "other" } }
    const { accessToken, obtainedAt, refreshToken } = newer
    const token = { accessToken, obtainedAt, lifetime: 5, scopes: ["letters"], generation: 3, born: "rejection" }
    assert.deepStrictEqual<unknown>(change(others), {
      ...others,
      ...nothingOf,
      commitId: "commit",
      state: { _tag: "active" },
      tokens: { ...tokens, refreshToken, refreshExpiresAt: 99, resources: { mail: token } }
    })
    const lost = { ...both, state: { _tag: "ended", reason: "outcome-unknown" } as const }
    assert.deepInclude(change(lost), { generation: 3, state: { _tag: "active" } })
    // The session's own token was renewed meanwhile, where the refresh token does not rotate.
    assert.strictEqual(change({ ...both, generation: 4 })?.generation, 4)
    const first = transitions.renewResource(both, "files", { tokens: issued, born: "time", commitId: "commit" })(both)
    assert.deepStrictEqual(first?.tokens?.resources?.["mail"], mail)
    assert.strictEqual(first?.tokens?.resources?.["files"]?.generation, 1)
  })

  it("renewResource is refused where the session moved on, or the token of that API", () => {
    const change = transitions.renewResource(both, "mail", { tokens: newer, born: "time", commitId: "commit" })
    assert.isDefined(change(both))
    assert.isUndefined(change(undefined))
    assert.isUndefined(change({ ...both, tokens: undefined }))
    assert.isUndefined(change({ ...both, session: "other" }))
    assert.isUndefined(change({ ...both, state: { _tag: "signedOut" } }))
    assert.isUndefined(change({ ...both, state: { _tag: "ended", reason: "refresh-token-rejected" } }))
    assert.isUndefined(change({ ...both, tokens: { ...both.tokens, refreshToken: Redacted.make("r9") } }))
    const later = { ...mail, generation: 3 }
    assert.isUndefined(change({ ...both, tokens: { ...both.tokens, resources: { mail: later } } }))
    assert.isUndefined(change(full))
  })

  it("begin starts a session over whatever there was", () => {
    const beginning = {
      key,
      session: "new",
      tokens: newer,
      born: "signIn" as const,
      commitId: "commit",
      keeper: "me",
      credential: undefined,
      keepsCredential: true,
      principal: undefined,
      claim: undefined
    }
    const expected = {
      ...full,
      ...nothingOf,
      principal: undefined,
      session: "new",
      generation: 4,
      tokens: newer,
      commitId: "commit",
      keeper: "me"
    }
    assert.deepStrictEqual(transitions.begin(beginning)(full), expected)
    assert.deepStrictEqual(transitions.begin(beginning)(both), expected)
    const forgets = transitions.begin({ ...beginning, keepsCredential: false })
    assert.isUndefined(forgets(full)?.credential)
    const credential = { salt: "x", digest: "y", outcome: "accepted" as const }
    const remembers = transitions.begin({ ...beginning, credential, keepsCredential: false, principal: "mine" })
    assert.deepInclude(remembers(full), { credential, principal: "mine" })
    assert.deepInclude(transitions.begin(beginning)(undefined), { ...key, generation: 1, state: { _tag: "active" } })
    const over = { ...full, state: { _tag: "ended", reason: "expired" } as const }
    assert.deepInclude(transitions.begin(beginning)(over), { state: { _tag: "active" } })
  })

  it("begin under a claim gives way to whoever took the claim away", () => {
    const change = transitions.begin({
      key,
      session: "new",
      tokens: newer,
      born: "signIn",
      commitId: "commit",
      keeper: "me",
      credential: undefined,
      keepsCredential: true,
      principal: "own",
      claim: "mine"
    })
    assert.deepInclude(change(full), { session: "new" })
    assert.isUndefined(change({ ...full, claim: undefined }))
    assert.isUndefined(change({ ...full, claim: { ...claim, id: "other" } }))
    assert.isUndefined(change(undefined))
  })

  it("depart erases the tokens and what shows whose they were", () => {
    assert.deepStrictEqual(transitions.depart("commit", full), {
      ...full,
      ...nothingOf,
      principal: undefined,
      keeper: undefined,
      tokens: undefined,
      generation: 4,
      state: { _tag: "signedOut" },
      commitId: "commit"
    })
  })

  it("burn and remembering change what is remembered of credentials, and nothing else", () => {
    const credential = { salt: "x", digest: "y", outcome: "refused" as const }
    assert.deepStrictEqual(transitions.burn(key, credential)(full), { ...full, credential })
    assert.deepInclude(transitions.burn(key, credential)(undefined), { ...key, generation: 0, credential })
    assert.deepStrictEqual(transitions.remembering(full, credential), { ...full, credential })
    assert.isUndefined(transitions.remembering(full, undefined).credential)
  })

  it("at gives the version of its place", () => {
    assert.deepStrictEqual(transitions.at(full, 12), { ...full, version: 12 })
  })
})
