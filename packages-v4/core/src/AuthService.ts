/**
 * The session of one account at one provider: sign in, get a working access token, sign out.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AuthProvider, Extended } from "./AuthProvider.ts"
import { makeOne } from "./internal/session/layer.ts"
import type { AuthService, Options } from "./internal/shapes/session.ts"
import type { TokenStore } from "./TokenStore.ts"

export type {
  AdoptedTokens,
  Any,
  AuthService,
  ForResource,
  Options,
  ResourceOptions,
  WithResources
} from "./internal/shapes/session.ts"

/**
 * Makes the service of one account from a provider. Closing the scope stops the refreshes, and waits until an exchange
 * that was already sent is saved. Call it once for each account and share the result. Two services over the same store
 * coordinate like two processes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the service of one account, with the provider's additional members.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials, Service>(
    provider: Extended<Credentials, Service>,
    options?: Options<Credentials>
  ): Effect.Effect<Service, never, TokenStore | Scope.Scope>
  /**
   * Makes the service of one account.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Credentials>(
    provider: AuthProvider<Credentials>,
    options?: Options<Credentials>
  ): Effect.Effect<AuthService<Credentials>, never, TokenStore | Scope.Scope>
} = <Credentials>(provider: AuthProvider<Credentials>, options?: Options<Credentials>) =>
  makeOne(provider, options ?? {})
