import * as AuthorizationRoutes from "@effect-auth/oauth2/AuthorizationRoutes"
import * as PendingStore from "@effect-auth/oauth2/PendingStore"
import * as SealedPendingStore from "@effect-auth/oauth2/SealedPendingStore"
import type * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { capturingTracer } from "../support/capturingTracer.ts"
import { base, type Browser, makeApplication, makeBrowser } from "./browser.ts"
import * as fixtures from "./fixtures.ts"

type Application = Effect.Effect.Success<ReturnType<typeof makeApplication>>

const world = (options?: OAuth2Sandbox.Options) => fixtures.world(options)

/** Nobody has a session of that account. */
const nobody = (application: Application, account = "member-1") =>
  Effect.gen(function*() {
    const auth = yield* application.sessions.get(account)
    assert.strictEqual((yield* auth.state)._tag, "SignedOut", account)
  }).pipe(Effect.orDie)

const refused = (application: Application, browser: Browser, url: string) =>
  Effect.gen(function*() {
    const page = yield* browser.get(url)
    assert.strictEqual(page.status, 400, url)
    yield* nobody(application)
    return page
  })

const changed = (url: string, change: (query: URLSearchParams) => void): string => {
  const next = new URL(url)
  change(next.searchParams)
  return next.href
}

/** The application's own cookie does not come with the form, so the account is that of the ID token. */
const byForm: Partial<AuthorizationRoutes.Options<never, never>> = {
  responseMode: "form_post",
  account: ({ sub }) => Effect.succeed(sub)
}

