/** The pages of `effect-auth sandbox` in Chromium: each first call works as the page opens, and nothing is loaded from elsewhere. */
import * as ChildProcess from "node:child_process"
import type { Browser } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { isSkipped, launch } from "../support/browser.ts"
import { patience, program } from "./program.ts"

interface Served {
  readonly provider: string
  readonly docs: string
  readonly url: string
}

/** A protected call of each provider that needs no input but the token. */
const protectedCalls: Readonly<Record<string, string>> = {
  placewise: "/v3/{slug}/members/me",
  priava: "/api/rest/v2/contact/get",
  pitchpoint: "/riskinsight-services-ws/resources/v1/orders/query",
  "wallet-app": "/brands"
}

describe.skipIf(isSkipped)("the pages of the sandboxes", () => {
  let browser: Browser
  let child: ChildProcess.ChildProcess
  let servers: ReadonlyArray<Served> = []

  beforeAll(async () => {
    browser = await launch()
    child = ChildProcess.spawn(process.execPath, [...program, "sandbox", "--json"], {
      stdio: ["ignore", "pipe", "ignore"]
    })
    let text = ""
    for await (const chunk of child.stdout ?? []) {
      text += String(chunk)
      if (text.endsWith("\n")) break
    }
    servers = JSON.parse(text)
  }, patience)

  afterAll(async () => {
    child?.kill("SIGKILL")
    await browser?.close()
  })

  it.each(["placewise", "priava", "pitchpoint", "wallet-app"])(
    "%s: the token call and a protected call",
    async (provider) => {
      const served = servers.find((one) => one.provider === provider)
      if (served === undefined) return assert.fail(`${provider} is served`)
      const page = await browser.newPage()
      const hosts = new Set<string>()
      const faults: Array<string> = []
      page.on("request", (request) => {
        if (!request.url().startsWith("data:")) hosts.add(new URL(request.url()).host)
      })
      page.on("pageerror", (error) => faults.push(error.message))
      await page.goto(served.docs)
      const answerOf = async (block: ReturnType<typeof page.locator>) => {
        await block.locator(".opblock-summary-control").first().click()
        await block.getByRole("button", { name: "Try it out" }).click()
        await block.getByRole("button", { name: "Execute" }).click()
        const status = block.locator(".live-responses-table .response-col_status").last()
        await status.waitFor()
        const body = await block.locator(".live-responses-table .microlight").first().innerText()
        return { status: (await status.innerText()).trim(), body }
      }
      const token = await answerOf(page.locator(".opblock").first())
      assert.strictEqual(token.status, "200", token.body)
      // The page shows the answer with the token in it; a person copies it from there.
      const [, bearer = ""] = /"(?:access_token|key|token)":\s*"([^"]+)"/.exec(token.body) ?? []
      await page.getByRole("button", { name: "Authorize" }).click()
      await page.locator(".auth-container input").first().fill(bearer)
      await page.locator(".auth-btn-wrapper .authorize").first().click()
      await page.locator(".auth-btn-wrapper .btn-done").first().click()
      const call = await answerOf(
        page.locator(".opblock", { has: page.locator(`[data-path="${protectedCalls[provider]}"]`) })
      )
      assert.strictEqual(call.status, "200", call.body)
      assert.deepStrictEqual([...hosts], [new URL(served.url).host])
      assert.deepStrictEqual(faults, [])
      await page.close()
    },
    90_000
  )
})
