/** The middleware per request, without a network: CPU over the same client with a static bearer. */
import * as AuthHttpClient from "@effect-auth/core/AuthHttpClient"
import * as AuthService from "@effect-auth/core/AuthService"
import * as TokenStore from "@effect-auth/core/TokenStore"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { alternate, cpu } from "./measure.ts"
import { report } from "./report.ts"
import * as stub from "./stub.ts"

type Client = HttpClient.HttpClient.With<HttpClientError | AuthHttpClient.AuthHttpClientError>

const request = HttpClientRequest.get(`${stub.origin}/members/me`)

const drive = (client: Client, requests: number) => () => {
  let left = requests
  return cpu(() =>
    Effect.runPromise(Effect.whileLoop({
      while: () => left-- > 0,
      body: () => client.execute(request),
      step: () => {}
    }))
  )
}

const program = Effect.gen(function*() {
  const auth = yield* AuthService.make(stub.provider)
  const token = yield* auth.signIn({})
  const withAuth: Client = AuthHttpClient.withAuth(stub.client, auth)
  const withStatic: Client = HttpClient.mapRequest(stub.client, HttpClientRequest.bearerToken(token.value))
  const measure = (requests: number, pairs: number) =>
    Effect.promise(() => alternate(drive(withAuth, requests), drive(withStatic, requests), pairs, 5))
  const bare = yield* Effect.promise(() => alternate(drive(stub.client, 50_000), drive(withStatic, 50_000), 9, 3))
  const { a, b, pairs, ratio, spread } = yield* measure(50_000, 41)
  const nanoseconds = (side: number) => `${Math.round(side / 50)} ns`
  report({
    name: "fast path: CPU ÷ static bearer",
    ratio,
    goal: 1.35,
    must: 1.6,
    spread,
    pairs,
    note: `${nanoseconds(a)} against ${nanoseconds(b)}; the client alone ${nanoseconds(bare.a)}`
  })
  const costs: Array<number> = []
  for (const requests of [1_000, 10_000, 100_000]) {
    const { a } = yield* measure(requests, requests > 10_000 ? 9 : 21)
    costs.push(a / requests)
  }
  report({
    name: "growth: CPU per request, 100,000 ÷ 1,000 requests",
    ratio: costs[2]! / costs[0]!,
    goal: 1.1,
    must: 1.5,
    note: costs.map((cost) => `${Math.round(cost * 1000)} ns`).join(" · ")
  })
})

export const run = (): Promise<void> =>
  Effect.runPromise(Effect.provide(Effect.scoped(program), TokenStore.layerMemory))
