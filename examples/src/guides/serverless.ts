/* eslint-disable no-restricted-imports -- quoted by docs/guides, where one import a package reads better */
/**
 * Sessions on a platform that runs code for a request and may stop it afterwards: Vercel, Next.js, TanStack Start.
 */
// #region serverless
import { AuthError, type TokenStore } from "@effect-auth/core"
import { Placewise, type PlacewiseAuth } from "@effect-auth/placewise"
import type { HttpClient } from "@effect/platform"
import { Effect, Layer, ManagedRuntime } from "effect"

export interface Platform {
  readonly settings: PlacewiseAuth.Settings
  /** A store that outlives the instance: PostgreSQL, Redis. And what sends requests: `FetchHttpClient.layer`. */
  readonly services: Layer.Layer<TokenStore.TokenStore | HttpClient.HttpClient>
  /** `waitUntil` of "@vercel/functions", or `after` of "next/server". */
  readonly waitUntil: (promise: Promise<unknown>) => void
}

/** One runtime for the instance: keep it in a module, or on `globalThis` where the server reloads modules. */
export const make = ({ services, settings, waitUntil }: Platform) =>
  ManagedRuntime.make(
    Placewise.layerSessions(settings, { refresh: { mode: "onDemand", waitUntil } }).pipe(Layer.provide(services))
  )

export type Runtime = ReturnType<typeof make>

export type Page =
  | { readonly _tag: "Points"; readonly balance: unknown }
  | { readonly _tag: "SignIn" }
  | { readonly _tag: "Later" }

/** What a page shows. It may refresh the session, and needs no cookie for that: the new tokens go into the store. */
export const page = (runtime: Runtime, account: string): Promise<Page> =>
  runtime.runPromise(
    Effect.gen(function*() {
      const { client } = yield* (yield* Placewise.PlacewiseSessions).get(account)
      const response = yield* client.get("/members/me/rewards-program/status")
      return { _tag: "Points", balance: yield* response.json } satisfies Page
    }).pipe(
      Effect.catchIf(AuthError.requiresSignIn, () => Effect.succeed<Page>({ _tag: "SignIn" })),
      Effect.catchAll((error) => Effect.as(Effect.logWarning(error.message), { _tag: "Later" } satisfies Page))
    )
  )
// #endregion
