/** The token and message calls of a session, with the client that is derived from the contract. */
import type { Api } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as Effect from "effect/Effect"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Redacted from "effect/Redacted"
import { type ExternalTokenGrant, type PasswordGrant, PlacewiseApi, type RefreshTokenGrant } from "../PlacewiseApi.ts"
import { classify, type Operation } from "./errors.ts"

export type Calls = Effect.Success<ReturnType<typeof make>>

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
    TokenEndpoint.exchange(revoke.revokeToken({ params: path, payload: { token } }))
  return {
    withPassword: (payload: typeof PasswordGrant.Type) => signIn.createToken({ params: path, payload }),
    withExternalToken: (payload: typeof ExternalTokenGrant.Type) => signIn.createToken({ params: path, payload }),
    withRefreshToken: (payload: typeof RefreshTokenGrant.Type) => refresh.createToken({ params: path, payload }),
    /**
     * It is not documented whether revoking one token ends the other. Both are revoked, even if the first call fails.
     */
    revoke: (tokens: TokenSet): Effect.Effect<void, ExchangeFailure> =>
      Effect.forEach(
        tokens.refreshToken === undefined ? [tokens.accessToken] : [tokens.refreshToken, tokens.accessToken],
        (token) => Effect.result(revokeOne(token))
      ).pipe(
        Effect.flatMap((outcomes) => Effect.forEach(outcomes, (outcome) => Effect.fromResult(outcome))),
        Effect.asVoid
      ),
    /** `undefined` if the token is invalid. */
    tokenInfo: (token: Redacted.Redacted<string>) =>
      HttpApiClient.endpoint(PlacewiseApi, {
        group: "tokens",
        endpoint: "tokenInfo",
        httpClient: HttpClient.mapRequest(clientFor("tokenInfo"), HttpClientRequest.bearerToken(token)),
        baseUrl
      }).pipe(
        Effect.flatMap((call) => call({ params: path })),
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
  api: Effect.Success<ReturnType<typeof makeSend>>,
  path: { readonly slug: string }
) => ({
  sendOneTimePassword: (
    { loginUrl, to, via }: { readonly to: To; readonly via: "sms" | "email"; readonly loginUrl?: string | undefined }
  ) => {
    const urlParams = loginUrl === undefined ? {} : { login_url: loginUrl }
    const { emailByEmail, emailByMsisdn, smsByEmail, smsByMsisdn } = api.oneTimePasswords
    return "email" in to
      ? (via === "sms" ? smsByEmail : emailByEmail)({ params: { ...path, email: to.email }, query: urlParams })
      : (via === "sms" ? smsByMsisdn : emailByMsisdn)({ params: { ...path, msisdn: to.msisdn }, query: urlParams })
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
      ? email({ params: { ...path, email: to.email }, query: urlParams })
      : sms({ params: { ...path, msisdn: to.msisdn }, query: urlParams })
  }
})
