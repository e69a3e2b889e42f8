import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Authorization from "@effect-auth/oauth2/Authorization"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as IdToken from "@effect-auth/oauth2/IdToken"
import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as jose from "jose"
import { generateKeyPairSync } from "node:crypto"
import * as fixtures from "./fixtures.ts"

const { issuer } = OAuth2Sandbox.defaults
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey

/** Claims that hold up, but for what is changed. `now` in epoch milliseconds. */
const claimsAt = (now: number, change: object) => ({
  iss: issuer,
  sub: "ola",
  aud: "app",
  nonce: "the-nonce",
  iat: now / 1000,
  exp: now / 1000 + 300,
  ...change
})

const signed = (claims: object, alg = "RS256") =>
  Effect.promise(() => new jose.SignJWT({ ...claims }).setProtectedHeader({ alg, kid: "sandbox" }).sign(stranger))

/** The sandbox, with another ID token in its answers. */
const answering = (idToken: unknown) =>
  Effect.map(HttpClient.HttpClient, (real) =>
    HttpClient.make((request) =>
      request.url.endsWith("/token")
        ? Effect.gen(function*() {
          const body = yield* (yield* real.execute(request)).json
          const changed = { ...(typeof body === "object" ? body : {}), id_token: idToken }
          return HttpClientResponse.fromWeb(request, Response.json(changed))
        })
        : real.execute(request)
    ))

const exchanged = (
  idToken: unknown,
  options: { readonly client?: Partial<OAuth2Client.Options>; readonly code?: AuthorizationCode.Options } = {}
) =>
  Effect.gen(function*() {
    const credentials = yield* fixtures.code({ scope: "openid", nonce: "the-nonce" })
    const client = yield* fixtures.client(options.client)
    const httpClient = yield* answering(idToken)
    return yield* Effect.either(AuthorizationCode.exchange({ ...client, httpClient }, credentials, options.code))
  })

const now = 20_000 * 86_400_000

const world = fixtures.world()

