/* eslint-disable no-restricted-imports -- quoted by docs/writing-a-provider.md, where one import a package reads better */
/** The provider of the guide keeps the laws of a provider, at the sandbox of the guide. */
// #region laws
import * as Acme from "@effect-auth/examples/fifth-provider"
import * as AcmeSandbox from "@effect-auth/examples/fifth-sandbox"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import { HttpClient } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"

const server = Layer.effect(HttpClient.HttpClient, Effect.map(AcmeSandbox.make, ({ httpClient }) => httpClient))

AuthProviderLaws.suite("acme", server, {
  provider: Acme.provider({}),
  credentials: Effect.succeed({ username: "kim", password: Redacted.make("correct-horse") }),
  wrong: { username: "kim", password: Redacted.make("wrong-horse") }
})
// #endregion
