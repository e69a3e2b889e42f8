import type * as AuthError from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthService } from "@effect-auth/core/AuthService"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import type * as Effect from "effect/Effect"
import { expect, test } from "tstyche"

interface Password {
  readonly password: string
}
interface Database {
  readonly _: unique symbol
}
class Broken {
  readonly _tag = "Broken"
}

declare const auth: AuthService<Password>
declare const client: HttpClient.HttpClient
declare const needing: HttpClient.HttpClient.With<Broken, Database>

/** All that the middleware adds, and nothing else, however the options are set. */
type Added =
  | AuthError.AccessTokenRejected
  | AuthError.SignInRequired
  | AuthError.RefreshTokenRejected
  | AuthError.RefreshOutcomeUnknown
  | AuthError.TokenRequestRejected
  | AuthError.AuthMisconfigured
  | AuthError.ProviderUnavailable
  | AuthError.TokenStoreError

test("E gains the errors of authentication, R gains nothing", () => {
  expect(AuthHttpClient.withAuth(needing, auth)).type.toBe<HttpClient.HttpClient.With<Broken | Added, Database>>()
  expect(needing.pipe(AuthHttpClient.withAuth(auth, { onRejected: "response", redirects: 3 }))).type.toBe<
    HttpClient.HttpClient.With<Broken | Added, Database>
  >()
  expect(AuthHttpClient.withAuth(client, auth).get("/")).type.toBe<
    Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError | Added>
  >()
})

test("what is added is exactly the union of the public errors", () => {
  expect<AuthHttpClient.AuthHttpClientError>().type.toBe<Added>()
  expect<AuthError.AuthError>().type.toBe<Added>()
})

test("any credentials will do", () => {
  expect(AuthHttpClient.withAuth).type.toBeCallableWith(client, auth)
  expect<AuthService<Password>>().type.toBeAssignableTo<AuthService<never>>()
})

test("the result is no HttpClient by accident, and one by asHttpClient", () => {
  const authenticated = AuthHttpClient.withAuth(client, auth)
  expect(authenticated).type.not.toBeAssignableTo<HttpClient.HttpClient>()
  expect(AuthHttpClient.asHttpClient(authenticated)).type.toBe<HttpClient.HttpClient>()
  expect(AuthHttpClient.asHttpClient).type.not.toBeCallableWith(needing)
})

test("withReplay changes neither A, E nor R", () => {
  const call = AuthHttpClient.withAuth(needing, auth).get("/")
  expect(AuthHttpClient.withReplay(call, "always")).type.toBe<typeof call>()
  expect(call.pipe(AuthHttpClient.withReplay("never"))).type.toBe<typeof call>()
  expect(AuthHttpClient.withReplay).type.not.toBeCallableWith(call, "sometimes")
})
