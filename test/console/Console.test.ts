/** Who may use the console, and what its API answers. */
import * as Console from "@effect-auth/console/Console"
import { controlHeader } from "@effect-auth/console/ConsoleApi"
import type { ConsoleSource } from "@effect-auth/console/ConsoleSource"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as http from "node:http"
import * as world from "./world.ts"

const nothing: ConsoleSource = { sessions: Effect.succeed([]), timeline: () => Effect.succeed(undefined) }

interface Asked {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** `fetch` sets Host and Origin by itself; this sends what it is given. */
const ask = (origin: string, { body, headers, method, path }: Asked) =>
  Effect.async<{ readonly status: number; readonly text: string; readonly headers: http.IncomingHttpHeaders }>(
    (resume) => {
      const request = http.request(`${origin}${path}`, { method: method ?? "GET", headers }, (response) => {
        let text = ""
        response.on("data", (chunk) => text += String(chunk))
        response.on(
          "end",
          () => resume(Effect.succeed({ status: response.statusCode ?? 0, text, headers: response.headers }))
        )
      })
      request.end(body)
    }
  )

const requestOf = (host: string, from: string | undefined) => {
  const request = HttpServerRequest.fromWeb(new Request("http://x/api/sessions", { headers: { host } }))
  return from === undefined ? request : request.modify({ remoteAddress: from })
}

const sandboxed = Effect.map(world.sandboxes("1 hour"), (served) => ({
  ...served,
  origin: new URL(served.console).origin
}))

const control = { method: "POST", path: "/console/api/sandboxes/placewise/expire" }

describe("the console", () => {
  it.scopedLive("answers loopback names only, so that no other name can lead to it", () =>
    Effect.gen(function*() {
      const { origin } = yield* sandboxed
      const { host, port } = new URL(origin)
      for (const name of [host, `localhost:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
        assert.strictEqual((yield* ask(origin, { path: "/console/api/sessions", headers: { host: name } })).status, 200)
      }
      for (
        const name of [
          "evil.test",
          `evil.test:${port}`,
          "127.0.0.1.evil.test",
          "localhost@evil.test",
          "127.0.0.1:80:80"
        ]
      ) {
        for (const path of ["/console/", "/console/console.js", "/console/api/sessions", "/console/api/live"]) {
          assert.strictEqual((yield* ask(origin, { path, headers: { host: name } })).status, 403, `${name} ${path}`)
        }
      }
    }))

  it.scopedLive("does not answer what came through a proxy", () =>
    Effect.gen(function*() {
      const { origin } = yield* sandboxed
      for (const name of ["x-forwarded-for", "forwarded", "x-real-ip"]) {
        const answer = yield* ask(origin, { path: "/console/api/sessions", headers: { [name]: "203.0.113.7" } })
        assert.strictEqual(answer.status, 403)
      }
    }))

  it.scoped("answers other machines only if the program says so, and then under the names it gives", () =>
    Effect.gen(function*() {
      const local = yield* Console.make([nothing])
      const remote = yield* Console.make([nothing], { from: "any", hosts: ["Ops.example.com"] })
      const statusOf = (app: typeof local, host: string, from: string | undefined) =>
        Effect.map(
          Effect.provideService(
            app,
            HttpServerRequest.HttpServerRequest,
            requestOf(host, from)
          ),
          ({ status }) => status
        )
      assert.strictEqual(yield* statusOf(local, "localhost", "127.0.0.1"), 200)
      assert.strictEqual(yield* statusOf(local, "localhost", "::ffff:127.0.0.1"), 200)
      assert.strictEqual(yield* statusOf(local, "localhost", "10.0.0.7"), 403)
      assert.strictEqual(yield* statusOf(local, "localhost", undefined), 403)
      assert.strictEqual(yield* statusOf(remote, "ops.example.com:8443", "10.0.0.7"), 200)
      assert.strictEqual(yield* statusOf(remote, "other.example.com", "10.0.0.7"), 403)
    }))

  it.scopedLive("a control needs its header and the console's own origin", () =>
    Effect.gen(function*() {
      const { origin, placewise, program } = yield* Effect.flatMap(sandboxed, (served) =>
        Effect.map(world.program(served.url), (program) => ({ ...served, program })))
      yield* program.signIn(42)
      const given = { [controlHeader]: "1" }
      const refused = [
        {},
        { ...given, origin: "http://evil.test" },
        { ...given, origin: "null" },
        { ...given, origin: "http://127.0.0.1:1" },
        { ...given, "sec-fetch-site": "cross-site" },
        { ...given, "sec-fetch-site": "same-site" }
      ]
      for (const headers of refused) {
        assert.strictEqual((yield* ask(origin, { ...control, headers })).status, 403, JSON.stringify(headers))
      }
      assert.strictEqual((yield* ask(origin, { ...control, method: "DELETE", headers: given })).status, 403)
      assert.strictEqual((yield* ask(origin, { ...control, method: "GET", headers: given })).status, 404)
      const allowed = yield* ask(origin, { ...control, headers: { ...given, origin, "sec-fetch-site": "same-origin" } })
      assert.deepStrictEqual(JSON.parse(allowed.text), { count: 1 })
      const again = yield* ask(origin, { ...control, headers: given })
      assert.deepStrictEqual(JSON.parse(again.text), { count: 0 })
      assert.strictEqual((yield* placewise.authority.signIns).length, 1)
    }))

  it.scopedLive("beside a real program there is nothing to control", () =>
    Effect.gen(function*() {
      const sessions = yield* world.many(2)
      const origin = yield* world.looking(sessions)
      const answer = yield* ask(origin, { ...control, headers: { [controlHeader]: "1" } })
      assert.strictEqual(answer.status, 404)
      assert.strictEqual((yield* ask(origin, { path: "/console/api/sandboxes" })).text, "[]")
    }))

  it.scopedLive("its page loads nothing from elsewhere and cannot be framed", () =>
    Effect.gen(function*() {
      const { origin } = yield* sandboxed
      for (const path of ["/console/", "/console/console.js", "/console/console.css", "/console/api/sessions"]) {
        const { headers, status, text } = yield* ask(origin, { path })
        assert.strictEqual(status, 200)
        const policy = String(headers["content-security-policy"])
        assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/)
        assert.notMatch(policy, /unsafe|\*|https?:/)
        assert.strictEqual(headers["x-frame-options"], "DENY")
        assert.strictEqual(headers["cache-control"], "no-store")
        assert.notMatch(text.replaceAll(/http:\/\/www\.w3\.org\/[\w/]+/g, ""), /(src|href|url)\s*[=(]\s*["']?https?:/)
      }
      const without = yield* ask(origin, { path: "/console" })
      assert.deepInclude(without.headers, { location: "./console/" })
    }))

  it.scopedLive("what does not fit the contract is refused without being repeated", () =>
    Effect.gen(function*() {
      const { origin } = yield* sandboxed
      const headers = { [controlHeader]: "1", "content-type": "application/json" }
      const path = "/console/api/sandboxes/placewise/next"
      const answer = yield* ask(origin, { method: "POST", path, headers, body: `{"answer":"a-secret-value"}` })
      assert.strictEqual(answer.status, 400)
      assert.notInclude(answer.text, "a-secret-value")
      const unknown = yield* ask(origin, { path: "/console/api/timeline?id=a-secret-value" })
      assert.strictEqual(unknown.status, 404)
      assert.notInclude(unknown.text, "a-secret-value")
      const document = yield* ask(origin, { path: "/console/openapi.json" })
      assert.deepInclude(JSON.parse(document.text), { openapi: "3.1.0" })
    }))

  it.scopedLive(
    "tells all sessions first and changes afterwards, and ends with the program",
    () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const sessions = yield* world.many(3)
        const origin = yield* Scope.extend(world.looking(sessions), scope)
        const response = yield* Effect.promise(() => fetch(`${origin}/console/api/live`))
        const reader = response.body?.getReader()
        const read = Effect.promise(async () => {
          const part = await reader?.read()
          return part?.value === undefined
            ? undefined
            : JSON.parse(new TextDecoder().decode(part.value).slice("data: ".length))
        })
        const [first, auth] = [yield* read, yield* sessions.get("account-00001")]
        assert.deepInclude(first, { whole: true, gone: [], sandboxes: [] })
        assert.strictEqual(first.sessions.length, 3)
        yield* auth.refresh
        const second = yield* read
        assert.strictEqual(second.whole, false)
        // A session that signed in just before may be listed once more.
        assert.includeDeepMembers(
          second.sessions.map((
            { account, generation }: { readonly account: string; readonly generation: number }
          ) => [account, generation]),
          [["account-00001", 2]]
        )
        assert.isBelow(second.sessions.length, 3)
        assert.isUndefined(second.sandboxes)
        yield* Scope.close(scope, Exit.void)
        assert.isUndefined(
          yield* Effect.orElseSucceed(Effect.tryPromise(async () => (await reader?.read())?.value), () => undefined)
        )
      }),
    20_000
  )

  it.scoped("runs as a web handler, too", () =>
    Effect.gen(function*() {
      const app = yield* Console.make([nothing], { from: "any" })
      const handler = HttpApp.toWebHandler(app)
      const answer = yield* Effect.promise(() =>
        handler(new Request("http://localhost/api/sessions", { headers: { host: "localhost" } }))
      )
      assert.strictEqual(answer.status, 200)
    }))
})
