/**
 * The layers of Priava: the session of one integration with its client, or those of many integrations.
 *
 * ```ts
 * const response = yield* (yield* PriavaClient).post("/v2/contact/get", { body: HttpBody.unsafeJson({ Lastname }) })
 * ```
 *
 * A path is relative to `/api/rest`; a path that begins with `/api` is complete. A full URL is used unchanged, and must
 * have the same host or one of the `origins` in the settings. A 401 renews the session and sends the request once more;
 * every other status is an ordinary response, also 429: see `PriavaRateLimit`. A client of the contract can use it too:
 *
 * ```ts
 * const searches = yield* HttpApiClient.group(PriavaApi, { group: "searches", httpClient: yield* PriavaClient })
 * const { result } = yield* searches.contacts({ payload: { Lastname } })
 * ```
 *
 * **Reads are POSTs.** The method does not show whether a call can be repeated, so the contract does: the searches are
 * reads, and `isRead` in the options of the client marks more calls. This matters for a rejection in the body of a
 * success status and for `replay: "safe"`. After a 401 the request was not carried out, so any request is sent again.
 *
 * @since 0.1.0
 */
import type * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as Context from "effect/Context"
import * as PriavaAuth from "./PriavaAuth.ts"

/**
 * The client of one integration. Don't provide it as `HttpClient`: every library in scope would send the token.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaClient
  extends Context.Service<PriavaClient, AuthHttpClient.Client>()("@effect-auth/priava/PriavaClient")
{}

/**
 * The sessions of many integrations and their clients: `get(account)` yields `{ auth, client }`.
 *
 * @since 0.1.0
 * @category tags
 */
export class PriavaSessions
  extends Context.Service<PriavaSessions, AuthHttpClient.Accounts<PriavaAuth.Service>>()(
    "@effect-auth/priava/PriavaSessions"
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
  /** The session of one integration and its client. */
  layer,
  /** The session of one integration. */
  layerAuth,
  /** The client of the session that is in the context. */
  layerClient,
  /** The session of one integration and its client, with settings from the configuration. */
  layerConfig,
  /** The sessions of many integrations and their clients. */
  layerSessions,
  /** The sessions of many integrations and their clients, with settings from the configuration. */
  layerSessionsConfig
} = /* @__PURE__ */ ProviderLayers.make({
  auth: PriavaAuth.PriavaAuth,
  client: PriavaClient,
  sessions: PriavaSessions,
  provider: PriavaAuth.provider
})
