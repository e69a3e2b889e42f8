/** The laws of a provider, kept by three grants over (the other ones: laws.slow.test.ts) the sandbox of an authorization server. */
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fixtures from "./fixtures.ts"

const wrong = Redacted.make("nobody-issued-this-0123456789")

AuthProviderLaws.suite("authorization code", fixtures.world(), {
  provider: Effect.map(fixtures.client({ scopes: ["read"] }), (client) => AuthorizationCode.provider(client)),
  credentials: fixtures.code({ scope: "read" }),
  wrong: { code: wrong, verifier: Redacted.make("a-verifier"), redirectUri: fixtures.redirectUri, nonce: undefined }
})

AuthProviderLaws.suite("client credentials", fixtures.world(), {
  provider: Effect.map(fixtures.service({ scopes: ["invoices"] }), ClientCredentials.provider),
  credentials: Effect.void,
  secrets: [fixtures.secret]
})

AuthProviderLaws.suite("device code", fixtures.world(), {
  provider: Effect.map(fixtures.client({ scopes: ["read"] }), DeviceCode.provider),
  credentials: Effect.gen(function*() {
    const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
    const client = yield* Effect.provide(fixtures.client(), OAuth2Sandbox.layerHttpClient)
    const authorization = yield* Effect.orDie(DeviceCode.authorize(client))
    yield* sandbox.decideDevice(authorization.userCode, { subject: "ola" })
    return { deviceCode: authorization.deviceCode }
  }),
  wrong: { deviceCode: wrong }
})
