/**
 * A response by `form_post` in headless Chromium: oidc-provider posts it from its own page to an application on another
 * site, over plain http on this machine.
 */
import * as AuthSessions from "@effect-auth/core/AuthSessions"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as AuthorizationRoutes from "@effect-auth/oauth2/AuthorizationRoutes"
import * as OAuth2Client from "@effect-auth/oauth2/OAuth2Client"
import * as OAuth2Server from "@effect-auth/oauth2/OAuth2Server"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import { browser, consent } from "../examples/oauth2/chromium.ts"
import { isSkipped } from "../support/browser.ts"
import { freePort, serve } from "../support/oidcProvider.ts"

const start = Effect.gen(function*() {
  const port = yield* freePort
  const baseUrl = `http://localhost:${port}`
  const { issuer } = yield* serve([{
    client_id: "web",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code"],
    response_types: ["code"],
    redirect_uris: [`${baseUrl}/auth/callback`]
  }])
  const client = yield* OAuth2Client.make({
    server: yield* OAuth2Server.discovered(issuer),
    clientId: "web",
    scopes: ["openid"],
    origins: [issuer]
  })
  const sessions = yield* AuthSessions.make(AuthorizationCode.provider(client))
  const routes = yield* AuthorizationRoutes.make({
    client,
    path: "/auth",
    baseUrl,
    sessions,
    responseMode: "form_post",
    account: ({ sub }) => Effect.succeed(sub),
    onSignedIn: ({ account, returnTo }) =>
      Effect.succeed(
        HttpServerResponse.empty({ status: 303, headers: { location: returnTo } }).pipe(
          HttpServerResponse.unsafeSetCookie("visitor", account, { httpOnly: true, sameSite: "lax", path: "/" })
        )
      )
  })
  const asked: Array<string> = []
  const app = HttpRouter.empty.pipe(
    HttpRouter.concat(routes),
    HttpRouter.get(
      "/home",
      Effect.map(
        HttpServerRequest.HttpServerRequest,
        ({ cookies }) => HttpServerResponse.text(`hello ${cookies["visitor"] ?? "nobody"}`)
      )
    ),
    HttpRouter.use((answer) =>
      Effect.zipRight(
        Effect.map(HttpServerRequest.HttpServerRequest, ({ method, url }) => void asked.push(`${method} ${url}`)),
        answer
      )
    )
  )
  yield* Layer.build(
    Layer.provide(HttpServer.serve(app), NodeHttpServer.layer(() => Http.createServer(), { port, host: "127.0.0.1" }))
  )
  return { baseUrl, asked, sessions, browser: yield* browser }
}).pipe(Effect.provide([FetchHttpClient.layer, TokenStore.layerMemory, PendingStore.layerMemory()]))

describe.skipIf(isSkipped)("form_post", () => {
  it.scopedLive("signs a person in across sites, and no URL holds the code", () =>
    Effect.gen(function*() {
      const { asked, baseUrl, browser, sessions } = yield* start
      const { context, page } = yield* browser.person
      yield* Effect.promise(async () => {
        await page.goto(`${baseUrl}/auth/login?returnTo=/home`)
        const [cookie] = await context.cookies(baseUrl)
        assert.deepInclude(cookie, { secure: true, sameSite: "None", httpOnly: true })
        await consent(page)
        await page.waitForURL(`${baseUrl}/home`)
        assert.strictEqual(await page.textContent("body"), "hello ola", "a Lax cookie is set on the way")
        assert.deepStrictEqual((await context.cookies(baseUrl)).map(({ name }) => name), ["visitor"])
      })
      assert.deepStrictEqual(asked, ["GET /auth/login?returnTo=/home", "POST /auth/callback", "GET /home"])
      yield* (yield* sessions.get("ola")).accessToken
    }), 60_000)
})
