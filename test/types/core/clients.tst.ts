/** A typed client with the token attached is one line, and its errors and needs are in the type. */
import type { AuthError } from "@effect-auth/core/AuthError"
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthRpc from "@effect-auth/core/AuthRpc"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as Priava from "@effect-auth/priava/Priava"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import type * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as RpcMiddleware from "@effect/rpc/RpcMiddleware"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { describe, expect, test } from "tstyche"

const me = HttpApiEndpoint.get("me", "/me").addSuccess(Schema.Struct({ name: Schema.String }))
class MyApi extends HttpApi.make("mine").add(HttpApiGroup.make("people").add(me)) {}

type Client<Made> = Made extends Effect.Effect<infer A, unknown, unknown> ? A : never
type Failure<F> = F extends (...args: never) => Effect.Effect<unknown, infer E, unknown> ? E : never
type Name = { readonly name: string }

describe("a contract of one's own", () => {
  test("with `transformClient`: an error of authentication is the cause of a RequestError", () => {
    const _made = Effect.flatMap(
      PlacewiseAuth.PlacewiseAuth,
      (auth) => HttpApiClient.make(MyApi, { transformClient: AuthHttpClient.transform(auth) })
    )
    type Me = Client<typeof _made>["people"]["me"]
    expect<Effect.Effect.Context<typeof _made>>().type.toBe<PlacewiseAuth.PlacewiseAuth | HttpClient.HttpClient>()
    expect(({} as Me)()).type.toBeAssignableTo<Effect.Effect<Name, HttpApiDecodeError | HttpClientError | ParseError>>()
    expect<Extract<Failure<Me>, AuthError>>().type.toBe<never>()
    expect<Extract<Failure<Me>, HttpClientError>>().type.toBe<HttpClientError>()
  })

  test("over the client of a session: the errors of authentication are in the type", () => {
    const _made = Effect.flatMap(
      Placewise.PlacewiseClient,
      (httpClient) => HttpApiClient.makeWith(MyApi, { httpClient })
    )
    type Me = Client<typeof _made>["people"]["me"]
    expect<Effect.Effect.Context<typeof _made>>().type.toBe<Placewise.PlacewiseClient>()
    expect<Extract<Failure<Me>, AuthError>>().type.toBe<AuthHttpClient.AuthHttpClientError>()
    expect<Extract<Failure<Me>, ParseError>>().type.toBe<ParseError>()
  })
})

describe("the contract of a provider over its client", () => {
  test("asks for no header that the client adds", () => {
    const _placewise = Effect.flatMap(
      Placewise.PlacewiseClient,
      (httpClient) => HttpApiClient.group(PlacewiseApi, { group: "members", httpClient })
    )
    expect({} as Client<typeof _placewise>["me"]).type.toBeCallableWith({ path: { slug: "club" } })
    const _priava = Effect.flatMap(
      Priava.PriavaClient,
      (httpClient) => HttpApiClient.group(PriavaApi, { group: "searches", httpClient })
    )
    expect({} as Client<typeof _priava>["contacts"]).type.toBeCallableWith({ payload: {} })
    const _wallet = Effect.flatMap(
      WalletApp.WalletAppClient,
      (httpClient) => HttpApiClient.group(WalletAppApi, { group: "api", httpClient })
    )
    expect({} as Client<typeof _wallet>["brands"]).type.toBeCallableWith({})
  })

  test("fails with the errors of authentication beside its own", () => {
    const _made = Effect.flatMap(
      Placewise.PlacewiseClient,
      (httpClient) => HttpApiClient.group(PlacewiseApi, { group: "members", httpClient })
    )
    expect<Extract<Failure<Client<typeof _made>["me"]>, AuthError>>().type.toBe<AuthHttpClient.AuthHttpClientError>()
  })
})

describe("@effect/rpc", () => {
  class Token extends RpcMiddleware.Tag<Token>()("Token", { requiredForClient: true }) {}

  test("the session is a client middleware, whose layer needs nothing", () => {
    const _layer = (auth: PlacewiseAuth.Service) => RpcMiddleware.layerClient(Token, AuthRpc.bearer(auth))
    expect<ReturnType<typeof _layer>>().type.toBe<Layer.Layer<RpcMiddleware.ForClient<Token>>>()
  })

  test("a protocol over HTTP gets the client as its HttpClient", () => {
    expect(AuthHttpClient.layerHttpClient(PlacewiseAuth.PlacewiseAuth)).type.toBe<
      Layer.Layer<HttpClient.HttpClient, never, PlacewiseAuth.PlacewiseAuth | HttpClient.HttpClient>
    >()
  })
})
