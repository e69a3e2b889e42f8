/** The token requests, through the client that the contract gives. */
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { formContentType, PriavaApi } from "../PriavaApi.ts"
import type { PriavaCredentials } from "../PriavaAuth.ts"
import { classify, type Operation } from "./errors.ts"
import type { Settings } from "./settings.ts"

export const providerName = "priava"

export type Calls = Effect.Effect.Success<ReturnType<typeof make>>

export const make = Effect.fnUntraced(function*(settings: Settings, httpClient: HttpClient.HttpClient) {
  const headers = { tenantregion: settings.region }
  const createTokenFor = (operation: Operation) =>
    HttpApiClient.endpoint(PriavaApi, {
      group: "tokens",
      endpoint: "createToken",
      httpClient: TokenEndpoint.client(httpClient, {
        classify: classify(operation),
        allowInsecure: settings.allowInsecure,
        headers: { "content-type": formContentType, accept: "application/json" }
      }).pipe(HttpClient.mapRequest(HttpClientRequest.setUrl(settings.tokenUrl)))
    })
  const exchangeCode = yield* createTokenFor("signIn")
  const exchangeRefreshToken = yield* createTokenFor("refresh")
  return {
    signIn: ({ code }: PriavaCredentials) =>
      exchangeCode({ headers, payload: { grant_type: "authorization_code", code, ...settings.client } }),
    refresh: (refreshToken: Redacted.Redacted<string>) =>
      exchangeRefreshToken({
        headers,
        payload: { grant_type: "refresh_token", refresh_token: refreshToken, ...settings.client }
      })
  }
})
