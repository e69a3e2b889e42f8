/** The calls of a session that are not the member's own requests, through the client that the contract gives. */
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import { type ExternalTokenGrant, type PasswordGrant, PlacewiseApi } from "../PlacewiseApi.ts"
import type {
  OneTimePasswordRequest,
  PlacewiseCredentials,
  RegistrationPasswordRequest,
  TokenInfo
} from "../PlacewiseAuth.ts"
import { classify, type Operation } from "./errors.ts"
import type { Settings } from "./settings.ts"

export const providerName = "placewise"

export type Calls = Effect.Effect.Success<ReturnType<typeof make>>

export const make = Effect.fnUntraced(function*(settings: Settings, httpClient: HttpClient.HttpClient) {
  const { baseUrl, headers } = settings
  const path = { slug: settings.club }
  const clientFor = (operation: Operation) =>
    TokenEndpoint.client(httpClient, { classify: classify(operation), allowInsecure: settings.allowInsecure })
  const apiFor = (operation: Operation) => makeApi(baseUrl, clientFor(operation))
  const signIn = yield* apiFor("signIn")
  const refresh = yield* apiFor("refresh")
  const revoke = yield* apiFor("revoke")
  const infoClient = clientFor("tokenInfo")
  const revokeOne = (token: Redacted.Redacted<string>) =>
    TokenEndpoint.exchange(revoke.tokens.revokeToken({ path, headers, payload: { token } }))
  return {
    signIn: (credentials: PlacewiseCredentials) =>
      credentials._tag === "Password"
        ? signIn.tokens.createToken({ path, headers, payload: passwordGrant(credentials) })
        : signIn.tokens.createToken({ path, headers, payload: externalTokenGrant(credentials) }),
    refresh: (refreshToken: Redacted.Redacted<string>) =>
      refresh.tokens.createToken({
        path,
        headers,
        payload: { grant_type: "refresh_token", refresh_token: refreshToken }
      }),
    /** Whether one token's end is the other's is not documented: each is revoked, whatever becomes of the first. */
    revoke: (tokens: TokenSet): Effect.Effect<void, ExchangeFailure> =>
      Effect.forEach(
        tokens.refreshToken === undefined ? [tokens.accessToken] : [tokens.refreshToken, tokens.accessToken],
        (token) => Effect.either(revokeOne(token))
      ).pipe(Effect.flatMap((outcomes) => outcomes.find(Either.isLeft) ?? Effect.void), Effect.asVoid),
    tokenInfo: (token: Redacted.Redacted<string>) =>
      HttpApiClient.endpoint(PlacewiseApi, {
        group: "tokens",
        endpoint: "tokenInfo",
        httpClient: HttpClient.mapRequest(infoClient, HttpClientRequest.bearerToken(token)),
        baseUrl
      }).pipe(
        Effect.flatMap((call) => call({ path, headers })),
        Effect.map((info): TokenInfo => ({ active: true, info })),
        Effect.catchIf(
          (error) => error instanceof ExchangeFailure && error.status === 460,
          () => Effect.succeed<TokenInfo>({ active: false })
        )
      ),
    ...sendsOf(yield* apiFor("send"), path, headers)
  }
})

const makeApi = (baseUrl: string, httpClient: HttpClient.HttpClient.With<ExchangeFailure>) =>
  HttpApiClient.makeWith(PlacewiseApi, { httpClient, baseUrl })

type Api = Effect.Effect.Success<ReturnType<typeof makeApi>>

const sendsOf = (api: Api, path: { readonly slug: string }, headers: Settings["headers"]) => ({
  sendOneTimePassword: ({ loginUrl, to, via }: OneTimePasswordRequest) => {
    const urlParams = loginUrl === undefined ? {} : { login_url: loginUrl }
    const { emailByEmail, emailByMsisdn, smsByEmail, smsByMsisdn } = api.oneTimePasswords
    return "email" in to
      ? (via === "sms" ? smsByEmail : emailByEmail)({ path: { ...path, email: to.email }, headers, urlParams })
      : (via === "sms" ? smsByMsisdn : emailByMsisdn)({ path: { ...path, msisdn: to.msisdn }, headers, urlParams })
  },
  sendRegistrationPassword: ({ language, to, url }: RegistrationPasswordRequest) => {
    const urlParams = {
      ...(language === undefined ? {} : { language }),
      ...(url === undefined ? {} : { login_url: url })
    }
    const { email, sms } = api.registrationPasswords
    return "email" in to
      ? email({ path: { ...path, email: to.email }, headers, urlParams })
      : sms({ path: { ...path, msisdn: to.msisdn }, headers, urlParams })
  }
})

type Password = Extract<PlacewiseCredentials, { readonly _tag: "Password" }>
type ExternalToken = Extract<PlacewiseCredentials, { readonly _tag: "ExternalToken" }>

const passwordGrant = ({ identifier, password }: Password): typeof PasswordGrant.Type => {
  const grant = { grant_type: "password", password } as const
  if ("id" in identifier) return { ...grant, identifier_type: "id", identifier: identifier.id }
  return "email" in identifier
    ? { ...grant, identifier_type: "email", identifier: identifier.email }
    : { ...grant, identifier_type: "msisdn", identifier: identifier.msisdn }
}

const externalTokenGrant = ({ provider, token }: ExternalToken): typeof ExternalTokenGrant.Type => ({
  grant_type: "external_token",
  external_token: token,
  external_token_type: provider
})
