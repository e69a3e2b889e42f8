/**
 * The layers of Placewise: the session of one member with its client, or those of many members.
 *
 * ```ts
 * const status = yield* (yield* PlacewiseClient).get("/members/me/rewards-program/status")
 * ```
 *
 * A path is relative to `/v3/{club}`; a path that begins with `/v3` is complete. A full URL is used unchanged, and must
 * have the same host or one of the `origins` in the settings. A 460 renews the session and sends the request once more;
 * every other status is an ordinary response. A client of the contract can use it too:
 *
 * ```ts
 * const members = yield* HttpApiClient.group(PlacewiseApi, { group: "members", httpClient: yield* PlacewiseClient })
 * ```
 *
 * @since 0.1.0
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as Context from "effect/Context"
import * as PlacewiseAuth from "./PlacewiseAuth.ts"

/**
 * The client of one member. Don't provide it as `HttpClient`: every library in scope would send the token.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseClient
  extends Context.Service<PlacewiseClient, AuthHttpClient.Client>()("@effect-auth/placewise/PlacewiseClient")
{}

/**
 * The sessions of many members and their clients: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category tags
 */
export class PlacewiseSessions
  extends Context.Service<PlacewiseSessions, AuthHttpClient.Accounts<PlacewiseAuth.Service>>()(
    "@effect-auth/placewise/PlacewiseSessions"
  )
{}

/**
 * The layers. All fail with `AuthMisconfigured` when the settings are invalid. Those with settings from a configuration
 * fail with a `ConfigError` when a setting is missing.
 *
 * @since 0.1.0
 * @category layers
 */
export const {
  /** The session of one member and its client. */
  layer,
  /** The session of one member. */
  layerAuth,
  /** The client of the session that is in the context. */
  layerClient,
  /** The session of one member and its client, with settings from the configuration. */
  layerConfig,
  /** The sessions of many members and their clients. */
  layerSessions,
  /** The sessions of many members and their clients, with settings from the configuration. */
  layerSessionsConfig
} = /* @__PURE__ */ ProviderLayers.make({
  auth: PlacewiseAuth.PlacewiseAuth,
  client: PlacewiseClient,
  sessions: PlacewiseSessions,
  provider: PlacewiseAuth.provider
})
