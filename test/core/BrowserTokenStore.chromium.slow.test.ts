/** The store in the tabs of a real browser: Debian's `chromium`, driven by playwright-core. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { bundlePage, isSkipped, launch } from "../support/browser.ts"
import type { TestPage } from "./browserPage.ts"

/** Rotates refresh tokens and ends the session when one is spent twice. */
const makeServer = (script: string) => {
  const state = {
    accessSeconds: 2,
    issued: 0,
    ended: false,
    spent: [] as Array<string>,
    current: "first",
    /** The next exchange is taken and never answered. */
    holdNext: false,
    held: () => {}
  }
  const deadAt = new Map<string, number>()
  const token = (refreshToken: string, answer: (status: number, body: unknown) => void) => {
    if (state.holdNext) {
      state.holdNext = false
      return state.held()
    }
    state.spent.push(refreshToken)
    if (refreshToken !== state.current) state.ended = true
    if (state.ended) return answer(400, { error: "invalid_grant" })
    const n = ++state.issued
    state.current = `r${n}`
    deadAt.set(`a${n}`, performance.now() + state.accessSeconds * 1000)
    // The answer takes a moment, so that the other tabs need the token meanwhile.
    setTimeout(() => {
      answer(200, { access_token: `a${n}`, refresh_token: `r${n}`, expires_in: state.accessSeconds })
    }, 50)
  }
  const server = http.createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    }
    if (request.url?.startsWith("/token")) {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk) => chunks.push(chunk))
      request.on("end", () => token(Buffer.concat(chunks).toString(), answer))
    } else if (request.url === "/api") {
      const dead = deadAt.get(request.headers.authorization?.slice("Bearer ".length) ?? "") ?? 0
      answer(!state.ended && performance.now() < dead ? 200 : 401, {})
    } else {
      response.writeHead(200, { "content-type": "text/html" }).end(`<script>${script}</script>`)
    }
  })
  return { state, server }
}

const call = <K extends keyof TestPage>(page: Page, name: K, ...args: Parameters<TestPage[K]>) =>
  page.evaluate(
    ([name, args]) =>
      (globalThis as unknown as { page: Record<string, (...args: Array<unknown>) => unknown> })
        .page[name]!(...args),
    [name as string, args as Array<unknown>] as const
  ) as ReturnType<TestPage[K]>

describe.skipIf(isSkipped)("BrowserTokenStore in Chromium", () => {
  let script: string
  let browser: Browser
  let context: BrowserContext
  let server: ReturnType<typeof makeServer>
  let port: number

  beforeAll(async () => {
    script = await bundlePage(fileURLToPath(new URL("browserPage.ts", import.meta.url)))
    browser = await launch(["--host-resolver-rules=MAP insecure.example 127.0.0.1"])
  })

  beforeEach(async () => {
    server = makeServer(script)
    await new Promise<void>((resolve) => server.server.listen(0, "127.0.0.1", resolve))
    port = (server.server.address() as AddressInfo).port
    context = await browser.newContext()
    return async () => {
      await context.close()
      server.server.closeAllConnections()
      await new Promise((resolve) => server.server.close(resolve))
    }
  })

  afterAll(() => browser?.close())

  const open = async (host = "127.0.0.1", search = "") => {
    const page = await context.newPage()
    await page.goto(`http://${host}:${port}/${search}`)
    return page
  }
  const openAll = (count: number) => Promise.all(Array.from({ length: count }, () => open()))

  it("four tabs counting up by compare-and-set lose nothing", async () => {
    const tabs = await openAll(4)
    await Promise.all(tabs.map((tab) => call(tab, "count", 50)))
    assert.deepStrictEqual(await Promise.all(tabs.map((tab) => call(tab, "version"))), [200, 200, 200, 200])
    const reopened = await open()
    assert.strictEqual(await call(reopened, "version"), 200)
  })

  it("a write is heard in another tab", async () => {
    const [writer, listener] = await openAll(2)
    await call(listener!, "version")
    const heard = call(listener!, "heard")
    await listener!.waitForTimeout(100)
    await call(writer!, "count", 1)
    assert.strictEqual(await heard, 1)
  })

  it("a tab that is closed is known to be gone, a reloaded one too", async () => {
    const [watcher, closing, reloading] = await openAll(3)
    const closed = await call(closing!, "owner")
    const reloaded = await call(reloading!, "owner")
    assert.isTrue(await call(watcher!, "isAlive", closed))
    assert.isTrue(await call(watcher!, "isAlive", reloaded))
    await closing!.close()
    await reloading!.reload()
    const seenGone = async (owner: string) => {
      const start = performance.now()
      while (await call(watcher!, "isAlive", owner)) if (performance.now() - start > 500) return false
      return true
    }
    assert.isTrue(await seenGone(closed))
    assert.isTrue(await seenGone(reloaded))
    assert.isTrue(await call(watcher!, "isAlive", await call(reloading!, "owner")))
  })

  it("a page that is no secure context is refused, and told why", async () => {
    const page = await open("insecure.example")
    assert.include(
      await call(page, "refused"),
      "this platform has no Web Locks; in a browser they need a secure context"
    )
  })

  it("three tabs share one rotating session: no refresh token is spent twice and no call fails", async () => {
    const tabs = await openAll(3)
    await call(tabs[0]!, "signIn")
    const used = await Promise.all(tabs.map((tab) => call(tab, "use", 6_000)))
    assert.deepStrictEqual(used.flatMap(({ problems }) => problems), [])
    assert.isTrue(used.every(({ calls }) => calls > 20))
    const { spent } = server.state
    assert.strictEqual(new Set(spent).size, spent.length)
    assert.isAtLeast(spent.length, 4)
    assert.isAtMost(spent.length, 8)
  })

  it("a tab that is closed while it refreshes does not hold up the others", async () => {
    const survivor = await open("127.0.0.1", "?onDemand")
    const refreshing = await open()
    await call(survivor, "signIn")
    const held = new Promise<void>((resolve) => {
      server.state.held = resolve
    })
    server.state.holdNext = true
    await call(refreshing, "token")
    await held
    const [{ calls, longest, problems }] = await Promise.all([call(survivor, "use", 4_000), refreshing.close()])
    assert.deepStrictEqual(problems, [])
    assert.isAtLeast(calls, 20)
    assert.isAtMost(longest, 2_000)
    assert.isAtLeast(server.state.spent.length, 2)
    assert.isFalse(server.state.ended)
  })
})
