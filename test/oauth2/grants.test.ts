/** What the grants send and read, beside what the laws look at. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import type { AuthProvider } from "@effect-auth/core/AuthProvider"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as GitHubApp from "@effect-auth/oauth2/GitHubApp"
import * as Introspection from "@effect-auth/oauth2/Introspection"
import * as JwtBearer from "@effect-auth/oauth2/JwtBearer"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as Revocation from "@effect-auth/oauth2/Revocation"
import * as SigningKey from "@effect-auth/oauth2/SigningKey"
import * as TokenExchange from "@effect-auth/oauth2/TokenExchange"
import * as UserInfo from "@effect-auth/oauth2/UserInfo"
import * as Faults from "@effect-auth/testing/Faults"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as jose from "jose"
import * as fixtures from "./fixtures.ts"

const keys = await Effect.runPromise(fixtures.rsa)
const key = await Effect.runPromise(SigningKey.fromPem(keys.pkcs1))

const world = (options?: OAuth2Sandbox.Options) => Layer.merge(fixtures.world(options), TokenStore.layerMemory)

/** A server that answers everything with one body, and keeps what it was sent. */
const stub = (answer: () => Response) => {
  const sent: Array<{ readonly url: string; readonly type: string; readonly body: string; readonly headers: Headers }> =
    []
  const httpClient = HttpClient.make((request) =>
    Effect.sync(() => {
      const { body } = request
      const text = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
      sent.push({
        url: request.url,
        type: body._tag === "Uint8Array" ? body.contentType : "",
        body: text,
        headers: new Headers({ ...request.headers })
      })
      return HttpClientResponse.fromWeb(request, answer())
    })
  )
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, httpClient) }
}

const tokens = { access_token: "access-token-0123456789", token_type: "Bearer", expires_in: 60, refresh_token: "r-1" }

const refreshing = (provider: AuthProvider<RefreshToken.Credentials>) =>
  provider.signIn({ refreshToken: Redacted.make("the-refresh-token-0123456789") })

