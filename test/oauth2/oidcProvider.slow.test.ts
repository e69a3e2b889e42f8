/** Every grant that panva's oidc-provider has, at an instance of it that was configured strictly: a server we did not write. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as IdToken from "@effect-auth/oauth2/IdToken"
import * as Introspection from "@effect-auth/oauth2/Introspection"
import * as Loopback from "@effect-auth/oauth2/Loopback"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as SigningKey from "@effect-auth/oauth2/SigningKey"
import * as UserInfo from "@effect-auth/oauth2/UserInfo"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as jose from "jose"
import * as Http from "node:http"
import Provider from "oidc-provider"
import { listen } from "../support/loopback.ts"
import * as fixtures from "./fixtures.ts"
import { visit } from "./person.ts"

const secret = Redacted.make("a-secret~with_odd.letters-and-32-octets")
const keys = await Effect.runPromise(fixtures.rsa)
const key = await Effect.runPromise(SigningKey.fromPem(keys.pkcs1))

const machine = (id: string, method: string) => ({
  client_id: id,
  client_secret: Redacted.value(secret),
  token_endpoint_auth_method: method,
  grant_types: ["client_credentials"],
  response_types: [],
  redirect_uris: []
})

const device = "urn:ietf:params:oauth:grant-type:device_code"

const clients = async () => [
  {
    client_id: "app",
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token", device],
    response_types: ["code"],
    redirect_uris: ["http://127.0.0.1/callback"]
  },
  machine("basic", "client_secret_basic"),
  machine("post", "client_secret_post"),
  machine("secret-jwt", "client_secret_jwt"),
  {
    ...machine("key-jwt", "private_key_jwt"),
    jwks: { keys: [{ ...(await jose.exportJWK(keys.publicKey)), kid: "key-1", alg: "RS256" }] }
  }
]

/** A server on a loopback port, with resources that tokens can be for. `granted`: also where a token request names none. */
const start = (granted: boolean) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = Http.createServer()
      const issuer = await listen(server)
      const provider: { readonly callback: () => Http.RequestListener } = new Provider(issuer, {
        clients: await clients(),
        findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
        rotateRefreshToken: true,
        cookies: { keys: ["only for the test"] },
        pkce: { required: () => true },
        clientAuthMethods: [
          "none",
          "client_secret_basic",
          "client_secret_post",
          "client_secret_jwt",
          "private_key_jwt"
        ],
        features: {
          devInteractions: { enabled: true },
          deviceFlow: { enabled: true },
          clientCredentials: { enabled: true },
          introspection: { enabled: true },
          revocation: { enabled: true },
          pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
          resourceIndicators: {
            enabled: true,
            useGrantedResource: () => granted,
            getResourceServerInfo: () => ({ scope: "invoices read", accessTokenTTL: 600, accessTokenFormat: "opaque" })
          }
        }
      })
      server.on("request", provider.callback())
      return { issuer, server }
    }),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

const startServer = start(true)

const world = Layer.mergeAll(
  FetchHttpClient.layer,
  TokenStore.layerMemory,
  NodeHttpServer.layer(() => Http.createServer(), { port: 0, host: "127.0.0.1" })
)

const clientAt = (issuer: string, options: Partial<OAuth2Client.Options>) =>
  Effect.flatMap(
    OAuth2Server.discovered(issuer),
    (server) => OAuth2Client.make({ server, clientId: "app", origins: [issuer], ...options })
  )

const ola = { login: "ola", password: "any" }

/** Comes back by loopback with a session. */
const signedIn = (issuer: string, more: Partial<OAuth2Client.Options> = {}) =>
  Effect.gen(function*() {
    const client = yield* clientAt(issuer, { scopes: ["openid", "offline_access"], ...more })
    const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
    yield* Loopback.signIn(auth, client, {
      parameters: { prompt: "consent" },
      idToken: { signature: IdToken.signature },
      open: (url) => Effect.forkDaemon(Effect.promise(() => visit(url, ola)))
    })
    return { auth, client }
  })

