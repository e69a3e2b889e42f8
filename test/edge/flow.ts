/** What runs on each platform: one session at a strict server, and an API that wants its token. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import type { RefreshOptions } from "@effect-auth/core/RefreshOptions"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { fetchExchange } from "../support/fetchExchange.ts"

const exchange = (host: string, refreshToken: string) => fetchExchange(`${host}/token`, refreshToken)

const providerAt = (host: string): AuthProvider<string> => ({
  name: "edge",
  realm: "edge",
  origins: [host],
  rotation: "rotating",
  rejection: { statuses: [401] },
  signIn: (credentials) => exchange(host, credentials),
  refresh: (token) => exchange(host, Redacted.value(token))
})

export const make = Effect.fnUntraced(function*(host: string, refresh: RefreshOptions = {}) {
  const auth = yield* AuthService.make(providerAt(host), { refresh: { mode: "onDemand", ...refresh } })
  const client = AuthHttpClient.withAuth(yield* HttpClient.HttpClient, auth)
  return {
    signIn: Effect.as(auth.signIn("first"), "signed in"),
    call: Effect.flatMap(client.get(`${host}/api`), (response) => response.text)
  }
})

export type Flow = Effect.Effect.Success<ReturnType<typeof make>>

export const httpClient = FetchHttpClient.layer