describe("what is sent", () => {
  it.effect("resources, further parameters and scopes; a parameter of the grant can't be replaced", () =>
    Effect.gen(function*() {
      const { layer, sent } = stub(() => Response.json(tokens))
      const client = yield* Effect.provide(
        fixtures.service({
          scopes: ["a", "b"],
          resources: ["https://one.example/", "https://two.example/"],
          parameters: { audience: "https://api.example.com", grant_type: "password" }
        }),
        layer
      )
      const issued = yield* ClientCredentials.provider(client).signIn()
      const form = new URLSearchParams(sent[0]?.body)
      assert.deepStrictEqual(form.getAll("resource"), ["https://one.example/", "https://two.example/"])
      assert.deepStrictEqual(form.getAll("grant_type"), ["client_credentials"])
      assert.strictEqual(form.get("audience"), "https://api.example.com")
      assert.strictEqual(form.get("scope"), "a b")
      assert.strictEqual(sent[0]?.headers.get("accept"), "application/json")
      assert.deepStrictEqual(issued.scopes, ["a", "b"], "a missing scope means: as asked")
      assert.isUndefined(issued.refreshToken, "a machine has no use for one")
    }))

  it.effect("a server that wants JSON, headers of its own, commas between scopes", () =>
    Effect.gen(function*() {
      const { layer, sent } = stub(() => Response.json(tokens))
      const client = yield* Effect.provide(
        fixtures.service({
          scopes: ["a", "b"],
          resources: ["https://one.example/", "https://two.example/"],
          dialect: { body: "json", headers: { "notion-version": "2022-06-28" }, scopeSeparator: "," }
        }),
        layer
      )
      yield* ClientCredentials.provider(client).signIn()
      assert.deepStrictEqual(JSON.parse(sent[0]?.body ?? ""), {
        grant_type: "client_credentials",
        scope: "a,b",
        resource: ["https://one.example/", "https://two.example/"]
      })
      assert.strictEqual(sent[0]?.headers.get("notion-version"), "2022-06-28")
      assert.include(sent[0]?.type, "application/json")
    }))

  it.effect("two clients that ask for different things have different realms", () =>
    Effect.gen(function*() {
      const realm = (options: Partial<OAuth2Client.Options>) =>
        Effect.map(fixtures.service(options), (client) => ClientCredentials.provider(client).realm)
      const realms = [
        yield* realm({}),
        yield* realm({ scopes: ["a"] }),
        yield* realm({ scopes: ["a", "b"] }),
        yield* realm({ scopes: ["a/b"] }),
        yield* realm({ resources: ["https://one.example/"] }),
        yield* realm({ clientId: "other" })
      ]
      assert.strictEqual(new Set(realms).size, realms.length)
      assert.strictEqual(yield* realm({ scopes: ["b", "a"] }), realms[2])
    }).pipe(Effect.provide(world())))

  it.effect("what a machine asks for has the same realm only if it is the same in kind and value", () =>
    Effect.gen(function*() {
      const at = (options: Partial<OAuth2Client.Options>) => fixtures.service(options)
      const machine = (options: Partial<OAuth2Client.Options>) => Effect.map(at(options), ClientCredentials.provider)
      const exchange = (more: TokenExchange.Options, options: Partial<OAuth2Client.Options> = {}) =>
        Effect.map(at(options), (client) => TokenExchange.provider(client, more))
      const bearer = (subject: string, options: Partial<OAuth2Client.Options>) =>
        Effect.map(at(options), (client) => JwtBearer.provider(client, { subject, make: Effect.never }))
      const api = "https://one.example/"
      const all = yield* Effect.all([
        machine({}),
        machine({ scopes: [api] }),
        machine({ resources: [api] }),
        machine({ parameters: { audience: api } }),
        machine({ parameters: { audience: "https://two.example/" } }),
        machine({ parameters: { scope: api } }),
        exchange({ audience: [api] }),
        exchange({ audience: [api], requestedType: TokenExchange.tokenTypes.jwt }),
        bearer(api, {}),
        bearer("robot", { scopes: [api] })
      ])
      const realms = all.map(({ realm }) => realm)
      assert.deepStrictEqual(Array.from(new Set(realms)), realms)
      assert.strictEqual(realms[0], "login.example.com/service")
      const parameters = { b: "2", a: "1" }
      const other = { a: "1", b: "2" }
      assert.strictEqual((yield* machine({ parameters })).realm, (yield* machine({ parameters: other })).realm)
    }).pipe(Effect.provide(world())))
})

describe("what is read", () => {
  const outcome = (body: unknown, dialect?: OAuth2Client.Dialect, status = 200) =>
    Effect.gen(function*() {
      const { layer } = stub(() => Response.json(body, { status }))
      const client = yield* Effect.provide(fixtures.service({ dialect }), layer)
      return yield* Effect.either(refreshing(RefreshToken.provider(client)))
    })

  it.effect("a 200 that is a refusal: by its `error`, or as the server's own dialect says", () =>
    Effect.gen(function*() {
      const github = yield* outcome({ error: "bad_refresh_token", error_description: "the-refresh-token-0123456789" }, {
        errors: { bad_refresh_token: { kind: "terminal", reason: "credentials" } }
      })
      assert.deepInclude(github._tag === "Left" ? github.left : {}, {
        kind: "terminal",
        error: "bad_refresh_token",
        sent: "answered"
      })
      assert.notInclude(JSON.stringify(github), "0123456789")
      const standard = yield* outcome({ error: "invalid_grant" })
      assert.deepInclude(standard._tag === "Left" ? standard.left : {}, { kind: "terminal", error: "invalid_grant" })
      const slack: OAuth2Client.Dialect = {
        refusal: (body) =>
          typeof body === "object" && body !== null && "ok" in body && body.ok === false ? "invalid_grant" : undefined
      }
      assert.deepInclude(yield* Effect.flip(Effect.flatten(Effect.succeed(yield* outcome({ ok: false }, slack)))), {
        kind: "terminal"
      })
      const unknown = yield* outcome({ error: "the-refresh-token-0123456789" })
      assert.deepInclude(unknown._tag === "Left" ? unknown.left : {}, { kind: "refused", status: 200 })
      assert.notInclude(JSON.stringify(unknown), "0123456789")
    }))

  it.effect("an answer of another form is brought into the usual one", () =>
    Effect.gen(function*() {
      const right = yield* outcome({ ok: true, authed_user: tokens }, {
        read: (body) => typeof body === "object" && body !== null && "authed_user" in body ? body.authed_user : body
      })
      assert.strictEqual(right._tag, "Right")
    }))

  it.effect("the life of a refresh token, told in either way; zero is no end", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000)
      for (
        const [more, end] of [
          [{ refresh_token_expires_in: 60 }, 61_000],
          [{ refresh_expires_in: "60" }, 61_000],
          [{ refresh_expires_in: 0 }, undefined],
          [{ refresh_token_expires_in: null }, undefined]
        ] as const
      ) {
        const right = yield* outcome({ ...tokens, ...more })
        assert.strictEqual(right._tag === "Right" ? right.right.refreshExpiresAt : "left", end)
      }
    }))

  it.effect("a refresh token that is not said again stays", () =>
    Effect.gen(function*() {
      const right = yield* outcome({ ...tokens, refresh_token: undefined })
      assert.strictEqual(
        right._tag === "Right" ? Redacted.value(right.right.refreshToken ?? Redacted.make("")) : "",
        "the-refresh-token-0123456789"
      )
    }))
})

