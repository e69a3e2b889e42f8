/**
 * Wallet App without a server, a store or time: fakes of the session, the client and the sessions.
 *
 * ```ts
 * const Test = WalletAppFake.layer({ answer: () => Response.json({ ok: true }) })
 * ```
 *
 * @since 0.1.0
 */
import type { AuthService } from "@effect-auth/core/AuthService"
import { WalletAppClient, WalletAppSessions } from "@effect-auth/wallet-app/WalletApp"
import { type Service, WalletAppAuth } from "@effect-auth/wallet-app/WalletAppAuth"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as FakeProvider from "./FakeProvider.ts"

const extend = (auth: AuthService<unknown>): Service => ({
  ...auth,
  tokenInfo: Effect.succeed({ active: false }),
  missingPermissions: Effect.succeed([]),
  scoped: () => Effect.succeed(extend(auth))
})

/**
 * Provides a fake for each of the three tags of Wallet App. `tokenInfo` returns a key that is not active,
 * `missingPermissions` is empty, and `scoped` gives the same key.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: FakeProvider.Options<Service>
): Layer.Layer<WalletAppAuth | WalletAppClient | WalletAppSessions> =>
  FakeProvider.layer({ auth: WalletAppAuth, client: WalletAppClient, sessions: WalletAppSessions }, extend, options)
