/** The single-page application of the examples, in headless Chromium against oidc-provider on another origin. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Http from "node:http"
import { fileURLToPath } from "node:url"
import type { Page } from "playwright-core"
import { bundlePage, isSkipped } from "../../support/browser.ts"
import { listen } from "../../support/loopback.ts"
import { serve } from "../../support/oidcProvider.ts"
import { browser, consent, intercepted } from "./chromium.ts"

const documentOf = (script: string, settings: object) =>
  `<!doctype html><meta charset="utf-8"><title>Example</title><output></output>
<button id="sign-in">Sign in</button><button id="profile">Profile</button><button id="sign-out">Sign out</button>
<script>globalThis.settings = ${JSON.stringify(settings)}</script><script>${script}</script>`

/** Serves the page on `localhost`; the server of its tokens is on `127.0.0.1`. */
const start = Effect.gen(function*() {
  const script = yield* Effect.promise(() => bundlePage(fileURLToPath(new URL("page.ts", import.meta.url))))
  const settings = { issuer: "", api: "", clientId: "spa" }
  const server = Http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end(documentOf(script, settings))
  })
  const origin = yield* Effect.acquireRelease(
    Effect.promise(() => listen(server)),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )
  const url = `http://localhost:${new URL(origin).port}/`
  const provider = yield* serve([{
    client_id: "spa",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    redirect_uris: [url]
  }])
  settings.issuer = settings.api = provider.issuer
  return { ...provider, url, browser: yield* browser }
})

const shows = (page: Page, text: string) => page.waitForSelector(`output:has-text(${JSON.stringify(text)})`)

const count = (requests: ReadonlyArray<string>, request: string) => requests.filter((one) => one === request).length

describe.skipIf(isSkipped)("the single-page application of the examples", () => {
  it.scopedLive(
    "signs a person in, is still signed in after a reload and in another tab, and signs out",
    () =>
      Effect.gen(function*() {
        const { browser, requests, url } = yield* start
        const { context, page } = yield* browser.person
        yield* Effect.promise(async () => {
          await page.goto(`${url}orders?page=2#last`)
          await shows(page, "Signed out")
          await page.click("#sign-in")
          await consent(page)
          await shows(page, `"sub":"ola"`)
          assert.strictEqual(page.url(), `${url}orders?page=2#last`, "no code and no state, and back where it was")
          assert.strictEqual(await page.evaluate(() => sessionStorage.length), 0, "nothing of the sign-in is left")

          await page.reload()
          await shows(page, `"sub":"ola"`)
          const other = await context.newPage()
          await other.goto(url)
          await shows(other, `"sub":"ola"`)
          assert.strictEqual(count(requests, "POST /token"), 1, "one sign-in for all tabs")

          await page.click("#sign-out")
          await shows(page, "Signed out")
          assert.isAbove(count(requests, "POST /token/revocation"), 0)
          await other.click("#profile")
          await shows(other, "Signed out")
        })
      }),
    60_000
  )

  it.scopedLive(
    "a response that this tab did not ask for signs nobody in, and is out of the address bar",
    () =>
      Effect.gen(function*() {
        const { browser, requests, url } = yield* start
        const attacker = yield* browser.person
        const victim = yield* browser.person
        yield* Effect.promise(async () => {
          await attacker.page.goto(url)
          await shows(attacker.page, "Signed out")
          const response = await intercepted(attacker.page, "/")
          await attacker.page.click("#sign-in")
          await consent(attacker.page)
          const stolen = await response()

          // Another browser, and a tab of the attacker's own browser that began a sign-in of its own.
          const second = await attacker.context.newPage()
          for (const page of [victim.page, second]) {
            await page.goto(stolen)
            await shows(page, "That did not work: TokenRequestRejected")
            assert.strictEqual(page.url(), url)
          }
          assert.strictEqual(count(requests, "POST /token"), 0, "no code was sent on")

          await attacker.page.goto(stolen)
          await shows(attacker.page, `"sub":"ola"`)
          await attacker.page.goto(stolen)
          await shows(attacker.page, "That did not work: TokenRequestRejected")
          assert.strictEqual(count(requests, "POST /token"), 1, "a response works once")
        })
      }),
    60_000
  )
})
