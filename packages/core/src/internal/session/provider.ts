/** A provider with its credentials closed in: behind this door nothing of the machine knows their type. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AuthProvider, Rotation, TokenResponse } from "../../AuthProvider.ts"
import type { ExchangeFailure } from "../../ExchangeFailure.ts"
import type { Policy } from "./model.ts"
import type { Options } from "./options.ts"

/** Credentials as the machine sees them: a request that can be sent, and a text by which they are recognised. */
export interface Credentials {
  readonly send: Effect.Effect<TokenResponse, ExchangeFailure>
  /** Secret. Only a keyed digest of it is kept. Absent where the provider recognises none. */
  readonly fingerprint: (() => string) | undefined
}

/** The provider as the machine sees it. */
export interface Provider {
  readonly name: string
  readonly realm: string
  readonly rotation: Rotation
  readonly defaultLifetime: Duration.DurationInput | undefined
  readonly refresh: AuthProvider<never>["refresh"]
  readonly revoke: AuthProvider<never>["revoke"]
  readonly revokeReplaced: boolean
  readonly singleUse: boolean
  readonly knowsCredentials: boolean
  /** The service's own credentials for an account, where it has some. */
  readonly ownCredentials: ((account: string) => Effect.Effect<Credentials, unknown>) | undefined
}

export const closeIn = <C>(provider: AuthProvider<C>) => (credentials: C): Credentials => {
  const { fingerprint } = provider
  return {
    send: Effect.suspend(() => provider.signIn(credentials)),
    fingerprint: fingerprint === undefined ? undefined : () => textOf(() => fingerprint(credentials))
  }
}

/** The provider's code may throw. Then all its credentials look the same, and refused ones are not sent again. */
const textOf = (fingerprint: () => string): string => {
  try {
    return String(fingerprint())
  } catch {
    return ""
  }
}

export const of = <C>(
  provider: AuthProvider<C>,
  own: ((account: string) => Effect.Effect<C, unknown>) | undefined
): Provider => ({
  name: provider.name,
  realm: provider.realm,
  rotation: provider.rotation,
  defaultLifetime: provider.defaultLifetime,
  refresh: provider.refresh,
  revoke: provider.revoke,
  revokeReplaced: provider.revokeReplaced === true,
  singleUse: provider.singleUse === true,
  knowsCredentials: provider.fingerprint !== undefined,
  ownCredentials: own === undefined ? undefined : (account) => Effect.map(own(account), closeIn(provider))
})

export const policyOf = (provider: Provider, options: Options): Policy => ({
  rotation: provider.rotation,
  canRefresh: provider.refresh !== undefined,
  canSignIn: provider.ownCredentials !== undefined,
  knowsCredentials: provider.knowsCredentials,
  mayLeaveWork: options.scheduled || options.waitUntil !== undefined,
  retryPatience: options.retryPatience,
  confirmRefusalAfter: options.confirmRefusalAfter,
  propagation: options.propagation
})
