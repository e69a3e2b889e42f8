/** The service of one account: the members of every session, over a keeper. */
import type { AccessToken } from "@effect-auth/core/AccessToken"
import { AuthMisconfigured, type SignInError, TokenRequestRejected } from "@effect-auth/core/AuthError"
import { type AuthProvider, type Extended, originsOf } from "@effect-auth/core/AuthProvider"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Remote, Target } from "./remote.ts"
import { errorOf, storeErrorOf, type Trouble } from "./trouble.ts"
import { stateOf } from "./views.ts"

type Encode<C> = ((credentials: C) => Effect.Effect<unknown, unknown>) | undefined

/** A sign-in fails only in these ways; what else a keeper says is its own fault. */
const signInErrorOf = (trouble: Trouble, subject: Parameters<typeof errorOf>[1]): SignInError => {
  const error = errorOf(trouble, subject)
  switch (error._tag) {
    case "TokenRequestRejected":
    case "AuthMisconfigured":
    case "ProviderUnavailable":
    case "TokenStoreError":
      return error
    default:
      return storeErrorOf(trouble, subject)
  }
}

const signIn = <C>(remote: Remote, target: Target, encode: Encode<C>, credentials: C) => {
  const subject = remote.subject(target, "signIn")
  if (encode === undefined) {
    const errorDescription = "credentials do not travel: sign in where the keeper is"
    return Effect.fail(new AuthMisconfigured({ ...subject, reason: "permission", errorDescription }))
  }
  return encode(credentials).pipe(
    Effect.mapError((): SignInError => new TokenRequestRejected({ ...subject, reason: "request" })),
    Effect.flatMap((encoded) =>
      Effect.mapError(remote.signIn(target, encoded), (trouble) => signInErrorOf(trouble, subject))
    )
  )
}

const signOut = (remote: Remote, target: Target) =>
  Effect.mapError(remote.signOut(target.account), (trouble) => storeErrorOf(trouble, remote.subject(target, "signOut")))

const state = (remote: Remote, target: Target) =>
  remote.state(target.account).pipe(
    Effect.mapError((trouble) => storeErrorOf(trouble, remote.subject(target, "state"))),
    Effect.zipWith(Clock.currentTimeMillis, stateOf)
  )

const tokenMembers = (
  remote: Remote,
  target: Target
): Pick<AuthService.Any, "accessToken" | "renew" | "refresh" | "unsafePeek"> => ({
  accessToken: Effect.clockWith((clock) => {
    const token = remote.peek(target, clock)
    return token === undefined ? remote.obtain(target) : Effect.succeed(token)
  }),
  renew: (rejected: AccessToken, options) => remote.renew(target, rejected, options?.wasAccepted === true),
  refresh: Effect.suspend(() => remote.refresh(target)),
  unsafePeek: (clock) => remote.peek(target, clock)
})

export const serviceOf = <C>(
  remote: Remote,
  provider: AuthProvider<C> | Extended<C, AuthService.AuthService<C>>,
  account: string,
  encode: Encode<C>
): AuthService.AuthService<C> => {
  const { api, name, origins, realm, rejection } = provider
  const target: Target = { account, resource: undefined }
  const auth: AuthService.AuthService<C> = {
    provider: name,
    realm,
    account,
    origins,
    rejection,
    api,
    signIn: (credentials) => signIn(remote, target, encode, credentials),
    adopt: () =>
      Effect.fail(
        new TokenRequestRejected({
          ...remote.subject(target, "adopt"),
          reason: "request",
          errorDescription: "tokens are adopted where the keeper is"
        })
      ),
    ...tokenMembers(remote, target),
    signOut: signOut(remote, target),
    state: state(remote, target),
    events: Stream.unwrap(
      Effect.sync(() => Stream.filter(remote.hearing?.events ?? Stream.never, (event) => event.account === account))
    )
  }
  if (!("extend" in provider)) return auth
  return provider.extend(auth, (resource, options = {}) => ({
    ...auth,
    origins: options.origins ?? originsOf(resource),
    rejection: options.rejection ?? rejection,
    api: options.api,
    ...tokenMembers(remote, { account, resource })
  }))
}
