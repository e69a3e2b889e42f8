/** One session, several APIs: the sandbox gives tokens that are good for one of them each (RFC 8707). */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as DeviceCode from "@effect-auth/oauth2/DeviceCode"
import * as Introspection from "@effect-auth/oauth2/Introspection"
import type * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fixtures from "./fixtures.ts"

const { issuer } = OAuth2Sandbox.defaults
const mail = `${issuer}/api/mail`
const files = `${issuer}/api/files`
const calendar = `${issuer}/api/calendar`

const world = Layer.merge(fixtures.world({ resources: [mail, files, calendar] }), TokenStore.layerMemory)

/** The redirect of a person who was asked about the client's APIs. */
const asked = (resources: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
    const url = new URL(`${issuer}/authorize`)
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: "app",
      redirect_uri: fixtures.redirectUri,
      state: "state",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256"
    }).toString()
    for (const resource of resources) url.searchParams.append("resource", resource)
    const back = new URL((yield* sandbox.visit(url.href)) ?? "https://nowhere.example/")
    return {
      error: back.searchParams.get("error"),
      credentials: {
        code: Redacted.make(back.searchParams.get("code") ?? ""),
        // The verifier of that challenge (RFC 7636 appendix B).
        verifier: Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        redirectUri: fixtures.redirectUri
      }
    }
  })

const signedIn = (resources: ReadonlyArray<string>, options: Partial<OAuth2Client.Options> = {}) =>
  Effect.gen(function*() {
    const client = yield* fixtures.client({ api: { baseUrl: issuer }, furtherResources: resources, ...options })
    const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
    yield* auth.signIn((yield* asked(resources)).credentials)
    return auth
  })

const at = (auth: AuthService.AuthService<never>, path: string) =>
  Effect.flatMap(AuthHttpClient.fromSession(auth), (http) => http.get(path)).pipe(
    Effect.map(({ status }) => status),
    Effect.catchAll(({ _tag }) => Effect.succeed(_tag))
  )

const counters = Effect.flatMap(OAuth2Sandbox.OAuth2Sandbox, (sandbox) => sandbox.counters)

describe("an authorization server whose tokens are for one API each", () => {
  it.scoped("each API takes the token that was obtained for it, and no other", () =>
    Effect.gen(function*() {
      const auth = yield* signedIn([mail, files])
      const letters = auth.forResource(mail, { api: { baseUrl: mail } })
      const folders = auth.forResource(files, { api: { baseUrl: files } })
      assert.strictEqual(yield* at(auth, "/userinfo"), 200)
      assert.strictEqual(yield* at(letters, "/inbox"), 200)
      assert.strictEqual(yield* at(folders, "/root"), 200)
      for (const [session, path] of [[auth, "/api/mail/inbox"], [auth, "/api/files"]] as const) {
        assert.strictEqual(yield* at(session, path), "AccessTokenRejected", path)
      }
      const wrong = auth.forResource(mail, { api: { baseUrl: files } })
      assert.strictEqual(yield* at(wrong, "/root"), "AccessTokenRejected")
      assert.strictEqual(
        yield* at(auth.forResource(mail, { api: { baseUrl: `${issuer}/api` } }), "/mailbox"),
        "AccessTokenRejected"
      )
      const asker = yield* fixtures.service()
      const token = yield* letters.accessToken
      assert.deepInclude(yield* Introspection.introspect(asker, token.value), { active: true })
    }).pipe(Effect.provide(world)))

  it.scoped("an API that rejects its token has it renewed; the refresh token rotates, and none is spent twice", () =>
    Effect.gen(function*() {
      const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
      const auth = yield* signedIn([mail, files])
      const letters = auth.forResource(mail, { api: { baseUrl: mail } })
      yield* at(letters, "/inbox")
      yield* sandbox.expireAccessTokens
      assert.strictEqual(yield* at(letters, "/inbox"), 200)
      assert.strictEqual(yield* at(auth, "/userinfo"), 200)
      yield* auth.refresh
      assert.strictEqual(yield* at(letters, "/inbox"), 200)
      const { granted, refused } = Sandbox.exchanges(yield* counters, "refresh_token")
      assert.deepStrictEqual([granted, refused, (yield* counters).spent], [4, 0, 0])
    }).pipe(Effect.provide(world)))

  it.scoped("an API that nobody granted is refused with invalid_target, and the session goes on", () =>
    Effect.gen(function*() {
      const client = yield* fixtures.client({ furtherResources: [mail, calendar] })
      const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
      // The person was asked about one of the two.
      yield* auth.signIn((yield* asked([mail])).credentials)
      const error = yield* Effect.flip(auth.forResource(calendar).accessToken)
      assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "request", error: "invalid_target" })
      yield* auth.forResource(mail).accessToken
      yield* auth.refresh
      assert.strictEqual((yield* counters).spent, 0)
      const { granted, refused } = Sandbox.exchanges(yield* counters, "refresh_token")
      assert.deepStrictEqual([granted, refused], [2, 1])
    }).pipe(Effect.provide(world)))

  it.scoped("an API that the server does not know is refused at the authorization, and to a machine and a device", () =>
    Effect.gen(function*() {
      const unknown = `${issuer}/api/secrets`
      assert.strictEqual((yield* asked([mail, unknown])).error, "invalid_target")
      const machine = (resources: ReadonlyArray<string>) =>
        Effect.flatMap(fixtures.service({ resources }), (client) => ClientCredentials.provider(client).signIn())
      assert.deepInclude(yield* Effect.flip(machine([unknown])), { kind: "config", error: "invalid_target" })
      const issued = yield* machine([mail, files])
      const info = yield* Introspection.introspect(yield* fixtures.service(), issued.accessToken)
      assert.isTrue(info.active)
      const device = yield* fixtures.client({ furtherResources: [unknown] })
      assert.deepInclude(yield* Effect.flip(DeviceCode.authorize(device)), { error: "invalid_target" })
    }).pipe(Effect.provide(world)))

  it.scoped("a device gets the tokens of the APIs that it asked about", () =>
    Effect.gen(function*() {
      const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
      const client = yield* fixtures.client({ furtherResources: [mail], api: { baseUrl: issuer } })
      const auth = yield* AuthService.make(DeviceCode.provider(client), { refresh: { mode: "onDemand" } })
      const { deviceCode, userCode } = yield* DeviceCode.authorize(client)
      yield* sandbox.decideDevice(userCode, { subject: "ola" })
      yield* auth.signIn({ deviceCode })
      assert.strictEqual(yield* at(auth.forResource(mail, { api: { baseUrl: mail } }), "/inbox"), 200)
      assert.strictEqual(yield* at(auth, "/api/mail/inbox"), "AccessTokenRejected")
    }).pipe(Effect.provide(world)))
})
