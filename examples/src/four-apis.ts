/**
 * One program that calls four APIs, each with its own kind of session, and handles every failure of all four in one
 * place. It knows the tags of the clients and the errors of core, and nothing of tokens.
 */
import type * as AuthError from "@effect-auth/core/AuthError"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointClient } from "@effect-auth/pitchpoint/Pitchpoint"
import * as PitchpointApi from "@effect-auth/pitchpoint/PitchpointApi"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseClient } from "@effect-auth/placewise/Placewise"
import * as PlacewiseApi from "@effect-auth/placewise/PlacewiseApi"
import * as Priava from "@effect-auth/priava/Priava"
import { PriavaClient } from "@effect-auth/priava/Priava"
import * as PriavaApi from "@effect-auth/priava/PriavaApi"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import { WalletAppClient } from "@effect-auth/wallet-app/WalletApp"
import * as WalletAppApi from "@effect-auth/wallet-app/WalletAppApi"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"

// #region calls
const read = <A, I>(schema: Schema.Schema<A, I>) => (response: HttpClientResponse.HttpClientResponse) =>
  Effect.flatMap(HttpClientResponse.filterStatusOk(response), HttpClientResponse.schemaBodyJson(schema))

const points = PlacewiseClient.pipe(
  Effect.flatMap((member) => member.get("/members/me/rewards-program/status")),
  Effect.flatMap(read(PlacewiseApi.RewardsStatus))
)

const contacts = PriavaClient.pipe(
  Effect.flatMap((api) => api.post("/v2/contact/get", { body: HttpBody.unsafeJson({ Lastname: "Nordmann" }) })),
  Effect.flatMap(read(PriavaApi.Rows))
)

const orders = PitchpointClient.pipe(
  Effect.flatMap((api) => api.post(PitchpointApi.paths.queryOrders, { body: HttpBody.unsafeJson({ limit: 10 }) })),
  Effect.flatMap(read(PitchpointApi.OrdersPage))
)

const brands = WalletAppClient.pipe(
  Effect.flatMap((user) => user.get("/brands")),
  Effect.flatMap(read(WalletAppApi.Brands))
)
// #endregion

/** What the program can tell: the figures, or what somebody has to do before it can. */
export type Outcome =
  | {
    readonly _tag: "Report"
    readonly points: number
    readonly contacts: number
    readonly orders: number
    readonly brands: ReadonlyArray<string>
  }
  | { readonly _tag: "SignIn" | "Wait" | "Fix" | "Report it"; readonly who: string; readonly why: string }

// #region program
const report = Effect.all({ points, contacts, orders, brands }, { concurrency: "unbounded" }).pipe(
  Effect.map(({ brands, contacts, orders, points }): Outcome => ({
    _tag: "Report",
    points: points.balance ?? 0,
    contacts: contacts.result.length,
    orders: orders.count,
    brands: brands.data.map((brand) => brand.name)
  }))
)

const tell = (_tag: Exclude<Outcome["_tag"], "Report">) => (error: AuthError.AuthError): Effect.Effect<Outcome> =>
  Effect.succeed({ _tag, who: `${error.provider}/${error.account}`, why: error.message })

export const program = report.pipe(Effect.catchTags({
  // Somebody has to sign in: the message names the provider and the account.
  SignInRequired: tell("SignIn"),
  RefreshTokenRejected: tell("SignIn"),
  RefreshOutcomeUnknown: tell("SignIn"),
  // It passes by itself; `error.retryAfter` says when, where that is known.
  ProviderUnavailable: tell("Wait"),
  // Somebody has to change the input, the configuration or the store.
  TokenRequestRejected: tell("Fix"),
  AuthMisconfigured: tell("Fix"),
  TokenStoreError: tell("Fix"),
  // The session is well; this call is not allowed with it.
  AccessTokenRejected: tell("Report it"),
  // Not about authentication: an API can't be reached, or answers what we don't understand.
  RequestError: (error): Effect.Effect<Outcome> =>
    Effect.succeed({ _tag: "Wait", who: error.methodAndUrl, why: error.reason }),
  ResponseError: (error): Effect.Effect<Outcome> =>
    Effect.succeed({ _tag: "Report it", who: error.methodAndUrl, why: `${error.response.status}` }),
  ParseError: (): Effect.Effect<Outcome> =>
    Effect.succeed({ _tag: "Report it", who: "an API", why: "an answer of another shape" })
}))
// #endregion

// #region layers
/** The four of them, from the environment. One store holds all sessions; they can't meet in it. */
export const Apis = Layer.mergeAll(
  Placewise.layerConfig({
    club: Config.string("PLACEWISE_CLUB"),
    clientToken: Config.redacted("PLACEWISE_CLIENT_TOKEN"),
    productName: Config.string("PLACEWISE_PRODUCT"),
    userAgent: Config.succeed("four-apis/1.0")
  }),
  Priava.layerConfig({
    region: Config.literal("APAC", "EU", "US")("PRIAVA_REGION"),
    clientId: Config.string("PRIAVA_CLIENT_ID"),
    clientSecret: Config.redacted("PRIAVA_CLIENT_SECRET"),
    redirectUri: Config.string("PRIAVA_REDIRECT_URI")
  }, {
    credentials: Effect.map(Config.redacted("PRIAVA_CODE"), (code) => ({ code }))
  }),
  Pitchpoint.layerConfig({
    username: Config.string("PITCHPOINT_USER")
  }, {
    credentials: Effect.map(Config.redacted("PITCHPOINT_PASSWORD"), (password) => ({ password }))
  }),
  WalletApp.layerConfig({
    email: Config.string("WALLET_APP_EMAIL"),
    permissions: Config.succeed(["brands.get"])
  }, {
    credentials: Effect.map(Config.redacted("WALLET_APP_PASSWORD"), (password) => ({ password }))
  })
)

export const main = Effect.provide(program, Apis.pipe(Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory])))
// #endregion
