/** The client that is derived from a contract runs on the provider's own client: base URL, headers and token come from it. */
import type * as TokenStore from "@effect-auth/core/TokenStore"
import * as Pitchpoint from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointClient } from "@effect-auth/pitchpoint/Pitchpoint"
import { PitchpointApi } from "@effect-auth/pitchpoint/PitchpointApi"
import * as Placewise from "@effect-auth/placewise/Placewise"
import { PlacewiseClient } from "@effect-auth/placewise/Placewise"
import { PlacewiseApi } from "@effect-auth/placewise/PlacewiseApi"
import * as Priava from "@effect-auth/priava/Priava"
import { PriavaClient } from "@effect-auth/priava/Priava"
import { PriavaApi } from "@effect-auth/priava/PriavaApi"
import * as WalletApp from "@effect-auth/wallet-app/WalletApp"
import { WalletAppClient } from "@effect-auth/wallet-app/WalletApp"
import { WalletAppApi } from "@effect-auth/wallet-app/WalletAppApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as pitchpoint from "../pitchpoint/fixtures.ts"
import * as placewise from "../placewise/fixtures.ts"
import * as priava from "../priava/fixtures.ts"
import * as walletApp from "../wallet-app/fixtures.ts"

/** A session that signs in by itself, over its sandbox. */
const over = <A, E, LE, WE>(
  layer: Layer.Layer<A, LE, HttpClient.HttpClient | TokenStore.TokenStore>,
  world: Layer.Layer<HttpClient.HttpClient | TokenStore.TokenStore, WE>,
  program: Effect.Effect<void, E, A>
) => Effect.provide(program, Layer.provide(layer, world))

describe("the client of a contract", () => {
  it.effect("Placewise", () =>
    over(
      Placewise.layer(placewise.settings, { credentials: Effect.succeed(placewise.byEmail) }),
      placewise.world(),
      Effect.gen(function*() {
        const httpClient = yield* PlacewiseClient
        const { me } = yield* HttpApiClient.group(PlacewiseApi, { group: "members", httpClient })
        expect((yield* me({ path: { slug: placewise.settings.club } })).id).toBe(42)
      })
    ))

  it.effect("Priava", () =>
    over(
      Priava.layer(priava.settings, { credentials: Effect.succeed(priava.code()) }),
      priava.world(),
      Effect.gen(function*() {
        const httpClient = yield* PriavaClient
        const { contacts } = yield* HttpApiClient.group(PriavaApi, { group: "searches", httpClient })
        expect((yield* contacts({ payload: {} })).result).toHaveLength(1)
      })
    ))

  it.effect("Pitchpoint", () =>
    over(
      Pitchpoint.layer(pitchpoint.settings, { credentials: Effect.succeed(pitchpoint.password) }),
      pitchpoint.world(),
      Effect.gen(function*() {
        const httpClient = yield* PitchpointClient
        const { query } = yield* HttpApiClient.group(PitchpointApi, { group: "orders", httpClient })
        expect(yield* query({ payload: {} })).toMatchObject({ count: 0 })
      })
    ))

  it.effect("Wallet App", () =>
    over(
      WalletApp.layer(walletApp.settings, { credentials: Effect.succeed(walletApp.password) }),
      walletApp.world(),
      Effect.gen(function*() {
        const httpClient = yield* WalletAppClient
        const { brands } = yield* HttpApiClient.group(WalletAppApi, { group: "api", httpClient })
        expect((yield* brands({})).data).toHaveLength(1)
      })
    ))
})