describe("oidc-provider", () => {
  it.scopedLive(
    "a person signs in by loopback, pushed request and all; the session is refreshed, asked about, ended",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* startServer
        const { auth, client } = yield* signedIn(issuer)
        const first = yield* auth.accessToken
        const second = yield* auth.refresh
        const third = yield* auth.refresh
        assert.strictEqual(new Set([first, second, third].map(({ value }) => Redacted.value(value))).size, 3)
        assert.deepInclude(yield* UserInfo.userInfo(client, third.value, "ola"), { sub: "ola" })
        assert.strictEqual(yield* auth.signOut, "revoked")
        const error = yield* Effect.flip(UserInfo.userInfo(client, third.value, "ola"))
        assert.strictEqual(error._tag, "TokenRequestRejected")
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive(
    "one refresh token for two audiences: each token is good for its own, and the token rotates with each",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* start(false)
        const resource = "https://api.example.com/"
        const { auth, client } = yield* signedIn(issuer, {
          scopes: ["openid", "offline_access", "invoices"],
          furtherResources: [resource]
        })
        const asker = yield* clientAt(issuer, { clientId: "basic", authentication: ClientAuthentication.basic(secret) })
        const own = yield* auth.accessToken
        const there = auth.forResource(resource)
        const token = yield* there.accessToken
        assert.deepStrictEqual(there.origins, ["https://api.example.com"])
        assert.deepStrictEqual(token.scopes, ["invoices"])
        const info = yield* Introspection.introspect(asker, token.value)
        assert.deepInclude(info, { active: true, clientId: "app", scopes: ["invoices"] })
        assert.deepInclude(yield* UserInfo.userInfo(client, own.value, "ola"), { sub: "ola" })
        const wrong = yield* Effect.flip(UserInfo.userInfo(client, token.value, "ola"))
        assert.strictEqual(wrong._tag, "TokenRequestRejected")
        const second = yield* auth.refresh
        assert.deepInclude(yield* UserInfo.userInfo(client, second.value, "ola"), { sub: "ola" })
        yield* there.refresh
        yield* auth.refresh
        const refused = yield* Effect.flip(auth.forResource("https://other.example.com/").accessToken)
        assert.deepInclude(refused, { _tag: "AuthMisconfigured", reason: "request" })
        const last = yield* there.refresh
        assert.strictEqual(yield* auth.signOut, "revoked")
        assert.deepStrictEqual(yield* Introspection.introspect(asker, last.value), { active: false })
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive(
    "a refresh token that comes twice ends the grant, and the session says so",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* startServer
        const client = yield* clientAt(issuer, { scopes: ["openid", "offline_access"] })
        const tokens: Array<Redacted.Redacted<string>> = []
        const provider = AuthorizationCode.provider(client)
        const auth = yield* AuthService.make({
          ...provider,
          refresh: (token, previous) => {
            tokens.push(token)
            return provider.refresh!(token, previous)
          }
        }, { refresh: { mode: "onDemand" } })
        yield* Loopback.signIn(auth, client, {
          parameters: { prompt: "consent" },
          open: (url) => Effect.forkDaemon(Effect.promise(() => visit(url, ola)))
        })
        yield* auth.refresh
        const thief = RefreshToken.provider(client)
        const failure = yield* Effect.flip(thief.signIn({ refreshToken: tokens[0]! }))
        assert.deepInclude(failure, { kind: "terminal", error: "invalid_grant" })
        assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive("a person signs in on another device", () =>
    Effect.gen(function*() {
      const { issuer } = yield* startServer
      const client = yield* clientAt(issuer, { scopes: ["openid", "offline_access"] })
      const auth = yield* AuthService.make(DeviceCode.provider(client), { refresh: { mode: "onDemand" } })
      yield* DeviceCode.signIn(auth, client, {
        show: ({ userCode, verificationUriComplete }) =>
          Effect.promise(() => visit(verificationUriComplete ?? "", { ...ola, user_code: userCode }))
      })
      yield* auth.refresh
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }).pipe(Effect.provide(world)), 60_000)

  for (
    const [clientId, authentication] of [
      ["basic", ClientAuthentication.basic(secret)],
      ["post", ClientAuthentication.post(secret)],
      ["secret-jwt", ClientAuthentication.clientSecretJwt(secret)],
      ["key-jwt", ClientAuthentication.privateKeyJwt(key, { keyId: "key-1" })]
    ] as const
  ) {
    it.scopedLive(`a machine that proves itself by ${clientId}, for one resource`, () =>
      Effect.gen(function*() {
        const { issuer } = yield* startServer
        const resources = ["https://api.example.com/"]
        const client = yield* clientAt(issuer, { clientId, authentication, scopes: ["invoices"], resources })
        const auth = yield* AuthService.make(ClientCredentials.provider(client), { credentials: Effect.void })
        const token = yield* auth.accessToken
        assert.deepInclude(yield* Introspection.introspect(client, token.value), {
          active: true,
          clientId,
          scopes: ["invoices"]
        })
        const other = yield* clientAt(issuer, {
          clientId,
          authentication: clientId === "key-jwt"
            ? ClientAuthentication.none
            : ClientAuthentication.basic(Redacted.make("another-secret"))
        })
        const failure = yield* Effect.flip(ClientCredentials.provider(other).signIn())
        assert.deepInclude(failure, { kind: "config", reason: "client" })
      }).pipe(Effect.provide(world)), 60_000)
  }
})
