/**
 * The one-liners: a member's session and the client that carries its token, from options written once.
 *
 * @since 0.1.0
 */
import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PlacewiseAuth from "./PlacewiseAuth.ts"
import * as PlacewiseClient from "./PlacewiseClient.ts"
import * as PlacewiseSessions from "./PlacewiseSessions.ts"

/**
 * What is behaviour: of the session, and of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends PlacewiseAuth.Behaviour {
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
 * `PlacewiseAuth` and `PlacewiseClient` for one member.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  PlacewiseAuth.PlacewiseAuth | PlacewiseClient.PlacewiseClient,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore
> => Layer.provideMerge(PlacewiseClient.layer(options, options.client), PlacewiseAuth.layer(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<PlacewiseAuth.Data>,
  behaviour?: Behaviour
): Layer.Layer<
  PlacewiseAuth.PlacewiseAuth | PlacewiseClient.PlacewiseClient,
  AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore
> => Layer.unwrapEffect(Effect.map(Config.unwrap(data), (data) => layer({ ...behaviour, ...data })))

/**
 * The sessions of many members: `get(account)` gives `{ auth, client }`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSessions: (
  options: PlacewiseSessions.Options
) => Layer.Layer<PlacewiseSessions.PlacewiseSessions, AuthMisconfigured, HttpClient.HttpClient | TokenStore> =
  PlacewiseSessions.layer

/**
 * The same from a configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSessionsConfig: (
  data: Config.Config.Wrap<PlacewiseAuth.Data>,
  behaviour?: PlacewiseSessions.Behaviour
) => Layer.Layer<
  PlacewiseSessions.PlacewiseSessions,
  AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore
> = PlacewiseSessions.layerConfig
