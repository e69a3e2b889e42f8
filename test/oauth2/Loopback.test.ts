import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as AuthorizationCode from "@effect-auth/oauth2/AuthorizationCode"
import * as Loopback from "@effect-auth/oauth2/Loopback"
import * as Faults from "@effect-auth/testing/Faults"
import * as OAuth2Sandbox from "@effect-auth/testing/OAuth2Sandbox"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import * as Net from "node:net"
import * as fixtures from "./fixtures.ts"

/** A request of some program on this machine; `host` is what it says it asks. */
const ask = (url: string, options: { readonly host?: string; readonly method?: string } = {}) =>
  Effect.promise(() =>
    new Promise<{ readonly status: number; readonly text: string; readonly headers: Http.IncomingHttpHeaders }>(
      (resolve, reject) => {
        const headers = options.host === undefined ? {} : { host: options.host }
        const request = Http.request(url, { headers, method: options.method ?? "GET", agent: false }, (response) => {
          let text = ""
          response.on("data", (chunk) => (text += String(chunk)))
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
        })
        request.on("error", reject)
        request.end()
      }
    )
  )

const server = (host: string) => NodeHttpServer.layer(() => Http.createServer(), { port: 0, host })

const world = Layer.mergeAll(fixtures.world(), server("127.0.0.1"), TokenStore.layerMemory)

/** A sign-in that has begun: the URL that the browser was sent to, and where it comes back. */
const begunWith = Effect.fnUntraced(function*(patience?: Duration.DurationInput) {
  const client = yield* fixtures.client({ scopes: ["openid"] })
  const auth = yield* AuthService.make(AuthorizationCode.provider(client), { refresh: { mode: "onDemand" } })
  const sandbox = yield* OAuth2Sandbox.OAuth2Sandbox
  const opened = yield* Deferred.make<string>()
  const fiber = yield* Effect.fork(Effect.either(
    Loopback.signIn(auth, client, { open: (url) => Deferred.succeed(opened, url), patience })
  ))
  const url = yield* Deferred.await(opened)
  const back = () => Effect.map(sandbox.visit(url), (location) => location ?? "no redirect")
  return { auth, back, fiber, sandbox, url }
})

const begun = begunWith()

describe("Loopback", () => {
  it.scopedLive("a person signs in, and is told so", () =>
    Effect.gen(function*() {
      const { auth, back, fiber, url } = yield* begun
      assert.match(new URL(url).searchParams.get("request_uri") ?? "", /^urn:/)
      const callback = yield* back()
      assert.match(callback, /^http:\/\/127\.0\.0\.1:\d+\/callback\?/)
      const page = yield* ask(callback)
      assert.strictEqual(page.status, 200)
      assert.include(page.text, "You can close this window")
      assert.strictEqual(page.headers["cache-control"], "no-store")
      assert.strictEqual((yield* fiber)._tag, "Right")
      assert.strictEqual((yield* auth.state)._tag, "Active")
    }).pipe(Effect.provide(world)))

  it.scopedLive("a wrong state, path, method or name gets 400 and ends nothing", () =>
    Effect.gen(function*() {
      const { back, fiber } = yield* begun
      const callback = new URL(yield* back())
      const wrongState = new URL(callback)
      wrongState.searchParams.set("state", "guessed")
      const twice = new URL(callback)
      twice.searchParams.append("state", "guessed")
      const elsewhere = new URL(callback)
      elsewhere.pathname = "/other"
      const rebound = `evil.example:${callback.port}`
      for (
        const [url, options] of [
          [wrongState.href, {}],
          [twice.href, {}],
          [elsewhere.href, {}],
          [`${callback.origin}/callback`, {}],
          [callback.href, { method: "POST" }],
          [callback.href, { host: rebound }],
          [callback.href, { host: `localhost:${callback.port}` }]
        ] as const
      ) {
        const page = yield* ask(url, options)
        assert.strictEqual(page.status, 400, url)
        assert.notInclude(page.text, "guessed")
      }
      assert.strictEqual((yield* ask(callback.href)).status, 200)
      assert.strictEqual((yield* fiber)._tag, "Right")
    }).pipe(Effect.provide(world)))

  it.scopedLive("who came back in time is signed in, also if the exchange ends later", () =>
    Effect.gen(function*() {
      const { auth, back, fiber, sandbox } = yield* begunWith("2 seconds")
      yield* sandbox.faults.next("sign-in", Faults.delayAnswer("3 seconds"))
      const page = yield* Effect.fork(Effect.flatMap(back(), ask))
      assert.strictEqual((yield* fiber)._tag, "Right")
      assert.strictEqual((yield* auth.state)._tag, "Active")
      assert.strictEqual((yield* page).status, 200)
    }).pipe(Effect.provide(world)))

  it.scopedLive("a browser that goes away before the page ends nothing", () =>
    Effect.gen(function*() {
      const { back, fiber, sandbox } = yield* begunWith("2 seconds")
      yield* sandbox.faults.next("sign-in", Faults.delayAnswer("1 second"))
      const request = Http.get(yield* back(), { agent: false })
      request.on("error", () => {})
      yield* Effect.sleep("500 millis")
      request.destroy()
      assert.strictEqual((yield* fiber)._tag, "Right")
    }).pipe(Effect.provide(world)))

  it.scopedLive("a request for no URL gets 400", () =>
    Effect.gen(function*() {
      const { back } = yield* begun
      const { host, port } = new URL(yield* back())
      const text = yield* Effect.promise(() =>
        new Promise<string>((resolve) => {
          let all = ""
          const socket = Net.connect(Number(port), "127.0.0.1", () => {
            socket.write(`GET // HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
          })
          socket.on("data", (chunk) => (all += String(chunk)))
          socket.on("close", () => resolve(all))
        })
      )
      assert.match(text, /^HTTP\/1\.1 400 /)
    }).pipe(Effect.provide(world)))

  it.scopedLive("a person who says no ends it", () =>
    Effect.gen(function*() {
      const { back, fiber, sandbox } = yield* begun
      yield* sandbox.atBrowser({ subject: "ola", consents: false })
      assert.strictEqual((yield* ask(yield* back())).status, 403)
      const outcome = yield* fiber
      assert.deepInclude(outcome._tag === "Left" ? outcome.left : {}, {
        _tag: "TokenRequestRejected",
        error: "access_denied"
      })
    }).pipe(Effect.provide(world)))

  for (const host of ["0.0.0.0", "::"]) {
    it.scopedLive(`a server that listens on ${host} is refused: others could reach it`, () =>
      Effect.gen(function*() {
        const client = yield* fixtures.client()
        const auth = yield* AuthService.make(AuthorizationCode.provider(client))
        const error = yield* Effect.flip(Loopback.signIn(auth, client, { open: () => Effect.void }))
        assert.deepInclude(error, { _tag: "AuthMisconfigured", reason: "options" })
      }).pipe(Effect.provide(Layer.mergeAll(fixtures.world(), server(host), TokenStore.layerMemory))))
  }

  it.scopedLive("a person who does not come back in time ends it", () =>
    Effect.gen(function*() {
      const client = yield* fixtures.client()
      const auth = yield* AuthService.make(AuthorizationCode.provider(client))
      const error = yield* Effect.flip(
        Loopback.signIn(auth, client, { open: () => Effect.void, patience: "50 millis" })
      )
      assert.deepInclude(error, { _tag: "TokenRequestRejected", error: "timeout" })
    }).pipe(Effect.provide(world)))
})
