/**
 * Pitchpoint without a server, a store or time: fakes of the session, the client and the sessions.
 *
 * ```ts
 * const Test = PitchpointFake.layer({ answer: () => Response.json({ ok: true }) })
 * ```
 *
 * @since 0.1.0
 */
import type { AuthService } from "@effect-auth/core/AuthService"
import { PitchpointClient, PitchpointSessions } from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointAuth, type Service } from "@effect-auth/pitchpoint/PitchpointAuth"
import type * as Layer from "effect/Layer"
import * as FakeProvider from "./FakeProvider.ts"

const extend = (auth: AuthService<unknown>): Service => ({ ...auth, username: "service@example.com", alias: undefined })

/**
 * Provides a fake for each of the three tags of Pitchpoint.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: FakeProvider.Options<Service>
): Layer.Layer<PitchpointAuth | PitchpointClient | PitchpointSessions> =>
  FakeProvider.layer({ auth: PitchpointAuth, client: PitchpointClient, sessions: PitchpointSessions }, extend, options)
