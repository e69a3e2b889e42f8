/** What the tests of this package share: options that fit the sandbox, and a server that answers as it is told. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PriavaApi from "@effect-auth/priava/PriavaApi"
import type * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import type * as PriavaError from "@effect-auth/priava/PriavaError"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"

export const settings: PriavaAuth.Settings = {
  region: "EU",
  clientId: "sandbox-client",
  clientSecret: Redacted.make("sandbox-client-secret"),
  redirectUri: "https://my.app.com/oauth2callback"
}

export const code = (text = "sandbox-code"): PriavaAuth.PriavaCredentials => ({ code: Redacted.make(text) })

/** The sandbox in place of the network, and a store in memory. */
export const world = (options?: PriavaSandbox.Options) =>
  Layer.mergeAll(PriavaSandbox.layerHttpClient, TokenStore.layerMemory).pipe(
    Layer.provideMerge(PriavaSandbox.layer(options))
  )

/** A server that answers every request in the same way, and the requests it got. */
export const stub = (answer: (request: HttpClientRequest.HttpClientRequest) => Response) => {
  const requests: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    requests.push(request)
    return Effect.succeed(HttpClientResponse.fromWeb(request, answer(request)))
  })
  return { requests, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

/** The text that a request carries. */
export const textOf = (request: HttpClientRequest.HttpClientRequest | undefined): string | undefined =>
  request?.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : undefined

/** The form of the documentation, field by field. */
export const formOf = (request: HttpClientRequest.HttpClientRequest | undefined) =>
  Object.fromEntries(new URLSearchParams(textOf(request)))

/** The token response as the page prints it. */
export const issued = { access_token: "xxxxxxxx", refresh_token: "yyyyyyyy", token_type: "BEARER", expires_in: 21600 }

/** The documented payloads: the token page's own, and those that were gathered from the other pages. */
export const documented: ReadonlyArray<readonly [string, Schema.Schema.AnyNoContext, object]> = [
  ["code grant", PriavaApi.CreateTokenPayload, {
    grant_type: "authorization_code",
    client_id: "xxxxxxxx",
    client_secret: "yyyyyyyy",
    code: "zzzzzzzz",
    redirect_uri: "https://my.app.com/oauth2callback"
  }],
  ["refresh grant", PriavaApi.CreateTokenPayload, {
    grant_type: "refresh_token",
    client_id: "xxxxxxxx",
    client_secret: "yyyyyyyy",
    refresh_token: "zzzzzzzz",
    redirect_uri: "https://my.app.com/oauth2callback"
  }],
  ["token response", PriavaApi.TokenResponse, issued],
  ["refreshed tokens", PriavaApi.TokenResponse, {
    access_token: "a2",
    refresh_token: "r2",
    token_type: "BEARER",
    expires_in: 21600
  }],
  ["contact query", PriavaApi.ContactQuery, { Lastname: "Nordmann", PageNo: "1", RecordsPerPage: "10" }],
  ["contact query with everything", PriavaApi.ContactQuery, {
    Firstname: "Ola",
    Lastname: "Nordmann",
    Email: "ola@example.com",
    Organisation: "Infinity Mall",
    DebtorNo: "7",
    Inactive: false,
    ModifiedTime: "01/02/2025 10:00:00",
    NextPageDirection: "Forward",
    LastPageContactId: "12",
    PageNo: "1",
    Offset: "0",
    RecordsPerPage: "100",
    SortingOrder: [{ ColumnName: "Lastname", IsAscending: true }]
  }],
  ["contacts", PriavaApi.Rows, { result: [{ Firstname: "Ola", Lastname: "Nordmann", Email: "ola@example.com" }] }],
  ["venue query", PriavaApi.VenueGroupQuery, {
    StartDate: "01/02/2025 10:00:00",
    EndDate: "02/02/2025 10:00:00",
    OnlyAvailable: true,
    OnlyReserved: false,
    IncludeEmptyGroups: false
  }],
  ["webhook", PriavaApi.SubscriptionPayload, {
    subscription_url: "https://my.app.com/hook",
    event: "CREATE_CONTACT"
  }],
  ["webhook created", PriavaApi.Changed, { result: 1, success: true }]
]

/** The documented errors. */
export const errors: ReadonlyArray<readonly [keyof typeof PriavaError.onWire, number, object]> = [
  ["TokenRequestFailed", 400, { error: "error_code", error_description: "A human readable error message" }],
  ["NotAuthorized", 401, { error: "The access token is not valid" }],
  ["RateLimited", 429, {
    error: "Your API rate limit is exhausted",
    limits: "450 requests / 5 minutes (300 seconds)",
    "retry-after": "Tue, 18 Nov 2025 14:03:00"
  }]
]