describe("AuthorizationCode", () => {
  it.effect("an ID token that holds up gives its claims, and its subject to the session", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const client = yield* fixtures.client()
      const { claims, tokens } = yield* AuthorizationCode.exchange(
        client,
        yield* fixtures.code({ scope: "openid", nonce: "the-nonce" }),
        { signature: IdToken.signature }
      )
      assert.deepInclude(claims, { sub: "ola", iss: issuer, aud: "app" })
      assert.strictEqual(tokens.subject, "ola")
    }).pipe(Effect.provide(world)))

  it.effect("an ID token with a forged or missing nonce, of or for somebody else, or too old, is refused", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const wrong: ReadonlyArray<object> = [
        { nonce: "another" },
        { nonce: undefined },
        { iss: "https://evil.example" },
        { aud: "another" },
        { aud: ["app", "another"] },
        { aud: ["app", "another"], azp: "another" },
        { exp: now / 1000 - 60 },
        { nbf: now / 1000 + 120 },
        { sub: undefined },
        { sub: 17 }
      ]
      const right = yield* exchanged(yield* signed(claimsAt(now, {})))
      assert.strictEqual(right._tag, "Right")
      for (const change of wrong) {
        const outcome = yield* exchanged(yield* signed(claimsAt(now, change)))
        assert.deepInclude(outcome._tag === "Left" ? outcome.left : {}, { kind: "terminal", error: "invalid_id_token" })
      }
    }).pipe(Effect.provide(world)))

  it.effect("a server that sends no nonce: a missing one is taken where the dialect says so, a wrong one never", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const outcome = (nonce: unknown, dialect: OAuth2Client.Dialect) =>
        Effect.flatMap(signed(claimsAt(now, { nonce })), (jwt) => exchanged(jwt, { client: { dialect } }))
      const tolerant: OAuth2Client.Dialect = { nonce: "optional" }
      const right = yield* outcome(undefined, tolerant)
      assert.strictEqual(right._tag === "Right" ? right.right.claims?.sub : right._tag, "ola")
      assert.strictEqual((yield* outcome(undefined, {}))._tag, "Left")
      for (const wrong of ["another", "", null]) assert.strictEqual((yield* outcome(wrong, tolerant))._tag, "Left")
      const missing = yield* exchanged(undefined, { client: { dialect: tolerant } })
      assert.strictEqual(missing._tag, "Left")
    }).pipe(Effect.provide(world)))

  it.effect("a missing one, one that is none, and one without a signature's algorithm are refused, and not quoted", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const unsigned = new jose.UnsecuredJWT({ ...claimsAt(now, {}) }).encode()
      for (const idToken of [undefined, null, 17, "not-a-jwt-0123456789", "a.b.c", unsigned]) {
        const outcome = yield* exchanged(idToken)
        assert.deepInclude(outcome._tag === "Left" ? outcome.left : {}, { error: "invalid_id_token" })
        assert.notInclude(JSON.stringify(outcome), "not-a-jwt-0123456789")
      }
    }).pipe(Effect.provide(world)))

  it.effect("a stranger's signature is refused where it is checked", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const forged = yield* signed(claimsAt(now, {}))
      const outcome = yield* exchanged(forged, { code: { signature: IdToken.signature } })
      assert.deepInclude(outcome._tag === "Left" ? outcome.left : {}, { error: "invalid_id_token" })
    }).pipe(Effect.provide(world)))

  it.effect("the issuer of many tenants is the one of the token's own tenant", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const server = yield* OAuth2Server.make({
        ...OAuth2Sandbox.metadata(),
        issuer: "https://login.example.com/{tenantid}/v2.0"
      })
      const token = (change: object) =>
        Effect.flatMap(signed(claimsAt(now, change)), (jwt) => exchanged(jwt, { client: { server } }))
      const tid = "9122040d-6c67-4c5b-b112-36a304b66dad"
      assert.strictEqual((yield* token({ tid, iss: `${issuer}/${tid}/v2.0` }))._tag, "Right")
      assert.strictEqual((yield* token({ tid, iss: `${issuer}/another/v2.0` }))._tag, "Left")
      assert.strictEqual((yield* token({ tid: "a/../b", iss: `${issuer}/a/../b/v2.0` }))._tag, "Left")
      assert.strictEqual((yield* token({ iss: `${issuer}/{tenantid}/v2.0x` }))._tag, "Left")
    }).pipe(Effect.provide(world)))

  it.scoped("a refresh whose ID token is another person's is refused; one that does not hold up is left out", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const client = yield* fixtures.client({ scopes: ["openid"] })
      const state = { idToken: "" }
      const real = client.httpClient
      const httpClient = HttpClient.make((request) =>
        Effect.gen(function*() {
          const response = yield* real.execute(request)
          if (state.idToken === "" || !request.url.endsWith("/token")) return response
          const body = yield* response.json
          const changed = { ...(typeof body === "object" ? body : {}), id_token: state.idToken }
          return HttpClientResponse.fromWeb(request, Response.json(changed))
        })
      )
      const provider = AuthorizationCode.provider({ ...client, httpClient })
      const auth = yield* AuthService.make(provider, { refresh: { mode: "onDemand" } })
      yield* auth.signIn(yield* fixtures.code({ scope: "openid", nonce: "the-nonce" }))
      state.idToken = "not-a-jwt"
      yield* auth.refresh
      state.idToken = yield* signed(claimsAt(now, { sub: "ola" }))
      yield* auth.refresh
      state.idToken = yield* signed(claimsAt(now, { sub: "kim" }))
      assert.strictEqual((yield* Effect.either(auth.refresh))._tag, "Left")
    }).pipe(Effect.provide(TokenStore.layerMemory), Effect.provide(world)))

  it.effect("each grant of a person reads the subject of a refresh", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(now)
      const real = yield* fixtures.client({ scopes: ["openid"] })
      const client = { ...real, httpClient: yield* answering(yield* signed(claimsAt(now, { sub: "kim" }))) }
      for (const { provider } of [AuthorizationCode, DeviceCode, RefreshToken]) {
        const code = yield* fixtures.code({ scope: "openid", nonce: "the-nonce" })
        const { tokens } = yield* AuthorizationCode.exchange(real, code)
        const { accessToken, refreshToken = Redacted.make("") } = tokens
        const refreshed = yield* provider(client).refresh!(refreshToken, { accessToken, obtainedAt: now })
        assert.strictEqual(refreshed.subject, "kim")
      }
    }).pipe(Effect.provide(world)))

  it.scoped("a code that was used is refused before it is sent", () =>
    Effect.gen(function*() {
      const auth = yield* AuthService.make(AuthorizationCode.provider(yield* fixtures.client()))
      const credentials = yield* fixtures.code()
      yield* auth.signIn(credentials)
      const error = yield* Effect.flip(auth.signIn(credentials))
      assert.deepInclude(error, { _tag: "TokenRequestRejected", error: "already_used" })
      const { counters } = yield* OAuth2Sandbox.OAuth2Sandbox
      assert.deepInclude((yield* counters).exchanges["authorization_code"], { granted: 1, refused: 0 })
    }).pipe(Effect.provide(TokenStore.layerMemory), Effect.provide(world)))
})

