/** People at headless browsers who sign in at oidc-provider. */
import * as Effect from "effect/Effect"
import type { Page } from "playwright-core"
import { launch } from "../../support/browser.ts"

/** A browser; each call of `person` is somebody else, with cookies of their own. */
export const browser = Effect.map(
  Effect.acquireRelease(Effect.promise(() => launch()), (browser) => Effect.promise(() => browser.close())),
  (browser) => ({
    person: Effect.promise(async () => {
      const context = await browser.newContext()
      // The server's pages name a font of the web, and there is none here.
      await context.route((url) => !["127.0.0.1", "localhost"].includes(url.hostname), (route) => route.abort())
      return { context, page: await context.newPage() }
    })
  })
)

/** Says who it is, and yes. Ends where the server sends the browser. */
export const consent = async (page: Page): Promise<void> => {
  await page.fill("input[name=login]", "ola")
  await page.fill("input[name=password]", "any")
  await page.click("button[type=submit]")
  await page.waitForSelector("text=Authorize")
  await page.click("button[type=submit]")
}

/** Stops the browser before the next page of that path, and gives its URL: what an attacker would send to a victim. */
export const intercepted = async (page: Page, path: string): Promise<() => Promise<string>> => {
  // Playwright's own routes see no redirects.
  const session = await page.context().newCDPSession(page)
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `*${path}\\?*` }] })
  const url = new Promise<string>((resolve) => {
    session.once("Fetch.requestPaused", async ({ request, requestId }) => {
      await session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" })
      await session.detach()
      resolve(request.url)
    })
  })
  return () => url
}
