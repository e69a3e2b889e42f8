/** This project as a client of the loopback server: the Placewise provider over undici. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as ProviderLayers from "@effect-auth/core/ProviderLayers"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as PlacewiseAuth from "@effect-auth/placewise/PlacewiseAuth"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { Agent } from "undici"

/** How many calls failed. */
export type Drive = (calls: number, concurrency: number | "unbounded") => Promise<number>

export interface Client {
  readonly auth: PlacewiseAuth.Service
  readonly withAuth: Drive
  /** The same client with the current token written into each request. */
  readonly withStatic: () => Promise<Drive>
  readonly close: () => Promise<void>
}

const path = "/v3/infinity-mall/members/me"

type Any = HttpClient.HttpClient.With<unknown>

const driver = (client: Any, url: string): Drive => (calls, concurrency) => {
  const request = HttpClientRequest.get(`${url}${path}`)
  let failed = 0
  const one = Effect.matchEffect(client.execute(request), {
    onFailure: () => Effect.sync(() => void failed++),
    onSuccess: (response) =>
      Effect.map(Effect.either(response.text), (text) => {
        if (response.status !== 200 || text._tag === "Left") failed++
      })
  })
  return Effect.runPromise(
    Effect.forEach(Array.from({ length: calls }), () => one, { concurrency, discard: true })
  ).then(() => failed)
}

/** Token calls have a pool of their own, so that they don't wait behind the requests that wait for them. */
export const make = async (url: string, options: { readonly connections?: number } = {}): Promise<Client> => {
  const agents = [new Agent({ connections: options.connections ?? null }), new Agent()] as const
  const scope = await Effect.runPromise(Scope.make())
  const tokenCalls = Layer.succeed(HttpClient.HttpClient, NodeHttpClient.makeUndici(agents[1]))
  const runtime = ManagedRuntime.make(Layer.merge(tokenCalls, TokenStore.layerMemory))
  const auth = await runtime.runPromise(
    ProviderLayers.makeSession(PlacewiseAuth.provider, {
      host: url,
      club: "infinity-mall",
      clientToken: Redacted.make("client-token"),
      userAgent: "bench/1.0",
      productName: "bench"
    }, { rejection: { statuses: [401, 460] } }).pipe(Scope.extend(scope))
  )
  await Effect.runPromise(
    auth.signIn({ _tag: "Password", identifier: { id: 42 }, password: Redacted.make("correct horse") })
  )
  const http = NodeHttpClient.makeUndici(agents[0])
  return {
    auth,
    withAuth: driver(AuthHttpClient.withAuth(http, auth), url),
    withStatic: async () => {
      const { value } = await Effect.runPromise(auth.accessToken)
      return driver(HttpClient.mapRequest(http, HttpClientRequest.bearerToken(value)), url)
    },
    close: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      await runtime.dispose()
      await Promise.all(agents.map((agent) => agent.destroy()))
    }
  }
}
