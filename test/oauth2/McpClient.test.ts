/** The session of an MCP client, under the official SDK's own client and server. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientRegistration from "@effect-auth/oauth2/ClientRegistration"
import * as McpClient from "@effect-auth/oauth2/McpClient"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as ProtectedResource from "@effect-auth/oauth2/ProtectedResource"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { type OAuthClientProvider, UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startServer, visit } from "./mcp.ts"

const world = Layer.merge(FetchHttpClient.layer, TokenStore.layerMemory)

const server = (lifetime = 3600) =>
  Effect.acquireRelease(Effect.promise(() => startServer({ lifetime })), ({ close }) => Effect.sync(close))

const redirectUri = "http://127.0.0.1:9/callback"

/** All that is known at first is the URL of the MCP server. */
const sessionAt = Effect.fnUntraced(function*(url: string) {
  const { authorizationServers, resource, scopes } = yield* ProtectedResource.discover(url)
  const where = yield* OAuth2Server.discovered(authorizationServers[0])
  const registration = yield* ClientRegistration.make(where, { clientName: "test", redirectUris: [redirectUri] })
  const client = yield* OAuth2Client.make({
    name: "mcp",
    server: where,
    ...(yield* registration.client),
    scopes: scopes ?? [],
    resources: [resource],
    origins: [new URL(url).origin]
  })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
  const opened: Array<string> = []
  const mcp = yield* McpClient.make(auth, client, {
    clientName: "test",
    redirectUri,
    redirect: (url) => Effect.sync(() => void opened.push(url))
  })
  // The SDK's own type: a member that it wants and we don't have does not compile.
  const authProvider: OAuthClientProvider = mcp.authProvider
  const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider, fetch: mcp.fetch })
  return { auth, client, mcp, opened, transport }
})

const connect = async (transport: StreamableHTTPClientTransport) => {
  const client = new Client({ name: "test", version: "1.0.0" })
  await client.connect(transport)
  return client
}

const whoami = async (client: Client) => JSON.stringify((await client.callTool({ name: "whoami" })).content)

/** Signs in by the SDK's own way. */
const signedIn = Effect.fnUntraced(function*(session: Effect.Effect.Success<ReturnType<typeof sessionAt>>) {
  const first = session.transport()
  const refused = yield* Effect.promise(() => connect(first).catch((error: unknown) => error))
  assert.instanceOf(refused, UnauthorizedError)
  const parameters = yield* Effect.promise(() => visit(session.opened.at(-1) ?? ""))
  const code = yield* session.mcp.codeOf(parameters)
  yield* Effect.promise(() => first.finishAuth(code))
  return { client: yield* Effect.promise(() => connect(session.transport())), parameters }
})

