/** @node-oauth/oauth2-server: a server we did not write; refresh tokens rotate, and a spent one ends the grant. */
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as ClientAuthentication from "@effect-auth/oauth2/ClientAuthentication"
import * as ClientCredentials from "@effect-auth/oauth2/ClientCredentials"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as RefreshToken from "@effect-auth/oauth2/RefreshToken"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert, describe, it } from "@effect/vitest"
import NodeOAuthServer from "@node-oauth/oauth2-server"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Http from "node:http"
import { listen } from "../support/loopback.ts"

const secret = Redacted.make("a secret:with %20 odd+letters")
const redirectUri = "https://app.example.com/callback"
const verifier = "a-verifier-that-is-long-enough-for-rfc-7636-43"

/** What the server remembers. Its model is ours to write; every rule of the protocol is the server's. */
const makeModel = () => {
  const client = {
    id: "service",
    grants: ["authorization_code", "refresh_token", "client_credentials"],
    redirectUris: [redirectUri]
  }
  const user = { id: "ola" }
  const codes = new Map<string, NodeOAuthServer.AuthorizationCode>()
  const access = new Map<string, NodeOAuthServer.Token>()
  const refresh = new Map<string, NodeOAuthServer.RefreshToken>()
  const spent = new Set<string>()
  const counts = { reuses: 0 }
  const model:
    & NodeOAuthServer.AuthorizationCodeModel
    & NodeOAuthServer.RefreshTokenModel
    & NodeOAuthServer.ClientCredentialsModel = {
      getClient: async (id, given) =>
        id === client.id && (given === null || given === Redacted.value(secret)) ? client : undefined,
      getUserFromClient: async () => user,
      saveAuthorizationCode: async (code, of, by) => {
        const kept = { ...code, client: of, user: by }
        codes.set(code.authorizationCode, kept)
        return kept
      },
      getAuthorizationCode: async (code) => codes.get(code),
      revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
      saveToken: async (token, of, by) => {
        const kept = { ...token, client: of, user: by }
        access.set(token.accessToken, kept)
        if (token.refreshToken !== undefined) {
          refresh.set(token.refreshToken, { ...kept, refreshToken: token.refreshToken })
        }
        return kept
      },
      getAccessToken: async (token) => access.get(token),
      getRefreshToken: async (token) => {
        if (spent.has(token)) {
          counts.reuses++
          refresh.clear()
          access.clear()
        }
        return refresh.get(token)
      },
      revokeToken: async ({ refreshToken }) => {
        spent.add(refreshToken)
        return refresh.delete(refreshToken)
      },
      validateScope: async (_, __, scope) => scope ?? ["read"],
      verifyScope: async () => true
    }
  return { counts, model, user }
}

const bodyOf = async (request: Http.IncomingMessage): Promise<string> => {
  let text = ""
  for await (const piece of request) text += String(piece)
  return text
}

const startServer = Effect.acquireRelease(
  Effect.promise(async () => {
    const { counts, model, user } = makeModel()
    const oauth = new NodeOAuthServer({ model, accessTokenLifetime: 600, alwaysIssueNewRefreshToken: true })
    const asked: Array<string> = []
    /** Cuts the connection instead of answering, once, after the server has done its work. */
    const fault = { isNext: false }
    const server = Http.createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://127.0.0.1")
      const handle = async () => {
        const form = Object.fromEntries(new URLSearchParams(await bodyOf(request)))
        const headers = Object.fromEntries(
          Object.entries(request.headers).map(([name, value]) => [name, String(value)])
        )
        const given = new NodeOAuthServer.Request({
          headers,
          method: request.method ?? "GET",
          query: Object.fromEntries(url.searchParams),
          body: form
        })
        const answer = new NodeOAuthServer.Response({ headers: {} })
        try {
          if (url.pathname === "/authorize") {
            await oauth.authorize(given, answer, { authenticateHandler: { handle: () => user } })
          } else if (url.pathname === "/token") {
            asked.push(form["grant_type"] ?? "")
            await oauth.token(given, answer)
          } else await oauth.authenticate(given, answer)
        } catch {
          // What it refuses stands in the answer.
        }
        if (fault.isNext) {
          fault.isNext = false
          request.socket.destroy()
          return
        }
        response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers })
        response.end(JSON.stringify(answer.body ?? {}))
      }
      void handle()
    })
    const issuer = await listen(server)
    return { asked, counts, fault, issuer, server }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)

const clientAt = (
  issuer: string,
  authentication: (secret: Redacted.Redacted) => ClientAuthentication.ClientAuthentication
) =>
  Effect.flatMap(
    OAuth2Server.make({ issuer, tokenEndpoint: `${issuer}/token`, authorizationEndpoint: `${issuer}/authorize` }),
    (server) =>
      OAuth2Client.make({
        server,
        clientId: "service",
        authentication: authentication(secret),
        scopes: ["read"],
        origins: [issuer]
      })
  )

