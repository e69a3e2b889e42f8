/**
 * The one-liners: a service account's session and the client that carries its token, from options written once.
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
import * as PitchpointAuth from "./PitchpointAuth.ts"
import * as PitchpointClient from "./PitchpointClient.ts"

/**
 * What is behaviour: of the session, and of the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends PitchpointAuth.Behaviour {
  readonly client?: PitchpointClient.Behaviour | undefined
}

/**
 * Data and behaviour.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends PitchpointAuth.Data, Behaviour {}

/**
 * `PitchpointAuth` and `PitchpointClient` for one service account.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  PitchpointAuth.PitchpointAuth | PitchpointClient.PitchpointClient,
  AuthMisconfigured,
  HttpClient.HttpClient | TokenStore
> => Layer.provideMerge(PitchpointClient.layer(options, options.client), PitchpointAuth.layer(options))

/**
 * The same from a configuration: what is data comes from `Config`, what is behaviour is given beside it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  data: Config.Config.Wrap<PitchpointAuth.Data>,
  behaviour?: Behaviour
): Layer.Layer<
  PitchpointAuth.PitchpointAuth | PitchpointClient.PitchpointClient,
  AuthMisconfigured | ConfigError,
  HttpClient.HttpClient | TokenStore
> => Layer.unwrapEffect(Effect.map(Config.unwrap(data), (data) => layer({ ...behaviour, ...data })))