describe("JwtBearer", () => {
  it.effect("the assertion is what a Google service account sends", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const assertion = JwtBearer.signed({
        key,
        keyId: "key-1",
        issuer: "robot@example.iam.gserviceaccount.com",
        subject: "ola@example.com",
        audience: "https://oauth2.googleapis.com/token",
        lifetime: "1 hour",
        claims: { scope: "calendar" }
      })
      assert.strictEqual(assertion.subject, "ola@example.com")
      const text = Redacted.value(yield* assertion.make)
      const currentDate = new Date(1_700_000_000_000)
      const verified = yield* Effect.promise(() => jose.jwtVerify(text, keys.publicKey, { currentDate }))
      assert.deepInclude(verified.payload, {
        iss: "robot@example.iam.gserviceaccount.com",
        sub: "ola@example.com",
        aud: "https://oauth2.googleapis.com/token",
        iat: 1_700_000_000,
        exp: 1_700_003_600,
        scope: "calendar"
      })
      assert.deepInclude(verified.protectedHeader, { alg: "RS256", kid: "key-1" })
    }))

  it.effect("the algorithm is that of the key: its hash, its curve", () =>
    Effect.gen(function*() {
      const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
      const all: ReadonlyArray<readonly [string, RsaHashedKeyGenParams | EcKeyGenParams]> = [
        ["RS256", { ...rsa, name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }],
        ["RS512", { ...rsa, name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }],
        ["PS384", { ...rsa, name: "RSA-PSS", hash: "SHA-384" }],
        ["ES256", { name: "ECDSA", namedCurve: "P-256" }],
        ["ES384", { name: "ECDSA", namedCurve: "P-384" }],
        ["ES512", { name: "ECDSA", namedCurve: "P-521" }]
      ]
      for (const [alg, how] of all) {
        const pair = yield* Effect.promise(() => crypto.subtle.generateKey(how, true, ["sign", "verify"]))
        const text = yield* JwtBearer.signed({ key: pair.privateKey, issuer: "i", audience: "a" }).make
        const { protectedHeader } = yield* Effect.promise(() =>
          jose.jwtVerify(Redacted.value(text), pair.publicKey, { currentDate: new Date(0) })
        )
        assert.strictEqual(protectedHeader.alg, alg)
      }
      const old = { ...rsa, name: "RSASSA-PKCS1-v1_5", hash: "SHA-1" }
      const pair = yield* Effect.promise(() => crypto.subtle.generateKey(old, true, ["sign", "verify"]))
      const refused = yield* Effect.either(JwtBearer.signed({ key: pair.privateKey, issuer: "i", audience: "a" }).make)
      assert.strictEqual(refused._tag, "Left", "SHA-1 has no algorithm")
    }))

  it.scoped("a service account signs in by itself, and again when its token ends", () =>
    Effect.gen(function*() {
      const auth = yield* JwtBearer.make(
        {
          server: yield* OAuth2Server.make(OAuth2Sandbox.metadata()),
          clientId: "app",
          origins: ["https://login.example.com"]
        },
        JwtBearer.signed({ key, issuer: "robot", audience: "https://login.example.com" }),
        { refresh: { mode: "onDemand" } }
      )
      const first = yield* auth.accessToken
      yield* TestClock.adjust("2 hours")
      assert.notStrictEqual(Redacted.value((yield* auth.accessToken).value), Redacted.value(first.value))
    }).pipe(Effect.provide(world({ trusted: { robot: keys.publicKey } }))))
})

