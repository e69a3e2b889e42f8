/** The provider of docs/writing-a-provider.md with HTTP Basic and introspection, over a stub of its server. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Provider from "@effect-auth/examples/guides/provider"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"

interface Seen {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

const settings = {
  baseUrl: "https://api.acme.example",
  clientId: "shop 7",
  clientSecret: Redacted.make("s:e+c")
}

/** Answers each token call with the next token, and keeps what it saw. `limit`: the introspection answers 429. */
const server = (seen: Array<Seen>, options?: { readonly limit: boolean }) =>
  HttpClient.make((request, url) => {
    const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : ""
    seen.push({ path: url.pathname, authorization: request.headers["authorization"], body })
    const count = seen.filter(({ path }) => path === "/oauth/token").length
    const answer = url.pathname === "/oauth/token"
      ? Response.json({ access_token: `access-${count}`, refresh_token: `refresh-${count}`, expires_in: 3600 })
      : url.pathname !== "/oauth/introspect"
      ? Response.json({ ok: true })
      : options?.limit === true
      ? new Response(null, { status: 429, headers: { "retry-after": "9" } })
      : Response.json({ active: true, exp: 4_102_444_800 })
    return Effect.succeed(HttpClientResponse.fromWeb(request, answer))
  })

const signedIn = Effect.gen(function*() {
  const { auth, client } = yield* (yield* Provider.accounts(settings)).get("kim")
  yield* auth.signIn(Redacted.make("refresh-0"))
  return { auth, client }
})

it.scoped("token calls carry the secret, calls of the API the token", () => {
  const seen: Array<Seen> = []
  return Effect.gen(function*() {
    const { auth, client } = yield* signedIn
    yield* client.get("/orders")
    assert.deepStrictEqual(yield* auth.tokenInfo, { active: true, exp: 4_102_444_800 })
    const basic = `Basic ${btoa("shop+7:s%3Ae%2Bc")}`
    assert.deepStrictEqual(seen, [
      { path: "/oauth/token", authorization: basic, body: "grant_type=refresh_token&refresh_token=refresh-0" },
      { path: "/orders", authorization: "Bearer access-1", body: "" },
      { path: "/oauth/introspect", authorization: basic, body: "token=access-1" }
    ])
  }).pipe(Effect.provide(TokenStore.layerMemory), Effect.provideService(HttpClient.HttpClient, server(seen)))
})

it.scoped("a limit of the introspection is the error that every call has", () => {
  const seen: Array<Seen> = []
  return Effect.gen(function*() {
    const { auth } = yield* signedIn
    const result = yield* Effect.either(auth.tokenInfo)
    assert.deepInclude(Either.isLeft(result) ? result.left : {}, {
      _tag: "ProviderUnavailable",
      reason: "rate-limited",
      account: "kim",
      operation: "tokenInfo"
    })
  }).pipe(
    Effect.provide(TokenStore.layerMemory),
    Effect.provideService(HttpClient.HttpClient, server(seen, { limit: true }))
  )
})

it.scoped("a client below that retries sends a token call once all the same", () => {
  const seen: Array<Seen> = []
  const patient = HttpClient.retryTransient(server(seen, { limit: true }), { times: 3 })
  return Effect.gen(function*() {
    const { auth } = yield* signedIn
    yield* Effect.either(auth.tokenInfo)
    assert.strictEqual(seen.filter(({ path }) => path === "/oauth/introspect").length, 1)
  }).pipe(Effect.provide(TokenStore.layerMemory), Effect.provideService(HttpClient.HttpClient, patient))
})
