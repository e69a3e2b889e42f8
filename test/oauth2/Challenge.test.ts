import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Authorization from "@effect-auth/oauth2/Authorization"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as Challenge from "@effect-auth/oauth2/Challenge"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { base, makeApplication } from "./browser.ts"
import * as fixtures from "./fixtures.ts"

const world = Layer.mergeAll(fixtures.world(), TokenStore.layerMemory, PendingStore.layerMemory())

describe("Challenge.parse", () => {
  const cases: ReadonlyArray<readonly [string | undefined, ReadonlyArray<Challenge.Challenge>]> = [
    [undefined, []],
    ["", []],
    ["Bearer", [{ scheme: "bearer", parameters: {} }]],
    ["Bearer realm=\"a, b=\\\"c\\\"\", error=invalid_token", [
      { scheme: "bearer", parameters: { realm: "a, b=\"c\"", error: "invalid_token" } }
    ]],
    ["Basic realm=\"x\", Bearer error = \"insufficient_scope\" , scope=\"a b\"", [
      { scheme: "basic", parameters: { realm: "x" } },
      { scheme: "bearer", parameters: { error: "insufficient_scope", scope: "a b" } }
    ]],
    ["Negotiate abc==, DPoP algs=\"ES256\"", [
      { scheme: "negotiate", parameters: {} },
      { scheme: "abc", parameters: {} },
      { scheme: "dpop", parameters: { algs: "ES256" } }
    ]],
    ["Bearer resource_metadata=https://api.example.com/.well-known/x", [
      { scheme: "bearer", parameters: { resource_metadata: "https://api.example.com/.well-known/x" } }
    ]],
    ["Bearer error=\"a\", error=\"insufficient_scope\"", [{ scheme: "bearer", parameters: {} }]],
    ["Bearer realm=\"open", []],
    ["realm=\"x\"", []],
    [`Bearer realm="${"x".repeat(9000)}"`, []],
    ["Bearer __proto__=\"x\"", [{ scheme: "bearer", parameters: JSON.parse("{\"__proto__\":\"x\"}") }]]
  ]
  for (const [header, expected] of cases) {
    it(`reads ${header?.slice(0, 60)}`, () => {
      assert.deepStrictEqual(Challenge.parse(header), expected)
    })
  }

  it("takes no longer for a header that was made to be slow", () => {
    const since = performance.now()
    for (const text of ["\\\"".repeat(4000), "a=".repeat(4000), " ,".repeat(4000), "=".repeat(8000)]) {
      Challenge.parse(`Bearer realm="${text}`)
      Challenge.parse(text)
    }
    assert.isBelow(performance.now() - since, 1_000)
  })
})

/** What an answer of the API asks for. */
const asked = (status: number, header: string | undefined, granted?: ReadonlyArray<string>) =>
  Challenge.stepUp(
    { status, headers: { "www-authenticate": header } },
    { provider: "p", account: "a" },
    granted
  )

describe("Challenge.stepUp", () => {
  it("joins what the session has and what was missing, each once", () => {
    const error = asked(403, "Bearer error=\"insufficient_scope\", scope=\"write read\"", ["read", "openid"])
    assert.deepStrictEqual(error?.scopes, ["read", "openid", "write"])
    assert.deepStrictEqual(error?.required, ["write", "read"])
  })

  it("is nothing else: another status, another error, several challenges, none", () => {
    for (
      const [status, header] of [
        [200, "Bearer error=\"insufficient_scope\""],
        [404, "Bearer error=\"insufficient_scope\""],
        [401, "Bearer error=\"invalid_token\""],
        [403, undefined],
        [403, "Basic error=\"insufficient_scope\""],
        [403, "Bearer error=\"insufficient_scope\", Bearer error=\"invalid_token\""],
        [403, "Bearer error=\"insufficient_scope\", error=\"invalid_token\""]
      ] as const
    ) {
      assert.isUndefined(asked(status, header), `${status} ${header}`)
    }
  })

  it("asks for no text that is no scope", () => {
    const error = asked(403, `Bearer error="insufficient_scope", scope="ok a\\"b ${"x".repeat(300)} ok"`)
    assert.deepStrictEqual(error?.scopes, ["ok"])
  })
})

