/** Instances that come and go over one store: docs/guides/next-and-tanstack.md and workers-and-vercel.md. */
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as Serverless from "@effect-auth/examples/guides/serverless"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseSandbox from "@effect-auth/testing/placewise"
import * as Sandbox from "@effect-auth/testing/Sandbox"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { assert, it } from "vitest"

const { defaults } = PlacewiseSandbox

const settings = {
  club: defaults.club,
  clientToken: Redacted.make<string>(defaults.clientToken),
  productName: "sandbox",
  userAgent: "test/1.0"
}

/** The world outside: a provider and a store, which instances share. */
const world = async (tokens: { readonly accessLifetime: "1 hour" | "3 seconds" }) => {
  const sandbox = await Effect.runPromise(PlacewiseSandbox.make({ tokens }))
  const store = await Effect.runPromise(TokenStore.makeMemory)
  const services = Layer.succeedContext(
    Context.make(TokenStore.TokenStore, store).pipe(Context.merge(
      await Effect.runPromise(
        Effect.scoped(Layer.build(
          Layer.provide(
            PlacewiseSandbox.layerHttpClient,
            Layer.succeed(PlacewiseSandbox.PlacewiseSandbox, sandbox)
          )
        ))
      )
    ))
  )
  const waiting: Array<Promise<unknown>> = []
  const instance = () => Serverless.make({ settings, services, waitUntil: (promise) => waiting.push(promise) })
  const signIn = async (runtime: Serverless.Runtime) => {
    await runtime.runPromise(Effect.gen(function*() {
      const { auth } = yield* (yield* Placewise.PlacewiseSessions).get("ola")
      yield* auth.signIn({ _tag: "Password", identifier: { id: 42 }, password: Redacted.make("correct horse") })
    }))
  }
  const refreshes = async () => Sandbox.exchanges(await Effect.runPromise(sandbox.counters), "refresh_token").granted
  return { sandbox, instance, signIn, waiting, refreshes }
}

it("a page that can't write a cookie refreshes, and the next instance has the new token", async () => {
  const { instance, refreshes, sandbox, signIn } = await world({ accessLifetime: "1 hour" })
  const first = instance()
  await signIn(first)
  await Effect.runPromise(sandbox.expireAccessTokens)
  const page = await Serverless.page(first, "ola")
  assert.strictEqual(page._tag, "Points")
  assert.strictEqual(await refreshes(), 1)
  await first.dispose()

  const second = instance()
  assert.deepStrictEqual(await Serverless.page(second, "ola"), page)
  assert.strictEqual(await refreshes(), 1)
  await second.dispose()
  assert.strictEqual((await Effect.runPromise(sandbox.counters)).spent, 0)
})

it("the refresh of a token that is due is given to waitUntil", async () => {
  const { instance, refreshes, signIn, waiting } = await world({ accessLifetime: "3 seconds" })
  const runtime = instance()
  await signIn(runtime)
  // Past the refresh window, which is at 70 to 80 % of three seconds.
  await new Promise((resolve) => setTimeout(resolve, 2_450))
  assert.strictEqual((await Serverless.page(runtime, "ola"))._tag, "Points")
  assert.isAtLeast(waiting.length, 1)
  await Promise.all(waiting)
  assert.strictEqual(await refreshes(), 1)
  await runtime.dispose()
})

it("shows the sign-in where nobody is signed in", async () => {
  const { instance } = await world({ accessLifetime: "1 hour" })
  const runtime = instance()
  assert.deepStrictEqual(await Serverless.page(runtime, "ola"), { _tag: "SignIn" })
  await runtime.dispose()
})
