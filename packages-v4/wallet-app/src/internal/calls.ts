/** The token calls of a session, with the client that is derived from the contract. */
import type { TokenResponse } from "@effect-auth/core/AuthProvider"
import { ExchangeFailure } from "@effect-auth/core/ExchangeFailure"
import * as TokenEndpoint from "@effect-auth/core/TokenEndpoint"
import type { TokenSet } from "@effect-auth/core/TokenSet"
import * as Effect from "effect/Effect"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Refusal, type TokenResponse as Body, WalletAppApi } from "../WalletAppApi.ts"
import type { Permission } from "../WalletAppPermission.ts"
import { classify, type Operation } from "./errors.ts"

/** The settings that the calls need. */
interface Settings {
  readonly baseUrl: string
  readonly allowInsecure: boolean
  readonly email: string
  readonly permissions: ReadonlyArray<Permission>
  /** The statuses that mean that the key is invalid. */
  readonly rejected: ReadonlyArray<number>
}

export type Calls = Effect.Success<ReturnType<typeof make>>

/** The documentation shows both headers on every call, with and without a body. */
const headers = { accept: "application/json", "content-type": "application/json" }

export const make = Effect.fnUntraced(function*(
  httpClient: HttpClient.HttpClient,
  { allowInsecure, baseUrl, email, permissions, rejected }: Settings
) {
  const clientFor = (operation: Operation) =>
    TokenEndpoint.client(httpClient, { classify: classify(operation), headers, allowInsecure })
  const { createToken } = yield* HttpApiClient.group(WalletAppApi, {
    group: "tokens",
    httpClient: clientFor("signIn"),
    baseUrl
  })
  const withKey = (operation: Operation, key: Redacted.Redacted<string>) => ({
    group: "tokens" as const,
    httpClient: HttpClient.mapRequest(clientFor(operation), HttpClientRequest.bearerToken(key)),
    baseUrl
  })
  // An HTML page of a firewall says nothing about the key, so it is transient with every status.
  const isRejected = (error: unknown): boolean =>
    error instanceof ExchangeFailure && error.kind !== "transient" && error.status !== undefined &&
    rejected.includes(error.status)
  return {
    permissions,
    createToken: (password: Redacted.Redacted<string>): Effect.Effect<TokenResponse, ExchangeFailure> =>
      TokenEndpoint.exchange(createToken({ payload: { email, password, permissions } })).pipe(
        Effect.flatMap(issued)
      ),
    /** The key itself is the bearer token of this call. If it is refused, it is already deleted. */
    deleteToken: ({ accessToken }: TokenSet): Effect.Effect<void, ExchangeFailure> =>
      HttpApiClient.endpoint(WalletAppApi, { ...withKey("revoke", accessToken), endpoint: "deleteToken" }).pipe(
        Effect.flatMap((call) => TokenEndpoint.exchange(call({}))),
        Effect.flatMap((body) => isRefusal(body) ? Effect.fail(notDeleted) : Effect.void),
        Effect.catchIf(isRejected, () => Effect.void)
      ),
    /** `undefined` if the key is invalid. */
    tokenInfo: (key: Redacted.Redacted<string>) =>
      HttpApiClient.endpoint(WalletAppApi, { ...withKey("tokenInfo", key), endpoint: "tokenInfo" }).pipe(
        Effect.flatMap((call) => call({})),
        Effect.map(({ abilities, last_used_at, name, permissions, user_id }) => ({
          name: name ?? undefined,
          userId: user_id ?? undefined,
          lastUsedAt: last_used_at ?? undefined,
          permissions: permissions ?? abilities ?? undefined
        })),
        Effect.catchIf(isRejected, () => Effect.succeed(undefined))
      )
  }
})

const isRefusal = Schema.is(Refusal)

const notDeleted = new ExchangeFailure({ kind: "refused", sent: "answered", reason: "unknown", status: 200 })

/** A refusal with a success status issued no key. Its text may repeat secrets, so it is dropped. */
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
