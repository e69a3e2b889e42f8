/**
 * The layers of Pitchpoint: the session of one service account with its client, or those of many applications.
 *
 * ```ts
 * const page = yield* (yield* PitchpointClient).post("/riskinsight-services-ws/resources/v1/orders/query")
 * ```
 *
 * A path is relative to the host. A full URL, such as the `Ref` of an order, is used unchanged. It must have the same
 * host or one of the `origins` in the settings, because orders may be on another host. A rejection renews the session
 * and sends the request once more; every other status is an ordinary response. Query Orders is a search by POST and
 * counts as a read; `isRead` in the options of the client marks more calls. A client of the contract can use it too:
 *
 * ```ts
 * const orders = yield* HttpApiClient.group(PitchpointApi, { group: "orders", httpClient: yield* PitchpointClient })
 * ```
 *
 * @since 0.1.0
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as Context from "effect/Context"
import * as PitchpointAuth from "./PitchpointAuth.ts"

/**
 * The client of one service account. Don't provide it as `HttpClient`: every library in scope would send the token.
 *
 * @since 0.1.0
 * @category tags
 */
export class PitchpointClient
  extends Context.Service<PitchpointClient, AuthHttpClient.Client>()("@effect-auth/pitchpoint/PitchpointClient")
{}

/**
 * The sessions of many accounts and their clients: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category tags
 */
export class PitchpointSessions
  extends Context.Service<PitchpointSessions, AuthHttpClient.Accounts<PitchpointAuth.Service>>()(
    "@effect-auth/pitchpoint/PitchpointSessions"
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
  /** The session of one service account and its client. */
  layer,
  /** The session of one service account. */
  layerAuth,
  /** The client of the session that is in the context. */
  layerClient,
  /** The session of one service account and its client, with settings from the configuration. */
  layerConfig,
  /** The sessions of many accounts and their clients. */
  layerSessions,
  /** The sessions of many accounts and their clients, with settings from the configuration. */
  layerSessionsConfig
} = /* @__PURE__ */ ProviderLayers.make({
  auth: PitchpointAuth.PitchpointAuth,
  client: PitchpointClient,
  sessions: PitchpointSessions,
  provider: PitchpointAuth.provider
})
