/**
 * Makes the layers of a provider from its tags: the session of one account, its client, and the sessions of many
 * accounts. The four providers of this repository use it, and your own provider can too.
 *
 * ```ts
 * export const { layer, layerAuth, layerClient, layerConfig, layerSessions, layerSessionsConfig } = ProviderLayers.make({
 *   auth: AcmeAuth,
 *   client: AcmeClient,
 *   sessions: AcmeSessions,
 *   provider
 * })
 * ```
 *
 * @since 0.1.0
 */
import type { ConfigError } from "effect/Config"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { AuthMisconfigured } from "./AuthError.ts"
import * as AuthHttpClient from "./AuthHttpClient.ts"
import type { AuthProvider, Extended } from "./AuthProvider.ts"
import * as AuthService from "./AuthService.ts"
import * as AuthSessions from "./AuthSessions.ts"
import * as ProviderSettings from "./ProviderSettings.ts"
import type { TokenStore } from "./TokenStore.ts"

/**
 * Makes a provider from its settings: an `AuthProvider`, or an `Extended` one whose sessions have additional members.
 *
 * @since 0.1.0
 * @category models
 */
export type Make<Settings, Provider> = (
  settings: Settings,
  options?: ProviderSettings.ProviderOptions
) => Effect.Effect<Provider, AuthMisconfigured, HttpClient.HttpClient>

/**
 * The parts that the layers are made from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parts<AuthId, ClientId, SessionsId, Settings, Provider, Service, Options> {
  readonly auth: Context.Service<AuthId, Service>
  readonly client: Context.Service<ClientId, AuthHttpClient.Client>
  readonly sessions: Context.Service<SessionsId, AuthHttpClient.Accounts<Service>>
  readonly provider: Make<Settings, Provider>
  /** Makes one session. Default: {@link makeSession}. */
  readonly make?: (
    settings: Settings,
    options?: Options
  ) => Effect.Effect<Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
}

/**
 * The layers of every provider. Each fails with `AuthMisconfigured` when the settings are invalid.
 *
 * @since 0.1.0
 * @category models
 */
export interface Layers<AuthId, ClientId, SessionsId, Settings, Credentials, Options> {
  /** The session of one account. */
  readonly layerAuth: (
    settings: Settings,
    options?: Options
  ) => Layer.Layer<AuthId, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
  /** The client of the session that is in the context. */
  readonly layerClient: (
    options?: AuthHttpClient.ClientOptions
  ) => Layer.Layer<ClientId, never, AuthId | HttpClient.HttpClient>
  /** The session of one account and its client. */
  readonly layer: (
    settings: Settings,
    options?: Options
  ) => Layer.Layer<AuthId | ClientId, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
  /** The same, with settings from the configuration. */
  readonly layerConfig: (
    settings: ProviderSettings.FromConfig<Settings>,
    options?: Options
  ) => Layer.Layer<AuthId | ClientId, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore>
  /** The sessions of many accounts and their clients. */
  readonly layerSessions: (
    settings: Settings,
    options?: ProviderSettings.SessionsOptions<Credentials>
  ) => Layer.Layer<SessionsId, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
  /** The same, with settings from the configuration. */
  readonly layerSessionsConfig: (
    settings: ProviderSettings.FromConfig<Settings>,
    options?: ProviderSettings.SessionsOptions<Credentials>
  ) => Layer.Layer<SessionsId, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore>
}

/**
 * Makes one session of a provider without a layer. Closing the scope stops its schedule.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeSession: {
  /**
   * Makes one session, with the provider's additional members.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Settings, Credentials, Service>(
    provider: Make<Settings, Extended<Credentials, Service>>,
    settings: Settings,
    options?: ProviderSettings.Options<Credentials>
  ): Effect.Effect<Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
  /**
   * Makes one session.
   *
   * @since 0.1.0
   * @category constructors
   */
  <Settings, Credentials>(
    provider: Make<Settings, AuthProvider<Credentials>>,
    settings: Settings,
    options?: ProviderSettings.Options<Credentials>
  ): Effect.Effect<
    AuthService.AuthService<Credentials>,
    AuthMisconfigured,
    HttpClient.HttpClient | TokenStore | Scope.Scope
  >
} = <Settings, Credentials>(
  provider: Make<Settings, AuthProvider<Credentials>>,
  settings: Settings,
  options?: ProviderSettings.Options<Credentials>
) => Effect.flatMap(provider(settings, options), (provider) => AuthService.make(provider, options))

/**
 * Makes the layers of a provider.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: {
  /**
   * Makes the layers of a provider whose sessions have additional members.
   *
   * @since 0.1.0
   * @category constructors
   */
  <
    A,
    C,
    S,
    Settings extends object,
    Credentials,
    Service extends AuthService.Any,
    Options extends ProviderSettings.Options<Credentials> = ProviderSettings.Options<Credentials>
  >(
    parts: Parts<A, C, S, Settings, Extended<Credentials, Service>, Service, Options>
  ): Layers<A, C, S, Settings, Credentials, Options>
  /**
   * Makes the layers of a provider.
   *
   * @since 0.1.0
   * @category constructors
   */
  <
    A,
    C,
    S,
    Settings extends object,
    Credentials,
    Options extends ProviderSettings.Options<Credentials> = ProviderSettings.Options<Credentials>
  >(
    parts: Parts<A, C, S, Settings, AuthProvider<Credentials>, AuthService.AuthService<Credentials>, Options>
  ): Layers<A, C, S, Settings, Credentials, Options>
} = <A, C, S, Settings extends object, Credentials, Options extends ProviderSettings.Options<Credentials>>(
  parts: Parts<A, C, S, Settings, AuthProvider<Credentials>, AuthService.AuthService<Credentials>, Options>
): Layers<A, C, S, Settings, Credentials, Options> => {
  const session = parts.make ??
    ((settings: Settings, options?: Options) => makeSession(parts.provider, settings, options))
  const layerAuth = (settings: Settings, options?: Options) => Layer.effect(parts.auth, session(settings, options))
  const layerClient = (options?: AuthHttpClient.ClientOptions) =>
    Layer.effect(parts.client, Effect.flatMap(parts.auth, (auth) => AuthHttpClient.fromSession(auth, options)))
  const layer = (settings: Settings, options?: Options) =>
    Layer.provideMerge(layerClient(options?.client), layerAuth(settings, options))
  const layerSessions = (settings: Settings, options?: ProviderSettings.SessionsOptions<Credentials>) =>
    Layer.effect(
      parts.sessions,
      parts.provider(settings, options).pipe(
        Effect.flatMap((provider) => AuthSessions.make(provider, options)),
        Effect.flatMap((sessions) => AuthHttpClient.fromSessions(sessions, options?.client))
      )
    )
  return {
    layer,
    layerAuth,
    layerClient,
    layerConfig: fromConfig(layer),
    layerSessions,
    layerSessionsConfig: fromConfig(layerSessions)
  }
}

/** The same layer, with settings from the configuration. */
const fromConfig = <Settings extends object, Options, A, E, R>(
  layer: (settings: Settings, options?: Options) => Layer.Layer<A, E, R>
) =>
(settings: ProviderSettings.FromConfig<Settings>, options?: Options): Layer.Layer<A, E | ConfigError, R> =>
  Layer.unwrap(Effect.map(ProviderSettings.fromConfig(settings), (settings) => layer(settings, options)))
