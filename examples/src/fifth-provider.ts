/* eslint-disable no-restricted-imports -- quoted by docs/writing-a-provider.md, where one import a package reads better */
// #region imports
import { AuthHttpClient, type AuthProvider, AuthService, BaseUrl, TokenEndpoint, WireSchema } from "@effect-auth/core"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "@effect/platform"
import { HttpClient, type HttpClientError } from "@effect/platform"
import { Context, Effect, Layer, Redacted, Schema } from "effect"
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
const host = "https://api.acme.example"

export type Credentials = { readonly username: string; readonly password: Redacted.Redacted }

export const provider = Effect.gen(function*() {
  const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
  const httpClient = TokenEndpoint.client(yield* HttpClient.HttpClient, { classify })
  const { tokens } = yield* HttpApiClient.makeWith(AcmeApi, { httpClient, baseUrl: host })
  const issued = <E>(call: Effect.Effect<TokenEndpoint.TokenBody, E>) =>
    Effect.map(TokenEndpoint.exchange(call), TokenEndpoint.tokenResponse)
  return {
    name: "acme",
    realm: "api.acme.example",
    origins: [host],
    rotation: "rotating",
    rejection: { statuses: [401] },
    defaultLifetime: "1 hour",
    signIn: (credentials) => issued(tokens.create({ payload: { grant_type: "password", ...credentials } })),
    refresh: (refresh_token) => issued(tokens.create({ payload: { grant_type: "refresh_token", refresh_token } })),
    revoke: (held) =>
      TokenEndpoint.exchange(tokens.revoke({ payload: { token: held.refreshToken ?? held.accessToken } })),
    fingerprint: ({ password, username }) => JSON.stringify([username, Redacted.value(password)])
  } satisfies AuthProvider.AuthProvider<Credentials>
})
// #endregion

// #region layer
type Client = HttpClient.HttpClient.With<HttpClientError.HttpClientError | AuthHttpClient.AuthHttpClientError>

export class AcmeAuth extends Context.Tag("acme/AcmeAuth")<AcmeAuth, AuthService.AuthService<Credentials>>() {}
export class AcmeClient extends Context.Tag("acme/AcmeClient")<AcmeClient, Client>() {}

const client = Effect.gen(function*() {
  const withAuth = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, yield* AcmeAuth)
  return BaseUrl.prepend(host)(withAuth)
})

export const layer = (options?: AuthService.Options<Credentials>) =>
  Layer.effect(AcmeClient, client).pipe(
    Layer.provideMerge(Layer.scoped(AcmeAuth, Effect.flatMap(provider, (acme) => AuthService.make(acme, options))))
  )
// #endregion
