/** What the tests of this package share: the documented payloads, options that fit the sandbox, and a stub server. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import * as WalletAppApi from "@effect-auth/wallet-app/WalletAppApi"
import type * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import type * as WalletAppError from "@effect-auth/wallet-app/WalletAppError"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"

export const settings: WalletAppAuth.Settings = { email: "kim@example.com", permissions: ["brands.get", "members.get"] }

export const password: WalletAppAuth.WalletAppCredentials = { password: Redacted.make("correct horse") }

/** The sandbox in place of the network, and a store in memory. */
export const world = (options?: WalletAppSandbox.Options) =>
  Layer.mergeAll(WalletAppSandbox.layerHttpClient, TokenStore.layerMemory).pipe(
    Layer.provideMerge(WalletAppSandbox.layer(options))
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

export const issued = {
  success: true,
  data: { key: "12|abcdef", email: "kim@example.com", permissions: ["brands.get", "members.get"] }
}

/** Every documented payload of the three pages, by what it is; placeholders are filled in. */
export const documented: ReadonlyArray<readonly [string, Schema.Schema.AnyNoContext, object]> = [
  ["request for a token", WalletAppApi.CreateTokenPayload, {
    email: "me@example.com",
    password: "pw",
    permissions: ["brands.get", "a.permission.of.tomorrow"]
  }],
  ["token response", WalletAppApi.TokenResponse, issued],
  ["token response in the words of the model", WalletAppApi.TokenResponse, {
    success: true,
    data: { token: "12|abcdef", abilities: ["brands.get"] }
  }],
  ["token information", WalletAppApi.TokenInfo, {
    name: "APITOKEN_b3ace001-c6fd-4047-864f-cd88a7ae8b2c",
    last_used_at: "2025-01-01T00:00:00Z",
    token: "12|abcdef",
    user_id: "11111111-1111-1111-1111-111111111111",
    abilities: ["brands.get"]
  }],
  ["token information in the words of the model", WalletAppApi.TokenInfo, {
    name: "APITOKEN_b3ace001-c6fd-4047-864f-cd88a7ae8b2c",
    last_used_at: 1735689600,
    token: "12|abcdef",
    user_id: "11111111-1111-1111-1111-111111111111",
    permissions: ["brands.get"]
  }],
  ["token deleted", WalletAppApi.Deleted, { success: true, message: "Token deleted" }],
  ["brands", WalletAppApi.Brands, {
    message: "Request successful",
    data: [{
      name: "Corner Cafe",
      logo: "https://cdn.example.com/logo.png",
      identifier: "brand-1",
      primary_color: "#000000",
      second_color: "#ffffff",
      third_color: null,
      organization: { name: "Cafes", identifier: "org-1" }
    }]
  }],
  ["members", WalletAppApi.Members, {
    message: "Request successful",
    data: {
      total: 1,
      last_page: 1,
      next_page_url: null,
      last_page_url: "http://api.walletapp.co/members/list?page=1",
      per_page: 50,
      members: [{
        email: "ola@example.com",
        full_name: "Ola N.",
        identifier: "member-1",
        last_name: "N.",
        phone_number: null,
        birth_date: null,
        street: null,
        unsubscribed: 0
      }]
    }
  }],
  ["a pass", WalletAppApi.FoundPass, {
    success: true,
    data: {
      brand_id: "brand-1",
      code: "pass-1",
      created_at: "2025-01-01T00:00:00Z",
      redeemed: 0,
      coupon: {},
      storecard: {}
    }
  }],
  ["a refusal in a success", WalletAppApi.Refusal, { success: false, message: "no" }],
  ["another refusal in a success", WalletAppApi.Refusal, { error: "no" }]
]

/** Assumed: no error is documented. */
export const assumedErrors: ReadonlyArray<readonly [keyof typeof WalletAppError.onWire, number, object]> = [
  ["NotAuthorized", 401, { message: "Unauthenticated" }],
  ["PermissionMissing", 403, { message: "Missing permission" }],
  ["InvalidRequest", 422, { message: "Invalid request", errors: { email: ["invalid"] } }]
]
