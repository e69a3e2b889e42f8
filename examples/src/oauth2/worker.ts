/**
 * A worker that acts for itself: it fetches the open invoices every minute. It signs in with its own credentials when it
 * needs a token, and again when the token ends or is rejected.
 */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"

// #region session
export class Billing extends Context.Tag("Billing")<Billing, AuthService.AuthService<void>>() {}

/** The session, from the environment. */
export const BillingLayer = Layer.scoped(
  Billing,
  Effect.gen(function*() {
    const api = yield* Config.string("API_URL")
    return yield* ClientCredentials.make({
      name: "billing",
      server: yield* OAuth2Server.discovered(yield* Config.string("ISSUER")),
      clientId: yield* Config.string("CLIENT_ID"),
      authentication: ClientAuthentication.basic(yield* Config.redacted("CLIENT_SECRET")),
      scopes: ["invoices"],
      origins: [new URL(api).origin],
      api: { baseUrl: api }
    })
  })
)
// #endregion

// #region program
/** Hands the open invoices to `handle`. What may pass is logged and tried again a minute later; the rest ends the worker. */
export const worker = Effect.fn("worker")(function*(handle: (invoices: unknown) => Effect.Effect<void>) {
  const http = yield* AuthHttpClient.fromSession(yield* Billing)
  const turn = http.get("/invoices?state=open").pipe(
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap((response) => response.json),
    Effect.flatMap(handle),
    Effect.catchTags({
      ProviderUnavailable: (error) => Effect.logWarning(error.message),
      TokenStoreError: (error) => Effect.logWarning(error.message),
      RequestError: (error) => Effect.logWarning(error.message),
      ResponseError: (error) => Effect.logWarning(error.message)
    })
  )
  yield* Effect.repeat(turn, Schedule.spaced("1 minute"))
})

export const main = worker((invoices) => Effect.log("open invoices", invoices)).pipe(
  Effect.provide(BillingLayer.pipe(Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory])))
)
// #endregion
