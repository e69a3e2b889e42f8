import type { AuthMisconfigured } from "@effect-auth/core/AuthError"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import * as PitchpointSandbox from "@effect-auth/testing/pitchpoint"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as PriavaSandbox from "@effect-auth/testing/priava"
import * as WalletAppSandbox from "@effect-auth/testing/wallet-app"
import type { HttpClient } from "@effect/platform/HttpClient"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { expect, test } from "tstyche"

test("a sandbox needs nothing, and its client only the sandbox", () => {
  expect(PlacewiseSandbox.layer()).type.toBe<Layer.Layer<PlacewiseSandbox.PlacewiseSandbox>>()
  expect(PriavaSandbox.layer()).type.toBe<Layer.Layer<PriavaSandbox.PriavaSandbox>>()
  expect(PitchpointSandbox.layer()).type.toBe<Layer.Layer<PitchpointSandbox.PitchpointSandbox>>()
  expect(WalletAppSandbox.layer()).type.toBe<Layer.Layer<WalletAppSandbox.WalletAppSandbox>>()
  expect(PlacewiseSandbox.layerHttpClient).type.toBe<
    Layer.Layer<HttpClient, never, PlacewiseSandbox.PlacewiseSandbox>
  >()
  expect(PriavaSandbox.layerHttpClient).type.toBe<Layer.Layer<HttpClient, never, PriavaSandbox.PriavaSandbox>>()
  expect(PitchpointSandbox.layerHttpClient).type.toBe<
    Layer.Layer<HttpClient, never, PitchpointSandbox.PitchpointSandbox>
  >()
  expect(WalletAppSandbox.layerHttpClient).type.toBe<
    Layer.Layer<HttpClient, never, WalletAppSandbox.WalletAppSandbox>
  >()
})

declare const server: Layer.Layer<HttpClient>
declare const both: Layer.Layer<HttpClient | PriavaSandbox.PriavaSandbox>
declare const provider: Effect.Effect<AuthProvider<{ readonly code: string }>, AuthMisconfigured, HttpClient>
declare const credentials: Effect.Effect<{ readonly code: string }, never, PriavaSandbox.PriavaSandbox>

test("the laws of a provider want of the server's layer what the credentials are made with", () => {
  expect(AuthProviderLaws.suite).type.toBeCallableWith("mine", both, { provider, credentials })
  expect(AuthProviderLaws.suite).type.not.toBeCallableWith("mine", server, { provider, credentials })
  expect(AuthProviderLaws.suite).type.not.toBeCallableWith("mine", both, { provider, credentials, wrong: { code: 7 } })
})
