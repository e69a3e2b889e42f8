/**
 * Priava without a server, a store or time: fakes of the session, the client and the sessions.
 *
 * ```ts
 * const Test = PriavaFake.layer({ answer: () => Response.json({ ok: true }) })
 * ```
 *
 * @since 0.1.0
 */
import type { AuthService } from "@effect-auth/core/AuthService"
import { PriavaClient, PriavaSessions } from "@effect-auth/priava/Priava"
import { PriavaAuth, type Service } from "@effect-auth/priava/PriavaAuth"
import type * as Layer from "effect/Layer"
import * as FakeProvider from "./FakeProvider.ts"

const extend = (auth: AuthService<unknown>): Service => auth

/**
 * Provides a fake for each of the three tags of Priava.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: FakeProvider.Options<Service>
): Layer.Layer<PriavaAuth | PriavaClient | PriavaSessions> =>
  FakeProvider.layer({ auth: PriavaAuth, client: PriavaClient, sessions: PriavaSessions }, extend, options)
