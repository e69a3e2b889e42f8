import * as AuthService from "@effect-auth/core/AuthService"
import * as EncryptedTokenStore from "@effect-auth/core/EncryptedTokenStore"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientRegistration from "@effect-auth/oauth2/ClientRegistration"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as ProtectedResource from "@effect-auth/oauth2/ProtectedResource"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fixtures from "./fixtures.ts"

const api = "https://api.example.com/mcp"

/** A web where each URL has one answer; everything else is a 404. */
const web = (pages: Readonly<Record<string, unknown>>) => {
  const asked: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      asked.push(request.url)
      const page = pages[request.url]
      const answer = page instanceof Response
        ? page
        : page === undefined
        ? new Response("no", { status: 404 })
        : Response.json(page)
      return HttpClientResponse.fromWeb(request, answer)
    })
  )
  return { asked, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const place = "https://api.example.com/.well-known/oauth-protected-resource/mcp"
const root = "https://api.example.com/.well-known/oauth-protected-resource"
const right = { resource: api, authorization_servers: ["https://login.example.com"], scopes_supported: ["tools", 7] }

const found = (pages: Readonly<Record<string, unknown>>, metadataUrl?: string, resource = api) => {
  const { asked, layer } = web(pages)
  return Effect.map(
    Effect.either(Effect.provide(ProtectedResource.discover(resource, { metadataUrl }), layer)),
    (outcome) => ({ asked, outcome })
  )
}

describe("ProtectedResource", () => {
  it.effect("is at the place of its path, at the root, or where the challenge says", () =>
    Effect.gen(function*() {
      const { outcome } = yield* found({ [place]: right })
      assert.deepStrictEqual(outcome._tag === "Right" ? outcome.right : outcome, {
        resource: api,
        authorizationServers: ["https://login.example.com"],
        scopes: ["tools"]
      })
      const atRoot = yield* found({ [root]: { ...right, resource: "https://api.example.com" } })
      assert.deepStrictEqual([atRoot.outcome._tag, atRoot.asked], ["Right", [place, root]])
      const elsewhere = "https://api.example.com/meta"
      assert.deepStrictEqual((yield* found({ [elsewhere]: right }, elsewhere)).asked, [elsewhere])
    }))

  it.effect("is the resource that was asked about, letter by letter, also with a query", () =>
    Effect.gen(function*() {
      const asked = `${api}?tenant=1`
      const at = (resource: string) =>
        Effect.map(
          found({ [`${place}?tenant=1`]: { ...right, resource } }, undefined, asked),
          ({ outcome }) => Either.isRight(outcome)
        )
      assert.isTrue(yield* at(asked))
      assert.isFalse(yield* at(`${api}?tenant=2`))
    }))

  it.effect("is at the root where the first place has a page, a redirect or another API's document", () =>
    Effect.gen(function*() {
      const faults = [
        new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
        new Response(null, { status: 302, headers: { location: "/login" } }),
        new Response("", { status: 500 }),
        { ...right, resource: "https://api.example.com/other" }
      ]
      for (const fault of faults) {
        const { outcome } = yield* found({ [place]: fault, [root]: { ...right, resource: "https://api.example.com" } })
        assert.strictEqual(outcome._tag, "Right")
      }
    }))

  it.effect("is about this API, of its own origin, and leads nowhere it should not", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<readonly [unknown, (string | undefined)?, string?]> = [
        [{ ...right, resource: "https://evil.example/mcp" }],
        [{ ...right, resource: "https://api.example.com/mc" }],
        [{ ...right, resource: "https://api.example.com/mcp/below" }],
        [{ ...right, resource: "https://api.example.com.evil.example/mcp" }],
        [{ ...right, resource: undefined }],
        [{ ...right, authorization_servers: [] }],
        [{ ...right, authorization_servers: ["http://login.example.com"] }],
        [{ ...right, authorization_servers: ["https://127.0.0.1/"] }],
        [{ ...right, authorization_servers: ["https://login.example.com", "http://localhost:8080"] }],
        ["no object"],
        [new Response(null, { status: 302, headers: { location: "https://evil.example/" } })],
        [right, "https://evil.example/meta"],
        [right, "not a URL"],
        [right, undefined, "http://api.example.com/mcp"],
        [right, undefined, "file:///etc/passwd"]
      ]
      for (const [page, metadataUrl, resource] of wrong) {
        const { asked, outcome } = yield* found({ [place]: page }, metadataUrl, resource)
        assert.strictEqual(outcome._tag, "Left", JSON.stringify([page, metadataUrl, resource]))
        assert.notInclude(JSON.stringify(outcome), "evil", "nothing of the document is shown")
        for (const url of asked) assert.strictEqual(new URL(url).origin, "https://api.example.com")
      }
    }))
})

const metadata: ClientRegistration.Metadata = {
  clientName: "Example",
  redirectUris: [fixtures.redirectUri],
  authentication: "client_secret_post",
  more: { client_name: "another", software_id: "x" }
}

const key = { id: "k1", key: Redacted.make(new Uint8Array(32).fill(7)) }