const codeAt = (issuer: string) =>
  Effect.promise(async () => {
    const url = new URL(`${issuer}/authorize`)
    url.search = new URLSearchParams({
      response_type: "code",
      client_id: "service",
      redirect_uri: redirectUri,
      state: "state",
      scope: "read",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256"
    }).toString()
    const back = await fetch(url, { redirect: "manual" })
    const { searchParams } = new URL(back.headers.get("location") ?? "http://nowhere.example/")
    return { code: Redacted.make(searchParams.get("code") ?? ""), verifier: Redacted.make(verifier), redirectUri }
  })

const world = Layer.merge(FetchHttpClient.layer, TokenStore.layerMemory)

describe("@node-oauth/oauth2-server", () => {
  it.scopedLive(
    "a code with PKCE, three refreshes by many callers, a code that comes twice",
    () =>
      Effect.gen(function*() {
        const { asked, counts, issuer } = yield* startServer
        const client = yield* clientAt(issuer, ClientAuthentication.post)
        const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
        const credentials = yield* codeAt(issuer)
        yield* auth.signIn(credentials)
        for (let round = 0; round < 3; round++) {
          const all = yield* Effect.all(Array.from({ length: 20 }, () => auth.refresh), { concurrency: "unbounded" })
          assert.strictEqual(new Set(all.map(({ value }) => Redacted.value(value))).size, 1)
        }
        assert.deepStrictEqual(asked, ["authorization_code", "refresh_token", "refresh_token", "refresh_token"])
        assert.strictEqual(counts.reuses, 0)
        const again = yield* Effect.flip(AuthorizationCode.provider(client).signIn(credentials))
        assert.deepInclude(again, { kind: "terminal", error: "invalid_grant" })
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive("a wrong verifier is refused, and a code of somebody else is of no use", () =>
    Effect.gen(function*() {
      const { issuer } = yield* startServer
      const client = yield* clientAt(issuer, ClientAuthentication.post)
      const stolen = yield* codeAt(issuer)
      const failure = yield* Effect.flip(
        AuthorizationCode.provider(client).signIn({ ...stolen, verifier: Redacted.make(`${verifier}-another`) })
      )
      assert.deepInclude(failure, { kind: "terminal", error: "invalid_grant" })
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive(
    "an answer that is lost leaves the live token in use, and the spent one is not sent while it lives",
    () =>
      Effect.gen(function*() {
        const { counts, fault, issuer } = yield* startServer
        const client = yield* clientAt(issuer, ClientAuthentication.post)
        const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
        const token = yield* auth.signIn(yield* codeAt(issuer))
        fault.isNext = true
        yield* Effect.either(auth.refresh)
        assert.strictEqual(Redacted.value((yield* auth.accessToken).value), Redacted.value(token.value))
        assert.strictEqual(counts.reuses, 0)
      }).pipe(Effect.provide(world)),
    60_000
  )

  it.scopedLive("a spent refresh token ends the grant, and the session says so", () =>
    Effect.gen(function*() {
      const { counts, issuer } = yield* startServer
      const client = yield* clientAt(issuer, ClientAuthentication.post)
      const sent: Array<Redacted.Redacted<string>> = []
      const provider = AuthorizationCode.provider(client)
      const auth = yield* AuthService.make({
        ...provider,
        refresh: (token, previous) => {
          sent.push(token)
          return provider.refresh!(token, previous)
        }
      }, { refresh: { mode: "onDemand" } })
      yield* auth.signIn(yield* codeAt(issuer))
      yield* auth.refresh
      const thief = yield* Effect.flip(RefreshToken.provider(client).signIn({ refreshToken: sent[0]! }))
      assert.deepInclude(thief, { kind: "terminal", error: "invalid_grant" })
      assert.strictEqual(counts.reuses, 1)
      assert.strictEqual((yield* Effect.flip(auth.refresh))._tag, "RefreshTokenRejected")
    }).pipe(Effect.provide(world)), 60_000)

  it.scopedLive(
    "a machine: it wants its secret unencoded in the header, and says so of a wrong one",
    () =>
      Effect.gen(function*() {
        const { issuer } = yield* startServer
        const client = yield* clientAt(issuer, ClientAuthentication.basicUnencoded)
        const auth = yield* AuthService.make(ClientCredentials.provider(client), { credentials: Effect.void })
        const token = yield* auth.accessToken
        assert.deepStrictEqual(token.scopes, ["read"])
        const wrong = yield* clientAt(issuer, () => ClientAuthentication.post(Redacted.make("wrong")))
        const failure = yield* Effect.flip(ClientCredentials.provider(wrong).signIn())
        assert.deepInclude(failure, { kind: "config", reason: "client" })
      }).pipe(Effect.provide(world)),
    60_000
  )
})
