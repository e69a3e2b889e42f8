/** The example of the README on Effect 4. scripts/effect4/packages.mjs compiles it against the packed packages. */
/* eslint-disable no-restricted-imports -- a reader counts lines here, a bundler does not see this file */
// #region quick-start
import { TokenStore } from "@effect-auth/core"
import { Placewise, PlacewiseAuth } from "@effect-auth/placewise"
import { Config, Effect, Layer, type Redacted } from "effect"
import { FetchHttpClient } from "effect/http"

export const rewards = Effect.fn("rewards")(function*(email: string, password: Redacted.Redacted) {
  const auth = yield* PlacewiseAuth.PlacewiseAuth
  const client = yield* Placewise.PlacewiseClient
  yield* auth.signIn({ _tag: "Password", identifier: { email }, password })
  const response = yield* client.get("/members/me/rewards-program/status")
  return yield* Effect.ensuring(response.json, Effect.ignore(auth.signOut))
})

export const Member = Placewise.layerConfig({
  club: Config.String("PLACEWISE_CLUB"),
  clientToken: Config.Redacted("PLACEWISE_CLIENT_TOKEN"),
  productName: Config.String("PLACEWISE_PRODUCT"),
  userAgent: Config.succeed("my-app/1.0")
}).pipe(Layer.provide([FetchHttpClient.layer, TokenStore.layerMemory]))
// #endregion
