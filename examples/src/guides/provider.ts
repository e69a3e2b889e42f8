/* eslint-disable no-restricted-imports -- quoted by docs/writing-a-provider.md, where one import a package reads better */
/**
 * A provider with a client secret as HTTP Basic, and a session that can ask about its token.
 */
// #region basic
import {
  type AuthError,
  AuthHttpClient,
  type AuthProvider,
  type AuthService,
  AuthSessions,
  TokenEndpoint,
  WireSchema
} from "@effect-auth/core"
import { HttpApi, HttpApiClient, HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "@effect/platform"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { Effect, Redacted, Schema } from "effect"

/** RFC 6749 section 2.3.1: both are form-encoded before they are joined. */
const encoded = (text: string) => new URLSearchParams({ "": text }).toString().slice(1)

export const withBasic = (client: HttpClient.HttpClient, id: string, secret: Redacted.Redacted) =>
  HttpClient.mapRequest(client, HttpClientRequest.basicAuth(encoded(id), encoded(Redacted.value(secret))))
// #endregion

// #region introspect
const form = { kind: "UrlParams" } as const
const Refresh = Schema.Struct({ grant_type: Schema.String, refresh_token: WireSchema.Secret })
const refresh = HttpApiEndpoint.post("refresh", "/oauth/token")
  .setPayload(HttpApiSchema.withEncoding(Refresh, form)).addSuccess(TokenEndpoint.TokenBody)

const TokenInfo = Schema.Struct({ active: Schema.Boolean, exp: Schema.optional(Schema.Number) })
const introspect = HttpApiEndpoint.post("introspect", "/oauth/introspect")
  .setPayload(HttpApiSchema.withEncoding(Schema.Struct({ token: WireSchema.Secret }), form)).addSuccess(TokenInfo)

class Api extends HttpApi.make("acme").add(HttpApiGroup.make("tokens").add(refresh).add(introspect)) {}

export interface Settings {
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
}

/** The session, and what only this provider's sessions can do. */
export interface Service extends AuthService.AuthService<Redacted.Redacted> {
  readonly tokenInfo: Effect.Effect<typeof TokenInfo.Type, AuthError.AuthError>
}

export const provider = Effect.fnUntraced(function*({ baseUrl, clientId, clientSecret }: Settings) {
  const classify = (answer: TokenEndpoint.Answer) => TokenEndpoint.common(answer) ?? TokenEndpoint.oauth(answer)
  const below = withBasic(yield* HttpClient.HttpClient, clientId, clientSecret)
  const httpClient = TokenEndpoint.client(below, { classify })
  const { tokens } = yield* HttpApiClient.makeWith(Api, { httpClient, baseUrl })
  const exchange = (refresh_token: Redacted.Redacted) =>
    TokenEndpoint.issued(tokens.refresh({ payload: { grant_type: "refresh_token", refresh_token } }))
  const provider: AuthProvider.Extended<Redacted.Redacted, Service> = {
    name: "acme",
    realm: `${baseUrl} ${clientId}`,
    origins: [new URL(baseUrl).origin],
    api: { baseUrl },
    rotation: "rotating",
    rejection: { statuses: [401] },
    // The credentials are a refresh token that somebody obtained elsewhere.
    signIn: exchange,
    fingerprint: Redacted.value,
    refresh: exchange,
    extend: (auth) => ({
      ...auth,
      // A call of your own: one deadline, no secret in an error, and the errors of everything else.
      tokenInfo: Effect.flatMap(
        auth.accessToken,
        ({ value }) =>
          TokenEndpoint.call(tokens.introspect({ payload: { token: value } }), {
            provider: "acme",
            account: auth.account,
            operation: "tokenInfo"
          })
      )
    })
  }
  return provider
})
// #endregion

// #region many
/** Sessions of many accounts and their clients, as a value and without tags. */
export const accounts = (settings: Settings) =>
  Effect.gen(function*() {
    const sessions = yield* AuthSessions.make(yield* provider(settings), { idleAfter: "1 hour" })
    return yield* AuthHttpClient.fromSessions(sessions)
  })
// #endregion
