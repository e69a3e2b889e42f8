import type { AuthMisconfigured, SignInError } from "@effect-auth/core/AuthError"
import type { AuthHttpClientError, Client } from "@effect-auth/core/AuthHttpClient"
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import * as PitchpointAuth from "@effect-auth/pitchpoint/PitchpointAuth"
import * as PitchpointFault from "@effect-auth/pitchpoint/PitchpointFault"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

const data = { username: "service@example.com", alias: "branch-7" }

const config = { username: Config.string("USER"), alias: Config.string("ALIAS") }

type Both = PitchpointAuth.PitchpointAuth | Pitchpoint.PitchpointClient

describe("layers", () => {
  test("need an HttpClient and a store, and fail only with wrong options", () => {
    expect(Pitchpoint.layerAuth(data)).type.toBe<
      Layer.Layer<PitchpointAuth.PitchpointAuth, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
    >()
    expect(Pitchpoint.layerClient()).type.toBe<
      Layer.Layer<
        Pitchpoint.PitchpointClient,
        never,
        PitchpointAuth.PitchpointAuth | HttpClient.HttpClient
      >
    >()
    expect(Pitchpoint.layer(data)).type.toBe<
      Layer.Layer<Both, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
    >()
  })

  test("from a configuration fail with a ConfigError too", () => {
    expect(Pitchpoint.layerConfig(config, { client: { onRejected: "response" } })).type.toBe<
      Layer.Layer<Both, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore>
    >()
  })
})

describe("options", () => {
  test("a user name is needed, an alias is not", () => {
    expect(Pitchpoint.layerAuth).type.toBeCallableWith({ username: "service@example.com" })
    expect(Pitchpoint.layerAuth).type.not.toBeCallableWith({ alias: "branch-7" })
  })

  test("a setting that may be left out can be a Config.option", () => {
    expect(Pitchpoint.layerConfig).type.toBeCallableWith({ ...config, host: Config.option(Config.string("HOST")) })
    expect(Pitchpoint.layerConfig).type.not.toBeCallableWith({ ...config, host: Config.option(Config.integer("HOST")) })
  })

  test("options are no settings", () => {
    const credentials = Effect.map(Config.redacted("PASSWORD"), (password) => ({ password }))
    expect(Pitchpoint.layerConfig).type.not.toBeCallableWith({ ...config, credentials })
    expect(Pitchpoint.layerConfig).type.toBeCallableWith(config, { credentials })
  })

  test("a password is Redacted", () => {
    expect(Pitchpoint.layer).type.toBeCallableWith(data, {
      credentials: Effect.succeed({ password: Redacted.make("secret") })
    })
    expect(Pitchpoint.layer).type.not.toBeCallableWith(data, { credentials: Effect.succeed({ password: "secret" }) })
  })

  test("a fault can be declared a rejection", () => {
    expect(Pitchpoint.layer).type.toBeCallableWith(data, { rejection: { body: PitchpointFault.notAuthorized } })
    expect(Pitchpoint.layer).type.toBeCallableWith(data, { rejection: { body: PitchpointFault.rejectedBy(["E033"]) } })
  })
})

describe("services", () => {
  test("the session is an AuthService", () => {
    expect<PitchpointAuth.Service>().type.toBeAssignableTo<AuthService<PitchpointAuth.PitchpointCredentials>>()
    expect<PitchpointAuth.Service>().type.toBeAssignableTo<AuthService<never>>()
    expect<Effect.Effect.Error<ReturnType<PitchpointAuth.Service["signIn"]>>>().type.toBe<SignInError>()
    expect(ProviderLayers.makeSession(PitchpointAuth.provider, data)).type.toBe<
      Effect.Effect<PitchpointAuth.Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
    >()
    expect(PitchpointAuth.provider(data)).type.toBe<
      Effect.Effect<
        Extended<PitchpointAuth.PitchpointCredentials, PitchpointAuth.Service>,
        AuthMisconfigured,
        HttpClient.HttpClient
      >
    >()
  })

  test("the client says how a call can fail, and is no HttpClient", () => {
    expect<Effect.Effect.Error<ReturnType<Client["post"]>>>().type.toBe<
      HttpClientError | AuthHttpClientError
    >()
    expect<Client>().type.not.toBeAssignableTo<HttpClient.HttpClient>()
  })
})
