/** What the tests of this package share: the documented payloads, options that fit the sandbox, and a stub server. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PitchpointApi from "@effect-auth/pitchpoint/PitchpointApi"
import type * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import type * as PitchpointError from "@effect-auth/pitchpoint/PitchpointError"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"

export const settings: PitchpointAuth.Settings = { username: "service@example.com" }

export const password: PitchpointAuth.PitchpointCredentials = { password: Redacted.make("correct horse") }

/** The sandbox in place of the network, and a store in memory. */
export const world = (options?: PitchpointSandbox.Options) =>
  Layer.mergeAll(PitchpointSandbox.layerHttpClient, TokenStore.layerMemory).pipe(
    Layer.provideMerge(PitchpointSandbox.layer(options))
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

export const jsonOf = (request: HttpClientRequest.HttpClientRequest | undefined): unknown =>
  request?.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : undefined

/** The token of the guide's example: its `exp` is cut short and its signature is padded, so it is no JWT to check. */
export const guideToken = "eyJraWQiOiIxMjM0NSIsInR5cCI6IkpXVCIsImFsZyI6IlJTMjU2In0." +
  "eyJhdWQiOiJ0ZXN0LXRlbmFudCIsInN1YiI6InhwcHN8MTIyMyIsImVtYWlsX3ZlcmlmaWVkIjp0cnVlLCJ1c2VyX2lkIjoiMTIyMyIsImF1dGhf" +
  "dGltZSI6MTcwODcxNTYwMiwiaXNzIjoiaHR0cHM6XC9cL3NlY3VyZXRva2VuLmdvb2dsZS5jb21cL3Rlc3QtdGVuYW50IiwiZXhwIjoxNzA4NzE5" +
  "LCJpYXQiOjE3MDg3MTUsImVtYWlsIjoidGVzdHVzZXJAdGVuYW50LmNvbSJ9.dGVzdA=="

export const guideRefreshToken = "AMf-vBxITbnfBBMJpPXMvop1qa1cMaUuqAKX_y1hYsmcgVtzhx7Al_9mWD"

/** As the guide shows it, without `scope` and `token_type`. */
export const issued = { access_token: guideToken, refresh_token: guideRefreshToken, expires_in: 3600 }

export const refusal = { error: "access_denied", error_description: "Invalid username / password combination" }

const blj = {
  CorrelationID: "first_name_missing",
  Terms: { Term: [{ Person: { FirstName: "", LastName: "THOMAS", SSN: "111111111" } }] }
}

/** Every documented payload of the four pages, by what it is. */
export const documented: ReadonlyArray<readonly [string, Schema.Schema.AnyNoContext, object]> = [
  ["sign-in (guide)", PitchpointApi.SignInPayload, { username: "customerUsername", password: "customerPassword" }],
  ["sign-in (reference)", PitchpointApi.SignInPayload, {
    username: "customerUsername",
    password: "customerPassword",
    useralias: "optionalUserAlias"
  }],
  ["refresh", PitchpointApi.RefreshPayload, { refresh_token: guideRefreshToken }],
  ["token response (guide)", PitchpointApi.TokenResponse, issued],
  ["token response (reference)", PitchpointApi.TokenResponse, { ...issued, scope: "policy", token_type: "Bearer" }],
  ["query", PitchpointApi.OrdersQuery, {
    limit: 100,
    marker: "",
    filters: { Created: { ge: "2024-04-09T18:42:22.705Z", le: "2024-04-10T18:42:22.712Z" } }
  }],
  ["query by reference", PitchpointApi.OrdersQuery, {
    filters: { ReferenceNumber: { startsWithIgnoreCase: "value" } },
    limit: 5,
    marker: "aaa"
  }],
  ["page of orders", PitchpointApi.OrdersPage, {
    count: 100,
    limit: 100,
    nextMarker: "5705424597053369344",
    results: [{
      Completed: "2024-02-05T20:49:44.000Z",
      Created: "2024-02-05T20:49:42.000Z",
      Deleted: false,
      Fulfilled: "2024-02-05T20:49:42.000Z",
      OrderGuid: "2992759493555823372",
      OrderSummary: "Cyril Figgins",
      OwnerCompanyName: "Bloggins Bank",
      OwnerUserContactMechanism: "joe@blogginsbank.com",
      OwnerUserDisplayName: "Bloggins, Joe",
      ProductDisplayName: "ADV-AB-BeforeReconfirm",
      ProductType: "ADV",
      ReferenceNumber: "7058934124",
      ReportAvailable: true,
      Status: "complete"
    }]
  }],
  ["page of orders that are not finished", PitchpointApi.OrdersPage, {
    count: 1,
    limit: 100,
    nextMarker: "m1",
    results: [{ OrderGuid: "g1", Completed: null, Fulfilled: null, Deleted: null, ReportAvailable: true }]
  }],
  ["order", PitchpointApi.OrderPayload, blj],
  ["order with a report", PitchpointApi.Order, {
    TransactionID: "0000000000011038341",
    CorrelationID: "alpha_numeric_string_to_help_identify_this_order",
    Terms: { Term: [{ Person: { FirstName: "Janet", MiddleName: null, LastName: "Elahi", SSN: "111111111" } }] },
    Attachments: { Attachment: [{ Document: "JVBERi0xLjU=", Classifier: "report", ContentType: "application/pdf" }] },
    Messages: { Message: [{ Category: "Info", Code: "I001", Description: "Success" }] },
    Status: { Code: "U001", Description: "Unserviceable" },
    Ref: "https://api.pointservices.com/riskinsight-services-ws/resources/v1/sami/0000000000011038341"
  }],
  ["order that failed", PitchpointApi.Order, {
    TransactionID: "0000000000010129045",
    ...blj,
    Messages: {
      Message: [{
        Category: "Fault",
        Code: "E004",
        Description: "/Inputs[1]/Input[1]/Loan[1]/Borrower[1]/Name[1]/First is required."
      }]
    },
    Status: { Code: "U001", Description: "Unserviceable" },
    Ref: "https://api.pointservices.com/riskinsight-services-ws/resources/v1/sami/0000000000010129045"
  }]
]

/** Every documented error body. */
export const documentedErrors: ReadonlyArray<readonly [keyof typeof PitchpointError.onWire, number, object]> = [
  ["TokenRefused", 400, refusal],
  ["AccessDenied", 403, refusal],
  ["InvalidQuery", 400, { message: "Unsupported field: InvalidField" }],
  ["InvalidQuery", 400, { message: "Unsupported operator: NotARealOperator for field: ReferenceNumber" }],
  ["NotAuthorized", 401, {}]
]