describe("TokenExchange", () => {
  it.effect("a refresh token is used where the client says so", () =>
    Effect.gen(function*() {
      const client = yield* fixtures.client({ rotation: "rotating" })
      const provider = TokenExchange.provider(client, { audience: ["backend"] })
      const issued = yield* provider.signIn({ subject: { token: Redacted.make("subject-token-of-ola") } })
      assert.isDefined(issued.refreshToken)
      assert.strictEqual(provider.rotation, "rotating")
      assert.isDefined(provider.refresh)
    }).pipe(Effect.provide(world({ clients: [{ id: "app", method: "none", exchangeRefreshes: true }] }))))

  it.effect("the actor goes along, and `N_A` is sent as a bearer token", () =>
    Effect.gen(function*() {
      const { layer, sent } = stub(() => Response.json({ ...tokens, token_type: "N_A" }))
      const client = yield* Effect.provide(fixtures.service(), layer)
      const issued = yield* TokenExchange.provider(client).signIn({
        subject: { token: Redacted.make("s"), type: TokenExchange.tokenTypes.jwt },
        actor: { token: Redacted.make("a") }
      })
      const form = Object.fromEntries(new URLSearchParams(sent[0]?.body))
      assert.deepInclude(form, {
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
        actor_token: "a",
        actor_token_type: "urn:ietf:params:oauth:token-type:access_token"
      })
      assert.isUndefined(issued.tokenType)
    }))
})

describe("GitHubApp", () => {
  const github = { appId: "app-7", publicKey: keys.publicKey, installations: { 42: ["docs", "site"] } }

  it.scoped("one session for each installation and set of repositories, whatever their order", () =>
    Effect.gen(function*() {
      const apps = yield* GitHubApp.sessions({ appId: "app-7", key, baseUrl: "https://login.example.com" }, {
        refresh: { mode: "onDemand" }
      })
      const token = (installation: GitHubApp.Installation) =>
        Effect.flatMap(
          apps.get(installation),
          (auth) => Effect.map(auth.accessToken, ({ value }) => Redacted.value(value))
        )
      const both = yield* token({ installationId: 42, repositories: ["docs", "site"] })
      assert.strictEqual(yield* token({ installationId: "42", repositories: ["site", "docs", "docs"] }), both)
      assert.notStrictEqual(yield* token({ installationId: 42, repositories: ["docs"] }), both)
      assert.notStrictEqual(yield* token({ installationId: 42 }), both)
      assert.strictEqual(yield* apps.size, 3)
      yield* TestClock.adjust("2 hours")
      assert.notStrictEqual(yield* token({ installationId: 42, repositories: ["docs", "site"] }), both)
    }).pipe(Effect.provide(world({ github }))))

  it.scoped("what its answers mean", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const provider = yield* GitHubApp.provider({ appId: "app-7", key, baseUrl: "https://login.example.com" })
      const { faults } = yield* OAuth2Sandbox.OAuth2Sandbox
      const body = { message: "Something" }
      for (
        const [status, headers, kind, reason] of [
          [401, {}, "config", "client"],
          [403, {}, "config", "permission"],
          [403, { "x-ratelimit-remaining": "0" }, "transient", "rate-limited"],
          [403, { "retry-after": "60" }, "transient", "rate-limited"],
          [404, {}, "terminal", "credentials"],
          [422, {}, "terminal", "request"],
          [500, {}, "transient", "server"]
        ] as const
      ) {
        yield* faults.next("sign-in", Faults.status(status, { body, headers }))
        const failure = yield* Effect.flip(provider.signIn({ installationId: 42 }))
        assert.deepInclude(failure, { kind, reason }, String(status))
      }
      const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
      yield* faults.next("sign-in", Faults.status(403, { body: { message } }))
      const limited = yield* Effect.flip(provider.signIn({ installationId: 42 }))
      assert.deepInclude(limited, { kind: "transient", reason: "rate-limited" })
      assert.deepStrictEqual(limited.retryAfter, Duration.minutes(1))
      const issued = yield* provider.signIn({ installationId: 42 })
      assert.strictEqual(issued.expiresIn, 3600)
      assert.deepStrictEqual(issued.scopes, ["contents:read"])
    }).pipe(Effect.provide(world({ github }))))
})

