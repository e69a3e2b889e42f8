/**
 * An `AuthService` without a provider, a store or time, for tests of code that only needs a token.
 *
 * @since 0.1.0
 */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import * as AuthError from "@effect-auth/core/AuthError"
import type { Api, Rejection } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import type { SessionState } from "@effect-auth/core/SessionState"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

/**
 * The properties of the fake.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `fake`. */
  readonly provider?: string | undefined
  /** Default: `default`. */
  readonly account?: string | undefined
  /** The origins that the token may be sent to. Default: `https://api.test`. */
  readonly origins?: ReadonlyArray<string> | undefined
  /** Default: status 401. */
  readonly rejection?: Rejection | undefined
  /** The API. Default: none. */
  readonly api?: Api | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
}

/**
 * A session that always has the same token. The token never expires. `renew` fails with `AccessTokenRejected`, because
 * there is no other token. `signOut` has no effect.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fixed = (
  token: string | Redacted.Redacted<string>,
  options?: Options
): AuthService.AuthService<unknown> => {
  const about = { provider: options?.provider ?? "fake", account: options?.account ?? "default" }
  const access: AccessToken = {
    value: Redacted.isRedacted(token) ? token : Redacted.make(token),
    session: "fixed",
    generation: 1,
    expiresAt: Infinity,
    scopes: options?.scopes
  }
  const state: SessionState = {
    _tag: "Active",
    session: access.session,
    generation: access.generation,
    freshness: "fresh",
    expiresAt: access.expiresAt,
    scopes: access.scopes,
    born: "adopted",
    signedInByItself: false,
    refreshing: false,
    degraded: false,
    inDoubt: false
  }
  const given = Effect.succeed(access)
  return {
    ...about,
    realm: "fixed",
    origins: options?.origins ?? ["https://api.test"],
    rejection: options?.rejection ?? { statuses: [401] },
    api: options?.api,
    signIn: () => given,
    adopt: () => given,
    accessToken: given,
    refresh: given,
    renew: () =>
      Effect.fail(new AuthError.AccessTokenRejected({ ...about, operation: "renew", reason: "rejected-again" })),
    signOut: Effect.succeed("unsupported"),
    state: Effect.succeed(state),
    events: Stream.never,
    unsafePeek: () => access
  }
}

/**
 * A service without a session that refuses to sign in: every call fails with `SignInRequired` or
 * `TokenRequestRejected`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const signedOut = (options?: Options): AuthService.AuthService<unknown> => {
  const self = fixed("none", options)
  const about = { provider: self.provider, account: self.account }
  const required = (operation: string) =>
    Effect.fail(new AuthError.SignInRequired({ ...about, operation, reason: "never" }))
  const rejected = (operation: string) =>
    Effect.fail(new AuthError.TokenRequestRejected({ ...about, operation, reason: "credentials" }))
  return {
    ...self,
    signIn: () => rejected("signIn"),
    adopt: () => rejected("adopt"),
    accessToken: required("accessToken"),
    refresh: required("refresh"),
    renew: () => required("renew"),
    signOut: Effect.succeed("nothing-to-revoke"),
    state: Effect.succeed({ _tag: "SignedOut", reason: "never" }),
    unsafePeek: () => undefined
  }
}
