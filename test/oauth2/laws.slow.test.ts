/** The laws of a provider, kept by the grants that laws.test.ts leaves out, over the sandbox of an authorization server. */
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as GitHubApp from "@effect-auth/oauth2/GitHubApp"
import * as JwtBearer from "@effect-auth/oauth2/JwtBearer"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as SigningKey from "@effect-auth/oauth2/SigningKey"
import * as TokenExchange from "@effect-auth/oauth2/TokenExchange"
import * as AuthProviderLaws from "@effect-auth/testing/AuthProviderLaws"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fixtures from "./fixtures.ts"

const { issuer } = OAuth2Sandbox.defaults
const wrong = Redacted.make("nobody-issued-this-0123456789")
const keys = await Effect.runPromise(fixtures.rsa)
const key = await Effect.runPromise(SigningKey.fromPem(keys.pkcs8))

AuthProviderLaws.suite("authorization code with an ID token", fixtures.world(), {
  provider: Effect.map(fixtures.client({ scopes: ["openid"] }), (client) => AuthorizationCode.provider(client)),
  credentials: fixtures.code({ scope: "openid", nonce: "the-nonce" }),
  wrong: { code: wrong, verifier: Redacted.make("a-verifier"), redirectUri: fixtures.redirectUri, nonce: "the-nonce" }
})

AuthProviderLaws.suite("refresh token", fixtures.world(), {
  provider: Effect.map(fixtures.client(), RefreshToken.provider),
  credentials: Effect.flatMap(
    OAuth2Sandbox.OAuth2Sandbox,
    ({ authority }) =>
      Effect.map(authority.issue("ola"), ({ refreshToken }) => ({ refreshToken: Redacted.make(refreshToken ?? "") }))
  ),
  wrong: { refreshToken: wrong }
})

for (
  const [name, method, authentication] of [
    ["post", "client_secret_post", ClientAuthentication.post(fixtures.secret)],
    ["private key", "private_key_jwt", ClientAuthentication.privateKeyJwt(key)]
  ] as const
) {
  const clients = [{
    id: "service",
    method,
    secret: Redacted.value(fixtures.secret),
    publicKey: keys.publicKey
  }] as const
  AuthProviderLaws.suite(`client credentials, ${name}`, fixtures.world({ clients }), {
    provider: Effect.map(
      fixtures.client({ clientId: "service", authentication, scopes: ["invoices"] }),
      ClientCredentials.provider
    ),
    credentials: Effect.void,
    // What is never sent can't be recognised in an answer.
    secrets: method === "private_key_jwt" ? [] : [fixtures.secret]
  })
}

AuthProviderLaws.suite("JWT bearer", fixtures.world({ trusted: { robot: keys.publicKey } }), {
  provider: Effect.map(
    fixtures.service(),
    (client) => JwtBearer.provider(client, JwtBearer.signed({ key, issuer: "robot", audience: issuer }))
  ),
  credentials: Effect.void,
  secrets: [fixtures.secret]
})

AuthProviderLaws.suite("token exchange", fixtures.world(), {
  provider: Effect.map(fixtures.service(), (client) => TokenExchange.provider(client)),
  credentials: Effect.succeed({ subject: { token: Redacted.make("subject-token-of-ola") } }),
  wrong: { subject: { token: wrong } },
  secrets: [fixtures.secret]
})

AuthProviderLaws.suite(
  "GitHub App",
  fixtures.world({ github: { appId: "app-7", publicKey: keys.publicKey, installations: { 42: ["docs", "site"] } } }),
  {
    provider: Effect.orDie(GitHubApp.provider({ appId: "app-7", key, baseUrl: issuer })),
    credentials: Effect.succeed({ installationId: 42, repositories: ["docs"] }),
    wrong: { installationId: 43 }
  }
)
