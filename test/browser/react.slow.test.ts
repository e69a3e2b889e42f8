/** The hook and the component of docs/guides/react.md in headless Chromium. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { bundlePage, isSkipped, launch } from "../support/browser.ts"
import type { ReactPage } from "./reactPage.ts"

const call = (page: Page, name: keyof ReactPage) =>
  page.evaluate(
    (name) => (globalThis as unknown as { page: Record<string, () => unknown> }).page[name]!(),
    name as string
  )

describe.skipIf(isSkipped)("a session in a React component", () => {
  let browser: Browser
  let pages: http.Server

  beforeAll(async () => {
    const script = await bundlePage(fileURLToPath(new URL("reactPage.ts", import.meta.url)))
    pages = http.createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(`<body><script>${script}</script></body>`)
    })
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve))
    browser = await launch()
  })

  afterAll(async () => {
    await browser?.close()
    pages?.closeAllConnections()
    await new Promise((resolve) => pages === undefined ? resolve(undefined) : pages.close(resolve))
  })

  it("shows each state as it comes, and listens no more when it is gone", async () => {
    const page = await browser.newPage()
    const faults: Array<string> = []
    page.on("pageerror", (error) => faults.push(error.message))
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`)
    const shows = (text: string) => page.locator("main", { hasText: text }).waitFor({ timeout: 10_000 })
    const press = (name: string) => page.getByRole("button", { name }).click()

    await press("Sign in")
    await shows("Signed in.")
    await press("Sign out")
    await page.getByRole("button", { name: "Sign in" }).waitFor({ timeout: 10_000 })
    assert.strictEqual(await page.locator("main").innerText(), "Sign in")

    await press("Sign in")
    await shows("Signed in.")
    await call(page, "end")
    await shows("Your session has ended. Sign in")

    await call(page, "unmount")
    assert.strictEqual(await page.locator("main").innerText(), "")
    assert.deepStrictEqual(faults, [])
  })
})
