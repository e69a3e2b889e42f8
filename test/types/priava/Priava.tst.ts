import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthHttpClientError } from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { AuthService, SignInError } from "@effect-auth/core/AuthService"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import type * as PriavaApi from "@effect-auth/priava/PriavaApi"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as PriavaClient from "@effect-auth/priava/PriavaClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

const data = {
  region: "EU",
  clientId: "id",
  clientSecret: Redacted.make("secret"),
  redirectUri: "https://my.app.com/oauth2callback"
} as const

const config = {
  region: Config.literal("APAC", "EU", "US")("REGION"),
  clientId: Config.string("ID"),
  clientSecret: Config.redacted("SECRET"),
  redirectUri: Config.string("URI")
}

describe("layers", () => {
  test("need an HttpClient and a store, and fail only with wrong options", () => {
    expect(PriavaAuth.layer(data)).type.toBe<
      Layer.Layer<PriavaAuth.PriavaAuth, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
    >()
    expect(PriavaClient.layer(data)).type.toBe<
      Layer.Layer<PriavaClient.PriavaClient, AuthMisconfigured, PriavaAuth.PriavaAuth | HttpClient.HttpClient>
    >()
    expect(Priava.layer(data)).type.toBe<
      Layer.Layer<
        PriavaAuth.PriavaAuth | PriavaClient.PriavaClient,
        AuthMisconfigured,
        HttpClient.HttpClient | TokenStore
      >
    >()
  })

  test("from a configuration fail with a ConfigError too", () => {
    expect(PriavaClient.layerConfig(config)).type.toBe<
      Layer.Layer<
        PriavaClient.PriavaClient,
        AuthMisconfigured | ConfigError,
        PriavaAuth.PriavaAuth | HttpClient.HttpClient
      >
    >()
    expect(PriavaAuth.layerConfig(config)).type.toBe<
      Layer.Layer<PriavaAuth.PriavaAuth, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore>
    >()
    expect(Priava.layerConfig(config, { client: { sendRegion: false } })).type.toBe<
      Layer.Layer<
        PriavaAuth.PriavaAuth | PriavaClient.PriavaClient,
        AuthMisconfigured | ConfigError,
        HttpClient.HttpClient | TokenStore
      >
    >()
  })
})

describe("options", () => {
  test("the region is one of three", () => {
    expect<PriavaApi.TenantRegion>().type.toBe<"APAC" | "EU" | "US">()
    expect(PriavaAuth.layer).type.not.toBeCallableWith({ ...data, region: "UK" })
    expect(Priava.layerConfig).type.not.toBeCallableWith({ ...config, region: Config.string("REGION") })
  })

  test("the secret is Redacted, and none is missing", () => {
    expect(PriavaAuth.layer).type.not.toBeCallableWith({ ...data, clientSecret: "secret" })
    const { redirectUri: _, ...rest } = data
    expect(PriavaAuth.layer).type.not.toBeCallableWith(rest)
  })

  test("behaviour is no data", () => {
    expect(Priava.layerConfig).type.not.toBeCallableWith({
      ...config,
      credentials: Effect.succeed({ code: Redacted.make("code") })
    })
    expect(Priava.layerConfig).type.toBeCallableWith(config, {
      credentials: Effect.map(Config.redacted("CODE"), (code) => ({ code }))
    })
  })

  test("credentials are a code", () => {
    expect(Priava.layer).type.toBeCallableWith({
      ...data,
      credentials: Effect.succeed({ code: Redacted.make("code") })
    })
    expect(Priava.layer).type.not.toBeCallableWith({ ...data, credentials: Effect.succeed({ code: "code" }) })
  })
})

describe("services", () => {
  test("the session is an AuthService", () => {
    expect<PriavaAuth.Service>().type.toBeAssignableTo<AuthService<PriavaAuth.PriavaCredentials>>()
    expect<PriavaAuth.Service>().type.toBeAssignableTo<AuthService<never>>()
    expect<Effect.Effect.Error<ReturnType<PriavaAuth.Service["signIn"]>>>().type.toBe<SignInError>()
    expect(PriavaAuth.make(data)).type.toBe<
      Effect.Effect<PriavaAuth.Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
    >()
    expect(PriavaAuth.provider(data)).type.toBe<
      Effect.Effect<AuthProvider<PriavaAuth.PriavaCredentials>, AuthMisconfigured, HttpClient.HttpClient>
    >()
  })

  test("the client says how a call can fail, and is no HttpClient", () => {
    expect<Effect.Effect.Error<ReturnType<PriavaClient.Service["post"]>>>().type.toBe<
      HttpClientError | AuthHttpClientError
    >()
    expect<PriavaClient.Service>().type.not.toBeAssignableTo<HttpClient.HttpClient>()
  })

  test("the wait of a 429 can't fail", () => {
    expect<ReturnType<typeof PriavaClient.retryAfter>>().type.toBe<Effect.Effect<Duration.Duration | undefined>>()
    expect(PriavaClient.retryAfter).type.toBeCallableWith({} as HttpClientResponse)
  })
})
