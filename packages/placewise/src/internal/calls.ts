/** The token and message calls of a session, with the client that is derived from the contract. */
import type { Api } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type ExternalTokenGrant, type PasswordGrant, PlacewiseApi, type RefreshTokenGrant } from "../PlacewiseApi.ts"
import { classify, type Operation } from "./errors.ts"

export type Calls = Effect.Effect.Success<ReturnType<typeof make>>

type To = { readonly email: string } | { readonly msisdn: string }

export const make = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  { allowInsecure, baseUrl, club, prepare }: Required<Omit<Api, "isRead">> & { readonly club: string }
) {
  const path = { slug: club }
  const clientFor = (operation: Operation) =>
    TokenEndpoint.client(httpClient, { classify: classify(operation), allowInsecure }).pipe(
      HttpClient.mapRequest(prepare ?? ((request) => request))
    )
  const tokensFor = (operation: Operation) =>
    HttpApiClient.group(PlacewiseApi, { group: "tokens", httpClient: clientFor(operation), baseUrl })
  const [signIn, refresh, revoke] = yield* Effect.all([tokensFor("signIn"), tokensFor("refresh"), tokensFor("revoke")])
  const revokeOne = (token: Redacted.Redacted<string>) =>
    TokenEndpoint.exchange(revoke.revokeToken({ path, payload: { token } }))
  return {
    withPassword: (payload: typeof PasswordGrant.Type) => signIn.createToken({ path, payload }),
    withExternalToken: (payload: typeof ExternalTokenGrant.Type) => signIn.createToken({ path, payload }),
    withRefreshToken: (payload: typeof RefreshTokenGrant.Type) => refresh.createToken({ path, payload }),
    /**
     * It is not documented whether revoking one token ends the other. Both are revoked, even if the first call fails.
     */
    revoke: (tokens: TokenSet): Effect.Effect<void, ExchangeFailure> =>
      Effect.forEach(
        tokens.refreshToken === undefined ? [tokens.accessToken] : [tokens.refreshToken, tokens.accessToken],
        (token) => Effect.either(revokeOne(token))
      ).pipe(Effect.flatMap((outcomes) => Effect.forEach(outcomes, (outcome) => outcome)), Effect.asVoid),
    /** `undefined` if the token is invalid. */
    tokenInfo: (token: Redacted.Redacted<string>) =>
      HttpApiClient.endpoint(PlacewiseApi, {
        group: "tokens",
        endpoint: "tokenInfo",
        httpClient: HttpClient.mapRequest(clientFor("tokenInfo"), HttpClientRequest.bearerToken(token)),
        baseUrl
      }).pipe(
        Effect.flatMap((call) => call({ path })),
        Effect.catchIf(
          (error) => error instanceof ExchangeFailure && error.status === 460,
          () => Effect.succeed(undefined)
        )
      ),
    ...sendsOf(yield* makeSend(baseUrl, clientFor("send")), path)
  }
})

const makeSend = (baseUrl: string, httpClient: HttpClient.HttpClient.With<ExchangeFailure>) =>
  HttpApiClient.makeWith(PlacewiseApi, { httpClient, baseUrl })

const sendsOf = (
  api: Effect.Effect.Success<ReturnType<typeof makeSend>>,
  path: { readonly slug: string }
) => ({
  sendOneTimePassword: (
    { loginUrl, to, via }: { readonly to: To; readonly via: "sms" | "email"; readonly loginUrl?: string | undefined }
  ) => {
    const urlParams = loginUrl === undefined ? {} : { login_url: loginUrl }
    const { emailByEmail, emailByMsisdn, smsByEmail, smsByMsisdn } = api.oneTimePasswords
    return "email" in to
      ? (via === "sms" ? smsByEmail : emailByEmail)({ path: { ...path, email: to.email }, urlParams })
      : (via === "sms" ? smsByMsisdn : emailByMsisdn)({ path: { ...path, msisdn: to.msisdn }, urlParams })
  },
  sendRegistrationPassword: (
    { language, to, url }: {
      readonly to: To
      readonly language?: string | undefined
      readonly url?: string | undefined
    }
  ) => {
    const urlParams = {
      ...(language === undefined ? {} : { language }),
      ...(url === undefined ? {} : { login_url: url })
    }
    const { email, sms } = api.registrationPasswords
    return "email" in to
      ? email({ path: { ...path, email: to.email }, urlParams })
      : sms({ path: { ...path, msisdn: to.msisdn }, urlParams })
  }
})
