/** The web application of the examples, in headless Chromium against oidc-provider. */
import * as WebApplication from "@effect-auth/examples/oauth2/web-application"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import { isSkipped } from "../../support/browser.ts"
import { freePort, serve } from "../../support/oidcProvider.ts"
import { browser, consent, intercepted } from "./chromium.ts"

/** The application on one site, the server on another: `localhost` and `127.0.0.1` share no cookies. */
const start = Effect.gen(function*() {
  const port = yield* freePort
  const baseUrl = `http://localhost:${port}`
  const provider = yield* serve([{
    client_id: "web",
    client_secret: "a-secret-of-the-web-application",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    redirect_uris: [`${baseUrl}/auth/callback`]
  }])
  const environment = ConfigProvider.fromMap(
    new Map([
      ["ISSUER", provider.issuer],
      ["CLIENT_ID", "web"],
      ["CLIENT_SECRET", "a-secret-of-the-web-application"],
      ["BASE_URL", baseUrl],
      ["API_URL", provider.issuer]
    ])
  )
  yield* WebApplication.Application.pipe(
    Layer.provide(NodeHttpServer.layer(() => Http.createServer(), { port, host: "127.0.0.1" })),
    Layer.provide(Layer.setConfigProvider(environment)),
    Layer.build
  )
  return { ...provider, baseUrl, browser: yield* browser }
})

const count = (requests: ReadonlyArray<string>, request: string) => requests.filter((one) => one === request).length

describe.skipIf(isSkipped)("the web application of the examples", () => {
  it.scopedLive("signs a person in, calls the API, survives a reload, and signs out", () =>
    Effect.gen(function*() {
      const { baseUrl, browser, requests } = yield* start
      const { context, page } = yield* browser.person
      yield* Effect.promise(async () => {
        await page.goto(`${baseUrl}/`)
        await page.click("text=Sign in")
        await consent(page)
        await page.waitForURL(`${baseUrl}/profile`)
        assert.include(await page.textContent("body"), `"sub":"ola"`)
        const cookies = await context.cookies(baseUrl)
        assert.deepStrictEqual(cookies.map(({ name }) => name), ["visitor"], "the cookie of the sign-in is gone")
        assert.deepInclude(cookies[0], { httpOnly: true, sameSite: "Lax" })

        await page.reload()
        assert.include(await page.textContent("body"), `"sub":"ola"`)
        assert.strictEqual(count(requests, "POST /token"), 1, "a reload needs no other token")
        assert.notInclude(JSON.stringify(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))), "token")

        await page.goto(`${baseUrl}/`)
        await page.click("text=Sign out")
        await page.waitForSelector("text=Sign in")
        assert.deepStrictEqual(await context.cookies(baseUrl), [])
        assert.isAbove(count(requests, "POST /token/revocation"), 0)
        await page.goto(`${baseUrl}/profile`)
        assert.strictEqual(new URL(page.url()).hostname, "127.0.0.1", "whoever has no session is sent to sign in")
      })
    }), 60_000)

  it.scopedLive(
    "a callback with another state, and one in another browser, sign nobody in and use nothing up",
    () =>
      Effect.gen(function*() {
        const { baseUrl, browser, requests } = yield* start
        const attacker = yield* browser.person
        const victim = yield* browser.person
        yield* Effect.promise(async () => {
          const callback = await intercepted(attacker.page, "/auth/callback")
          await attacker.page.goto(`${baseUrl}/auth/login?returnTo=/profile`)
          await consent(attacker.page)
          const url = await callback()
          const forged = new URL(url)
          forged.searchParams.set("state", "a-state-of-its-own")
          for (const [who, address] of [[victim, url], [victim, forged.href], [attacker, forged.href]] as const) {
            const answer = await who.page.goto(address)
            assert.strictEqual(answer?.status(), 400, address)
            assert.include(await who.page.textContent("body"), "could not be finished")
          }
          assert.deepStrictEqual(await victim.context.cookies(baseUrl), [])
          assert.strictEqual(count(requests, "POST /token"), 0, "no code was sent on")

          await attacker.page.goto(url)
          assert.strictEqual(attacker.page.url(), `${baseUrl}/profile`)
          assert.include(await attacker.page.textContent("body"), `"sub":"ola"`)
          const again = await attacker.page.goto(url)
          assert.strictEqual(again?.status(), 400, "the second time")
        })
      }),
    60_000
  )
})
