/** A member's page: everything a program does with Placewise, bundled for a browser and called from the test. */
import * as BrowserTokenStore from "@effect-auth/core/BrowserTokenStore"
import * as Placewise from "@effect-auth/placewise/Placewise"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"

/** `?api=`: where the sandbox is, which is another origin than the page's. */
const host = new URLSearchParams(location.search).get("api") ?? location.origin

const runtime = ManagedRuntime.make(
  Placewise.layer({
    host,
    club: "infinity-mall",
    clientToken: Redacted.make("sandbox-client-token"),
    userAgent: "test/1.0",
    productName: "sandbox"
  }, { refresh: { mode: "onDemand" } }).pipe(Layer.provide([FetchHttpClient.layer, BrowserTokenStore.layer()]))
)

/** What became of it: a value, or the tag of the error. */
const run = <A, E extends { readonly _tag: string }>(
  effect: Effect.Effect<A, E, PlacewiseAuth.PlacewiseAuth | Placewise.PlacewiseClient>
) => runtime.runPromise(Effect.catchAll(effect, (error) => Effect.succeed(error._tag)))

const withAuth = <A, E extends { readonly _tag: string }>(use: (auth: PlacewiseAuth.Service) => Effect.Effect<A, E>) =>
  run(Effect.flatMap(PlacewiseAuth.PlacewiseAuth, use))

const page = {
  signIn: (password: string) =>
    withAuth((auth) =>
      Effect.as(
        auth.signIn({
          _tag: "Password",
          identifier: { email: "ola@example.com" },
          password: Redacted.make(password)
        }),
        "signed in"
      )
    ),
  /** The status and the body of a protected call. */
  call: () =>
    run(Effect.gen(function*() {
      const client = yield* Placewise.PlacewiseClient
      const response = yield* client.get("/members/me/rewards-program/status")
      return { status: response.status, body: yield* response.json }
    })),
  /** The statuses of calls at the same time. */
  calls: (count: number) =>
    run(Effect.gen(function*() {
      const client = yield* Placewise.PlacewiseClient
      const one = Effect.map(client.get("/members/me/rewards-program/status"), ({ status }) => status)
      return yield* Effect.all(Array.from({ length: count }, () => one), { concurrency: "unbounded" })
    })),
  isActive: () => withAuth((auth) => Effect.map(auth.tokenInfo, ({ active }) => active)),
  generation: () => withAuth((auth) => Effect.map(auth.accessToken, ({ generation }) => generation)),
  signOut: () => withAuth((auth) => auth.signOut)
}

export type MemberPage = typeof page

Object.assign(globalThis, { page })
