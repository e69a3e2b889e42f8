/**
 * The members of a club in one process: each account has a session and a client of its own, all share one schedule.
 *
 * ```ts
 * const member = yield* (yield* PlacewiseSessions).get("member-42")
 * const status = yield* member.client.get("/members/me/rewards-program/status")
 * ```
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as PlacewiseAuth from "./PlacewiseAuth.ts"
import * as PlacewiseClient from "./PlacewiseClient.ts"

/**
 * One member: the session, and the client that carries its token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  readonly auth: PlacewiseAuth.Service
  readonly client: PlacewiseClient.Service
}

/**
 * The members of a club.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * The session and the client of one account. They are loaded from the store when they are first used, and stay valid
   * after the session was evicted. Cheap, so it may be called for each request.
   */
  readonly get: (account: string) => Effect.Effect<Member>
  /** How many sessions are held in memory now. */
  readonly size: Effect.Effect<number>
}

/**
 * The sessions of a club's members.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseSessions
  extends Context.Tag("@effect-auth/placewise/PlacewiseSessions")<PlacewiseSessions, Service>()
{}

/**
 * What is behaviour in the options.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour
  extends AuthSessions.Options<PlacewiseAuth.PlacewiseCredentials>, Pick<PlacewiseAuth.Behaviour, "rejectedStatuses">
{
  readonly client?: PlacewiseClient.Behaviour | undefined
}

/**
 * Data and behaviour.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends PlacewiseAuth.Data, Behaviour {}

/**
 * Makes the sessions of a club's members. Closing the scope ends their schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope> {
  const provider = yield* PlacewiseAuth.provider(options)
  const extend = yield* PlacewiseAuth.makeExtend(options)
  const attach = yield* PlacewiseClient.makeAttach(options, options.client)
  const sessions = yield* AuthSessions.make(provider, options)
  return {
    get: (account) =>
      Effect.map(sessions.get(account), (session) => ({ auth: extend(session), client: attach(session) })),
    size: sessions.size
  }
})

/**
 * The sessions as a layer. Fails with `AuthMisconfigured` (`options`, `url`, `insecure`) when the options can't be right.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<PlacewiseSessions, AuthMisconfigured, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(PlacewiseSessions, make(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<PlacewiseAuth.Data>,
  behaviour?: Behaviour
): Layer.Layer<PlacewiseSessions, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore> =>
  Layer.scoped(
    PlacewiseSessions,
    Effect.flatMap(Config.unwrap(data), (data) => make({ ...behaviour, ...data }))
  )