const query = (options: Partial<OAuth2Client.Options>, request: Partial<Authorization.Request> = {}) =>
  Effect.gen(function*() {
    const client = yield* fixtures.client(options)
    const { url } = yield* Authorization.begin(client, { redirectUri: fixtures.redirectUri, ...request })
    return new URL(url)
  }).pipe(Effect.provide(PendingStore.layerMemory()))

const plain = { ...OAuth2Sandbox.metadata(), pushedAuthorizationRequestEndpoint: undefined }

describe("Authorization", () => {
  it.effect("the request has PKCE with S256, state and nonce, all new each time", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make({ ...plain, authorizationEndpoint: `${issuer}/authorize?tenant=1` })
      const options = { server, scopes: ["openid", "read"], resources: ["https://api.example.com"] }
      const [first, second] = [yield* query(options), yield* query(options)]
      const parameters = first.searchParams
      assert.deepInclude(Object.fromEntries(parameters), {
        tenant: "1",
        response_type: "code",
        client_id: "app",
        redirect_uri: fixtures.redirectUri,
        scope: "openid read",
        code_challenge_method: "S256",
        resource: "https://api.example.com"
      })
      const further = yield* query({ ...options, furtherResources: ["https://mail.example.com"] })
      assert.deepStrictEqual(further.searchParams.getAll("resource"), [
        "https://api.example.com",
        "https://mail.example.com"
      ])
      assert.isFalse(parameters.has("response_mode"))
      const form = yield* query(options, { responseMode: "form_post", parameters: { response_mode: "fragment" } })
      assert.deepStrictEqual(form.searchParams.getAll("response_mode"), ["form_post"])
      for (const name of ["state", "nonce", "code_challenge"]) {
        assert.match(parameters.get(name) ?? "", /^[\w-]{43}$/)
        assert.notStrictEqual(parameters.get(name), second.searchParams.get(name))
      }
    }).pipe(Effect.provide(world)))

  it.effect("nothing that is added can replace what protects the sign-in", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make(plain)
      const wrong = {
        code_challenge_method: "plain",
        code_challenge: "chosen",
        state: "chosen",
        nonce: "chosen",
        redirect_uri: "https://evil.example",
        response_type: "token",
        client_id: "another"
      }
      const url = yield* query({ server, scopes: ["openid"], dialect: { authorizationParameters: wrong } }, {
        parameters: wrong
      })
      for (const [name, text] of Object.entries(wrong)) {
        assert.strictEqual(url.searchParams.getAll(name).length, 1, name)
        assert.notStrictEqual(url.searchParams.get(name), text, name)
      }
    }).pipe(Effect.provide(world)))

  it.effect("the response of many tenants names one of them, and no other issuer", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make({ ...plain, issuer: `${issuer}/{tenantid}/v2.0`, issParameter: false })
      const client = yield* fixtures.client({ server })
      const outcome = (iss: string) =>
        Effect.gen(function*() {
          const begun = yield* Authorization.begin(client, { redirectUri: fixtures.redirectUri })
          const state = new URL(begun.url).searchParams.get("state") ?? ""
          const parameters = new URLSearchParams({ code: "no-code-of-the-sandbox", state, iss })
          const error = yield* Effect.flip(Authorization.complete(client, { parameters, browser: begun.browser }))
          return "error" in error ? error.error : error._tag
        })
      assert.strictEqual(yield* outcome(`${issuer}/9122040d-6c67-4c5b/v2.0`), "invalid_grant", "the code was sent")
      for (const iss of [`${issuer}//v2.0`, `${issuer}/a/b/v2.0`, `${issuer}/v2.0`, "https://evil.example/a/v2.0"]) {
        assert.strictEqual(yield* outcome(iss), "invalid_response", iss)
      }
    }).pipe(Effect.provide(PendingStore.layerMemory()), Effect.provide(world)))

  it.effect("a server that only takes `plain` is refused", () =>
    Effect.gen(function*() {
      const server = yield* OAuth2Server.make({ ...plain, codeChallengeMethods: ["plain"] })
      const error = yield* Effect.flip(query({ server }))
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "request" })
    }).pipe(Effect.provide(world)))
})
