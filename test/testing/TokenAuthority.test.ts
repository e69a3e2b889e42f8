import * as TokenAuthority from "@effect-auth/testing/TokenAuthority"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"

type Made = TokenAuthority.TokenAuthority

const why = <A>(self: Effect.Effect<A, TokenAuthority.TokenRefused>) =>
  Effect.merge(Effect.as(Effect.mapError(self, (refused) => refused.why), "ok" as const))

const withAuthority = (
  options: TokenAuthority.Options,
  test: (authority: Made) => Effect.Effect<void, TokenAuthority.TokenRefused>
) => Effect.flatMap(TokenAuthority.make(options), test)

const refreshTokenOf = (issued: TokenAuthority.Issued): string => issued.refreshToken ?? "none"

describe("TokenAuthority", () => {
  it.effect("tokens live as long as told, on the Clock", () =>
    withAuthority({ accessLifetime: "1 hour", refreshLifetime: "1 day" }, (authority) =>
      Effect.gen(function*() {
        const issued = yield* authority.issue("ola")
        yield* TestClock.adjust("59 minutes")
        expect((yield* authority.check(issued.accessToken)).subject).toBe("ola")
        yield* TestClock.adjust("1 minutes")
        expect(yield* why(authority.check(issued.accessToken))).toBe("expired")
        yield* TestClock.adjust("23 hours")
        expect(yield* why(authority.refresh(refreshTokenOf(issued)))).toBe("expired")
        expect(yield* why(authority.check("nonsense"))).toBe("unknown")
        expect(yield* why(authority.check(undefined))).toBe("unknown")
        expect(yield* why(authority.check(issued.refreshToken))).toBe("unknown")
      })))

  it.effect("refuse: a spent refresh token is refused, what it was exchanged for lives", () =>
    withAuthority({}, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        const second = yield* authority.refresh(refreshTokenOf(first))
        expect(second).toMatchObject({ number: 2, family: 1, subject: "ola" })
        expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("spent")
        expect(yield* why(authority.check(first.accessToken))).toBe("ok")
        expect(yield* why(authority.check(second.accessToken))).toBe("ok")
        expect(yield* why(authority.refresh(refreshTokenOf(second)))).toBe("ok")
      })))

  it.effect("revoke-family: a spent refresh token takes its family with it, and nobody else's", () =>
    withAuthority({ reuse: "revoke-family" }, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        const other = yield* authority.issue("ola")
        const second = yield* authority.refresh(refreshTokenOf(first))
        expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("spent")
        expect(yield* why(authority.check(second.accessToken))).toBe("revoked")
        expect(yield* why(authority.refresh(refreshTokenOf(second)))).toBe("revoked")
        expect(yield* why(authority.check(other.accessToken))).toBe("ok")
        expect(yield* why(authority.refresh(refreshTokenOf(other)))).toBe("ok")
      })))

  it.effect("sign-ins are listed with the lives of their tokens, and without a token", () =>
    withAuthority({ accessLifetime: "1 hour" }, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        yield* authority.issue("kim")
        yield* TestClock.adjust("10 minutes")
        const next = yield* authority.refresh(refreshTokenOf(first))
        yield* authority.revoke(first.accessToken)
        const [ola, kim] = yield* authority.signIns
        const [minute, hour] = [60_000, 3_600_000]
        expect(ola).toMatchObject({ family: 1, subject: "ola", at: 0, generation: 2 })
        expect(ola?.pairs).toEqual([
          { number: 1, generation: 1, issuedAt: 0, endsAt: 10 * minute, revoked: true },
          { number: 3, generation: 2, issuedAt: 10 * minute, endsAt: 10 * minute + hour, revoked: false }
        ])
        expect(ola?.refreshEndsAt).toBe(next.refreshExpiresAt)
        expect(kim).toMatchObject({ family: 2, generation: 1 })
        expect([authority.familyOf(3), authority.generationOf(3), authority.familyOf(4)]).toEqual([1, 2, undefined])
        expect(JSON.stringify([ola, kim])).not.toContain(next.accessToken)
        yield* authority.revoke(refreshTokenOf(next))
        expect((yield* authority.signIns)[0]?.refreshEndsAt).toBeUndefined()
      })))

  it.effect("untilUsed: the old refresh token works until a token that replaced it is used", () =>
    withAuthority({ reuse: { repeatable: "untilUsed" } }, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        const lost = yield* authority.refresh(refreshTokenOf(first))
        yield* TestClock.adjust("10 days")
        const again = yield* authority.refresh(refreshTokenOf(first))
        expect(again.number).toBe(3)
        yield* authority.check(again.accessToken)
        expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("spent")
        expect(yield* why(authority.refresh(refreshTokenOf(again)))).toBe("ok")
        // A refresh token that replaced it counts, too.
        const other = yield* authority.issue("kari")
        const next = yield* authority.refresh(refreshTokenOf(other))
        expect(yield* why(authority.refresh(refreshTokenOf(next)))).toBe("ok")
        expect(yield* why(authority.refresh(refreshTokenOf(other)))).toBe("spent")
        expect(yield* why(authority.check(lost.accessToken))).toBe("expired")
      })))

  it.effect("repeatable for a time: the old refresh token works that long from its first exchange, used or not", () =>
    withAuthority(
      { reuse: { repeatable: "10 seconds", then: "revoke-family" } },
      (authority) =>
        Effect.gen(function*() {
          const first = yield* authority.issue("ola")
          const second = yield* authority.refresh(refreshTokenOf(first))
          yield* authority.check(second.accessToken)
          yield* TestClock.adjust("9 seconds")
          const third = yield* authority.refresh(refreshTokenOf(first))
          expect(third).toMatchObject({ number: 3, family: 1 })
          expect(yield* why(authority.check(third.accessToken))).toBe("ok")
          // The time counts from the first exchange, not from the last.
          yield* TestClock.adjust("1 seconds")
          expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("spent")
          expect(yield* why(authority.check(third.accessToken))).toBe("revoked")
          expect(yield* why(authority.refresh(refreshTokenOf(second)))).toBe("revoked")
        })
    ))

  it.effect("repeatable for a time, then refused: the family lives", () =>
    withAuthority({ reuse: { repeatable: "10 seconds" } }, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        const second = yield* authority.refresh(refreshTokenOf(first))
        yield* TestClock.adjust("10 seconds")
        expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("spent")
        expect(yield* why(authority.refresh(refreshTokenOf(second)))).toBe("ok")
      })))

  it.effect("without rotation the refresh token stays, and keeps its end", () =>
    withAuthority(
      { rotation: false, refreshLifetime: ({ signedInAt }) => signedInAt + 1000 },
      (authority) =>
        Effect.gen(function*() {
          const first = yield* authority.issue("ola")
          yield* TestClock.adjust(500)
          const second = yield* authority.refresh(refreshTokenOf(first))
          expect(second.refreshToken).toBe(first.refreshToken)
          expect(second.refreshExpiresAt).toBe(first.refreshExpiresAt)
          expect(second.accessToken).not.toBe(first.accessToken)
          expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("ok")
          yield* TestClock.adjust(500)
          expect(yield* why(authority.refresh(refreshTokenOf(first)))).toBe("expired")
        })
    ))

  it.effect("one access token: a refresh kills the ones before, of its family only", () =>
    withAuthority({ oneAccessToken: true }, (authority) =>
      Effect.gen(function*() {
        const first = yield* authority.issue("ola")
        const other = yield* authority.issue("kari")
        const second = yield* authority.refresh(refreshTokenOf(first))
        expect(yield* why(authority.check(first.accessToken))).toBe("revoked")
        expect(yield* why(authority.check(second.accessToken))).toBe("ok")
        expect(yield* why(authority.check(other.accessToken))).toBe("ok")
      })))

  it.effect("tokens of an API that has no refresh and no end", () =>
    withAuthority(
      { refreshLifetime: "none", accessLifetime: Infinity, tokenText: () => "17|abc" },
      (authority) =>
        Effect.gen(function*() {
          const issued = yield* authority.issue("ola", { scopes: ["brands.get"] })
          expect(issued).toMatchObject({ accessToken: "17|abc", refreshToken: undefined, scopes: ["brands.get"] })
          yield* TestClock.adjust("10000 days")
          expect(yield* why(authority.check("17|abc"))).toBe("ok")
        })
    ))

  it.effect("expire, revoke and configure at any time; each says how many lived", () =>
    withAuthority({}, (authority) =>
      Effect.gen(function*() {
        const one = yield* authority.issue("ola")
        const two = yield* authority.issue("kari")
        expect(authority.describe(one.accessToken)).toBe("access 1")
        expect(authority.describe(refreshTokenOf(two))).toBe("refresh 2")
        expect(authority.describe("nonsense")).toBe("unknown")
        expect(yield* authority.revoke(one.accessToken)).toBe(true)
        expect(yield* authority.revoke(one.accessToken)).toBe(false)
        expect(yield* authority.revoke("nonsense")).toBe(false)
        expect(yield* why(authority.check(one.accessToken))).toBe("revoked")
        expect(yield* authority.expireAccessTokens).toBe(1)
        expect(yield* authority.expireAccessTokens).toBe(0)
        expect(yield* why(authority.check(two.accessToken))).toBe("expired")
        yield* authority.configure({ accessLifetime: "1 minute" })
        const three = yield* authority.refresh(refreshTokenOf(two))
        expect(three.accessExpiresAt - three.issuedAt).toBe(60_000)
        expect(yield* authority.expireRefreshTokens).toBe(2)
        expect(yield* why(authority.refresh(refreshTokenOf(three)))).toBe("expired")
        expect(yield* authority.revokeAll).toBe(1)
        expect(yield* why(authority.check(three.accessToken))).toBe("revoked")
      })))
})