describe("McpClient", () => {
  it.scopedLive(
    "from the URL of a server to a tool: discovery, registration, sign-in, a call",
    () =>
      Effect.gen(function*() {
        const { counts, url } = yield* server()
        const session = yield* sessionAt(url)
        const { client } = yield* signedIn(session)
        assert.include(yield* Effect.promise(() => whoami(client)), "known")
        assert.deepInclude(counts, { registrations: 1, codes: 1, refreshes: 0 })
        assert.strictEqual((yield* session.auth.state)._tag, "Active")
        const handed = yield* Effect.promise(async () => session.mcp.authProvider.tokens())
        assert.isUndefined(handed?.refresh_token, "the SDK can't spend what it does not have")
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive(
    "a token that the server rejects is renewed by the session, once, and no person is asked",
    () =>
      Effect.gen(function*() {
        const { counts, forgetAccess, url } = yield* server()
        const session = yield* sessionAt(url)
        const { client } = yield* signedIn(session)
        // A token of the last second may not be known to the server yet, and is tried again first.
        yield* Effect.sleep("1200 millis")
        forgetAccess()
        const answers = yield* Effect.promise(() => Promise.all(Array.from({ length: 5 }, () => whoami(client))))
        assert.strictEqual(answers.filter((text) => text.includes("known")).length, 5)
        assert.deepInclude(counts, { refreshes: 1, reuses: 0 })
        assert.strictEqual(session.opened.length, 1)
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive("a server that refuses every token is no reason to ask a person", () =>
    Effect.gen(function*() {
      const { fault, url } = yield* server()
      const session = yield* sessionAt(url)
      const { client } = yield* signedIn(session)
      yield* Effect.sleep("1200 millis")
      fault.refusesAll = true
      const error = yield* Effect.promise(() => whoami(client).catch((error: unknown) => error))
      assert.propertyVal(error, "_tag", "AccessTokenRejected")
      assert.strictEqual(session.opened.length, 1)
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive("a response is read once, and only with the state of this sign-in", () =>
    Effect.gen(function*() {
      const { counts, url } = yield* server()
      const session = yield* sessionAt(url)
      const refused = (parameters: URLSearchParams) =>
        Effect.map(Effect.flip(session.mcp.codeOf(parameters)), ({ _tag }) =>
          assert.strictEqual(_tag, "TokenRequestRejected"))
      yield* refused(new URLSearchParams({ code: "stolen", state: "" }))
      yield* refused(new URLSearchParams({ code: "stolen" }))
      yield* Effect.promise(() =>
        connect(session.transport()).catch(() => undefined)
      )
      const parameters = yield* Effect.promise(() => visit(session.opened[0] ?? ""))
      yield* refused(new URLSearchParams({ code: "stolen", state: "another" }))
      yield* refused(new URLSearchParams([...parameters, ["state", "another"]]))
      yield* session.mcp.codeOf(parameters)
      yield* refused(parameters)
      assert.strictEqual(counts.codes, 0)
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive("no other origin gets a token of the session; what carries none is sent", () =>
    Effect.gen(function*() {
      const { url } = yield* server()
      const session = yield* sessionAt(url)
      yield* signedIn(session)
      const sent: Array<string> = []
      const { authProvider, fetch } = yield* McpClient.make(session.auth, session.client, {
        clientName: "test",
        redirectUri,
        redirect: () => Effect.void,
        fetch: async (input) => {
          sent.push(String(input))
          return new Response()
        }
      })
      const tokens = yield* Effect.promise(() => authProvider.tokens())
      const init = { headers: { authorization: `bearer ${tokens?.access_token}` } }
      for (
        const place of ["https://evil.example/", new URL("https://evil.example/mcp"), url.replace("http:", "https:")]
      ) {
        const error = yield* Effect.promise(() => fetch(place, init).catch((error: unknown) => error))
        assert.propertyVal(error, "_tag", "AuthMisconfigured")
        assert.propertyVal(error, "reason", "origin")
      }
      assert.deepStrictEqual(sent, [])
      yield* Effect.promise(() => fetch("https://login.example/"))
      yield* Effect.promise(() => fetch(url, init))
      assert.deepStrictEqual(sent, ["https://login.example/", url])
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive("a server that is away is no reason to ask a person", () =>
    Effect.gen(function*() {
      const { close, url } = yield* server(1)
      const session = yield* sessionAt(url)
      yield* signedIn(session)
      yield* Effect.sleep("1500 millis")
      close()
      const error = yield* Effect.promise(async () =>
        session.mcp.authProvider.tokens().catch((error: unknown) => error)
      )
      assert.propertyVal(error, "_tag", "ProviderUnavailable")
      assert.strictEqual(session.opened.length, 1)
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive("a step-up of the SDK asks for what was missing and what is there", () =>
    Effect.gen(function*() {
      const { url } = yield* server()
      const session = yield* sessionAt(url)
      yield* signedIn(session)
      yield* Effect.promise(async () => session.mcp.authProvider.tokens())
      yield* Effect.promise(async () =>
        session.mcp.authProvider.redirectToAuthorization(new URL("https://login.example.com/?scope=admin"))
      )
      assert.strictEqual(new URL(session.opened.at(-1) ?? "").searchParams.get("scope"), "tools admin")
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive(
    "a server that leaves out `scope` gave what was asked for: a later step-up asks for it, too",
    () =>
      Effect.gen(function*() {
        const { url } = yield* server()
        const { auth, mcp, opened } = yield* sessionAt(url)
        for (const scope of ["one", "two"]) {
          yield* Effect.promise(async () => {
            await mcp.authProvider.redirectToAuthorization(new URL(`https://login.example.com/?scope=${scope}`))
            await mcp.authProvider.codeVerifier()
            await mcp.authProvider.saveTokens({ access_token: `token-${scope}-0123456789`, token_type: "Bearer" })
            await mcp.authProvider.tokens()
          })
        }
        assert.strictEqual(new URL(opened.at(-1) ?? "").searchParams.get("scope"), "tools one two")
        assert.deepStrictEqual((yield* auth.accessToken).scopes, ["tools", "one", "two"])
      }).pipe(Effect.provide(world)),
    60_000
  )
})
