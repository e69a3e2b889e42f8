import type {
  AccessTokenError,
  AuthMisconfigured,
  ProviderUnavailable,
  SignInError,
  TokenRequestRejected
} from "@effect-auth/core/AuthError"
import type { Account, AuthHttpClientError, Client } from "@effect-auth/core/AuthHttpClient"
import type { Extended } from "@effect-auth/core/AuthProvider"
import type { AuthService } from "@effect-auth/core/AuthService"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import type { TokenStore } from "@effect-auth/core/TokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { describe, expect, test } from "tstyche"

const data = {
  club: "infinity-mall",
  clientToken: Redacted.make("client-token"),
  userAgent: "my-app/1.0",
  productName: "my-product"
}

const config = {
  club: Config.string("CLUB"),
  clientToken: Config.redacted("CLIENT_TOKEN"),
  userAgent: Config.succeed("my-app/1.0"),
  productName: Config.string("PRODUCT")
}

const member: PlacewiseAuth.PlacewiseCredentials = {
  _tag: "Password",
  identifier: { id: 42 },
  password: Redacted.make("secret")
}

type Both = PlacewiseAuth.PlacewiseAuth | Placewise.PlacewiseClient
type Needed = HttpClient.HttpClient | TokenStore

describe("layers", () => {
  test("need an HttpClient and a store, and fail only with wrong options", () => {
    expect(Placewise.layerAuth(data)).type.toBe<Layer.Layer<PlacewiseAuth.PlacewiseAuth, AuthMisconfigured, Needed>>()
    expect(Placewise.layerClient()).type.toBe<
      Layer.Layer<
        Placewise.PlacewiseClient,
        never,
        PlacewiseAuth.PlacewiseAuth | HttpClient.HttpClient
      >
    >()
    expect(Placewise.layer(data)).type.toBe<Layer.Layer<Both, AuthMisconfigured, Needed>>()
  })

  test("from a configuration fail with a ConfigError too", () => {
    expect(Placewise.layerConfig(config, { client: { onRejected: "response" } })).type.toBe<
      Layer.Layer<Both, AuthMisconfigured | ConfigError, Needed>
    >()
  })

  test("of many members need and fail as that of one", () => {
    type Sessions = Placewise.PlacewiseSessions
    expect(Placewise.layerSessions(data)).type.toBe<Layer.Layer<Sessions, AuthMisconfigured, Needed>>()
    expect(Placewise.layerSessionsConfig(config)).type.toBe<
      Layer.Layer<Sessions, AuthMisconfigured | ConfigError, Needed>
    >()
  })
})

describe("options", () => {
  test("the client token is Redacted, and nothing that is required is missing", () => {
    expect(Placewise.layerAuth).type.not.toBeCallableWith({ ...data, clientToken: "client-token" })
    expect(Placewise.layerConfig).type.not.toBeCallableWith({ ...config, clientToken: Config.string("CLIENT_TOKEN") })
    const { userAgent: _, ...rest } = data
    expect(Placewise.layerAuth).type.not.toBeCallableWith(rest)
  })

  test("a setting that may be left out can be a Config.option", () => {
    expect(Placewise.layerConfig).type.toBeCallableWith({ ...config, host: Config.option(Config.string("HOST")) })
    expect(Placewise.layerConfig).type.not.toBeCallableWith({ ...config, host: Config.option(Config.integer("HOST")) })
  })

  test("options are no settings", () => {
    const credentials = Effect.succeed(member)
    expect(Placewise.layerConfig).type.not.toBeCallableWith({ ...config, credentials })
    expect(Placewise.layerConfig).type.toBeCallableWith(config, { credentials })
  })

  test("the sessions of many members have no account and no credentials of one", () => {
    expect(Placewise.layerSessions).type.not.toBeCallableWith(data, { account: "member-42" })
    expect(Placewise.layerSessions).type.not.toBeCallableWith(data, { credentials: Effect.succeed(member) })
  })
})

describe("credentials", () => {
  type SignIn = PlacewiseAuth.Service["signIn"]

  test("a password with one identifier, or the token of one of two providers", () => {
    const password = Redacted.make("secret")
    const of = {} as SignIn
    expect(of).type.toBeCallableWith({ _tag: "Password", identifier: { id: 42 }, password })
    expect(of).type.toBeCallableWith({ _tag: "Password", identifier: { id: "42" }, password })
    expect(of).type.toBeCallableWith({ _tag: "Password", identifier: { email: "ola@example.com" }, password })
    expect(of).type.toBeCallableWith({ _tag: "Password", identifier: { msisdn: "4790000042" }, password })
    expect(of).type.toBeCallableWith({ _tag: "ExternalToken", provider: "apple", token: password })
    expect(of).type.not.toBeCallableWith({ _tag: "Password", identifier: "ola@example.com", password })
    expect(of).type.not.toBeCallableWith({ _tag: "ExternalToken", provider: "facebook", token: password })
  })

  test("a password is Redacted", () => {
    expect({} as SignIn).type.not.toBeCallableWith({ _tag: "Password", identifier: { id: 42 }, password: "secret" })
    expect({} as SignIn).type.not.toBeCallableWith({ _tag: "ExternalToken", provider: "google", token: "secret" })
  })
})

describe("services", () => {
  test("the session is an AuthService", () => {
    expect<PlacewiseAuth.Service>().type.toBeAssignableTo<AuthService<PlacewiseAuth.PlacewiseCredentials>>()
    expect<PlacewiseAuth.Service>().type.toBeAssignableTo<AuthService<never>>()
    expect<Effect.Effect.Error<ReturnType<PlacewiseAuth.Service["signIn"]>>>().type.toBe<SignInError>()
    expect(ProviderLayers.makeSession(PlacewiseAuth.provider, data)).type.toBe<
      Effect.Effect<PlacewiseAuth.Service, AuthMisconfigured, Needed | Scope.Scope>
    >()
    expect(PlacewiseAuth.provider(data)).type.toBe<
      Effect.Effect<
        Extended<PlacewiseAuth.PlacewiseCredentials, PlacewiseAuth.Service>,
        AuthMisconfigured,
        HttpClient.HttpClient
      >
    >()
  })

  test("a dead token is a value, and a member who is not known no defect", () => {
    expect<PlacewiseAuth.Service["tokenInfo"]>().type.toBe<Effect.Effect<PlacewiseAuth.TokenInfo, AccessTokenError>>()
    type Sent = Effect.Effect<void, TokenRequestRejected | AuthMisconfigured | ProviderUnavailable>
    expect<ReturnType<PlacewiseAuth.Service["sendOneTimePassword"]>>().type.toBe<Sent>()
    expect<ReturnType<PlacewiseAuth.Service["sendRegistrationPassword"]>>().type.toBe<Sent>()
  })

  test("the client says how a call can fail, and is no HttpClient", () => {
    expect<Effect.Effect.Error<ReturnType<Client["post"]>>>().type.toBe<
      HttpClientError | AuthHttpClientError
    >()
    expect<Client>().type.not.toBeAssignableTo<HttpClient.HttpClient>()
  })

  test("getting a member's session can't fail", () => {
    type Sessions = Context.Tag.Service<Placewise.PlacewiseSessions>
    expect<ReturnType<Sessions["get"]>>().type.toBe<Effect.Effect<Account<PlacewiseAuth.Service>>>()
  })
})
