/** The calls of a session that are not the program's own requests, through the client that the contract gives. */
import type { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { PitchpointApi } from "../PitchpointApi.ts"
import type { PitchpointCredentials } from "../PitchpointAuth.ts"
import { classify, type Operation } from "./errors.ts"
import type { Settings } from "./settings.ts"

export const providerName = "pitchpoint"

export type Calls = Effect.Effect.Success<ReturnType<typeof make>>

export const make = Effect.fnUntraced(function*(settings: Settings, httpClient: HttpClient.HttpClient) {
  const { alias, allowInsecure, baseUrl, username } = settings
  const apiFor = (operation: Operation) =>
    makeApi(baseUrl, TokenEndpoint.client(httpClient, { classify: classify(operation), allowInsecure }))
  const signIn = yield* apiFor("signIn")
  const refresh = yield* apiFor("refresh")
  return {
    signIn: ({ password }: PitchpointCredentials) =>
      signIn.authentication.signInWithPassword({
        payload: { username, password, ...(alias === undefined ? {} : { useralias: alias }) }
      }),
    refresh: (refreshToken: Redacted.Redacted<string>) =>
      refresh.authentication.refreshIdToken({ payload: { refresh_token: refreshToken } })
  }
})

const makeApi = (baseUrl: string, httpClient: HttpClient.HttpClient.With<ExchangeFailure>) =>
  HttpApiClient.makeWith(PitchpointApi, { httpClient, baseUrl })
