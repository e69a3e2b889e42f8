/* eslint-disable no-restricted-imports -- quoted by docs/writing-a-provider.md, where one import a package reads better */
// #region imports
import { type AuthHttpClient, type AuthProvider, type AuthService, ProviderLayers } from "@effect-auth/core"
import { ProviderSettings, TokenEndpoint, WireSchema } from "@effect-auth/core"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, HttpClient } from "@effect/platform"
import { Context, Effect, Redacted, Schema } from "effect"
// #endregion

// #region contract
const form = { kind: "UrlParams" } as const
const Password = { grant_type: Schema.Literal("password"), username: Schema.String, password: WireSchema.Secret }
const Refresh = { grant_type: Schema.Literal("refresh_token"), refresh_token: WireSchema.Secret }

const Grant = Schema.Union(
  HttpApiSchema.withEncoding(Schema.Struct(Password), form),
  HttpApiSchema.withEncoding(Schema.Struct(Refresh), form)
)
const create = HttpApiEndpoint.post("create", "/oauth/token").setPayload(Grant).addSuccess(TokenEndpoint.TokenBody)

const Revoked = HttpApiSchema.withEncoding(Schema.Struct({ token: WireSchema.Secret }), form)
const revoke = HttpApiEndpoint.post("revoke", "/oauth/revoke").setPayload(Revoked).addSuccess(Schema.Struct({}))

export class AcmeApi extends HttpApi.make("acme").add(HttpApiGroup.make("tokens").add(create).add(revoke)) {}
// #endregion

// #region provider
export const hosts = { production: "https://api.acme.example" }

export type Settings = ProviderSettings.ProviderSettings
export type Credentials = { readonly username: string; readonly password: Redacted.Redacted }

export const provider = Effect.fnUntraced(function*(settings: Settings, options?: ProviderSettings.ProviderOptions) {
  const about = { provider: "acme", account: options?.account, hosts }
  const { allowInsecure, base, origins, realm } = yield* ProviderSettings.resolve(settings, about)
  const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
  const httpClient = TokenEndpoint.client(yield* HttpClient.HttpClient, { classify, allowInsecure })
  const { tokens } = yield* HttpApiClient.makeWith(AcmeApi, { httpClient, baseUrl: base.href })
  return {
    name: about.provider,
    realm: realm(),
    origins,
    api: { baseUrl: base.href, allowInsecure },
    rotation: "rotating",
    rejection: { statuses: [401], ...options?.rejection },
    signIn: (credentials) =>
      TokenEndpoint.issued(tokens.create({ payload: { grant_type: "password", ...credentials } })),
    refresh: (refresh_token) =>
      TokenEndpoint.issued(tokens.create({ payload: { grant_type: "refresh_token", refresh_token } })),
    revoke: ({ accessToken, refreshToken }) =>
      TokenEndpoint.exchange(tokens.revoke({ payload: { token: refreshToken ?? accessToken } })),
    fingerprint: ({ password, username }) => JSON.stringify([username, Redacted.value(password)])
  } satisfies AuthProvider.AuthProvider<Credentials>
})
// #endregion

// #region layers
type Service = AuthService.AuthService<Credentials>

export class AcmeAuth extends Context.Tag("acme/AcmeAuth")<AcmeAuth, Service>() {}
export class AcmeClient extends Context.Tag("acme/AcmeClient")<AcmeClient, AuthHttpClient.Client>() {}
export class AcmeSessions extends Context.Tag("acme/AcmeSessions")<AcmeSessions, AuthHttpClient.Accounts<Service>>() {}

export const { layer, layerAuth, layerClient, layerConfig, layerSessions, layerSessionsConfig } = ProviderLayers.make({
  auth: AcmeAuth,
  client: AcmeClient,
  sessions: AcmeSessions,
  provider
})
// #endregion