/** A session of ola with the scope `read`, and its client. */
const reader = Effect.gen(function*() {
  const client = yield* fixtures.client({ scopes: ["read"] })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
  yield* auth.signIn(yield* fixtures.code({ scope: "read" }))
  const http = Challenge.withStepUp(yield* AuthHttpClient.fromSession(auth), auth)
  const call = (scope: string) => http.get(`https://login.example.com/api/scope/${scope}`)
  return { auth, call, client, sandbox: yield* OAuth2Sandbox.OAuth2Sandbox }
})

describe("step-up", () => {
  it.scoped("a scope that is missing refreshes nothing and ends nothing; with the union the call goes through", () =>
    Effect.gen(function*() {
      const { auth, call, client, sandbox } = yield* reader
      const before = yield* auth.accessToken
      assert.strictEqual((yield* call("read")).status, 200)
      const error = yield* Effect.flip(call("write"))
      if (error._tag !== "StepUpRequired") return assert.fail(error._tag)
      assert.deepStrictEqual(error.scopes, ["read", "write"])
      assert.isUndefined((yield* sandbox.counters).exchanges["refresh_token"], "nothing was refreshed")
      const begun = yield* Authorization.begin(client, { redirectUri: fixtures.redirectUri, scopes: error.scopes })
      // Meanwhile the session goes on.
      assert.strictEqual(Redacted.value((yield* auth.accessToken).value), Redacted.value(before.value))
      assert.strictEqual((yield* call("read")).status, 200)
      const parameters = new URL((yield* sandbox.visit(begun.url)) ?? "").searchParams
      const pending = yield* Authorization.take(client, { parameters, browser: begun.browser })
      yield* Authorization.adopt(client, pending, parameters, () => Effect.succeed(auth))
      assert.strictEqual((yield* call("write")).status, 200)
      assert.strictEqual((yield* call("read")).status, 200)
      yield* auth.refresh
      assert.strictEqual((yield* call("write")).status, 200, "a refresh keeps the scopes")
    }).pipe(Effect.provide(world)))

  it.scoped("a person who says no keeps the session that was there", () =>
    Effect.gen(function*() {
      const { auth, call, client, sandbox } = yield* reader
      yield* sandbox.atBrowser({ subject: "ola", consents: false })
      const scopes = ["read", "write"]
      const begun = yield* Authorization.begin(client, { redirectUri: fixtures.redirectUri, scopes })
      const parameters = new URL((yield* sandbox.visit(begun.url)) ?? "").searchParams
      const error = yield* Effect.flip(Authorization.complete(client, { parameters, browser: begun.browser }))
      assert.strictEqual(error._tag, "TokenRequestRejected")
      assert.strictEqual((yield* call("read")).status, 200)
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }).pipe(Effect.provide(world)))

  it.scoped("a 401 for a scope is no rejection either", () =>
    Effect.gen(function*() {
      const { auth } = yield* reader
      const httpClient = HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(
          request,
          new Response(null, { status: 401, headers: { "www-authenticate": "Bearer error=\"insufficient_scope\"" } })
        ))
      )
      const client = Challenge.withStepUp(AuthHttpClient.withAuth(httpClient, auth), auth)
      const before = yield* auth.accessToken
      const error = yield* Effect.flip(client.get("https://login.example.com/api"))
      assert.strictEqual(error._tag, "StepUpRequired")
      assert.strictEqual((yield* auth.accessToken).generation, before.generation)
    }).pipe(Effect.provide(world)))

  it.scoped("the routes ask for the scopes that the application says for this login", () =>
    Effect.gen(function*() {
      const wanted = { scopes: ["openid", "read"] }
      const application = yield* makeApplication({ routes: { scopes: Effect.sync(() => wanted.scopes) } })
      const browser = application.open()
      yield* browser.get(yield* application.leave(browser))
      wanted.scopes = ["openid", "read", "write"]
      const { location } = yield* browser.get(`${base}/auth/login?scope=admin`)
      yield* browser.get((yield* application.sandbox.visit(location)) ?? "")
      const token = yield* (yield* application.sessions.get("member-1")).accessToken
      assert.deepStrictEqual(token.scopes, ["openid", "read", "write"])
    }).pipe(Effect.provide(world)))
})
