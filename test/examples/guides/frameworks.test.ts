/** The servers of docs/guides/hono-express-fastify.md, over the sandbox: one table for the three. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Frameworks from "@effect-auth/examples/guides/frameworks"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, assert, beforeEach, describe, it } from "vitest"

const { defaults } = PlacewiseSandbox

const layer = Placewise.layerSessions({
  club: defaults.club,
  clientToken: Redacted.make<string>(defaults.clientToken),
  productName: "sandbox",
  userAgent: "test/1.0"
}).pipe(
  Layer.provide([PlacewiseSandbox.layerHttpClient, TokenStore.layerMemory]),
  Layer.provideMerge(PlacewiseSandbox.layer())
)

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly wait: string | null
}
type Get = (cookie?: string) => Promise<Answer>

const accountOf = (cookie: string | undefined) => cookie === "session=ola" ? "ola" : undefined

const headersOf = (cookie: string | undefined): Record<string, string> => cookie === undefined ? {} : { cookie }

const servers: Record<string, (app: Frameworks.App) => Promise<{ get: Get; close: () => Promise<unknown> }>> = {
  hono: async (app) => {
    const server = Frameworks.hono(app, accountOf)
    const get: Get = async (cookie) => {
      const response = await server.request("/points", { headers: headersOf(cookie) })
      return { status: response.status, body: await response.json(), wait: response.headers.get("retry-after") }
    }
    return { get, close: app.dispose }
  },
  express: async (app) => {
    const server = await new Promise<Server>((resolve) => {
      const server = Frameworks.expressApp(app, accountOf).listen(0, "127.0.0.1", () => resolve(server))
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/points`
    const get: Get = async (cookie) => {
      const response = await fetch(url, { headers: headersOf(cookie) })
      return { status: response.status, body: await response.json(), wait: response.headers.get("retry-after") }
    }
    return {
      get,
      close: async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
        await app.dispose()
      }
    }
  },
  fastify: async (app) => {
    const server = Frameworks.fastify(app, accountOf)
    const get: Get = async (cookie) => {
      const response = await server.inject({ url: "/points", headers: headersOf(cookie) })
      return {
        status: response.statusCode,
        body: response.json(),
        wait: (response.headers["retry-after"] as string | undefined) ?? null
      }
    }
    return { get, close: () => server.close() }
  }
}

describe.each(Object.keys(servers))("%s", (name) => {
  let scope: Scope.CloseableScope
  let sandbox: PlacewiseSandbox.Service
  let signIn: () => Promise<unknown>
  let get: Get

  beforeEach(async () => {
    scope = await Effect.runPromise(Scope.make())
    const context = await Effect.runPromise(Scope.extend(Layer.build(layer), scope))
    sandbox = await Effect.runPromise(Effect.provide(PlacewiseSandbox.PlacewiseSandbox, context))
    signIn = () =>
      Effect.runPromise(
        Effect.gen(function*() {
          const { auth } = yield* (yield* Placewise.PlacewiseSessions).get("ola")
          yield* auth.signIn({ _tag: "Password", identifier: { id: 42 }, password: Redacted.make("correct horse") })
        }).pipe(Effect.provide(context))
      )
    const server = await servers[name]!(Frameworks.make(Layer.succeedContext(context)))
    get = server.get
    await Effect.runPromise(Scope.addFinalizer(scope, Effect.promise(server.close)))
  })

  afterEach(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it("answers, and refreshes a dead token on the way", async () => {
    await signIn()
    await Effect.runPromise(sandbox.expireAccessTokens)
    const answer = await get("session=ola")
    assert.strictEqual(answer.status, 200)
    assert.deepInclude(answer.body, { balance: 120 })
  })

  it("401 without a login here, and without a session there", async () => {
    assert.deepStrictEqual(await get(), { status: 401, body: { error: "who are you" }, wait: null })
    assert.deepStrictEqual(await get("session=ola"), { status: 401, body: { error: "sign in" }, wait: null })
  })

  it("503 that says when to come again", async () => {
    await signIn()
    await Effect.runPromise(sandbox.expireAccessTokens)
    const limit = Faults.status(429, { headers: { "retry-after": "17" } })
    await Effect.runPromise(sandbox.faults.next("refresh", limit, Infinity))
    const { body, status, wait } = await get("session=ola")
    assert.deepStrictEqual({ status, body }, { status: 503, body: { error: "try later" } })
    assert.isAtLeast(Number(wait), 10)
    assert.isAtMost(Number(wait), 17)
  })
})