describe("ClientRegistration", () => {
  it.scoped("registers once for all who share the store, and the client signs people in", () =>
    Effect.gen(function*() {
      const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
      const resource = yield* ProtectedResource.discover(`${sandbox.issuer}/api`)
      const server = yield* OAuth2Server.discovered(resource.authorizationServers[0])
      const [one, other] = [
        yield* ClientRegistration.make(server, metadata),
        yield* ClientRegistration.make(server, metadata)
      ]
      const all = yield* Effect.all([one.client, other.client, one.client], { concurrency: "unbounded" })
      assert.strictEqual(new Set(all.map(({ clientId }) => clientId)).size, 1)
      const sent = (yield* sandbox.log).filter(({ path }) => path === "/register")
      assert.strictEqual(sent.length, 1)
      const [registered] = all
      assert.strictEqual(registered.authentication.method, "client_secret_post")
      const client = yield* OAuth2Client.make({ server, ...registered, scopes: ["read"], origins: [sandbox.issuer] })
      const auth = yield* AuthService.make(AuthorizationCode.provider(client))
      const credentials = yield* fixtures.code({ client_id: registered.clientId, scope: "read" })
      yield* auth.signIn(credentials)
      yield* auth.refresh
      const again = yield* one.again
      assert.notStrictEqual(again.clientId, registered.clientId)
      assert.strictEqual((yield* (yield* ClientRegistration.make(server, metadata)).client).clientId, again.clientId)
    }).pipe(Effect.provide(Layer.merge(fixtures.world(), TokenStore.layerMemory))))

  it.scoped("keeps the answer sealed, and says what the server refuses", () =>
    Effect.gen(function*() {
      const kept: Array<string> = []
      const memory = yield* TokenStore.makeMemory
      const spied: TokenStore.Service = {
        ...memory,
        compareAndSet: (key, expected, next) => {
          kept.push(JSON.stringify([next, next.tokens === undefined ? "" : Redacted.value(next.tokens.accessToken)]))
          return memory.compareAndSet(key, expected, next)
        }
      }
      const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
      const server = yield* OAuth2Server.discovered(sandbox.issuer)
      const sealed = yield* EncryptedTokenStore.make([key])(spied)
      const make = (more: Partial<ClientRegistration.Metadata> = {}) =>
        Effect.provideService(
          ClientRegistration.make(server, { ...metadata, ...more }),
          TokenStore.TokenStore,
          sealed
        )
      const { secret } = yield* (yield* make()).client
      const text = kept.join("\n")
      assert.isAbove(text.length, 100)
      assert.notInclude(text, secret === undefined ? "?" : Redacted.value(secret))
      assert.notInclude(
        text,
        Buffer.from(secret === undefined ? "?" : Redacted.value(secret)).toString("base64url").slice(2, -2)
      )
      const refused = yield* Effect.flip((yield* make({ redirectUris: ["no URL"] })).client)
      assert.deepInclude(refused, { _tag: "AuthMisconfigured", reason: "client", error: "invalid_redirect_uri" })
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("registers once where the answer has a client id, and null, empty or unreadable members beside it", () =>
    Effect.gen(function*() {
      const answers = [
        { client_secret: null, client_secret_expires_at: null, token_endpoint_auth_method: null },
        { client_secret: "", client_secret_expires_at: "never" },
        { client_secret: 17, client_secret_expires_at: "0", token_endpoint_auth_method: ["none"] },
        { client_secret: "text", client_secret_expires_at: true },
        { client_secret: "text", client_secret_expires_at: [1] },
        { client_secret: "text", client_secret_expires_at: { valueOf: "no function", toString: "no function" } },
        { client_secret: "text", token_endpoint_auth_method: { long: "x".repeat(100_000) } }
      ]
      for (const more of answers) {
        const store = yield* TokenStore.makeMemory
        let registered = 0
        const httpClient = HttpClient.make((request) =>
          Effect.sync(() =>
            HttpClientResponse.fromWeb(
              request,
              Response.json({ client_id: `c${++registered}`, ...more }, { status: 201 })
            )
          )
        )
        const { client } = yield* Effect.flatMap(
          OAuth2Server.make({
            ...OAuth2Sandbox.metadata(),
            registrationEndpoint: "https://login.example.com/register"
          }),
          (server) => ClientRegistration.make(server, metadata)
        ).pipe(
          Effect.provideService(HttpClient.HttpClient, httpClient),
          Effect.provideService(TokenStore.TokenStore, store)
        )
        const [first, second] = [yield* client, yield* client]
        assert.deepStrictEqual([first.clientId, second.clientId], ["c1", "c1"])
        const hasSecret = more.client_secret === "text"
        assert.strictEqual(first.secret !== undefined, hasSecret)
        assert.strictEqual(first.authentication.method, hasSecret ? "client_secret_basic" : "none")
      }
    }))

  it("a document says what a registration says, and its URL is the client", () => {
    assert.deepStrictEqual(
      ClientRegistration.document("https://app.example.com/client.json", {
        clientName: "Example",
        redirectUris: ["https://app.example.com/cb"],
        scopes: ["a", "b"],
        more: { client_id: "another", logo_uri: "https://app.example.com/logo" }
      }),
      {
        logo_uri: "https://app.example.com/logo",
        client_id: "https://app.example.com/client.json",
        client_name: "Example",
        redirect_uris: ["https://app.example.com/cb"],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
        scope: "a b"
      }
    )
  })
})
