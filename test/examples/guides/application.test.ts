/** The server of docs/guides/in-your-application.md, over the sandbox. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Application from "@effect-auth/examples/guides/application"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as Faults from "@effect-auth/testing/Faults"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const { defaults } = PlacewiseSandbox

const sessions = Placewise.layerSessions({
  club: defaults.club,
  clientToken: Redacted.make<string>(defaults.clientToken),
  productName: "sandbox",
  userAgent: "test/1.0"
}).pipe(
  Layer.provide([PlacewiseSandbox.layerHttpClient, TokenStore.layerMemory]),
  Layer.provideMerge(PlacewiseSandbox.layer())
)

const app = Effect.gen(function*() {
  const context = yield* Layer.build(sessions)
  const provided = Layer.succeedContext(context)
  const { dispose, handler } = HttpApiBuilder.toWebHandler(
    Layer.mergeAll(
      Application.App.pipe(
        Layer.provide(Application.login(new Map([["a cookie", "ola"]]))),
        Layer.provide(provided)
      ),
      HttpServer.layerContext
    )
  )
  yield* Effect.addFinalizer(() => Effect.promise(dispose))
  const get = (cookie?: string) =>
    Effect.promise(() =>
      handler(
        new Request("http://app/points", cookie === undefined ? {} : { headers: { cookie: `app-session=${cookie}` } })
      )
    )
  const signIn = Effect.gen(function*() {
    const { auth } = yield* (yield* Placewise.PlacewiseSessions).get("ola")
    yield* auth.signIn({ _tag: "Password", identifier: { id: 42 }, password: Redacted.make("correct horse") })
  }).pipe(Effect.provide(context))
  return { get, signIn, sandbox: yield* Effect.provide(PlacewiseSandbox.PlacewiseSandbox, context) }
})

it.scopedLive("answers with the balance, and refreshes a dead token on the way", () =>
  Effect.gen(function*() {
    const { get, sandbox, signIn } = yield* app
    yield* signIn
    yield* sandbox.expireAccessTokens
    const response = yield* get("a cookie")
    assert.strictEqual(response.status, 200)
    assert.deepStrictEqual(yield* Effect.promise(() => response.json()), { balance: 120 })
  }))

it.scoped("401 for a person without a session, and for one who is not signed in here", () =>
  Effect.gen(function*() {
    const { get } = yield* app
    assert.strictEqual((yield* get("a cookie")).status, 401)
    assert.strictEqual((yield* get("another cookie")).status, 401)
    assert.strictEqual((yield* get()).status, 401)
  }))

it.scopedLive("503 with the provider's Retry-After while it has a limit", () =>
  Effect.gen(function*() {
    const { get, sandbox, signIn } = yield* app
    yield* signIn
    yield* sandbox.expireAccessTokens
    yield* sandbox.faults.next("refresh", Faults.status(429, { headers: { "retry-after": "17" } }), Infinity)
    const response = yield* get("a cookie")
    assert.strictEqual(response.status, 503)
    const seconds = Number(response.headers.get("retry-after"))
    assert.isAtLeast(seconds, 10)
    assert.isAtMost(seconds, 17)
    assert.deepStrictEqual(yield* Effect.promise(() => response.json()), { _tag: "TryLater", seconds })
  }))
