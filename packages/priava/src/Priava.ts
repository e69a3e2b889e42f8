/**
 * The one-liners: an integration's session and the client that carries its token, from options written once.
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
import * as PriavaAuth from "./PriavaAuth.ts"
import * as PriavaClient from "./PriavaClient.ts"

/**
 * What is behaviour: of the session, and of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends PriavaAuth.Behaviour {
  readonly client?: PriavaClient.Behaviour | undefined
}

/**
 * Data and behaviour.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends PriavaAuth.Data, Behaviour {}

/**
 * `PriavaAuth` and `PriavaClient` for one integration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  PriavaAuth.PriavaAuth | PriavaClient.PriavaClient,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore
> => Layer.provideMerge(PriavaClient.layer(options, options.client), PriavaAuth.layer(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<PriavaAuth.Data>,
  behaviour?: Behaviour
): Layer.Layer<
  PriavaAuth.PriavaAuth | PriavaClient.PriavaClient,
  AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore
> => Layer.unwrapEffect(Effect.map(Config.unwrap(data), (data) => layer({ ...behaviour, ...data })))
