import type { AccessToken } from "@effect-auth/core/AccessToken"
import type { AccessTokenError, AuthMisconfigured, SignInError, TokenStoreError } from "@effect-auth/core/AuthError"
import type { Account, AuthHttpClientError, Client } from "@effect-auth/core/AuthHttpClient"
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import type { Revocation } from "@effect-auth/core/Revocation"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import * as WalletAppAuth from "@effect-auth/wallet-app/WalletAppAuth"
import * as WalletAppPermission from "@effect-auth/wallet-app/WalletAppPermission"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

const data = { email: "kim@example.com", permissions: ["brands.get"] }

const config = { email: Config.string("EMAIL"), permissions: Config.array(Config.string(), "PERMISSIONS") }

const password = { password: Redacted.make("secret") }

type Both = WalletAppAuth.WalletAppAuth | WalletApp.WalletAppClient

describe("layers", () => {
  test("need an HttpClient and a store, and fail only with wrong options", () => {
    expect(WalletApp.layerAuth(data)).type.toBe<
      Layer.Layer<WalletAppAuth.WalletAppAuth, AuthMisconfigured, HttpClient.HttpClient | TokenStore>
    >()
    expect(WalletApp.layerClient()).type.toBe<
      Layer.Layer<
        WalletApp.WalletAppClient,
        never,
        WalletAppAuth.WalletAppAuth | HttpClient.HttpClient
      >
    >()
    expect(WalletApp.layer(data)).type.toBe<Layer.Layer<Both, AuthMisconfigured, HttpClient.HttpClient | TokenStore>>()
  })

  test("from a configuration fail with a ConfigError too", () => {
    expect(WalletApp.layerConfig(config, { client: { onRejected: "response" } })).type.toBe<
      Layer.Layer<Both, AuthMisconfigured | ConfigError, HttpClient.HttpClient | TokenStore>
    >()
    expect(WalletApp.layerConfig).type.toBeCallableWith({
      email: Config.string("EMAIL"),
      permissions: Config.succeed(["brands.get", "members.get"])
    })
  })
})

describe("permissions", () => {
  test("the documented ones are known by name, any other text is accepted", () => {
    expect<"shops.inventory.delete">().type.toBeAssignableTo<WalletAppPermission.KnownPermission>()
    expect<"import">().type.toBeAssignableTo<WalletAppPermission.KnownPermission>()
    expect<"tomorrow.get">().type.not.toBeAssignableTo<WalletAppPermission.KnownPermission>()
    expect<"tomorrow.get">().type.toBeAssignableTo<WalletAppPermission.Permission>()
    expect<string>().type.toBeAssignableTo<WalletAppPermission.Permission>()
    expect<42>().type.not.toBeAssignableTo<WalletAppPermission.Permission>()
  })

  test("the union keeps its members, so that an editor can offer them", () => {
    expect<Extract<WalletAppPermission.Permission, "brands.get">>().type.toBe<"brands.get">()
  })

  test("they are needed", () => {
    expect(WalletApp.layerAuth).type.not.toBeCallableWith({ email: "kim@example.com" })
    expect(WalletAppPermission.isKnown).type.toBeCallableWith("brands.get")
  })
})

describe("options", () => {
  test("a setting that may be left out can be a Config.option", () => {
    expect(WalletApp.layerConfig).type.toBeCallableWith({ ...config, host: Config.option(Config.string("HOST")) })
    expect(WalletApp.layerConfig).type.not.toBeCallableWith({ ...config, host: Config.option(Config.integer("HOST")) })
  })

  test("options are no settings", () => {
    const credentials = Effect.map(Config.redacted("PASSWORD"), (password) => ({ password }))
    expect(WalletApp.layerConfig).type.not.toBeCallableWith({ ...config, credentials })
    expect(WalletApp.layerConfig).type.toBeCallableWith(config, { credentials })
  })

  test("a password is Redacted", () => {
    expect(WalletApp.layer).type.toBeCallableWith(data, { credentials: Effect.succeed(password) })
    expect(WalletApp.layer).type.not.toBeCallableWith(data, { credentials: Effect.succeed({ password: "secret" }) })
  })
})

describe("services", () => {
  test("the session is an AuthService", () => {
    expect<WalletAppAuth.Service>().type.toBeAssignableTo<AuthService<WalletAppAuth.WalletAppCredentials>>()
    expect<WalletAppAuth.Service>().type.toBeAssignableTo<AuthService<never>>()
    expect(WalletAppAuth.make(data)).type.toBe<
      Effect.Effect<WalletAppAuth.Service, AuthMisconfigured, HttpClient.HttpClient | TokenStore | Scope.Scope>
    >()
    expect(WalletAppAuth.provider(data)).type.toBe<
      Effect.Effect<
        Extended<WalletAppAuth.WalletAppCredentials, WalletAppAuth.Service>,
        AuthMisconfigured,
        HttpClient.HttpClient
      >
    >()
  })

  test("a scoped key needs a scope, and no more than signing in can fail with", () => {
    expect<ReturnType<WalletAppAuth.Service["scoped"]>>().type.toBe<
      Effect.Effect<WalletAppAuth.Service, SignInError, Scope.Scope>
    >()
    expect(WalletAppAuth.scopedToken(["brands.get"], password)).type.toBe<
      Effect.Effect<AccessToken, SignInError | AccessTokenError, WalletAppAuth.WalletAppAuth | Scope.Scope>
    >()
    expect(WalletApp.scoped(["brands.get"])).type.toBe<
      Effect.Effect<
        Account<WalletAppAuth.Service>,
        SignInError,
        WalletAppAuth.WalletAppAuth | HttpClient.HttpClient | Scope.Scope
      >
    >()
  })

  test("retiring tells what became of the key", () => {
    expect(WalletAppAuth.retire(data)).type.toBe<
      Effect.Effect<Revocation, AuthMisconfigured | TokenStoreError, HttpClient.HttpClient | TokenStore>
    >()
  })

  test("the client says how a call can fail, and is no HttpClient", () => {
    expect<Effect.Effect.Error<ReturnType<Client["post"]>>>().type.toBe<
      HttpClientError | AuthHttpClientError
    >()
    expect<Client>().type.not.toBeAssignableTo<HttpClient.HttpClient>()
  })
})
