/**
 * Placewise without a server, a store or time: fakes of the session, the client and the sessions.
 *
 * ```ts
 * const Test = PlacewiseFake.layer({ answer: () => Response.json({ ok: true }) })
 * ```
 *
 * @since 0.1.0
 */
import type { AuthService } from "@effect-auth/core/AuthService"
import { PlacewiseClient, PlacewiseSessions } from "@effect-auth/placewise/Placewise"
import { PlacewiseAuth, type Service } from "@effect-auth/placewise/PlacewiseAuth"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as FakeProvider from "./FakeProvider.ts"

const extend = (auth: AuthService<unknown>): Service => ({
  ...auth,
  tokenInfo: Effect.succeed({ active: false }),
  sendOneTimePassword: () => Effect.void,
  sendRegistrationPassword: () => Effect.void
})

/**
 * Provides a fake for each of the three tags of Placewise. `tokenInfo` returns a token that is not active, and messages
 * are not sent.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: FakeProvider.Options<Service>
): Layer.Layer<PlacewiseAuth | PlacewiseClient | PlacewiseSessions> =>
  FakeProvider.layer({ auth: PlacewiseAuth, client: PlacewiseClient, sessions: PlacewiseSessions }, extend, options)
