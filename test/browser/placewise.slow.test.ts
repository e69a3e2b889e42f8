/**
 * The Placewise flow in headless Chromium: sign in, call, expiry, 460, refresh, replay, sign out; from the page of one
 * origin to the sandbox on another, with the packages as they are built.
 */
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { afterAll, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { bundlePage, isSkipped, launch } from "../support/browser.ts"
import type { MemberPage } from "./page.ts"

/** As a club's gateway would answer a page of another origin. */
const withCors = HttpMiddleware.cors({
  allowedOrigins: ["*"],
  allowedMethods: ["GET", "POST", "DELETE", "PUT", "PATCH"],
  allowedHeaders: [
    "authorization",
    "content-type",
    "accept",
    "x-client-authorization",
    "x-user-agent",
    "x-product-name",
    "x-loyalty-club-slug",
    "x-locale",
    "traceparent",
    "b3"
  ]
})

const serveSandbox = Effect.gen(function*() {
  const sandbox = yield* PlacewiseSandbox.make()
  const server = yield* Layer.build(NodeHttpServer.layerServer(http.createServer, { port: 0, host: "127.0.0.1" }))
  const url = yield* Effect.provide(Sandbox.serve({ app: withCors(sandbox.app) }), server)
  return { sandbox, url }
})

const call = <K extends keyof MemberPage>(page: Page, name: K, ...args: Parameters<MemberPage[K]>) =>
  page.evaluate(
    ([name, args]) =>
      (globalThis as unknown as { page: Record<string, (...args: Array<unknown>) => unknown> })
        .page[name]!(...args),
    [name as string, args as Array<unknown>] as const
  ) as ReturnType<MemberPage[K]>

describe.skipIf(isSkipped)("Placewise in Chromium", () => {
  let browser: Browser
  let pages: http.Server
  let scope: Scope.CloseableScope
  let sandbox: PlacewiseSandbox.Service
  let page: Page
  const faults: Array<string> = []

  beforeAll(async () => {
    const script = await bundlePage(fileURLToPath(new URL("page.ts", import.meta.url)))
    pages = http.createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end(`<script>${script}</script>`)
    })
    await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve))
    browser = await launch()
  })

  beforeEach(async () => {
    scope = await Effect.runPromise(Scope.make())
    const served = await Effect.runPromise(Scope.extend(serveSandbox, scope))
    sandbox = served.sandbox
    faults.length = 0
    const context = await browser.newContext()
    page = await context.newPage()
    page.on("pageerror", (error) => faults.push(error.message))
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/?api=${served.url}`)
    return async () => {
      await context.close()
      await Effect.runPromise(Scope.close(scope, Exit.void))
    }
  })

  afterAll(async () => {
    await browser?.close()
    pages?.closeAllConnections()
    await new Promise((resolve) => pages === undefined ? resolve(undefined) : pages.close(resolve))
  })

  const refreshes = async () => Sandbox.exchanges(await Effect.runPromise(sandbox.counters), "refresh_token")

  it("signs in, calls, is refused, refreshes, calls again, signs out", async () => {
    assert.strictEqual(await call(page, "call"), "SignInRequired")
    assert.strictEqual(await call(page, "signIn", "wrong"), "TokenRequestRejected")
    assert.strictEqual(await call(page, "signIn", "correct horse"), "signed in")
    const first = await call(page, "call")
    assert.deepInclude(first, { status: 200 })
    assert.isTrue(await call(page, "isActive"))

    // The page does not know that the token is dead: the server says 460, and the call is answered all the same.
    await Effect.runPromise(sandbox.expireAccessTokens)
    assert.deepStrictEqual(await call(page, "call"), first)
    assert.deepStrictEqual((await refreshes()).granted, 1)
    assert.strictEqual(await call(page, "generation"), 2)
    const log = await Effect.runPromise(sandbox.log)
    const api = log.filter(({ method, operation }) => operation === "api" && method === "GET")
    assert.deepStrictEqual(api.map(({ sent }) => sent), [200, 460, 200])
    assert.deepStrictEqual(api.map(({ access }) => access), ["access 1", "access 1", "access 2"])

    assert.strictEqual(await call(page, "signOut"), "revoked")
    assert.strictEqual(await call(page, "call"), "SignInRequired")
    assert.strictEqual((await Effect.runPromise(sandbox.counters)).spent, 0)
    assert.deepStrictEqual(faults, [])
  })

  it("twenty refused calls at once cost one refresh, and a reloaded page is still signed in", async () => {
    await call(page, "signIn", "correct horse")
    await Effect.runPromise(sandbox.expireAccessTokens)
    assert.deepStrictEqual(await call(page, "calls", 20), Array.from({ length: 20 }, () => 200))
    assert.strictEqual((await refreshes()).granted, 1)
    await page.reload()
    assert.deepInclude(await call(page, "call"), { status: 200 })
    assert.strictEqual((await refreshes()).granted, 1)
    assert.deepStrictEqual(faults, [])
  })

  it("a refresh token that died ends the session in words", async () => {
    await call(page, "signIn", "correct horse")
    await Effect.runPromise(sandbox.revokeAll)
    assert.strictEqual(await call(page, "call"), "RefreshTokenRejected")
    assert.strictEqual(await call(page, "signIn", "correct horse"), "signed in")
    assert.deepInclude(await call(page, "call"), { status: 200 })
  })
})
