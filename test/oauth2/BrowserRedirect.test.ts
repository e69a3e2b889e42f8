import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as BrowserRedirect from "@effect-auth/oauth2/BrowserRedirect"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as fixtures from "./fixtures.ts"
import { makeTab } from "./tab.ts"

const start = "https://app.example.com/orders?page=2#last"

/** A page with a session, and the way to the server and back. */
const makePage = Effect.gen(function*() {
  const client = yield* fixtures.client({ scopes: ["openid", "read"] })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client)).pipe(Effect.provide(TokenStore.layerMemory))
  const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
  const tab = makeTab(start)
  const { page } = tab
  const leave = (more: Partial<BrowserRedirect.Options> = {}) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(
        BrowserRedirect.leave(client, { redirectUri: fixtures.redirectUri, page, ...more })
      )
      while (tab.left.length === 0) yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve)))
      yield* Fiber.interrupt(fiber)
      return (yield* sandbox.visit(tab.left.pop() ?? "")) ?? "no redirect"
    })
  return { auth, client, leave, sandbox, tab, comeBack: BrowserRedirect.comeBack(auth, client, { page }) }
})

describe("BrowserRedirect", () => {
  it.scoped("a person signs in, and the page is where it was", () =>
    Effect.gen(function*() {
      const { auth, comeBack, leave, tab } = yield* makePage
      assert.isTrue(Option.isNone(yield* comeBack), "the page was simply opened")
      assert.deepStrictEqual(tab.shown, [start])
      tab.open(yield* leave())
      const { claims, returnTo } = Option.getOrThrow(yield* comeBack)
      assert.strictEqual(claims?.sub, "ola")
      assert.strictEqual(returnTo, "/orders?page=2#last")
      assert.deepStrictEqual(tab.shown.slice(2), ["https://app.example.com/auth/callback", start])
      assert.strictEqual(tab.page.storage.length, 0)
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("of two clients on a page, the response is left to the one that asked for it", () =>
    Effect.gen(function*() {
      const { auth, client, comeBack, leave, tab } = yield* makePage
      const other = { ...client, clientId: "another" }
      const response = yield* leave()
      tab.open(response)
      assert.isTrue(Option.isNone(yield* BrowserRedirect.comeBack(auth, other, { page: tab.page })))
      assert.strictEqual(tab.shown.at(-1), response)
      assert.isTrue(Option.isSome(yield* comeBack))
      assert.strictEqual(tab.page.storage.length, 0)
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("a response that this tab did not ask for, a second time, too late: refused, and out of the address bar", () =>
    Effect.gen(function*() {
      const one = yield* makePage
      const other = yield* makePage
      const refused = (page: typeof one, url: string) =>
        Effect.gen(function*() {
          page.tab.open(url)
          assert.deepInclude(yield* Effect.flip(page.comeBack), {
            _tag: "TokenRequestRejected",
            error: "invalid_state"
          })
          assert.strictEqual(page.tab.shown.at(-1), "https://app.example.com/auth/callback")
        })
      const response = yield* one.leave()
      yield* other.leave()
      yield* refused(other, response)
      yield* refused(one, `${response}&state=another`)
      one.tab.open(response)
      yield* one.comeBack
      yield* refused(one, response)
      const late = yield* one.leave()
      yield* TestClock.adjust("10 minutes")
      yield* refused(one, late)
      assert.strictEqual((yield* one.sandbox.counters).exchanges["authorization_code"]?.granted, 1)
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("a denial says so, and leaves no way to another origin", () =>
    Effect.gen(function*() {
      const { comeBack, leave, sandbox, tab } = yield* makePage
      yield* sandbox.atBrowser({ subject: "ola", consents: false })
      tab.open(yield* leave())
      assert.deepInclude(yield* Effect.flip(comeBack), { error: "access_denied" })
      yield* sandbox.atBrowser({ subject: "ola", consents: true })
      tab.open(yield* leave({ returnTo: "//evil.example/" }))
      const { returnTo } = Option.getOrThrow(yield* comeBack)
      assert.strictEqual(returnTo, "/auth/callback")
      for (const url of tab.shown) assert.strictEqual(new URL(url).origin, "https://app.example.com")
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("a sign-in that nobody finished leaves nothing in the tab when the next one begins after its end", () =>
    Effect.gen(function*() {
      const { leave, tab } = yield* makePage
      yield* leave()
      yield* leave()
      assert.strictEqual(tab.page.storage.length, 4, "two sign-ins wait")
      yield* TestClock.adjust("10 minutes")
      yield* leave()
      assert.strictEqual(tab.page.storage.length, 2)
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("a response that nobody took is no place to come back to", () =>
    Effect.gen(function*() {
      const { comeBack, leave, tab } = yield* makePage
      tab.open("https://app.example.com/?code=c&state=s")
      tab.open(yield* leave())
      assert.strictEqual(Option.getOrThrow(yield* comeBack).returnTo, "/")
    }).pipe(Effect.provide(fixtures.world())))

  it.scoped("a browser that lets the page keep nothing: a typed error before it goes anywhere", () =>
    Effect.gen(function*() {
      const { client, tab } = yield* makePage
      const storage = {
        ...tab.page.storage,
        setItem: () => {
          throw new Error("QuotaExceededError")
        }
      }
      const page = { ...tab.page, storage }
      const error = yield* Effect.flip(
        BrowserRedirect.leave(client, { redirectUri: fixtures.redirectUri, page })
      )
      assert.deepInclude(error, { _tag: "TokenStoreError", reason: "unavailable" })
      assert.deepStrictEqual(tab.left, [])
    }).pipe(Effect.provide(fixtures.world())))
})
