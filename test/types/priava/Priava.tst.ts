import type { AuthMisconfigured, SignInError } from "@effect-auth/core/AuthError"
import type { AuthHttpClientError, Client } from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Priava from "@effect-auth/priava/Priava"
import type * as PriavaApi from "@effect-auth/priava/PriavaApi"
import * as PriavaAuth from "@effect-auth/priava/PriavaAuth"
import * as PriavaRateLimit from "@effect-auth/priava/PriavaRateLimit"
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
    expect(Priava.layerAuth(data)).type.toBe<
      Layer.Layer<PriavaAuth.PriavaAuth, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
    >()
    expect(Priava.layerClient()).type.toBe<
      Layer.Layer<Priava.PriavaClient, never, PriavaAuth.PriavaAuth | HttpClient.HttpClient>
    >()
    expect(Priava.layer(data)).type.toBe<
      Layer.Layer<
        PriavaAuth.PriavaAuth | Priava.PriavaClient,
        AuthMisconfigured,
        HttpClient.HttpClient | TokenStore
      >
    >()
  })

  test("from a configuration fail with a ConfigError too", () => {
    expect(Priava.layerConfig(config, { client: { redirects: 1 } })).type.toBe<
      Layer.Layer<
        PriavaAuth.PriavaAuth | Priava.PriavaClient,
        AuthMisconfigured | ConfigError,
        HttpClient.HttpClient | TokenStore
      >
    >()
  })
})

describe("options", () => {
  test("the region is one of three", () => {
    expect<PriavaApi.TenantRegion>().type.toBe<"APAC" | "EU" | "US">()
    expect(Priava.layerAuth).type.not.toBeCallableWith({ ...data, region: "UK" })
    expect(Priava.layerConfig).type.not.toBeCallableWith({ ...config, region: Config.string("REGION") })
  })

  test("the secret is Redacted, and none is missing", () => {
    expect(Priava.layerAuth).type.not.toBeCallableWith({ ...data, clientSecret: "secret" })
    const { redirectUri: _, ...rest } = data
    expect(Priava.layerAuth).type.not.toBeCallableWith(rest)
  })

  test("a setting that may be left out can be a Config.option", () => {
    expect(Priava.layerConfig).type.toBeCallableWith({ ...config, host: Config.option(Config.string("HOST")) })
    expect(Priava.layerConfig).type.not.toBeCallableWith({ ...config, host: Config.option(Config.integer("HOST")) })
  })

  test("options are no settings", () => {
    expect(Priava.layerConfig).type.not.toBeCallableWith({
      ...config,
      credentials: Effect.succeed({ code: Redacted.make("code") })
    })
    expect(Priava.layerConfig).type.toBeCallableWith(config, {
      credentials: Effect.map(Config.redacted("CODE"), (code) => ({ code }))
    })
  })

  test("credentials are a code", () => {
    expect(Priava.layer).type.toBeCallableWith(data, { credentials: Effect.succeed({ code: Redacted.make("code") }) })
    expect(Priava.layer).type.not.toBeCallableWith(data, { credentials: Effect.succeed({ code: "code" }) })
  })
})

describe("services", () => {
  test("the session is an AuthService", () => {
    expect<PriavaAuth.Service>().type.toBeAssignableTo<AuthService<PriavaAuth.PriavaCredentials>>()
    expect<PriavaAuth.Service>().type.toBeAssignableTo<AuthService<never>>()
    expect<Effect.Effect.Error<ReturnType<PriavaAuth.Service["signIn"]>>>().type.toBe<SignInError>()
    expect(ProviderLayers.makeSession(PriavaAuth.provider, data)).type.toBe<
      Effect.Effect<PriavaAuth.Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
    >()
    expect(PriavaAuth.provider(data)).type.toBe<
      Effect.Effect<AuthProvider<PriavaAuth.PriavaCredentials>, AuthMisconfigured, HttpClient.HttpClient>
    >()
  })

  test("the client says how a call can fail, and is no HttpClient", () => {
    expect<Effect.Effect.Error<ReturnType<Client["post"]>>>().type.toBe<
      HttpClientError | AuthHttpClientError
    >()
    expect<Client>().type.not.toBeAssignableTo<HttpClient.HttpClient>()
  })

  test("the wait of a 429 can't fail", () => {
    expect<ReturnType<typeof PriavaRateLimit.retryAfter>>().type.toBe<Effect.Effect<Duration.Duration | undefined>>()
    expect(PriavaRateLimit.retryAfter).type.toBeCallableWith({} as HttpClientResponse)
  })
})