describe("asking and telling the server", () => {
  it.effect("introspection, userinfo, revocation", () =>
    Effect.gen(function*() {
      const client = yield* fixtures.service()
      const { authority } = yield* OAuth2Sandbox.OAuth2Sandbox
      const { accessToken } = yield* authority.issue("ola", { scopes: ["read", "write"] })
      const token = Redacted.make(accessToken)
      assert.deepInclude(yield* Introspection.introspect(client, token), {
        active: true,
        subject: "ola",
        scopes: ["read", "write"],
        expiresAt: 3600
      })
      assert.deepInclude(yield* UserInfo.userInfo(client, token, "ola"), { sub: "ola" })
      const other = yield* Effect.flip(UserInfo.userInfo(client, token, "kim"))
      assert.deepInclude(other, { _tag: "TokenRequestRejected", error: "other_subject" })
      yield* Revocation.revoke(client, token, "access_token")
      yield* Revocation.revoke(client, token, "access_token")
      assert.deepStrictEqual(yield* Introspection.introspect(client, token), { active: false })
      assert.deepInclude(yield* Effect.flip(UserInfo.userInfo(client, token, "ola")), { reason: "credentials" })
    }).pipe(Effect.provide(world())))

  it.effect("introspection: what can be read of an answer is read, and the rest is left out", () =>
    Effect.gen(function*() {
      const info = (more: object) =>
        Effect.gen(function*() {
          const { layer } = stub(() => Response.json({ active: true, ...more }))
          const client = yield* Effect.provide(fixtures.service(), layer)
          return yield* Introspection.introspect(client, Redacted.make("t-0123456789"))
        })
      assert.deepInclude(yield* info({ exp: "1700000000", scope: ["a", "b"], sub: 17, iat: "soon", username: null }), {
        active: true,
        expiresAt: 1_700_000_000,
        scopes: ["a", "b"],
        subject: undefined,
        issuedAt: undefined,
        username: undefined
      })
      const wrong = yield* Effect.flip(info({ active: "true" }))
      assert.deepInclude(wrong, { _tag: "ProviderUnavailable", reason: "malformed" })
    }))

  it.effect("an endpoint that the server does not have is said so before anything is sent", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make({
        issuer: "https://login.example.com",
        tokenEndpoint: "https://login.example.com/token"
      })
      const client = yield* fixtures.service({ server })
      const error = yield* Effect.flip(Introspection.introspect(client, Redacted.make("t")))
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "url" })
      assert.include(error.message, "introspectionEndpoint")
      assert.isUndefined(ClientCredentials.provider(client).revoke)
      assert.strictEqual((yield* (yield* OAuth2Sandbox.OAuth2Sandbox).counters).requests, 0)
    }).pipe(Effect.provide(world())))

  it.effect("the options of a client are checked", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make(OAuth2Sandbox.metadata())
      const reason = (more: Partial<OAuth2Client.Options>) =>
        Effect.map(
          Effect.flip(OAuth2Client.make({ server, clientId: "app", origins: ["https://a.example"], ...more })),
          (error) => error.reason
        )
      assert.strictEqual(yield* reason({ clientId: "" }), "options")
      assert.strictEqual(yield* reason({ origins: [] }), "options")
      assert.strictEqual(yield* reason({ origins: ["https://a.example/path"] }), "url")
      assert.strictEqual(yield* reason({ origins: ["http://a.example"] }), "insecure")
      assert.strictEqual(yield* reason({ api: { baseUrl: "https://b.example" } }), "url")
      assert.strictEqual(yield* reason({ resources: ["https://a.example/#part"] }), "options")
    }).pipe(Effect.provide(world())))

  it.scoped("a client of the session goes below the API's URL with its headers, and comes back after a rejection", () =>
    Effect.gen(function*() {
      const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
      const seen: Array<string | undefined> = []
      const api = {
        baseUrl: "https://login.example.com/api",
        prepare: (request: HttpClientRequest.HttpClientRequest) => {
          seen.push(request.url)
          return HttpClientRequest.setHeader(request, "example-version", "2")
        }
      }
      const client = yield* fixtures.service({ api, scopes: ["read"] })
      const auth = yield* AuthService.make(ClientCredentials.provider(client), {
        credentials: Effect.void,
        refresh: { mode: "onDemand" }
      })
      const http = yield* AuthHttpClient.fromSession(auth)
      yield* http.get("/invoices")
      yield* sandbox.expireAccessTokens
      assert.strictEqual((yield* http.get("/invoices")).status, 200)
      assert.strictEqual(seen.length, 3)
      assert.isTrue(seen.every((url) => url === "https://login.example.com/api/invoices"))
      assert.deepInclude((yield* sandbox.counters).calls, { 200: 2, 401: 1 })
    }).pipe(Effect.provide(world())))

  it.scoped("signing out revokes both tokens", () =>
    Effect.gen(function*() {
      const auth = yield* AuthService.make(RefreshToken.provider(yield* fixtures.client()))
      const { authority, counters } = yield* OAuth2Sandbox.OAuth2Sandbox
      const { refreshToken } = yield* authority.issue("ola")
      yield* auth.signIn({ refreshToken: Redacted.make(refreshToken ?? "") })
      assert.strictEqual(yield* auth.signOut, "revoked")
      assert.strictEqual((yield* counters).revocations, 2)
    }).pipe(Effect.provide(world())))

  it.scoped("signing out is done where the server says of the second token that it is gone already", () =>
    Effect.gen(function*() {
      for (const status of [200, 400]) {
        let revocations = 0
        const { layer } = stub(() =>
          revocations++ === 0 ? new Response("") : Response.json({ error: "invalid_token" }, { status })
        )
        const client = yield* Effect.provide(fixtures.client(), layer)
        const auth = yield* AuthService.make(RefreshToken.provider(client), { refresh: { mode: "onDemand" } })
        yield* auth.adopt({
          accessToken: Redacted.make("the-own-access-token"),
          refreshToken: Redacted.make("r-0123456789")
        })
        assert.strictEqual(yield* auth.signOut, "revoked", String(status))
        assert.strictEqual(revocations, 2)
        yield* Revocation.revoke(client, Redacted.make("r-0123456789"), "refresh_token")
      }
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.effect("a token that is not revoked is a failure of the revocation", () =>
    Effect.gen(function*() {
      for (
        const [status, error] of [
          [200, "invalid_request"],
          [400, "invalid_request"],
          [401, "invalid_client"],
          [503, "invalid_token"]
        ] as const
      ) {
        const { layer } = stub(() => Response.json({ error }, { status }))
        const client = yield* Effect.provide(fixtures.client(), layer)
        const failure = yield* Effect.flip(Revocation.revoke(client, Redacted.make("r-0123456789"), "refresh_token"))
        assert.strictEqual(failure.status, status)
      }
    }))

  it.scoped("signing out revokes the tokens of further APIs, too", () =>
    Effect.gen(function*() {
      const furtherResources = ["https://mail.example.com/", "https://files.example.com/"]
      const client = yield* fixtures.client({ furtherResources })
      const auth = yield* AuthService.make(RefreshToken.provider(client))
      const { authority, counters } = yield* OAuth2Sandbox.OAuth2Sandbox
      const { refreshToken } = yield* authority.issue("ola")
      yield* auth.signIn({ refreshToken: Redacted.make(refreshToken ?? "") })
      for (const resource of furtherResources) yield* auth.forResource(resource).accessToken
      assert.strictEqual(yield* auth.signOut, "revoked")
      assert.strictEqual((yield* counters).revocations, 4)
    }).pipe(Effect.provide(world())))
})

describe("further APIs", () => {
  const mail = "https://mail.example.com/"
  const signedIn = Effect.fnUntraced(function*(answer: () => Response, options: Partial<OAuth2Client.Options> = {}) {
    const { layer, sent } = stub(answer)
    const client = yield* Effect.provide(
      fixtures.service({ resources: ["https://api.example.com/"], furtherResources: [mail], ...options }),
      layer
    )
    const auth = yield* AuthService.make(RefreshToken.provider(client), { refresh: { mode: "onDemand" } })
    yield* auth.adopt({
      accessToken: Redacted.make("the-own-access-token"),
      refreshToken: Redacted.make("the-first-refresh-token"),
      expiresIn: 3600
    })
    return { auth, forms: () => sent.map(({ body }) => new URLSearchParams(body)) }
  })

  it.scoped("the refresh asks for one of them alone, the session's own for those of the client", () =>
    Effect.gen(function*() {
      const { auth, forms } = yield* signedIn(() => Response.json(tokens))
      yield* auth.forResource(mail).accessToken
      yield* auth.refresh
      const asked = forms().map((form) => [form.get("grant_type"), form.get("refresh_token"), form.getAll("resource")])
      assert.deepStrictEqual(asked, [
        ["refresh_token", "the-first-refresh-token", [mail]],
        ["refresh_token", "r-1", ["https://api.example.com/"]]
      ])
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("one that the client does not name is not asked for: a server may spend the refresh token and then refuse", () =>
    Effect.gen(function*() {
      const { auth, forms } = yield* signedIn(() => Response.json(tokens))
      const refused = yield* Effect.flip(auth.forResource("https://other.example.com/").accessToken)
      assert.deepInclude(refused, { _tag: "AuthMisconfigured", reason: "request" })
      assert.include(refused.message, "furtherResources")
      assert.deepStrictEqual(forms(), [])
      yield* auth.forResource(mail).accessToken
      assert.strictEqual(forms().length, 1)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("`invalid_target` is a fault of the configuration, and the session goes on (RFC 8707 section 2)", () =>
    Effect.gen(function*() {
      let isRefusing = true
      const { auth } = yield* signedIn(() =>
        isRefusing ? Response.json({ error: "invalid_target" }, { status: 400 }) : Response.json(tokens)
      )
      const refused = yield* Effect.flip(auth.forResource(mail).accessToken)
      assert.deepInclude(refused, { _tag: "AuthMisconfigured", reason: "request", error: "invalid_target" })
      isRefusing = false
      assert.strictEqual(Redacted.value((yield* auth.refresh).value), tokens.access_token)
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.scoped("a client without refresh tokens has none", () =>
    Effect.gen(function*() {
      const { auth } = yield* signedIn(() => Response.json(tokens), { rotation: "none" })
      const none = yield* Effect.flip(auth.forResource(mail).accessToken)
      assert.deepInclude(none, { _tag: "SignInRequired", reason: "expired" })
    }).pipe(Effect.provide(TokenStore.layerMemory)))

  it.effect("a name that is no absolute URI without a fragment makes no client", () =>
    Effect.gen(function*() {
      for (const wrong of ["mail", `${mail}#part`]) {
        const made = OAuth2Server.make(OAuth2Sandbox.metadata()).pipe(
          Effect.flatMap((server) =>
            OAuth2Client.make({ server, clientId: "app", origins: ["https://a.example"], furtherResources: [wrong] })
          )
        )
        assert.strictEqual((yield* Effect.flip(made)).reason, "options")
      }
    }).pipe(Effect.provide(world())))
})
