/** The calls of a session that are not the program's own requests, through the client that the contract gives. */
import type { TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { type Refusal, type TokenResponse as Body, WalletAppApi } from "../WalletAppApi.ts"
import type { TokenInfo, WalletAppCredentials } from "../WalletAppAuth.ts"
import { classify, type Operation } from "./errors.ts"
import type { Settings } from "./settings.ts"

export const providerName = "wallet-app"

export type Calls = Effect.Effect.Success<ReturnType<typeof make>>

const headers = { accept: "application/json" } as const

/** The page shows both headers on every call, with a body and without. */
const exact = { ...headers, "content-type": "application/json" }

export const make = Effect.fnUntraced(function*(
  settings: Settings,
  httpClient: HttpClient.HttpClient,
  rejectedStatuses: ReadonlyArray<number>
) {
  const { allowInsecure, baseUrl, email, permissions } = settings
  const clientFor = (operation: Operation) =>
    TokenEndpoint.client(httpClient, { classify: classify(operation), headers: exact, allowInsecure })
  const api = yield* HttpApiClient.makeWith(WalletAppApi, { httpClient: clientFor("signIn"), baseUrl })
  const withKey = (operation: Operation, key: Redacted.Redacted<string>) => ({
    group: "tokens" as const,
    httpClient: HttpClient.mapRequest(clientFor(operation), HttpClientRequest.bearerToken(key)),
    baseUrl
  })
  // A firewall's page is transient, whatever its status: it says nothing about the key.
  const isRejected = (error: unknown): boolean =>
    error instanceof ExchangeFailure && error.kind !== "transient" && error.status !== undefined &&
    rejectedStatuses.includes(error.status)
  return {
    signIn: ({ password }: WalletAppCredentials): Effect.Effect<TokenResponse, ExchangeFailure> =>
      TokenEndpoint.exchange(api.tokens.createToken({ headers, payload: { email, password, permissions } })).pipe(
        Effect.flatMap(issued)
      ),
    /** The key deletes itself. One that is refused is gone already. */
    revoke: ({ accessToken }: TokenSet): Effect.Effect<void, ExchangeFailure> =>
      HttpApiClient.endpoint(WalletAppApi, { ...withKey("revoke", accessToken), endpoint: "deleteToken" }).pipe(
        Effect.flatMap((call) => TokenEndpoint.exchange(call({ headers }))),
        Effect.flatMap(({ success }) => success === false ? Effect.fail(notDeleted) : Effect.void),
        Effect.catchIf(isRejected, () => Effect.void)
      ),
    tokenInfo: (key: Redacted.Redacted<string>) =>
      HttpApiClient.endpoint(WalletAppApi, { ...withKey("tokenInfo", key), endpoint: "tokenInfo" }).pipe(
        Effect.flatMap((call) => call({ headers })),
        Effect.map(({ abilities, last_used_at, name, permissions, user_id }): TokenInfo => ({
          active: true,
          name: name ?? undefined,
          userId: user_id ?? undefined,
          lastUsedAt: last_used_at ?? undefined,
          permissions: permissions ?? abilities ?? undefined
        })),
        Effect.catchIf(isRejected, () => Effect.succeed<TokenInfo>({ active: false }))
      )
  }
})

const notDeleted = new ExchangeFailure({ kind: "refused", sent: "answered", reason: "unknown", status: 200 })

/** A refusal with the status of a success issued nothing. Its text may echo anything, so it is not passed on. */
const issued = (body: typeof Body.Type | typeof Refusal.Type): Effect.Effect<TokenResponse, ExchangeFailure> => {
  if (!("data" in body)) {
    return Effect.fail(new ExchangeFailure({ kind: "terminal", sent: "answered", reason: "credentials", status: 200 }))
  }
  const { data } = body
  return Effect.succeed({
    accessToken: "key" in data ? data.key : data.token,
    scopes: data.permissions ?? data.abilities ?? undefined
  })
}