describe("AuthorizationRoutes", () => {
  it.scoped("a person signs in, the session is theirs, and the browser goes where it wanted to", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser, "?returnTo=%2Forders%3Fpage%3D2")
      const page = yield* browser.get(callback)
      assert.strictEqual(page.status, 303)
      assert.strictEqual(page.location, "/orders?page=2")
      assert.strictEqual(browser.cookies.size, 0, "the cookie goes with the sign-in")
      const auth = yield* application.sessions.get("member-1")
      const token = yield* auth.accessToken
      assert.deepStrictEqual(token.scopes, ["openid", "read"])
      const refreshed = yield* auth.refresh
      assert.notStrictEqual(Redacted.value(refreshed.value), Redacted.value(token.value))
    }).pipe(Effect.provide(world())))

  it.scoped("an application that signs people in by the ID token gets its claims, and answers as it likes", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({
        routes: {
          account: (claims) => Effect.succeed(`person-${claims.sub}`),
          onSignedIn: ({ account, claims, returnTo }) =>
            Effect.succeed(HttpServerResponse.text(`${account} ${claims?.iss} ${returnTo}`))
        }
      })
      const browser = application.open()
      const page = yield* browser.get(yield* application.leave(browser))
      assert.strictEqual(page.text, "person-ola https://login.example.com /")
      assert.strictEqual(page.headers.get("cache-control"), "no-store")
      assert.strictEqual(page.headers.get("referrer-policy"), "no-referrer")
      yield* (yield* application.sessions.get("person-ola")).accessToken
    }).pipe(Effect.provide(world())))

  it.scoped("the cookie: one for each sign-in, __Host-, HttpOnly, Secure, SameSite=Lax, ten minutes", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      yield* application.leave(browser)
      yield* application.leave(browser)
      assert.strictEqual(browser.cookies.size, 2)
      for (const text of browser.seen) {
        assert.match(text, /^__Host-oauth2-[\w-]{22}=[\w-]{43};/)
        for (const part of [/; Path=\//, /; HttpOnly/, /; Secure/, /; SameSite=Lax/, /; Max-Age=600/]) {
          assert.match(text, part)
        }
        assert.notMatch(text, /domain/i)
      }
    }).pipe(Effect.provide(world())))

  it.scoped("login CSRF: another browser with the URL is refused, and does not use it up", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const attacker = application.open()
      const callback = yield* application.leave(attacker)
      const victim = application.open()
      yield* refused(application, victim, callback)
      for (const name of attacker.cookies.keys()) victim.cookies.set(name, "a-value-of-its-own")
      yield* refused(application, victim, callback)
      yield* application.leave(victim)
      yield* refused(application, victim, callback)
      assert.strictEqual((yield* attacker.get(callback)).status, 303)
    }).pipe(Effect.provide(world())))

  it.scoped("a response is used once", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser)
      const cookies = new Map(browser.cookies)
      yield* browser.get(callback)
      for (const [name, value] of cookies) browser.cookies.set(name, value)
      assert.strictEqual((yield* browser.get(callback)).status, 400)
      assert.strictEqual((yield* application.sandbox.counters).exchanges["authorization_code"]?.granted, 1)
    }).pipe(Effect.provide(world())))

  it.scoped("a sign-in that took longer than ten minutes is over", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser)
      yield* TestClock.adjust("10 minutes")
      yield* refused(application, browser, callback)
      assert.isUndefined((yield* application.sandbox.counters).exchanges["authorization_code"], "no code was sent on")
    }).pipe(Effect.provide(world())))

  it.scoped("mix-up: the issuer of another server, or one that is promised and missing, is refused", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      for (
        const change of [
          (query: URLSearchParams) => query.set("iss", "https://evil.example"),
          (query: URLSearchParams) => query.set("iss", "https://login.example.com/"),
          (query: URLSearchParams) => query.delete("iss")
        ]
      ) {
        yield* refused(application, browser, changed(yield* application.leave(browser), change))
      }
      assert.isUndefined((yield* application.sandbox.counters).exchanges["authorization_code"], "no code was sent on")
    }).pipe(Effect.provide(world())))

  it.scoped("mix-up: what one client began, the callback of another one refuses", () =>
    Effect.gen(function*() {
      const store = yield* PendingStore.makeMemory()
      const application = yield* makeApplication({ store })
      const other = yield* makeApplication({ store, client: { clientId: "other" } })
      const browser = application.open()
      const callback = yield* application.leave(browser)
      const elsewhere = makeBrowser(other.app)
      for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
      yield* refused(other, elsewhere, callback)
    }).pipe(Effect.provide(world())))

  it.scoped("a code of another sign-in is refused by its verifier", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const [attacker, victim] = [application.open(), application.open()]
      const stolen = new URL(yield* application.leave(attacker)).searchParams.get("code") ?? ""
      const callback = yield* application.leave(victim)
      yield* refused(application, victim, changed(callback, (query) => query.set("code", stolen)))
    }).pipe(Effect.provide(world())))

  it.scoped("parameters that come twice, and a missing code, are refused before anything is sent", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      for (const name of ["code", "state", "iss"]) {
        const callback = yield* application.leave(browser)
        yield* refused(application, browser, changed(callback, (query) => query.append(name, query.get(name) ?? "")))
        yield* refused(application, browser, changed(callback, (query) => query.append(name, "another")))
      }
      yield* refused(
        application,
        browser,
        changed(yield* application.leave(browser), (query) => query.delete("code"))
      )
      yield* refused(application, browser, `${base}/auth/callback`)
      yield* refused(application, browser, `${base}/auth/callback?state=&code=c`)
      assert.isUndefined((yield* application.sandbox.counters).exchanges["authorization_code"])
    }).pipe(Effect.provide(world())))

  it.scoped("who is at the browser changed meanwhile: the tokens go to nobody", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser)
      application.who.member = "member-2"
      yield* refused(application, browser, callback)
      yield* nobody(application, "member-2")
    }).pipe(Effect.provide(world())))

  it.scoped("a denial is a page that repeats nothing of it", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      yield* application.sandbox.atBrowser({ subject: "ola", consents: false })
      const page = yield* browser.get(yield* application.leave(browser))
      assert.strictEqual(page.status, 403)
      assert.notInclude(page.text, "said no")
      const forged = changed(yield* application.leave(browser), (query) => {
        query.set("error", "<script>alert(1)</script>")
        query.set("error_description", "call 555-0100")
      })
      const second = yield* browser.get(forged)
      assert.notInclude(second.text, "script")
      assert.notInclude(second.text, "555")
      for (const { headers } of [page, second]) {
        assert.strictEqual(headers.get("cache-control"), "no-store")
        assert.strictEqual(headers.get("referrer-policy"), "no-referrer")
        assert.include(headers.get("content-security-policy") ?? "", "default-src 'none'")
      }
      yield* nobody(application)
    }).pipe(Effect.provide(world())))

  it.scoped("open redirect: only a path of the application is gone to", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const wrong = [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "javascript:alert(1)",
        "evil.example",
        ""
      ]
      for (const returnTo of wrong) {
        const callback = yield* application.leave(browser, `?returnTo=${encodeURIComponent(returnTo)}`)
        const { location } = yield* browser.get(callback)
        assert.strictEqual(new URL(location, base).origin, base, returnTo)
        assert.match(location, /^\/(?![/\\])/, returnTo)
      }
    }).pipe(Effect.provide(world())))

  it.scoped("a path of more than 2,048 characters counts as none", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      for (
        const [long, isKept] of [["x".repeat(2_047), true], ["x".repeat(2_048), false], [
          "ü".repeat(1_000),
          false
        ]] as const
      ) {
        const callback = yield* application.leave(browser, `?returnTo=${encodeURIComponent(`/${long}`)}`)
        assert.strictEqual((yield* browser.get(callback)).location, isKept ? `/${long}` : "/")
      }
    }).pipe(Effect.provide(world())))

  it.scoped("the cookie goes with each sign-in that ended, however it ended", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      yield* application.sandbox.atBrowser({ subject: "ola", consents: false })
      assert.strictEqual((yield* browser.get(yield* application.leave(browser))).status, 403)
      assert.strictEqual(browser.cookies.size, 0, "denied")
      yield* application.sandbox.atBrowser({ subject: "ola", consents: true })
      const callback = yield* application.leave(browser)
      application.who.member = "member-2"
      yield* refused(application, browser, callback)
      assert.strictEqual(browser.cookies.size, 0, "for another member")
      const next = yield* application.leave(browser)
      yield* refused(application, browser, changed(next, (query) => query.set("state", "another")))
      assert.strictEqual(browser.cookies.size, 1, "a sign-in that still waits")
      assert.strictEqual((yield* browser.get(next)).status, 303)
    }).pipe(Effect.provide(world())))

  it.scoped("sign-ins that nobody finished do not fill the browser's header: the oldest cookies go", () =>
    Effect.gen(function*() {
      const store = yield* SealedPendingStore.make([{ id: "k1", key: Redacted.make(new Uint8Array(32).fill(7)) }])
      const application = yield* makeApplication({ store })
      const browser = application.open()
      browser.cookies.set("of-the-application", "x".repeat(500))
      const returnTo = `?returnTo=/orders?${"x".repeat(1_000)}`
      for (let begun = 0; begun < 20; begun++) yield* application.leave(browser, returnTo)
      const all = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join("; ")
      assert.isBelow(all.length, 12_000)
      assert.isTrue(browser.cookies.has("of-the-application"))
      assert.isAbove(browser.cookies.size, 2)
      assert.strictEqual((yield* browser.get(yield* application.leave(browser))).status, 303, "the newest is there")
    }).pipe(Effect.provide(world())))

  it.scoped("a full store refuses new sign-ins, and keeps those that wait", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({ store: yield* PendingStore.makeMemory({ capacity: 1 }) })
      const [first, second] = [application.open(), application.open()]
      const callback = yield* application.leave(first)
      const page = yield* second.get(`${base}/auth/login`)
      assert.strictEqual(page.status, 503)
      assert.isNotNull(page.headers.get("retry-after"))
      assert.strictEqual((yield* first.get(callback)).status, 303)
      assert.strictEqual((yield* second.get(`${base}/auth/login`)).status, 303)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* second.get(`${base}/auth/login`)).status, 303)
    }).pipe(Effect.provide(world())))

  it.scoped("a request for the head of the callback does not use it up", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser)
      assert.isAtLeast((yield* browser.get(callback, "HEAD")).status, 400)
      assert.strictEqual((yield* browser.get(callback)).status, 303)
    }).pipe(Effect.provide(world())))

  for (const isQuiet of [true, false]) {
    // The second run shows that the first one looks at the right place.
    it.scoped(`code and state are in the access log and the spans: ${isQuiet ? "no" : "yes, if nothing is done"}`, () =>
      Effect.gen(function*() {
        const application = yield* makeApplication()
        const told: Array<string> = []
        const logger = Logger.make(({ annotations, message }) =>
          void told.push(JSON.stringify([message, [...annotations]]))
        )
        const app = Effect.gen(function*() {
          const answered: Array<HttpServerResponse.HttpServerResponse> = []
          const keep = (_: unknown, response: HttpServerResponse.HttpServerResponse) =>
            Effect.sync(() => void answered.push(response))
          yield* HttpApp.toHandled(application.app, keep, HttpMiddleware.logger)
          return answered[0]!
        }).pipe(
          HttpMiddleware.withTracerDisabledWhenEffect(isQuiet ? AuthorizationRoutes.isCallback("/auth") : () => false),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
          Effect.withTracer(capturingTracer((span) => void told.push(JSON.stringify(span))))
        )
        const browser = makeBrowser(app)
        const callback = new URL(yield* application.leave(browser))
        const page = yield* browser.get(callback.href)
        assert.strictEqual(page.status, 303)
        const all = told.join("\n")
        assert.include(all, "/auth/login")
        for (const name of ["code", "state"]) {
          assert.strictEqual(all.includes(callback.searchParams.get(name) ?? "?"), !isQuiet, name)
        }
      }).pipe(Effect.provide(world())))
  }

  it.scoped("PAR leaves the client's id and a name in the URL, and nothing else", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const { location } = yield* browser.get(`${base}/auth/login`)
      assert.deepStrictEqual(Array.from(new URL(location).searchParams.keys()), ["client_id", "request_uri"])
      const page = yield* browser.get((yield* application.sandbox.visit(location)) ?? "")
      assert.strictEqual(page.status, 303)
    }).pipe(Effect.provide(world({ requirePar: true }))))

  it.scoped("form_post: the response comes in a form, and its cookie crosses sites", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({ routes: byForm })
      const browser = application.open()
      const { location } = yield* browser.get(`${base}/auth/login?returnTo=%2Forders`)
      assert.match(browser.seen[0] ?? "", /^__Host-oauth2-.*; HttpOnly; Secure; SameSite=None$/)
      const page = yield* browser.post((yield* application.sandbox.visit(location)) ?? "")
      assert.strictEqual(page.status, 303)
      assert.strictEqual(page.location, "/orders")
      assert.match(browser.seen[1] ?? "", /Max-Age=0; .*Secure; SameSite=None$/)
      assert.strictEqual(browser.cookies.size, 0)
      yield* (yield* application.sessions.get("ola")).accessToken
    }).pipe(Effect.provide(world())))

  it.scoped("form_post: another browser, a second time, and parameters that come twice are refused", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({ routes: byForm })
      const [attacker, victim] = [application.open(), application.open()]
      const callback = yield* application.leave(attacker)
      yield* application.leave(victim)
      assert.strictEqual((yield* victim.post(callback)).status, 400)
      const cookies = new Map(attacker.cookies)
      assert.strictEqual((yield* attacker.post(callback)).status, 303, "the refusal did not use it up")
      for (const [name, value] of cookies) attacker.cookies.set(name, value)
      assert.strictEqual((yield* attacker.post(callback)).status, 400)
      for (const name of ["code", "state", "iss"]) {
        const twice = changed(yield* application.leave(victim), (query) => query.append(name, query.get(name) ?? ""))
        assert.strictEqual((yield* victim.post(twice)).status, 400, name)
      }
      assert.strictEqual((yield* application.sandbox.counters).exchanges["authorization_code"]?.granted, 1)
    }).pipe(Effect.provide(world())))

  it.scoped("form_post: what is no form, or too large, or in the URL, is refused and uses nothing up", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication({ routes: byForm })
      const browser = application.open()
      const callback = yield* application.leave(browser)
      const parameters = new URL(callback).searchParams
      const form = { "content-type": "application/x-www-form-urlencoded" }
      const large = `${parameters.toString()}&more=${"x".repeat(70_000)}`
      const chunks = new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode("x".repeat(10_000)))
      })
      const cases: ReadonlyArray<readonly [number, RequestInit & { readonly duplex?: "half" }]> = [
        [415, {
          headers: { "content-type": "application/json" },
          body: JSON.stringify(Object.fromEntries(parameters))
        }],
        [415, { headers: { "content-type": "text/plain" }, body: parameters.toString() }],
        [415, { headers: { "content-type": "application/x-www-form-urlencodedx" }, body: parameters.toString() }],
        [413, { headers: { ...form, "content-length": String(large.length) }, body: large }],
        [413, { headers: form, body: large }],
        // It never ends, and says nothing of its length.
        [413, { headers: form, body: chunks, duplex: "half" }]
      ]
      for (const [status, init] of cases) {
        const page = yield* browser.post(callback, init)
        assert.strictEqual(page.status, status)
        assert.strictEqual(page.headers.get("cache-control"), "no-store")
      }
      for (const method of ["GET", "HEAD", "PUT"]) {
        assert.strictEqual((yield* browser.get(callback, method)).status, 405, method)
      }
      assert.strictEqual(
        (yield* browser.post(callback, { headers: { "content-type": `${form["content-type"]};charset=UTF-8` } }))
          .status,
        303
      )
    }).pipe(Effect.provide(world())))

  it.scoped("a form in the mode of the URL is not looked at", () =>
    Effect.gen(function*() {
      const application = yield* makeApplication()
      const browser = application.open()
      const callback = yield* application.leave(browser)
      const error = yield* Effect.either(Effect.sandbox(browser.post(callback)))
      assert.strictEqual(error._tag, "Left", "there is no such route")
      assert.strictEqual((yield* browser.get(callback)).status, 303)
    }).pipe(Effect.provide(world())))

  it.effect("a base URL that is not https, and an account from an ID token that nobody asked for, are refused", () =>
    Effect.gen(function*() {
      const client = yield* fixtures.client({ scopes: ["read"] })
      const make = (more: object) =>
        AuthorizationRoutes.make({
          client,
          path: "/auth",
          baseUrl: base,
          sessions: { get: () => Effect.never },
          account: Effect.succeed("a"),
          ...more
        }).pipe(Effect.flip, Effect.map(({ reason }) => reason))
      assert.strictEqual(yield* make({ baseUrl: "http://app.example.com" }), "insecure")
      assert.strictEqual(yield* make({ baseUrl: "https://app.example.com/below" }), "url")
      assert.strictEqual(yield* make({ account: () => Effect.succeed("a") }), "options")
      assert.strictEqual(yield* make({ baseUrl: "http://app.example.com", responseMode: "form_post" }), "insecure")
      assert.strictEqual(yield* make({ parameters: { response_mode: "form_post" } }), "options")
    }).pipe(Effect.provide(PendingStore.layerMemory()), Effect.provide(world())))
})
